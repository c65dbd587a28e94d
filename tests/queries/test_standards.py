"""Which standards and failure modes papers name: all papers of a week, counts by quarter, and their lists of papers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.detections import Evidence
from domain.errors import UsageError
from domain.paper import Paper
from domain.paper_claims import PaperClaims
from domain.standards_and_failure_modes import RuleMention
from domain.week import Week
from ingest.harvest import plan_harvest
from pipeline import stages
from queries.claims import claims
from queries.facet_resolution import facet_named
from queries.papers import n_older_reading, papers_matching
from queries.parameters import PaperRequest
from queries.standards import standards_and_failures
from runtime.context import AppContext
from runtime.settings import Settings
from store.claims import add_claims
from store.papers import apply_harvest
from templates.standards_csv import standards_csv
from templates.standards_wording import quarter_text, week_text

PaperMaker = Callable[..., Paper]
WEEK = Week.parse("2026-W25")
BEFORE = Week.parse("2026-W02")
FACETS_AS_READ = (
    "standard:gdpr",
    "failure_mode:drift",
    "domain:medicine",
    "claim:saving",
    "fact:code",
    "fact:accepted",
)


@pytest.fixture
def context(tmp_path: Path, make_paper: PaperMaker) -> Iterator[AppContext]:
    """Three papers of a week and one of an earlier quarter, read."""
    texts = (
        (WEEK, "We audit a chatbot under the EU AI Act and the GDPR. It meets the GDPR in 9 of 10 cases."),
        (WEEK, "We study hallucination in summaries. It falls by 12%."),
        (WEEK, "We plant beans. They grow."),
        (BEFORE, "Erasure requests under the GDPR take 3 days. Models forget."),
    )
    with AppContext(Settings(data_dir=tmp_path, categories=("cs.LG",))) as context:
        papers = [
            make_paper(number, abstract=abstract, submitted_at=week.start_at, updated_at=week.start_at)
            for number, (week, abstract) in enumerate(texts, 1)
        ]
        apply_harvest(context.db, plan_harvest(papers, {}), None, seen_at=WEEK.end_at)
        for _ in stages.claims(context):
            pass
        yield context


def test_the_list_of_a_week_is_whole(context: AppContext) -> None:
    answer = standards_and_failures(context)
    assert (answer.week, answer.n, answer.n_with_failure) == (WEEK, 3, 1)
    (paper,) = answer.papers
    assert sorted(paper.standards) == ["eu_ai_act", "gdpr"]
    assert sorted(paper.words) == ["EU AI Act", "GDPR"]
    assert paper.finding
    assert week_text(answer).startswith("2026-W25: of 3")


def test_counts_by_quarter_have_their_denominators(context: AppContext) -> None:
    answer = standards_and_failures(context, BEFORE)
    quarters = [(q.quarter, q.n, q.n_weeks, q.n_weeks_in_all) for q in answer.quarters]
    assert quarters == [("2026-Q1", 1, 1, 13), ("2026-Q2", 3, 1, 13)]
    gdpr = next(line for line in answer.standards if line.key == "gdpr")
    assert [(q.k, q.share) for q in gdpr.quarters] == [(1, 1.0), (1, 0.333333)]
    assert gdpr.k_week == 1
    assert quarter_text(gdpr, answer) == (
        "2026-Q1 1 of 1 (1 of its 13 weeks held), 2026-Q2 1 of 3 (1 of its 13 weeks held)"
    )
    data = next(subject for subject in answer.subjects if "gdpr" in subject.standards)
    assert data.eu_ai_act.startswith("Article 10")
    assert data.k_week == 1
    rows = list(csv.DictReader(io.StringIO(standards_csv(answer, made_up=False))))
    assert len(rows) == 2 * len((*answer.standards, *answer.failure_modes))
    of_one = [row for row in rows if row["key"] == "hallucination"]
    assert [(row["k"], row["weeks"], row["weeks_in_all"]) for row in of_one] == [("0", "1", "13"), ("1", "1", "13")]


def test_each_count_is_the_length_of_its_list(context: AppContext) -> None:
    answer = standards_and_failures(context)
    for line in (*answer.standards, *answer.failure_modes):
        total, _ = papers_matching(context, PaperRequest("", term=line.term), limit=0)
        assert total == sum(q.k for q in line.quarters)
        days = PaperRequest("", term=line.term, since=WEEK.monday, until=WEEK.sunday)
        assert papers_matching(context, days, limit=0)[0] == line.k_week
        assert facet_named(context, line.term) == (line.kind, line.key), "as a term and as a facet it is written alike"


def test_what_is_unknown_is_refused(context: AppContext) -> None:
    with pytest.raises(UsageError, match="no paper of 2026-W20"):
        standards_and_failures(context, Week.parse("2026-W20"))
    with pytest.raises(UsageError, match="allowed are standard:eu_ai_act"):
        papers_matching(context, PaperRequest("", term="standard:tea"), limit=1)


def test_an_empty_folder_has_no_week(tmp_path: Path) -> None:
    with AppContext(Settings(data_dir=tmp_path)) as context:
        answer = standards_and_failures(context)
    assert (answer.week, answer.papers, answer.quarters) == (None, (), ())


def test_lists_answer_from_the_last_reading_while_papers_are_read_again(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers() -> tuple[object, ...]:
        naming, failing = (PaperRequest("", term=term) for term in ("standard:gdpr", "failure_mode:hallucination"))
        read = claims(context, PaperRequest(""))
        return (
            replace(standards_and_failures(context), n_older_reading=0),
            papers_matching(context, naming, limit=9),
            papers_matching(context, failing, limit=9),
            replace(read, n_older_reading=0),
        )

    def n_older() -> tuple[int, int]:
        return standards_and_failures(context).n_older_reading, claims(context, PaperRequest("")).n_older_reading

    before = answers()
    assert n_older() == (0, 0)
    monkeypatch.setattr("pipeline.claims._FACT_RULES", 99)  # as an update does
    assert answers() == before
    assert claims(context, PaperRequest("")).total > 0
    assert n_older() == (4, 4)
    of_week = PaperRequest("", since=WEEK.monday, until=WEEK.sunday)
    asked = [replace(of_week, has=(facet,)) for facet in FACETS_AS_READ]
    assert [n_older_reading(context, one) for one in (replace(of_week, term="standard:gdpr"), *asked)] == [3] * 7
    assert n_older_reading(context, replace(of_week, has=("theme:security",))) == 0
    assert n_older_reading(context, PaperRequest("")) == 0
    for _ in stages.claims(context):
        pass
    assert answers() == before
    assert n_older() == (0, 0)


def test_what_an_earlier_list_of_standards_named_is_not_shown(context: AppContext) -> None:
    (paper,) = standards_and_failures(context).papers
    add_claims(
        context.db,
        "older",
        [PaperClaims(paper.arxiv_id, (), None, None, (RuleMention("standard", "gone", (Evidence("title", 0, 2),)),))],
    )
    assert standards_and_failures(context).papers == ()
