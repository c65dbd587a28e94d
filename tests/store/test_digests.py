"""A published digest never changes; a correction is a new revision."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.detections import Evidence
from domain.digest import (
    Change,
    Completeness,
    DetectedPaper,
    Digest,
    DigestEdition,
    Headline,
    ListedPaper,
    PaperList,
    Provenance,
    Share,
    SharePoint,
    TermLine,
    TopicAdoption,
    TopicCoverage,
)
from domain.paper import Paper
from domain.week import Week
from store.database import Database
from store.digests import DigestSummary, digest_summaries, newest_digest, publish_digest, published_weeks

Stored = Callable[..., Database]
Make = Callable[..., Paper]
WEEK = Week.parse("2026-W25")
AT = datetime(2026, 6, 23, 7, tzinfo=UTC)


def _edition(p: Paper, *, week: Week = WEEK, sentence: str = "Graphs rose.") -> DigestEdition:
    share = Share(1, 4, 0.25, 0.05, 0.7)
    change = Change(share, (week.plus(-1),), 0.0, -0.1, 0.1, 0.6, "steady", share, (week,), 0.95)
    point = SharePoint(week.monday, week.sunday, 1, 4, 0.25, 0.05, 0.7, True)
    line = TermLine(
        slug="technique-gnn",
        kind="technique",
        key="gnn",
        name="Graph neural networks",
        definition="Learning on graphs.",
        measured=True,
        adopts=share,
        mentions=Share(0, 4, 0.0, 0.0, 0.49),
        against_last_year=change,
        series=(point,),
        papers=(ListedPaper(p.arxiv_id, p.title, "Ada Example", "cs.LG", "about it"),),
        where=(TopicAdoption(1, "graphs", 1, 2.5),),
    )
    digest = Digest(
        week=week,
        categories=("cs.LG",),
        headline=Headline(sentence, 4, 4.5, None),
        completeness=Completeness(False, 4, None, "one is missing", (week.plus(-2),), (week.plus(-3),)),
        techniques=(line,),
        topics=(),
        themes=(),
        topic_coverage=TopicCoverage(0, Share(0, 4, 0.0, 0.0, 0.49)),
        notes=("A note.",),
        provenance=Provenance("0.1.0", "m", "none", "d", 30.0, 0.95, 0.05),
    )
    listed = DetectedPaper.of(p, 2, (Evidence("title", 2, 7),))
    return DigestEdition(digest, (PaperList("technique-gnn", "Adopt it", "Learning on graphs.", (listed,), (point,)),))


def test_an_edition_comes_back_as_it_was_published(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1))
    assert newest_digest(db, WEEK) is None
    assert publish_digest(db, _edition(make_paper(1)), now=AT) == 1
    published = newest_digest(db, WEEK)
    assert published is not None
    assert (published.edition, published.revision, published.published_at) == (_edition(make_paper(1)), 1, AT)


def test_a_correction_is_a_new_revision_and_the_newest_is_read(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1))
    later = AT + timedelta(hours=1)
    publish_digest(db, _edition(make_paper(1)), now=AT)
    assert publish_digest(db, _edition(make_paper(1), sentence="Graphs fell."), now=later) == 2
    published = newest_digest(db, WEEK)
    assert published is not None
    assert (published.revision, published.published_at) == (2, later)
    assert published.edition.digest.headline.sentence == "Graphs fell."


def test_weeks_with_a_digest_are_listed_once_oldest_first(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1))
    for week in (WEEK, WEEK.plus(-3), WEEK):
        publish_digest(db, _edition(make_paper(1), week=week), now=AT)
    assert published_weeks(db) == [WEEK.plus(-3), WEEK]


def test_a_summary_is_of_the_newest_revision_and_keeps_the_first_publication(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1))
    later = AT + timedelta(hours=1)
    publish_digest(db, _edition(make_paper(1)), now=AT)
    publish_digest(db, _edition(make_paper(1), week=WEEK.plus(-1)), now=AT)
    publish_digest(db, _edition(make_paper(1), sentence="Graphs fell."), now=later)
    assert digest_summaries(db) == [
        DigestSummary(WEEK.plus(-1), 1, AT, AT, "Graphs rose.", 4, False),
        DigestSummary(WEEK, 2, AT, later, "Graphs fell.", 4, False),
    ]


def test_evidence_of_a_paper_that_was_replaced_since_is_left_out(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1))
    publish_digest(db, _edition(make_paper(1)), now=AT)
    stored(make_paper(1, version=2, title="New title"))
    published = newest_digest(db, WEEK)
    assert published is not None
    [[listed]] = [paper_list.papers for paper_list in published.edition.paper_lists]
    assert (listed.title, listed.level, listed.evidence) == ("New title", 2, ())


def test_numbers_that_are_absent_stay_absent(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1))
    edition = _edition(make_paper(1))
    unknown = TopicCoverage(0, Share(0, 0, math.nan, math.nan, math.nan))
    publish_digest(db, replace(edition, digest=replace(edition.digest, topic_coverage=unknown)), now=AT)
    published = newest_digest(db, WEEK)
    assert published is not None
    assert math.isnan(published.edition.digest.topic_coverage.assigned.share)


def test_a_digest_that_lists_a_paper_that_is_not_stored_is_not_published(database: Database, make_paper: Make) -> None:
    with pytest.raises(KeyError):
        publish_digest(database, _edition(make_paper(1)), now=AT)
    assert published_weeks(database) == []
