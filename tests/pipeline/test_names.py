"""The names stage and the ledger that it keeps, with a tagger that reads marked words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from analysis.names.variants import key_start, name_key
from domain.detections import Evidence
from domain.name_ledger import Name
from domain.name_mention import NameMention, NameRole
from domain.paper import ArxivId, Paper
from domain.trend_calls import TrendCall
from ingest.harvest import plan_harvest
from pipeline.digest_new_names import N_NAMES, ended_moves_of_names, moving_names, new_names
from pipeline.names import JoiningRules, update_names
from store.database import Database
from store.name_decisions import decide_names, split_name
from store.name_ledger_reading import (
    NameQuery,
    events_of_name,
    names_by_id,
    names_matching,
    names_with_keys,
    papers_of_name,
)
from store.papers import apply_harvest, known_papers
from store.trend_calls import add_calls

NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)
START = datetime(2026, 1, 5, 12, tzinfo=UTC)
CATEGORIES = ("cs.LG",)
_MARKED = re.compile(r"(introduces|converts|uses|mentions) <([^>]+)>")


@dataclass(frozen=True)
class MarkedWordTagger:
    """Reads "uses <SWE-bench>" as a use of that benchmark, and "converts <SWE-bench>" as its introduction."""

    tagger_id: str = "marked-1"
    replacing: tuple[str, str] = ("", "")

    def tag_texts(self, texts: Sequence[tuple[str, str]]) -> list[tuple[NameMention, ...]]:
        return [tuple(self._mention(title, match) for match in _MARKED.finditer(abstract)) for title, abstract in texts]

    def _mention(self, title: str, match: re.Match[str]) -> NameMention:
        role: NameRole = "introduces" if match[1] == "converts" else match[1]  # type: ignore[assignment]
        evidence = [Evidence("abstract", match.start(2), match.end(2))]
        if title.startswith(match[2]):
            evidence.insert(0, Evidence("title", 0, len(match[2])))
        surface = match[2].replace(*self.replacing) if self.replacing[0] else match[2]
        return NameMention(surface, "benchmark", role, tuple(evidence), 0.95, 0.9)


RULES = JoiningRules("rules-1", lambda s: re.sub(r"[\s-]", "", s).casefold(), lambda s, _: s.casefold())
PaperMaker = Callable[..., Paper]


@pytest.fixture
def paper_at(make_paper: PaperMaker) -> PaperMaker:
    """Papers every fourth week from the first of 2026 on, each by one author of its own unless another is named."""

    def make(number: int, says: str, *, week: int, by: str = "", title: str = "") -> Paper:
        introduced = re.search(r"introduces <([^>]+)>", says)
        at = START + timedelta(weeks=4 * week, minutes=number)
        return make_paper(
            number,
            arxiv_id=ArxivId(f"2601.{number:05d}"),
            title=title or (f"{introduced[1]}: paper {number}" if introduced else f"Paper {number}"),
            abstract=f"We study code agents that repair software. It {says}.",
            authors=(by or f"Ada Author{number}",),
            submitted_at=at,
            updated_at=at,
        )

    return make


def store(db: Database, *papers: Paper) -> None:
    plan = plan_harvest(papers, known_papers(db, [p.arxiv_id for p in papers]))
    apply_harvest(db, plan, None, seen_at=NOW)


def update(db: Database, tagger: MarkedWordTagger = MarkedWordTagger()) -> int:
    return sum(1 for _ in update_names(db, tagger, RULES, CATEGORIES, clock=lambda: NOW))


def only(db: Database, surface: str) -> Name:
    found = [n for n in names_with_keys(db, [RULES.key_of(surface)]) if n.merged_into is None]
    assert len(found) == 1, found
    return found[0]


def kinds(db: Database, name_id: int) -> list[str]:
    return [e.event.kind for e in events_of_name(db, name_id) if e.retracted_at is None]


def test_a_name_that_is_presented_in_no_sentence_is_used_where_others_held_it_before(
    database: Database, paper_at: PaperMaker
) -> None:
    store(database, paper_at(2, "converts <SWE-bench>", week=2))
    update(database)
    alone = only(database, "SWE-bench")
    assert alone.introduced_by == "2601.00002"
    store(database, paper_at(1, "uses <SWE-bench>", week=1))
    update(database)
    found = only(database, "SWE-bench")
    assert (found.name_id, found.introduced_by, found.n_uses) == (alone.name_id, None, 2)
    assert found.first_week < alone.first_week
    assert [e.retracted_at is not None for e in events_of_name(database, alone.name_id)] == [True]


def test_spellings_are_one_name_with_its_events(database: Database, paper_at: PaperMaker) -> None:
    store(
        database,
        paper_at(1, "introduces <SWE-bench>", week=0, title="SWE-bench: A Benchmark"),
        paper_at(2, "uses <SWE Bench>", week=2),
        paper_at(3, "uses <SWE-bench>", week=3),
        paper_at(4, "uses <SWE-bench>", week=4),
        paper_at(5, "mentions <SWE-bench>", week=5),
    )
    update(database)
    name = only(database, "swebench")
    assert (name.surface, name.kind, name.n_uses, name.n_mentions, name.n_teams) == ("SWE-bench", "benchmark", 4, 1, 3)
    assert kinds(database, name.name_id) == ["introduced", "used_elsewhere", "taken_up"]
    assert name.introduced_by == "2601.00001"
    assert [role for _, role, _ in papers_of_name(database, name.name_id, CATEGORIES)][-1] == "introduces"
    assert update(database) == 0


def test_a_run_in_portions_ends_as_one_in_a_single_run(database: Database, paper_at: PaperMaker) -> None:
    papers = [
        paper_at(1, "introduces <Alpha> and uses <Beta>", week=1),
        paper_at(2, "uses <Alpha>", week=2),
        paper_at(3, "introduces <Beta>", week=0),
        paper_at(4, "uses <Beta> and uses <Alpha>", week=3),
    ]
    for one in papers:
        store(database, one)
        update(database)
    alpha, beta = only(database, "Alpha"), only(database, "Beta")
    assert (alpha.introduced_by, alpha.n_uses) == ("2601.00001", 3)
    assert (beta.introduced_by, beta.n_uses) == ("2601.00003", 3)
    assert [e.event.week for e in events_of_name(database, beta.name_id)] == [
        papers[2].week,
        papers[0].week,
    ]


def test_a_new_tagger_reads_again_and_names_keep_their_ids(database: Database, paper_at: PaperMaker) -> None:
    store(database, paper_at(1, "introduces <Alpha>", week=0), paper_at(2, "uses <Alpha>", week=2))
    update(database)
    before = only(database, "Alpha")
    renamed = MarkedWordTagger("marked-2", ("Alpha", "AlphaNet"))
    update(database, renamed)
    after = only(database, "AlphaNet")
    assert after.name_id == before.name_id
    assert (after.surface, after.n_uses) == ("AlphaNet", 2)
    update(database)
    assert only(database, "Alpha").name_id == before.name_id


def test_an_event_that_papers_do_not_support_any_more_is_retracted_and_kept(
    database: Database, paper_at: PaperMaker
) -> None:
    store(database, paper_at(1, "introduces <Alpha>", week=0), paper_at(2, "uses <Alpha>", week=2))
    update(database)
    name_id = only(database, "Alpha").name_id
    assert kinds(database, name_id) == ["introduced", "used_elsewhere"]
    changed = paper_at(2, "mentions <Alpha>", week=2)
    store(database, Paper(**{**vars(changed), "version": 2, "updated_at": NOW}))
    update(database)
    assert kinds(database, name_id) == ["introduced"]
    assert [e.event.kind for e in events_of_name(database, name_id) if e.retracted_at] == ["used_elsewhere"]


def test_two_things_of_one_name_have_pages_of_their_own(database: Database, paper_at: PaperMaker) -> None:
    store(
        database,
        paper_at(1, "introduces <TRACE>", week=0, title="TRACE: Code Agents"),
        paper_at(2, "introduces <TRACE>", week=1, title="TRACE: Heart Sounds"),
    )
    update(database)
    found = names_with_keys(database, ["trace"])
    assert sorted(n.introduced_by or "" for n in found) == ["2601.00001", "2601.00002"]


def test_a_merge_survives_a_new_tagger(database: Database, paper_at: PaperMaker) -> None:
    store(
        database,
        paper_at(1, "introduces <Alpha>", week=0),
        paper_at(2, "uses <Alfa>", week=2),
        paper_at(3, "uses <Alfa>", week=3),
    )
    update(database)
    alpha, alfa = only(database, "Alpha"), only(database, "Alfa")
    decide_names(database, {alfa.name_id: {"merged_into": alpha.name_id}}, [], now=NOW)
    update(database)
    assert only(database, "Alpha").n_uses == 3
    assert names_by_id(database, [alfa.name_id])[alfa.name_id].merged_into == alpha.name_id
    update(database, MarkedWordTagger("marked-2"))
    store(database, paper_at(4, "uses <Alfa>", week=4))
    update(database, MarkedWordTagger("marked-2"))
    assert only(database, "Alpha").n_uses == 4
    assert [n.surface for n in names_matching(database, NameQuery(0.5, 0.5), "uses", limit=9)[1]] == ["Alpha"]


def test_a_split_survives_a_new_tagger(database: Database, paper_at: PaperMaker) -> None:
    store(
        database,
        paper_at(1, "introduces <Alpha>", week=0),
        paper_at(2, "uses <Alpha>", week=2),
        paper_at(3, "uses <Alpha>", week=3),
    )
    update(database)
    alpha = only(database, "Alpha")
    new_id = split_name(database, alpha.name_id, [ArxivId("2601.00003")], alpha.first_week, now=NOW)
    for tagger in (MarkedWordTagger(), MarkedWordTagger("marked-2")):
        update(database, tagger)
        by_id = names_by_id(database, [alpha.name_id, new_id])
        assert (by_id[alpha.name_id].n_uses, by_id[new_id].n_uses) == (2, 1)


def test_a_given_name_and_kind_survive_a_new_tagger(database: Database, paper_at: PaperMaker) -> None:
    store(database, paper_at(1, "introduces <Alpha>", week=0))
    update(database)
    name_id = only(database, "Alpha").name_id
    decide_names(database, {name_id: {"given_surface": "The Alpha", "given_kind": "dataset"}}, [], now=NOW)
    update(database, MarkedWordTagger("marked-2"))
    after = names_by_id(database, [name_id])[name_id]
    assert (after.surface, after.kind, after.kind_confidence) == ("The Alpha", "dataset", 1.0)


def test_unwatched_and_withdrawn_papers_count_nowhere(database: Database, paper_at: PaperMaker) -> None:
    outside = paper_at(2, "uses <Alpha>", week=1)
    outside = Paper(**{**vars(outside), "primary_category": "math.CO", "categories": ("math.CO",)})
    withdrawn = Paper(**{**vars(paper_at(3, "uses <Alpha>", week=1)), "is_withdrawn": True})
    store(database, paper_at(1, "introduces <Alpha>", week=0), outside, withdrawn)
    update(database)
    assert only(database, "Alpha").n_uses == 1
    list(update_names(database, MarkedWordTagger(), RULES, ("cs.LG", "math.CO"), clock=lambda: NOW))
    assert only(database, "Alpha").n_uses == 2


def test_a_name_that_no_paper_holds_any_more_keeps_its_page(database: Database, paper_at: PaperMaker) -> None:
    store(database, paper_at(1, "introduces <Alpha>", week=0))
    update(database)
    name_id = only(database, "Alpha").name_id
    store(database, Paper(**{**vars(paper_at(1, "shows nothing", week=0)), "version": 2, "updated_at": NOW}))
    update(database)
    assert names_by_id(database, [name_id])[name_id].n_uses == 0
    assert kinds(database, name_id) == []
    assert [e.event.kind for e in events_of_name(database, name_id)] == ["introduced"]
    assert names_matching(database, NameQuery(0.5, 0.5), "uses", limit=9) == (0, [])


def test_a_digest_names_what_was_introduced_and_what_was_taken_up(database: Database, paper_at: PaperMaker) -> None:
    assert new_names(database, paper_at(1, "", week=0).week) is None
    papers = [
        paper_at(1, "introduces <Alpha>", week=0),
        *(paper_at(n, "uses <Alpha>", week=n) for n in (2, 3, 4)),
        paper_at(5, "introduces <Beta>", week=4),
    ]
    store(database, *papers)
    update(database)
    found = new_names(database, papers[3].week)
    assert found is not None
    assert [(n.name, n.n_teams) for n in found.data] == [("Beta", 0)]
    assert found.data[0].own_words == "It introduces <Beta>."
    assert [(n.name, n.n_teams, [p.arxiv_id for p in n.papers]) for n in found.taken_up] == [
        ("Alpha", 3, ["2601.00001", "2601.00004"])
    ]
    assert (found.n_data, found.n_models_and_tools, found.n_taken_up) == (1, 0, 1)


def test_names_that_are_called_to_move_stand_in_the_digest(database: Database, paper_at: PaperMaker) -> None:
    papers = [paper_at(1, "introduces <Alpha>", week=0), paper_at(2, "introduces <Beta>", week=0)]
    store(database, *papers)
    update(database)
    week = papers[0].week
    alpha, beta = only(database, "Alpha").name_id, only(database, "Beta").name_id
    calls = [
        TrendCall(week, "name", str(alpha), "rising", 0.01, 0.02, 0.01, 4000),
        TrendCall(week, "name", str(beta), "steady", 0.6, 0.02, 0.02, 4000),
    ]
    add_calls(database, calls, made_with="t", made_at=NOW)
    assert [(moved.name, moved.call.verdict) for moved in moving_names(database, week)] == [("Alpha", "rising")]
    assert moving_names(database, week.plus(1)) == ()
    later = TrendCall(week.plus(1), "name", str(alpha), "steady", 0.6, 0.02, 0.02, 4000)
    add_calls(database, [later], made_with="t", made_at=NOW)
    assert [(ended.name, ended.called) for ended in ended_moves_of_names(database, week.plus(1))] == [
        ("Alpha", "rising")
    ]
    assert ended_moves_of_names(database, week) == ()


def test_a_plural_finds_its_name_and_none_that_begins_with_the_singular(
    database: Database, paper_at: PaperMaker
) -> None:
    store(database, paper_at(1, "introduces <GAN>", week=0), paper_at(2, "introduces <Gandalf>", week=0))
    update(database)
    found = {}
    for asked in ("GANs", "GAN", "gan-da"):
        query = NameQuery(0.5, 0.5, words=(asked,), key=name_key(asked), key_start=key_start(asked))
        found[asked] = {n.surface for n in names_matching(database, query, "uses", limit=9)[1]}
    assert found == {"GANs": {"GAN"}, "GAN": {"GAN", "Gandalf"}, "gan-da": {"Gandalf"}}


def test_of_names_that_move_no_longer_those_are_told_that_the_digest_before_told(
    database: Database, paper_at: PaperMaker
) -> None:
    spellings = [f"Alpha{sign}Net" for sign in "ABCDEFG"]
    papers = [paper_at(i, f"introduces <{name}>", week=0) for i, name in enumerate(spellings, 1)]
    store(database, *papers)
    update(database)
    week = papers[0].week
    ids = [only(database, name).name_id for name in spellings]
    then = [TrendCall(week, "name", str(i), "rising", 0.01, 0.02 + i / 1000, 0.01, 4000) for i in ids]
    now = [TrendCall(week.plus(1), "name", str(i), "steady", 0.6, 0.02, 0.02, 4000) for i in ids]
    add_calls(database, [*then, *now], made_with="t", made_at=NOW)
    told = [moved.name for moved in moving_names(database, week)]
    assert len(told) == N_NAMES < len(spellings)
    assert [ended.name for ended in ended_moves_of_names(database, week.plus(1))] == told
