"""A paper query means the same papers in SQL and over arrays, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.detections import Detection, PaperDetections, TermKind
from domain.embeddings import Embeddings
from domain.facet import Facet
from domain.paper import ArxivId, Paper
from domain.paper_arrays import PaperIndex
from domain.paper_claims import PaperClaims
from domain.paper_query import ALL_PAPERS, PaperQuery
from domain.standards_and_failure_modes import RuleKind, RuleMention
from domain.topics import FittedTopics, Topic, TopicAssignment
from domain.week import Week
from store.claims import add_claims
from store.database import Database
from store.detections import add_detections
from store.embeddings import add_embeddings
from store.paper_arrays import load_paper_index
from store.paper_query import Corpus, matches
from store.schema import name, name_mention, paper
from store.topics import add_topic_model
from store.weekly import weekly_papers, weekly_totals

Make = Callable[..., Paper]
WEEK = Week.parse("2026-W25")
WATCHED = ("cs.LG", "cs.CL", "cs.CV")
CATEGORIES = (*WATCHED, "math.OC", "eess.IV")
TERMS: tuple[tuple[TermKind, str], ...] = (("technique", "gnn"), ("technique", "llm"), ("theme", "gnn"))
FACETS: tuple[Facet, ...] = (
    ("technique", "gnn"),
    ("theme", "gnn"),
    ("topic", "1"),
    ("name", "1"),
    ("domain", "law"),
    ("standard", "gdpr"),
    ("claim", "saving"),
    ("fact", "code"),
)
N_PAPERS = 150
N_DAYS = 10


def _papers(make_paper: Make, random: Random) -> list[Paper]:
    """Papers of ten days, many in the first and last instant of one, some withdrawn, in all mixes of categories."""
    papers = []
    for number in range(1, N_PAPERS + 1):
        day = WEEK.monday + timedelta(days=random.randrange(N_DAYS))
        clock = random.choice([time.min, time.max, time(random.randrange(24), random.randrange(60))])
        zone = timezone(timedelta(hours=random.choice([0, 0, 9, -5])))
        categories = tuple(random.sample(CATEGORIES, random.randrange(1, 4)))
        papers.append(
            make_paper(
                number,
                submitted_at=datetime.combine(day, clock, zone),
                categories=categories,
                primary_category=random.choice(categories),
                is_withdrawn=random.random() < 0.1,
            )
        )
    return papers


def _add_topics(db: Database, ids: tuple[ArxivId, ...], random: Random) -> int:
    assigned = np.array([random.randrange(-1, 3) for _ in ids], dtype=np.int32)
    centroids = np.eye(4, dtype=np.float32)[:3]
    fitted = FittedTopics("m", centroids, (9, 9, 9), ("a", "b", "c"), (("x",), ("y",), ("z",)), 0.1)
    return add_topic_model(
        db,
        fitted,
        [Topic(n, name, ("word",), WEEK, 9) for n, name in enumerate("abc", 1)],
        [],
        TopicAssignment(ids, assigned, np.ones(len(ids), np.float32)),
        fitted_week=WEEK,
        fitted_at=WEEK.end_at,
        settings={},
        library_versions={},
    )


def _add_detections(db: Database, detector_id: str, ids: tuple[ArxivId, ...], random: Random) -> None:
    found = []
    for arxiv_id in ids:
        levels = {term: random.choice([0, 0, 1, 2, 3]) for term in TERMS}
        detections = tuple(Detection(kind, key, level, ()) for (kind, key), level in levels.items() if level)
        found.append(PaperDetections(arxiv_id, detections))
    add_detections(db, detector_id, found)


def _add_rules_and_names(db: Database, ids: tuple[ArxivId, ...], random: Random) -> None:
    rules: list[tuple[RuleKind, str]] = [("domain", "law"), ("standard", "gdpr"), ("claim", "saving"), ("fact", "code")]
    found = []
    for arxiv_id in ids:
        mentions = tuple(RuleMention(kind, key, ()) for kind, key in rules if random.random() < 0.4)
        found.append(PaperClaims(arxiv_id, (), None, None, mentions))
    add_claims(db, "r", found)
    with db.write() as connection:
        row = {
            "surface": "a",
            "kind": "method",
            "family": "a",
            "variants": [],
            "first_week": WEEK.monday,
            "last_week": WEEK.monday,
            "confidence": 1.0,
            "kind_confidence": 1.0,
            "n_uses": 1,
            "n_mentions": 1,
            "n_unknown_teams": 0,
        }
        connection.execute(name.insert(), [{"name_id": number, **row} for number in (1, 2)])
        rows = [
            {
                "arxiv_id": arxiv_id,
                "surface": f"a{number}",
                "key": "a",
                "kind": "method",
                "role": role,
                "confidence": 1.0,
                "kind_confidence": 1.0,
                "evidence": [],
                "is_heading": False,
                "name_id": number,
                "counted_role": role,
            }
            for arxiv_id in ids
            for number in (1, 2)
            if (role := random.choice(["introduces", "uses", "mentions", ""]))
        ]
        connection.execute(name_mention.insert(), rows)


@pytest.fixture
def corpus(stored: Callable[..., Database], make_paper: Make) -> tuple[Database, Corpus]:
    """A database with two detectors' and two fits' findings, and the newer of each."""
    random = Random(13)
    papers = _papers(make_paper, random)
    db = stored(*papers)
    ids = tuple(p.arxiv_id for p in papers)
    add_embeddings(db, Embeddings(ids, np.eye(4, dtype=np.float32)[[n % 4 for n in range(len(ids))]], "m"))
    for detector_id in ("old", "new"):
        _add_detections(db, detector_id, ids, random)
    _add_rules_and_names(db, ids, random)
    _, newest = (_add_topics(db, ids[: n * N_PAPERS // 4], random) for n in (4, 3))
    return db, Corpus(WATCHED, "new", newest)


def _index(db: Database, corpus: Corpus) -> PaperIndex:
    return load_paper_index(db, corpus, terms=TERMS, embedding_model_id="m")


def _ids_in_sql(db: Database, corpus: Corpus, query: PaperQuery) -> list[ArxivId]:
    question = select(paper.c.arxiv_id).where(matches(corpus, query)).order_by(paper.c.submitted_at, paper.c.arxiv_id)
    with db.read() as connection:
        return [ArxivId(i) for i in connection.execute(question).scalars()]


def _ids_in_arrays(index: PaperIndex, query: PaperQuery) -> list[ArxivId]:
    return [index.ids[row] for row in np.flatnonzero(index.matching(query))]


_DAYS = st.none() | st.integers(-2, N_DAYS + 1).map(lambda n: WEEK.monday + timedelta(days=n))
_LEVELS = st.sets(st.integers(1, 3), min_size=1).map(lambda levels: tuple(sorted(levels)))
_QUERIES = st.builds(
    lambda asked, **other: PaperQuery(**other, term=asked and asked[0], levels=asked[1] if asked else ()),
    asked=st.none() | st.tuples(st.sampled_from([*TERMS, ("technique", "none")]), _LEVELS),
    since=_DAYS,
    until=_DAYS,
    categories=st.lists(st.sampled_from(CATEGORIES), max_size=3).map(tuple),
    primary=st.booleans(),
    topic_id=st.none() | st.integers(0, 5),
    has=st.lists(st.sampled_from([*FACETS, ("domain", "none"), ("name", "9")]), max_size=2).map(tuple),
)


def test_sql_and_arrays_find_the_same_papers(corpus: tuple[Database, Corpus]) -> None:
    db, of = corpus
    index = _index(db, of)
    assert 50 < len(index) < N_PAPERS
    n_found: list[int] = []

    @settings(max_examples=150, database=None)
    @given(_QUERIES)
    def agree(query: PaperQuery) -> None:
        found = _ids_in_sql(db, of, query)
        assert found == _ids_in_arrays(index, query)
        assert sum(weekly_papers(db, of, query).values()) == len(found)
        if query.is_open:
            assert len(found) == len(index)
        n_found.append(len(found))

    agree()
    assert sum(0 < n < len(index) for n in n_found) > 20, "most queries find nothing or everything"


@pytest.mark.parametrize("missing", ["detections", "topics", "categories"])
def test_they_agree_where_something_is_missing(corpus: tuple[Database, Corpus], missing: str) -> None:
    db, of = corpus
    none: dict[str, dict[str, object]] = {
        "detections": {"detector_id": ""},
        "topics": {"topic_model_id": None},
        "categories": {"categories": ()},
    }
    of = replace(of, **none[missing])  # type: ignore[arg-type]
    index = _index(db, of)
    for query in (
        ALL_PAPERS,
        PaperQuery(topic_id=1),
        PaperQuery(term=TERMS[0], levels=(1, 2, 3)),
        PaperQuery(categories=("cs.LG",)),
        PaperQuery(categories=("cs.LG",), primary=True),
    ):
        assert _ids_in_sql(db, of, query) == _ids_in_arrays(index, query)


def test_a_week_is_the_days_from_its_monday_to_its_sunday(corpus: tuple[Database, Corpus]) -> None:
    db, of = corpus
    totals = weekly_totals(db, WATCHED)
    for monday, n in zip(totals["week_start"].dt.date, totals["n"], strict=True):
        query = PaperQuery(since=monday, until=Week(monday).sunday)
        assert len(_ids_in_sql(db, of, query)) == n
        assert weekly_papers(db, of, query) == ({Week(monday): n} if n else {})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"term": ("technique", "gnn")}, "a term needs levels"),
        ({"levels": (2,)}, "a term needs levels"),
        ({"term": ("technique", "gnn"), "levels": (0, 2)}, "a term needs levels"),
        ({"term": ("topic", "7"), "levels": (2,)}, "a topic is asked for by topic_id"),
        ({"topic_id": -1}, "a topic's id is 0 or more, got -1"),
        ({"has": (("words", "a"),)}, "a facet is one of"),
        ({"has": (("name", "SWE-bench"),)}, "a facet is one of"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PaperQuery(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "narrow",
    [
        {"since": date(2026, 6, 1)},
        {"until": date(2026, 6, 1)},
        {"categories": ("cs.LG",)},
        {"topic_id": 0},
        {"term": ("theme", "gnn"), "levels": (3,)},
        {"has": (("fact", "code"),)},
    ],
)
def test_only_a_query_without_conditions_is_open(narrow: dict[str, object]) -> None:
    assert ALL_PAPERS.is_open
    assert PaperQuery(primary=True).is_open
    assert not PaperQuery(**narrow).is_open  # type: ignore[arg-type]
