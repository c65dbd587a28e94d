"""When the digest of an incomplete week is published again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.digest import Digest, DigestEdition
from domain.digest_facts import HeadlineFacts, NoteFacts, PaperReason
from domain.harvest import HarvestedWindow
from ingest.harvest import plan_harvest, window_of
from pipeline import stages
from pipeline.digest import edition_of, publish_if_due
from runtime.context import AppContext
from store.digests import newest_digest
from store.papers import apply_harvest
from store.schema import digest as digest_table
from templates.digest_wording import EnglishDigestWording
from tests.service.web.conftest import LAST_WEEK, NOW, make_context


class _OtherWords(EnglishDigestWording):
    """Every sentence that a digest stores, worded otherwise."""

    def headline(self, facts: HeadlineFacts) -> str:
        return "In short: " + super().headline(facts)

    def notes(self, facts: NoteFacts) -> tuple[str, ...]:
        return ("A note on the notes.", *(note.upper() for note in super().notes(facts)))

    def paper_reason(self, reason: PaperReason) -> str:
        return "listed because " + super().paper_reason(reason)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[AppContext]:
    """A context whose last week is not complete, with its digest published."""
    with make_context(tmp_path) as context:
        incomplete = HarvestedWindow(window_of(LAST_WEEK), context.settings.categories, (), 13, "one is missing", NOW)
        apply_harvest(context.db, plan_harvest((), {}), incomplete, seen_at=NOW)
        with context.db.write() as connection:
            connection.execute(digest_table.delete())
        for _ in stages.publish(context, LAST_WEEK):
            pass
        yield context


def _published(context: AppContext) -> tuple[Digest, int]:
    published = newest_digest(context.db, LAST_WEEK)
    assert published is not None
    return published.edition.digest, published.revision


def _publish(context: AppContext, edition: DigestEdition) -> int:
    steps = publish_if_due(context.db, LAST_WEEK, context.settings.categories, lambda: edition, clock=context.clock)
    for _ in steps:
        pass
    return _published(context)[1]


def test_other_words_for_the_same_facts_make_no_revision(context: AppContext) -> None:
    before, revision = _published(context)
    assert not before.completeness.complete
    reworded = edition_of(
        context.db,
        LAST_WEEK,
        categories=context.settings.categories,
        detector=context.detector,
        model=context.topic_model,
        settings=context.settings.digest,
        provenance=replace(before.provenance, papertide_version="99.0.0"),
        wording=_OtherWords(),
    )
    assert reworded.digest.headline.sentence != before.headline.sentence
    assert reworded.digest.notes != before.notes
    assert reworded.digest.topics != before.topics  # by the reasons of their papers
    assert _publish(context, reworded) == revision == 1


def test_a_changed_fact_makes_a_revision(context: AppContext) -> None:
    edition = stages.edition(context, LAST_WEEK)
    assert _publish(context, edition) == 1
    digest = edition.digest
    changes = [
        replace(digest, headline=replace(digest.headline, n_papers=digest.headline.n_papers + 1)),
        replace(digest, provenance=replace(digest.provenance, taxonomy="another")),
        replace(digest, provenance=replace(digest.provenance, topic_model="fit 2")),
        replace(digest, completeness=replace(digest.completeness, n_held=digest.completeness.n_held + 1)),
    ]
    for revision, changed in enumerate(changes, 2):
        assert _publish(context, replace(edition, digest=changed)) == revision


def test_earlier_weeks_that_are_counted_later_make_no_revision(context: AppContext) -> None:
    edition = stages.edition(context, LAST_WEEK)
    assert _publish(context, edition) == 1
    digest = edition.digest
    line = digest.techniques[0]
    longer = replace(line, series=(replace(line.series[0], start=LAST_WEEK.plus(-30).monday), *line.series))
    known = replace(digest, techniques=(longer, *digest.techniques[1:]))
    assert not digest.states_the_same_as(known)
    assert _publish(context, replace(edition, digest=known)) == 1
