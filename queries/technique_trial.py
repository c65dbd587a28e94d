"""A technique that is in no taxonomy yet, tried on the stored papers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from analysis.detection.taxonomy import load_technique
from analysis.detection.technique_trial import estimate_trial, try_technique
from domain.errors import UsageError
from domain.paper import ArxivId
from domain.technique_trial import TechniqueTrial, TrialEstimate
from domain.week import Week
from runtime.context import AppContext
from store.emerging import papers_to_read

_FIRST_WEEK = Week(date(1991, 8, 12))
"""The week in which arXiv began."""
_ANSWERS = {"yes": True, "y": True, "no": False, "n": False}


def technique_trial(context: AppContext, path: Path, key: str | None) -> TechniqueTrial:
    """What the technique of a file finds among the watched papers, and which ones to judge; nothing is stored.

    Raises
    ------
    UsageError
        If the file is no technique, or no paper holds its words.
    """
    entry = load_technique(path, key)
    last = Week.containing(context.now())
    papers = papers_to_read(context.db, _FIRST_WEEK, last, context.settings.categories, authors_from=last.plus(1))
    trial = try_technique(entry, ((p.arxiv_id, p.title, p.abstract) for p in papers))
    if not trial.drawn:
        raise UsageError(
            f"none of the {trial.n_papers:,} stored papers holds a word of {entry.key!r}; check the words in {path}"
        )
    return trial


def trial_answers(trial: TechniqueTrial, lines: Iterable[str]) -> dict[ArxivId, bool]:
    """The answers of a file, an identifier and yes or no a line; further columns, other papers and # are left out.

    Raises
    ------
    UsageError
        If a line cannot be read, or a paper to judge has no answer.
    """
    answers: dict[ArxivId, bool] = {}
    for number, line in enumerate(lines, 1):
        if not (words := line.split("#")[0].split()):
            continue
        if len(words) < 2 or words[1].lower() not in _ANSWERS:
            raise UsageError(f"answers: line {number} is not an identifier with yes or no")
        answers[ArxivId(words[0])] = _ANSWERS[words[1].lower()]
    missing = [paper.arxiv_id for paper in (*trial.drawn, *trial.chosen) if paper.arxiv_id not in answers]
    if missing:
        raise UsageError(
            f"answers: none for {len(missing)} of the papers to judge, such as {missing[0]}; --show lists them"
        )
    return answers


def trial_estimate(trial: TechniqueTrial, answers: dict[ArxivId, bool]) -> TrialEstimate:
    """What the answers say about the technique."""
    return estimate_trial(trial, answers)
