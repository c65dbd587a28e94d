"""Composition of one week's digest: what it shows, chosen and ordered, and worded by the wording that is passed in."""

from __future__ import annotations

import math
from collections.abc import Mapping

from analysis.digest.counts_by_week import WeekTables
from analysis.digest.headline import further_facts, headline_facts, largest_move, names_to_tell
from analysis.digest.inputs import DigestSettings, WeekMaterial
from analysis.digest.notes import note_facts
from analysis.digest.paper_selection import PaperSelection, unusual_places
from analysis.digest.papers_behind_numbers import paper_lists
from analysis.digest.practice import in_practice
from analysis.digest.topic_lines import topic_counts, topic_lines
from analysis.trends.detector_error import corrected
from analysis.trends.share_differences import with_verdicts
from analysis.trends.shares import share_of
from analysis.trends.trend_calls import TermKey
from domain.detections import MENTIONS, Term
from domain.digest import (
    MIN_TOLD,
    N_RECENT_WEEKS,
    Digest,
    DigestEdition,
    Headline,
    Provenance,
    Share,
    TermLine,
    TopicCoverage,
    TopicLine,
)
from domain.digest_wording_protocol import DigestWording
from domain.paper import is_made_up
from domain.trend_calls import TrendCall
from domain.week import Week, weeks_before


def compose_digest(
    material: WeekMaterial, settings: DigestSettings, provenance: Provenance, wording: DigestWording
) -> DigestEdition:
    """The digest of one closed week, with the lists of papers behind its numbers.

    Parameters
    ----------
    material : what is known of the week and of those around it.
    settings : how many papers a share needs, and how many topics and papers are listed.
    provenance : what the numbers were made with; it is shown as it is.
    wording : puts the facts into sentences.

    Raises
    ------
    ValueError
        If the week holds no paper.
    """
    if not material.papers:
        raise ValueError(f"{material.week} holds no paper")
    week = material.week
    tables = WeekTables(material, settings)
    papers = PaperSelection(material, settings, wording)
    calls = {(call.kind, call.key): call for call in material.calls}
    recent = weeks_before(week, N_RECENT_WEEKS)
    last_year = tuple(week.plus(-52 + i) for i in (-1, 0, 1))

    lines = _term_lines(material, settings, tables, papers, calls, recent=recent, last_year=last_year)
    techniques = tuple(
        sorted(
            (line for line in lines if line.kind == "technique" and (line.measured or _is_seen(line))),
            key=lambda line: (not line.measured, -line.adopts.k, line.key),
        )
    )
    themes = tuple(line for line in lines if line.kind == "theme")
    topics = topic_lines(material, settings, tables, papers, calls)
    every: list[TermLine | TopicLine] = [*techniques, *themes, *topics]
    moved = largest_move(every)
    told_names = names_to_tell(every, material.moving_names, material.told)
    n_recent = [tables.n_papers(w) for w in recent]
    completeness = tables.completeness()
    names = material.new_names
    headline = headline_facts(
        techniques,
        themes,
        topics,
        n_weeks_held=tables.n_weeks_held(),
        told=material.told,
        new_terms=[line.name for line in material.emerging.new] if material.emerging else (),
        taken_up=[line.name for line in names.taken_up if line.n_uses >= MIN_TOLD] if names else (),
        introduced=[line.name for line in names.data] if names else (),
        n_introduced=names.n_data if names else 0,
        moving_names=told_names,
    )
    practice = in_practice(
        [line.key for line in themes],
        {paper.arxiv_id for paper in material.papers},
        material.detections,
        material.read,
    )
    digest = Digest(
        week=week,
        categories=material.categories,
        headline=Headline(
            sentence=wording.headline(headline),
            n_papers=len(material.papers),
            n_papers_recent=sum(n_recent) / len(n_recent) if all(n_recent) else math.nan,
            moved_most=moved.slug if moved else None,
            lead=headline.lead,
            more=wording.further(further_facts(headline, names, practice, moving_names=told_names)),
        ),
        completeness=completeness,
        techniques=techniques,
        topics=topics,
        themes=themes,
        topic_coverage=TopicCoverage(
            n_topics=len(material.topics),
            assigned=share_of(sum(a.topic_id is not None for a in material.assigned), len(material.papers)),
        ),
        notes=wording.notes(note_facts(material, tables, completeness, last_year=last_year)),
        provenance=provenance,
        all_topics=topic_counts(material, tables),
        is_made_up=any(is_made_up(p.arxiv_id) for p in material.papers),
        watched=tuple(tables.watched(call) for call in material.calls if call.kind == "query"),
        call_records=material.call_records,
        waves=material.waves,
        new_names=material.new_names,
        emerging=material.emerging,
        in_practice=practice,
        moving_names=material.moving_names,
        ended=material.ended,
        sections=settings.sections,
    )
    return DigestEdition(digest, paper_lists(material, digest, wording))


def _term_lines(
    material: WeekMaterial,
    settings: DigestSettings,
    tables: WeekTables,
    papers: PaperSelection,
    calls: Mapping[TermKey, TrendCall],
    *,
    recent: tuple[Week, ...],
    last_year: tuple[Week, ...],
) -> list[TermLine]:
    """A line for every technique and theme of the taxonomy, in its order."""
    week = material.week
    keys: list[TermKey] = [(term.kind, term.key) for term in material.terms]
    against_last_year = with_verdicts(
        [tables.compared(key, (week,), last_year) for key in keys], false_discovery_rate=settings.false_discovery_rate
    )
    places = papers.places(tables.n_placed, recent)
    of_themes = papers.for_themes([term for term in material.terms if term.kind == "theme"])
    unusual = unusual_places(places, tables, week, recent, false_discovery_rate=settings.false_discovery_rate)
    return [
        TermLine(
            slug=f"{term.kind}-{term.key}",
            kind=term.kind,
            key=term.key,
            name=term.name,
            definition=term.definition,
            measured=term.measured,
            adopts=(adopts := tables.share(key, (week,))),
            mentions=tables.share(key, (week,), exactly=MENTIONS),
            against_last_year=year_change,
            series=tables.series(key),
            papers=of_themes.get(term.key, ()) if term.kind == "theme" else (),
            where=places[term.kind, term.key][:3],
            more_than_usual=unusual[term.kind, term.key][:3],
            call=calls.get(key),
            corrected=_corrected(material, term, adopts),
        )
        for term, key, year_change in zip(material.terms, keys, against_last_year, strict=True)
    ]


def _corrected(material: WeekMaterial, term: Term, adopts: Share) -> Share | None:
    """The share that truly adopts, as far as the detector's measured error tells; ``None`` where it does not."""
    error = material.errors.get(term.key) if term.measured else None
    return corrected(adopts, error) if error is not None and error.is_informative else None


def _is_seen(line: TermLine) -> bool:
    """Whether any paper of the recent weeks shows the term; a row of zeros tells nobody anything."""
    return line.adopts.k + line.mentions.k > 0 or any(point.k for point in line.series[-N_RECENT_WEEKS - 1 :])
