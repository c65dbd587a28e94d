"""A synthetic corpus with known ground truth.

Each paper is drawn in three steps; the ground truth is the result of the first two:

    topic  ->  techniques and themes with their levels  ->  title and abstract that express them

Afterwards a few names (``sample.planted_names``), and standards and failure modes (``sample.planted_rules``), are
planted by random streams of their own.

Topics have fixed weights, and techniques follow the planted curves of ``curves.py``. In each week a topic adopts a
technique with a probability proportional to its affinity, scaled so that the expected share over all papers is the
planted one. Counts therefore vary as real counts do. All titles, abstracts, names and figures are invented.
Identifiers are numbered from 90001 in each month, which arXiv has never reached, and each paper's comment says that it
is a sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.detections import ADOPTS, IS_ABOUT, MENTIONS
from domain.name_mention import NameRole
from domain.paper import FIRST_MADE_UP, ArxivId, Paper, parse_arxiv_id
from domain.week import Week, weeks_between
from sample.curves import TECHNIQUES, THEMES, frame_week, mention_rate, planted_share, relative_volume
from sample.invented_names import author_names, system_name
from sample.planted_names import PLANTED, NameTruth, PlantedName, presented, use_rate, use_sentence
from sample.planted_phrases import with_planted_phrases
from sample.planted_rules import PLANTED_RULES, PlantedRule
from sample.template_filler import fill, sentence, slots_of, title_case
from sample.topics_and_sentences import SampleTopic, sample_sentences, sample_topics

_T = TypeVar("_T")

WATCHED_CATEGORIES = ("cs.LG", "stat.ML", "cs.CL", "cs.CV", "cs.AI", "cs.NE")
MAX_PAPERS_PER_WEEK = 1500
"""Keeps the numbers of the busiest month below 100000."""
COMMENT = "Made-up sample paper of Papertide; not a real paper"

MIN_WORDS = 90
MAX_WORDS = 150
MAX_SENTENCES = 8

_MAX_PROBABILITY = 0.92
_MAX_TECHNIQUES = 3
_MAX_STATEMENTS = 4  # techniques, mentions and themes with a sentence of their own
_ABOUT_RATE = 0.22
_TOPIC_TITLE_RATE = 0.6
_REPLACED_RATE = 0.15
_THEME_RATES = {  # (main contribution, secondary aim)
    "efficiency": (0.05, 0.10),
    "evaluation": (0.07, 0.07),
    "data_governance": (0.03, 0.04),
    "deployment": (0.02, 0.05),
    "security": (0.02, 0.02),
}
_DAY_WEIGHTS = np.array([0.19, 0.20, 0.19, 0.18, 0.15, 0.05, 0.04])
_HOUR_WEIGHTS = np.array([3, 3, 3, 3, 3, 3, 4, 5, 6, 7, 7, 6, 6, 7, 8, 9, 9, 9, 7, 5, 4, 4, 3, 3], dtype=float)


@dataclass(frozen=True)
class PaperTruth:
    """The ground truth of one paper.

    ``techniques`` and ``themes`` map keys to levels of the codebook; level 0 is left out. ``names`` are the planted
    ones alone: every paper also names a system of its own. ``finding`` is the sentence that states the result, empty
    where a planted phrase took its place. ``rules`` are the planted standards and failure modes.
    """

    arxiv_id: ArxivId
    week: Week
    topic: str
    techniques: Mapping[str, int]
    themes: Mapping[str, int]
    names: tuple[NameTruth, ...] = ()
    finding: str = ""
    rules: tuple[PlantedRule, ...] = ()


@dataclass(frozen=True)
class SampleCorpus:
    """Papers in order of submission, and the ground truth of each in the same order."""

    papers: tuple[Paper, ...]
    truth: tuple[PaperTruth, ...]
    first_week: Week
    last_week: Week

    @property
    def weeks(self) -> tuple[Week, ...]:
        """Every week of the corpus, ascending."""
        return tuple(weeks_between(self.first_week, self.last_week))

    def truth_table(self) -> pd.DataFrame:
        """The ground truth, one row per paper.

        Returns
        -------
        One row per paper, in the order of ``papers``
            ``arxiv_id``, ``topic`` : str.
            ``week_start`` : Monday, UTC, without zone.
            one int column per technique (0 to 3) and per theme (0 to 2), by key.
        """
        columns: dict[str, object] = {
            "arxiv_id": [t.arxiv_id for t in self.truth],
            "week_start": pd.to_datetime([t.week.monday for t in self.truth]).as_unit("us"),
            "topic": [t.topic for t in self.truth],
        }
        columns |= {key: [t.techniques.get(key, 0) for t in self.truth] for key in TECHNIQUES}
        columns |= {key: [t.themes.get(key, 0) for t in self.truth] for key in THEMES}
        return pd.DataFrame(columns)

    def adoption_table(self) -> pd.DataFrame:
        """Planted and drawn adoption of every technique in every week.

        Returns
        -------
        One row per (week, technique), sorted by both, techniques in the codebook's order
            ``week_start`` : Monday, UTC, without zone.
            ``technique`` : key.
            ``planted`` : expected share of the week's papers at level 2 or more, in [0, 1].
            ``n`` : papers of the week.
            ``k_adopts`` : papers at level 2 or more.
            ``k_mentions`` : papers at level 1.
        """
        levels: dict[Week, list[Mapping[str, int]]] = {week: [] for week in self.weeks}
        for truth in self.truth:
            levels[truth.week].append(truth.techniques)
        rows = [
            {
                "week_start": pd.Timestamp(week.monday),
                "technique": key,
                "planted": planted_share(key, week, self.last_week),
                "n": len(found),
                "k_adopts": sum(level.get(key, 0) >= ADOPTS for level in found),
                "k_mentions": sum(level.get(key, 0) == MENTIONS for level in found),
            }
            for week, found in levels.items()
            for key in TECHNIQUES
        ]
        return pd.DataFrame(rows).astype({"week_start": "datetime64[us]"})


def make_corpus(*, seed: int = 7, last_week: Week, n_weeks: int = 26, papers_per_week: int = 150) -> SampleCorpus:
    """The sample corpus of ``n_weeks`` weeks ending with ``last_week``; equal arguments give equal corpora.

    ``papers_per_week`` is the size of an ordinary week; holiday weeks are smaller, deadline weeks larger.

    Raises
    ------
    ValueError
        If ``n_weeks`` is below 1, or ``papers_per_week`` is not in 1 to ``MAX_PAPERS_PER_WEEK``.
    """
    if n_weeks < 1:
        raise ValueError(f"expected at least one week, got {n_weeks}")
    if not 1 <= papers_per_week <= MAX_PAPERS_PER_WEEK:
        raise ValueError(f"expected 1 to {MAX_PAPERS_PER_WEEK} papers per week, got {papers_per_week}")
    first_week = last_week.plus(1 - n_weeks)
    titles: set[str] = set()
    drafts: list[_Draft] = []
    for week in weeks_between(first_week, last_week):
        drafts += _week_drafts(week, last_week, seed=seed, papers_per_week=papers_per_week, titles=titles)
    drafts.sort(key=lambda draft: draft.submitted_at)
    papers: list[Paper] = []
    truth: list[PaperTruth] = []
    used: dict[str, int] = {}
    for draft in drafts:
        month = f"{draft.submitted_at:%y%m}"
        used[month] = number = used.get(month, FIRST_MADE_UP - 1) + 1
        arxiv_id = parse_arxiv_id(f"{month}.{number}")
        papers.append(draft.paper(arxiv_id))
        truth.append(
            PaperTruth(
                arxiv_id,
                Week.containing(draft.submitted_at),
                draft.topic,
                draft.techniques,
                draft.themes,
                draft.names,
                draft.finding if draft.finding in draft.abstract else "",
                draft.rules,
            )
        )
    return SampleCorpus(tuple(papers), tuple(truth), first_week, last_week)


@dataclass(frozen=True)
class _Draft:
    """A paper without an identifier."""

    submitted_at: datetime
    updated_at: datetime
    version: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    topic: str
    techniques: Mapping[str, int]
    themes: Mapping[str, int]
    names: tuple[NameTruth, ...] = ()
    finding: str = ""
    rules: tuple[PlantedRule, ...] = ()

    def paper(self, arxiv_id: ArxivId) -> Paper:
        return Paper(
            arxiv_id=arxiv_id,
            version=self.version,
            title=self.title,
            abstract=self.abstract,
            authors=self.authors,
            primary_category=self.categories[0],
            categories=self.categories,
            submitted_at=self.submitted_at,
            updated_at=self.updated_at,
            comment=COMMENT,
        )


def _week_drafts(week: Week, last_week: Week, *, seed: int, papers_per_week: int, titles: set[str]) -> list[_Draft]:
    # Each week has its own random stream, so that it does not depend on the length of the corpus.
    rng = np.random.default_rng([seed, week.monday.toordinal()])
    topics = [t for t in sample_topics() if t.born is None or t.born <= frame_week(week, last_week)]
    weights = np.array([t.weight for t in topics])
    weights /= weights.sum()
    rates = {
        key: adoption_probabilities(topics, weights, key, planted_share(key, week, last_week)) for key in TECHNIQUES
    }
    mentions = {key: mention_rate(key, week, last_week) for key in TECHNIQUES}
    n_papers = max(1, round(papers_per_week * relative_volume(week) * rng.uniform(0.93, 1.07)))
    drafts = []
    for at in rng.choice(len(topics), size=n_papers, p=weights).tolist():
        topic = topics[at]
        techniques = _draw_techniques(topic, {key: float(rates[key][at]) for key in TECHNIQUES}, rng)
        mentioned = _draw_mentions(topic, techniques, mentions, rng)
        drafts.append(_draft(topic, techniques | mentioned, week, last_week, titles, rng))
    planting = np.random.default_rng([seed, week.monday.toordinal(), 2])
    named = _with_names(drafts, week, last_week, seed=seed)
    ruling = np.random.default_rng([seed, week.monday.toordinal(), 3])
    return [_with_rules(_planted(draft, week, last_week, planting), ruling) for draft in named]


def _with_rules(draft: _Draft, rng: np.random.Generator) -> _Draft:
    """The draft with the planted standards and failure modes, by a random stream that changes nothing else."""
    for planted, draw in zip(PLANTED_RULES, rng.random(len(PLANTED_RULES)).tolist(), strict=True):
        if draw < planted.rate and draft.themes.get(planted.theme) == 2 and _has_room(draft, planted.sentence):
            draft = replace(draft, abstract=f"{draft.abstract} {planted.sentence}", rules=(*draft.rules, planted))
    return draft


def _with_names(drafts: list[_Draft], week: Week, last_week: Week, *, seed: int) -> list[_Draft]:
    """The drafts of a week with the planted names, by a random stream that changes nothing else."""
    rng = np.random.default_rng([seed, week.monday.toordinal(), 1])
    at = frame_week(week, last_week)
    named = list(drafts)
    for planted in PLANTED:
        if planted.introduced == at:
            beginning, text = presented(planted)
            first = next(i for i, draft in enumerate(named) if not draft.names and _has_room(draft, text))
            subject = named[first].title.rpartition(": ")[2]
            title = f"{beginning} for {subject[0].upper()}{subject[1:]}"
            named[first] = replace(_with_sentence(named[first], text, planted, "introduces"), title=title)
        rate = use_rate(planted, at)
        for i, draw in enumerate(rng.random(len(named)).tolist()):
            text = use_sentence(planted, rng)
            if draw < rate and not named[i].names and _has_room(named[i], text):
                named[i] = _with_sentence(named[i], text, planted, "uses")
    return named


def _has_room(draft: _Draft, text: str) -> bool:
    n_sentences = draft.abstract.count(". ") + 1
    return _n_words([draft.abstract, text]) <= MAX_WORDS and n_sentences < MAX_SENTENCES


def _with_sentence(draft: _Draft, text: str, planted: PlantedName, role: NameRole) -> _Draft:
    told = NameTruth(planted.name, planted.kind, role)
    return replace(draft, abstract=f"{draft.abstract} {text}", names=(*draft.names, told))


def _planted(draft: _Draft, week: Week, last_week: Week, rng: np.random.Generator) -> _Draft:
    title, abstract = with_planted_phrases(
        draft.title, draft.abstract, draft.topic, week=week, last_week=last_week, rng=rng
    )
    # The last sentence may be what touches a theme or uses a name. Without its end an abstract may be too short.
    may_change = not draft.names and 1 not in draft.themes.values() and MIN_WORDS <= len(abstract.split()) <= MAX_WORDS
    return replace(draft, title=title, abstract=abstract) if may_change else draft


def adoption_probabilities(
    topics: Sequence[SampleTopic], weights: NDArray[np.float64], technique: str, share: float
) -> NDArray[np.float64]:
    """The probability per topic that a paper adopts the technique, such that the expected share is ``share``.

    ``weights`` are the topics' probabilities and sum to 1. The result is proportional to the topics' affinities, up to
    a maximum. Topics with the technique as ``inherent`` have probability 1, even if that exceeds ``share``.
    """
    inherent = np.array([technique in t.inherent for t in topics])
    affinity = np.array([t.affinity.get(technique, 0.0) for t in topics])

    def probabilities(factor: float) -> NDArray[np.float64]:
        return np.where(inherent, 1.0, np.minimum(factor * affinity, _MAX_PROBABILITY))

    low, high = 0.0, 10.0
    for _ in range(50):  # bisection: the expected share grows with the factor
        middle = (low + high) / 2
        low, high = (middle, high) if weights @ probabilities(middle) < share else (low, middle)
    return probabilities(low)


def _draw_techniques(
    topic: SampleTopic, probabilities: Mapping[str, float], rng: np.random.Generator
) -> dict[str, int]:
    """Levels of the adopted techniques.

    A paper is about one technique at most, and where the topic implies one, about no other.
    """
    while True:
        drawn = [key for key in TECHNIQUES if key not in topic.inherent and rng.random() < probabilities[key]]
        if len(drawn) + len(topic.inherent) <= _MAX_TECHNIQUES:
            break
    levels = dict(topic.inherent) | dict.fromkeys(drawn, ADOPTS)
    if drawn and not topic.inherent and rng.random() < _ABOUT_RATE:
        levels[_pick(rng, drawn)] = IS_ABOUT
    return levels


def _draw_mentions(
    topic: SampleTopic, techniques: Mapping[str, int], rates: Mapping[str, float], rng: np.random.Generator
) -> dict[str, int]:
    possible = [key for key in TECHNIQUES if key not in techniques and topic.affinity.get(key, 0) > 0]
    drawn = [key for key in possible if rng.random() < rates[key]]
    return dict.fromkeys(drawn[: max(0, _MAX_TECHNIQUES - len(techniques))], MENTIONS)


def _draw_themes(
    topic: SampleTopic, techniques: Mapping[str, int], rng: np.random.Generator
) -> tuple[dict[str, int], dict[str, int]]:
    """Levels of all themes, and of those that need their own sentence because nothing else implies them."""
    implied = dict(topic.themes)
    if techniques.get("compression", 0) >= ADOPTS and "efficiency" not in implied:
        # Its sentences promise a smaller and cheaper model, as a secondary aim or as the main contribution.
        implied["efficiency"] = 2 if techniques["compression"] == IS_ABOUT else 1
    bank = sample_sentences().themes
    n_left = _MAX_STATEMENTS - len(techniques.keys() - topic.inherent.keys())
    stated: dict[str, int] = {}
    for key, (main, touched) in _THEME_RATES.items():
        draw = rng.random()
        fits = not topic.homonym_of and topic.key in bank[key].get("topics", (topic.key,))
        if fits and key not in implied and draw < main + touched and len(stated) < min(2, n_left):
            stated[key] = 2 if draw < main else 1
    return implied | stated, stated


def _draft(
    topic: SampleTopic,
    techniques: Mapping[str, int],
    week: Week,
    last_week: Week,
    titles: set[str],
    rng: np.random.Generator,
) -> _Draft:
    themes, stated_themes = _draw_themes(topic, techniques, rng)
    submitted_at = _submission_time(week, rng)
    version, updated_at = _revision(submitted_at, last_week, rng)
    slots = _draw_slots(topic, rng)
    title = _title(topic, techniques, slots, rng)
    if title in titles:
        # No further random draw here, so that the rest of the week does not depend on earlier weeks.
        title = f"{title} with {slots['name']}" if ": " in title else f"{slots['name']}: {title}"
    while title in titles:
        slots = _draw_slots(topic, rng)
        title = _title(topic, techniques, slots, rng)
    titles.add(title)
    abstract, finding = _abstract(topic, techniques, stated_themes, slots, rng)
    return _Draft(
        submitted_at=submitted_at,
        updated_at=updated_at,
        version=version,
        title=title,
        abstract=abstract,
        authors=author_names(rng, 1 + int(rng.binomial(9, 0.35))),
        categories=_categories(topic, rng),
        topic=topic.key,
        techniques=techniques,
        themes=themes,
        finding=finding,
    )


def _draw_slots(topic: SampleTopic, rng: np.random.Generator) -> dict[str, str]:
    """The slot values that are fixed within one paper."""
    challenge, challenge2 = rng.permutation(len(topic.phrases["challenge"]))[:2].tolist()
    return dict(topic.words) | {
        "name": system_name(rng),
        "focus": _pick(rng, topic.phrases["focus"]),
        "task": _pick(rng, topic.phrases["task"]),
        "challenge": topic.phrases["challenge"][challenge],
        "challenge2": topic.phrases["challenge"][challenge2],
    }


def _title(
    topic: SampleTopic, techniques: Mapping[str, int], slots: Mapping[str, str], rng: np.random.Generator
) -> str:
    about = [key for key, level in techniques.items() if level == IS_ABOUT and key not in topic.inherent]
    bank = sample_sentences()
    if about:
        templates = bank.techniques[about[0]]["titles"]
    else:
        templates = topic.phrases["title"] if rng.random() < _TOPIC_TITLE_RATE else bank.frames["title"]
    return title_case(fill(_pick(rng, _fillable(templates, slots)), slots, rng))


def _abstract(
    topic: SampleTopic,
    techniques: Mapping[str, int],
    stated_themes: Mapping[str, int],
    slots: Mapping[str, str],
    rng: np.random.Generator,
) -> tuple[str, str]:
    """One paragraph within the limits on words and sentences, or the closest of several tries, and its result."""
    tries = []
    for _ in range(12):
        text, n_words, finding = _try_abstract(topic, techniques, stated_themes, slots, rng)
        if MIN_WORDS <= n_words <= MAX_WORDS:
            return text, finding
        tries.append((max(MIN_WORDS - n_words, n_words - MAX_WORDS), text, finding))
    return min(tries)[1:]


def _try_abstract(
    topic: SampleTopic,
    techniques: Mapping[str, int],
    stated_themes: Mapping[str, int],
    slots: Mapping[str, str],
    rng: np.random.Generator,
) -> tuple[str, int, str]:
    bank = sample_sentences()
    detail, detail2 = _pick_two(rng, topic.phrases["detail"])
    gain, gain2 = _pick_two(rng, topic.phrases["gain"])
    filled = dict(slots) | {
        "problem": _pick(rng, topic.phrases["problem"]),
        "approach": _pick(rng, topic.phrases["approach"]),
        "plain": _pick(rng, topic.phrases["plain"]),
        "closing": _pick(rng, topic.phrases["closing"]),
        "bench": _pick(rng, topic.phrases["bench"]),
        "gain": gain,
        "gain2": gain2,
    }

    def one_of(templates: Sequence[str]) -> str:
        return sentence(fill(_pick(rng, _fillable(templates, filled)), filled, rng))

    adopted = [
        one_of(bank.techniques[key]["about" if level == IS_ABOUT else "adopts"])
        for key, level in techniques.items()
        if level >= ADOPTS and key not in topic.inherent  # the topic's own sentences express inherent ones
    ]
    mentioned = [one_of(bank.techniques[key]["mentions"]) for key, level in techniques.items() if level == MENTIONS]
    needed = {
        "problem": [one_of(bank.frames["problem"])],
        "approach": [one_of(bank.frames["approach"])],
        "method": adopted or [one_of(bank.frames["plain"])],
        "mention": mentioned,
        "theme": [one_of(bank.themes[key]["main"]) for key, level in stated_themes.items() if level == 2],
        "result": [one_of(bank.frames["result"])],
        "touched": [one_of(bank.themes[key]["touched"]) for key, level in stated_themes.items() if level == 1],
    }
    optional = {
        "gap": one_of(bank.frames["gap"]),
        "detail": sentence(fill(detail, filled, rng)),
        "closing": one_of(bank.frames["closing"]),
        "detail2": sentence(fill(detail2, filled, rng)),
    }
    wanted = int(rng.integers(MIN_WORDS + 15, MAX_WORDS - 4))
    parts = {role: list(sentences) for role, sentences in needed.items()}
    for role, text in optional.items():
        written = [s for sentences in parts.values() for s in sentences]
        n_words = _n_words(written)
        if n_words < wanted and n_words + _n_words([text]) <= MAX_WORDS and len(written) < MAX_SENTENCES:
            parts[role] = [text]
    order = ("problem", "gap", "approach", "method", "detail", "detail2", "mention", "theme", "result", "touched")
    sentences = [s for role in (*order, "closing") for s in parts.get(role, [])]
    return " ".join(sentences), _n_words(sentences), needed["result"][0]


def _categories(topic: SampleTopic, rng: np.random.Generator) -> tuple[str, ...]:
    """Categories, primary first; at least one is watched, or the paper would not count."""
    categories = _pick(rng, topic.categories)
    further = _pick(rng, WATCHED_CATEGORIES)
    return (*categories, further) if further not in categories and rng.random() < 0.15 else categories


def _submission_time(week: Week, rng: np.random.Generator) -> datetime:
    day = int(rng.choice(7, p=_DAY_WEIGHTS))
    hour = int(rng.choice(24, p=_HOUR_WEIGHTS / _HOUR_WEIGHTS.sum()))
    return week.start_at + timedelta(days=day, hours=hour, seconds=int(rng.integers(3600)))


def _revision(submitted_at: datetime, last_week: Week, rng: np.random.Generator) -> tuple[int, datetime]:
    """The newest version and its time; no paper is replaced after the corpus ends."""
    updated_at = submitted_at + timedelta(days=int(rng.integers(1, 40)), seconds=int(rng.integers(86400)))
    if rng.random() < _REPLACED_RATE and updated_at < last_week.end_at:
        return 2 + int(rng.random() < 0.2), updated_at
    return 1, submitted_at


def _fillable(templates: Sequence[str], slots: Mapping[str, str]) -> list[str]:
    return [template for template in templates if slots_of(template) <= slots.keys()]


def _pick(rng: np.random.Generator, choices: Sequence[_T]) -> _T:
    return choices[int(rng.integers(len(choices)))]


def _pick_two(rng: np.random.Generator, choices: Sequence[_T]) -> tuple[_T, _T]:
    first, second = rng.permutation(len(choices))[:2].tolist()
    return choices[first], choices[second]


def _n_words(sentences: Sequence[str]) -> int:
    return sum(len(text.split()) for text in sentences)
