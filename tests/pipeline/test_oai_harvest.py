"""A harvest by OAI-PMH: stores everything once, resumes where it was interrupted, and follows changes to papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.errors import ResumptionTokenExpired, SourceError
from domain.paper import Paper
from domain.progress import Progress
from domain.week import Week
from ingest.harvest import window_of
from ingest.oai_client import OaiClient
from ingest.query_api_client import ArxivClient
from ingest.settings import ArxivSettings
from pipeline import harvest as harvest_pipeline
from pipeline import oai_harvest
from sample.arxiv_server import FaultKind, SampleArxiv
from store.database import Database
from store.oai_passes import oai_pass, oai_passes
from store.papers import count_papers, known_papers, papers_of_week, versions_of_paper
from store.windows import window_records

Make = Callable[..., Paper]
NOW = datetime(2026, 6, 24, 6, tzinfo=UTC)
WEEK = Week.parse("2026-W25")
WATCHED = ("cs.LG", "cs.CL")


def _harvest(db: Database, arxiv: SampleArxiv, *, since: date = WEEK.monday) -> Iterator[Progress]:
    settings = ArxivSettings(oai_url=arxiv.oai_url, delay_s=0, max_tries=2, timeout_s=0.5)
    source = OaiClient(settings, product="test")
    return oai_harvest.harvest_lists(db, source, WATCHED, since=since, clock=lambda: arxiv.now)


def _papers(make_paper: Make, n: int = 10) -> list[Paper]:
    categories = [("cs.LG",), ("cs.CL",), ("cs.LG", "cs.CL"), ("math.OC", "cs.CL")]
    return [
        make_paper(i, primary_category=categories[i % 4][0], categories=categories[i % 4], version=1 + i % 3)
        for i in range(n)
    ]


def _held(db: Database, papers: list[Paper]) -> list[Paper]:
    known = known_papers(db, [p.arxiv_id for p in papers])
    return [known[p.arxiv_id] for p in papers if p.arxiv_id in known]


def test_every_paper_of_every_set_is_stored_once(database: Database, make_paper: Make) -> None:
    papers = _papers(make_paper)
    unwatched = make_paper(90, primary_category="math.OC", categories=("math.OC",))
    with SampleArxiv([*papers, unwatched], now=NOW) as arxiv:
        arxiv.oai_page_size = 3
        steps = list(_harvest(database, arxiv))
    assert _held(database, papers) == papers
    assert count_papers(database) == len(papers)
    assert {p.source for p in _held(database, papers)} == {"oai"}
    assert [v.version for v in versions_of_paper(database, papers[2].arxiv_id)] == [1, 2, 3]
    assert steps[-1].n_done == steps[-1].n_total == 4
    assert next(s.note for s in steps if s.note).startswith("cs:cs:CL (arXivRaw): 7 records, 7 new, 0 changed")


def test_weeks_that_oai_pmh_brought_are_proven_by_count_and_change_in_nothing(
    database: Database, make_paper: Make
) -> None:
    papers = [*_papers(make_paper), make_paper(40, is_withdrawn=True)]
    with SampleArxiv(papers, now=NOW) as arxiv:
        list(_harvest(database, arxiv))
        client = ArxivClient(ArxivSettings(api_url=arxiv.api_url, delay_s=0), product="test")
        list(
            harvest_pipeline.harvest_windows(
                database, client, WATCHED, [window_of(WEEK)], page_size=100, clock=lambda: NOW
            )
        )
        questions = [path for path in arxiv.requests if path.startswith("/api/")]
        # Asked again for the first time, the week is downloaded.
        list(
            harvest_pipeline.harvest_windows(
                database, client, WATCHED, [window_of(WEEK)], page_size=100, clock=lambda: NOW
            )
        )
    assert all("max_results=1&" in f"{path}&" for path in questions)  # counts, no downloads
    [record] = window_records(database, WATCHED)
    assert (record.is_complete, record.n_said) == (True, len(papers))
    assert {p.source for p in _held(database, papers)} == {"oai"}


def test_a_harvest_interrupted_after_any_page_resumes_there(database: Database, make_paper: Make) -> None:
    papers = _papers(make_paper)
    with SampleArxiv(papers, now=NOW) as arxiv:
        arxiv.oai_page_size = 3
        n_steps = 0
        while next(harvest := _harvest(database, arxiv), None) is not None:
            harvest.close()
            n_steps += 1
        assert _held(database, papers) == papers
        # Three pages for one set and two for the other, in two formats; none was asked for twice.
        assert len(set(arxiv.requests)) == arxiv.n_requests == n_steps == 10


def test_an_expired_token_restarts_its_list(database: Database, make_paper: Make) -> None:
    papers = _papers(make_paper)
    with SampleArxiv(papers, now=NOW) as arxiv:
        arxiv.oai_page_size = 3
        harvest = _harvest(database, arxiv)
        next(harvest)
        harvest.close()
        cut = oai_pass(database, "cs:cs:CL", "arXivRaw")
        assert cut is not None
        assert cut.token is not None
        arxiv.now += timedelta(days=1)
        list(_harvest(database, arxiv))
    assert _held(database, papers) == papers
    assert all(p.finished_at is not None and p.token is None for p in oai_passes(database))


def test_a_list_whose_tokens_always_expire_is_given_up(database: Database, make_paper: Make) -> None:
    class Forgetful(OaiClient):
        def next_page(self, token: str, metadata_format: object) -> object:  # type: ignore[override]
            raise ResumptionTokenExpired("expired")

    with SampleArxiv(_papers(make_paper), now=NOW) as arxiv:
        arxiv.oai_page_size = 3
        source = Forgetful(ArxivSettings(oai_url=arxiv.oai_url, delay_s=0), product="test")
        with pytest.raises(ResumptionTokenExpired):
            list(oai_harvest.harvest_lists(database, source, WATCHED, since=WEEK.monday, clock=lambda: NOW))


def test_a_second_harvest_asks_only_for_changes_and_stores_nothing(database: Database, make_paper: Make) -> None:
    papers = _papers(make_paper)
    with SampleArxiv(papers, now=NOW) as arxiv:
        list(_harvest(database, arxiv))
        n_before = arxiv.n_requests
        assert list(_harvest(database, arxiv)) == []  # arXiv's lists change once a day
        assert arxiv.n_requests == n_before
        arxiv.now += timedelta(days=1)
        steps = list(_harvest(database, arxiv))
        assert all("from=2026-06-23" in path for path in arxiv.requests[n_before:])
    assert [s.note.endswith("0 new, 0 changed") for s in steps if s.note] == [True] * 4
    assert _held(database, papers) == papers


def test_changed_old_papers_are_ignored_unless_they_are_stored(database: Database, make_paper: Make) -> None:
    old = make_paper(1, submitted_at=datetime(2020, 1, 6, tzinfo=UTC), version=2)
    fresh = make_paper(2)
    with SampleArxiv([old, fresh], now=NOW) as arxiv:
        list(_harvest(database, arxiv))
        assert count_papers(database) == 1
        list(_harvest(database, arxiv, since=date(2020, 1, 1)))
    assert _held(database, [old, fresh]) == [old, fresh]


def test_a_paper_is_followed_through_replacement_withdrawal_and_return(database: Database, make_paper: Make) -> None:
    first = make_paper(1)
    life = [
        first,
        replace(first, version=2, title="Better", updated_at=NOW - timedelta(days=1)),
        replace(first, version=3, title="Better", updated_at=NOW, is_withdrawn=True),
        replace(first, version=4, title="Best", updated_at=NOW + timedelta(days=1)),
    ]
    n_counted = []
    for day, paper in enumerate(life):
        with SampleArxiv([paper], now=NOW + timedelta(days=day)) as arxiv:
            list(_harvest(database, arxiv))
        assert _held(database, [paper]) == [paper]
        n_counted.append(len(papers_of_week(database, WEEK, WATCHED)))
    assert n_counted == [1, 1, 0, 1]
    assert [v.submitted_at for v in versions_of_paper(database, first.arxiv_id)] == [p.updated_at for p in life]


def test_ambiguous_author_names_are_corrected_by_the_second_format(database: Database, make_paper: Make) -> None:
    paper = make_paper(1, authors=("Team of Ada, Ben and Cy",))
    with SampleArxiv([paper], now=NOW) as arxiv:
        list(_harvest(database, arxiv))
        assert _held(database, [paper]) == [paper]
        arxiv.now += timedelta(days=1)
        list(_harvest(database, arxiv))
    assert _held(database, [paper]) == [paper]


@pytest.mark.parametrize("kind", ["503", "html", "truncate", "cut", "reset", "empty", "stall"])
def test_no_lasting_fault_loses_pages_already_read(make_paper: Make, tmp_path: object, kind: FaultKind) -> None:
    from store.database import open_database

    db = open_database(f"sqlite:///{tmp_path}/papertide.sqlite")
    papers = _papers(make_paper)
    with SampleArxiv(papers, now=NOW).failing(kind, at=range(3, 9)) as arxiv:
        arxiv.oai_page_size = 3
        with pytest.raises(SourceError):
            list(_harvest(db, arxiv))
        assert count_papers(db) == 6
        assert set(_held(db, papers)) <= set(papers)
    with SampleArxiv(papers, now=NOW) as arxiv:
        arxiv.oai_page_size = 3
        list(_harvest(db, arxiv))
    assert _held(db, papers) == papers
    db.close()
