"""Migration of databases of earlier versions."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, make_url, text

import store.database
from analysis.search.word_index import WordIndex
from domain.packed_stems import stem_numbers
from domain.paper import ArxivId
from domain.week import Week
from store.database import open_database
from store.digests import DigestSummary, digest_summaries
from store.job_runs import newest_runs
from store.mailbox_block_links import block_by_token, block_link_expiry
from store.name_ledger_reading import split_papers
from store.paper_arrays import load_stems
from store.papers import known_papers
from store.schema import SCHEMA_VERSION
from store.subscriber_tokens import token_use
from store.subscribers import delete_subscriber, subscribers
from store.subscription_requests import RequestLimits, add_limited_request, count_answers_tried
from store.suppressed_addresses import suppression_reason
from store.topics import topic_events
from store.trend_calls import calls_of_week, unmarked_moves
from store.weekly import counted_papers, counted_state, rebuild_weekly_tables

pytestmark = pytest.mark.usefixtures("real_migrations")

MESSAGES = {
    ("delivery", "1"): "the mail server refuses ada@example.org: 550 5.1.1 <ada@example.org>: User unknown",
    ("delivery", "2"): "the mail server has taken issue 2026-W25 from nobody; the last answer: 554 5.7.1 spam",
    ("bounces", "1"): "mail.bounce_folder = '/srv/bounces' is no folder",
    ("backup", "1"): "backed up to papertide-data/backups/papertide-2026.sqlite",
    ("backup", "2"): r"cannot write C:\papertide",
    ("clean up", "1"): "forgot 3 idle readers, 2 requests, 1 links, 0 lines of the ledger",
    ("harvest", "1"): "https://export.arxiv.org/api/query?q=1 answered 503",
    ("digest", "1"): "",
}
REMOVED = "not kept: the message named an address or a file"


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'papertide.sqlite'}"
    server = make_url(request.getfixturevalue("postgresql_url"))
    engine = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS old_papertide"))
        connection.execute(text("CREATE DATABASE old_papertide"))
    engine.dispose()
    return server.set(database="old_papertide").render_as_string(hide_password=False)


@contextmanager
def _at_version(url: str, version: str) -> Iterator[Connection]:
    """A transaction in a database of an earlier schema version."""
    address = make_url(url)
    driver = address if address.get_backend_name() == "sqlite" else address.set(drivername="postgresql+psycopg")
    engine = create_engine(driver)
    config = Config()
    config.set_main_option("script_location", str(Path(store.database.__file__).with_name("migrations")))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        yield connection
    engine.dispose()


def test_the_ledgers_old_messages_lose_addresses_replies_paths_and_counts_of_readers(old_url: str) -> None:
    with _at_version(old_url, "0003") as connection:
        for (job, period), message in MESSAGES.items():
            connection.execute(
                text(
                    "INSERT INTO job_run (job, period, state, started_at, message)"
                    " VALUES (:job, :period, 'failed', '2026-06-23 06:00:00', :message)"
                ),
                {"job": job, "period": period, "message": message},
            )
    db = open_database(old_url)
    runs = {(r.job, r.period): (r.message, r.detail) for r in newest_runs(db, 50)}
    db.close()
    assert runs == {
        ("delivery", "1"): (REMOVED, ""),
        ("delivery", "2"): ("", ""),
        ("bounces", "1"): (REMOVED, ""),
        ("backup", "1"): (REMOVED, ""),
        ("backup", "2"): (REMOVED, ""),
        ("clean up", "1"): ("", ""),
        ("harvest", "1"): (MESSAGES["harvest", "1"], ""),
        ("digest", "1"): ("", ""),
    }


def test_the_columns_of_a_digest_are_filled_from_digests_stored_before(old_url: str) -> None:
    week = Week(date(2026, 6, 15))
    sentences = ("Graphs rose.", "Graphs fell, to 4\u202f%.")
    with _at_version(old_url, "0004") as connection:
        for revision, sentence in enumerate(sentences, 1):
            headline = {"sentence": sentence, "n_papers": 2900 + revision, "n_papers_recent": float("nan")}
            stored = {"digest": {"headline": headline, "completeness": {"complete": revision == 2}}}
            connection.execute(
                text(
                    "INSERT INTO digest (week_start, revision, content, published_at)"
                    f" VALUES ('2026-06-15', :revision, :content, '2026-06-2{revision} 06:00:00+00:00')"
                ),
                {"revision": revision, "content": zlib.compress(json.dumps(stored).encode())},
            )
    db = open_database(old_url)
    [summary] = digest_summaries(db)
    db.close()
    first, newest = datetime(2026, 6, 21, 6, tzinfo=UTC), datetime(2026, 6, 22, 6, tzinfo=UTC)
    assert summary == DigestSummary(week, 2, first, newest, sentences[1], 2902, True)


def test_links_and_suppressions_of_before_the_instances_key_work_on(old_url: str) -> None:
    now = datetime(2026, 6, 23, 12, tzinfo=UTC)

    def sha256(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

    with _at_version(old_url, "0005") as connection:

        def insert(table: str, **values: object) -> None:
            names = ", ".join(values)
            connection.execute(
                text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + name for name in values)})"), values
            )

        for number, address in enumerate(("a.d.a+x@gmail.com", "ben@example.org"), 1):
            insert(
                "subscriber",
                subscriber_id=number,
                address=address,
                state="active",
                frequency="weekly",
                mail_format="html",
                follows="[]",
                created_at=now,
                changed_at=now,
            )
            for purpose in ("manage", "block"):
                insert(
                    "subscriber_token",
                    token_hash=sha256(f"{purpose} {address}"),
                    subscriber_id=number,
                    purpose=purpose,
                    made_at=now,
                    expires_at=now + timedelta(days=800),
                )
        for key, reason in (
            (sha256("cyd@example.org"), "bounced"),
            (sha256("mailbox:dee@example.org"), "complained"),
        ):
            insert("suppression", address_hash=key, reason=reason, since=now)
        for address in ("", "ben+tag@example.org"):  # the first is of a deleted reader
            insert(
                "subscription_request",
                address=address,
                mailbox=sha256("ben@example.org"),
                network=sha256("192.0.2.0/24"),
                asked_at=now,
                state="sent",
                n_tries=1,
                problem="",
            )
    db = open_database(old_url)
    try:
        with db.read() as connection:
            hashes = [
                *connection.execute(text("SELECT address_hash FROM suppression")).scalars(),
                *connection.execute(text("SELECT mailbox FROM subscription_request")).scalars(),
                *connection.execute(text("SELECT network FROM subscription_request")).scalars(),
            ]
        guesses = ["cyd@example.org", "mailbox:dee@example.org", "ben@example.org", "192.0.2.0/24"]
        assert {len(h) for h in hashes} == {64}
        assert not set(hashes) & {sha256(guess) for guess in guesses}
        assert suppression_reason(db, "cyd@example.org") == "bounced"
        assert suppression_reason(db, "cyd+x@example.org") is None
        assert suppression_reason(db, "dee+x@example.org") == "complained"
        assert count_answers_tried(db, "ben+other@example.org", since=now - timedelta(days=1)) == 2
        limits = RequestLimits(timedelta(days=1), of_network=3, of_site=9, of_all=0)
        asked = [
            add_limited_request(db, "new@example.org", None, network=name, site=name, limits=limits, now=now)
            for name in ("192.0.2.0/24", "192.0.2.0/24")
        ]
        assert [refused is None for refused in asked] == [True, False]
        use = token_use(db, "manage ben@example.org", "manage", now=now)
        assert use is not None
        assert (use.subscriber.address, use.is_expired) == ("ben@example.org", False)
        delete_subscriber(db, use.subscriber.subscriber_id)
        for address, alias in (("a.d.a+x@gmail.com", "ada@googlemail.com"), ("ben@example.org", "ben+y@example.org")):
            assert block_link_expiry(db, f"block {address}") == now + timedelta(days=800)
            block_by_token(db, f"block {address}", now=now)
            assert suppression_reason(db, alias) == "blocked"
        assert [r.state for r in subscribers(db)] == ["unsubscribed"]
    finally:
        db.close()


def test_every_instance_has_a_key_of_its_own(tmp_path: Path) -> None:
    hashes = set()
    for name in ("a", "b"):
        db = open_database(f"sqlite:///{tmp_path / name}")
        hashes.add(db.keyed_hash("ada@example.org"))
        db.close()
        again = open_database(f"sqlite:///{tmp_path / name}")
        hashes.add(again.keyed_hash("ada@example.org"))
        again.close()
    assert len(hashes) == 2


def test_stored_counts_get_their_totals(old_url: str) -> None:
    with _at_version(old_url, "0007") as connection:
        connection.execute(text("INSERT INTO weekly_basis VALUES ('d', NULL, 'cs.CV cs.LG')"))
        for number, (categories, gone) in enumerate(
            ((["cs.LG"], False), (["cs.LG", "cs.CV"], False), (["math.OC"], False), (["cs.CV"], True)), 1
        ):
            connection.execute(
                text(
                    "INSERT INTO paper (row_id, arxiv_id, version, title, abstract, authors, primary_category,"
                    " categories, submitted_at, updated_at, week_start, first_seen_at, is_withdrawn) VALUES"
                    " (:n, :id, 1, 't', 'a', '[]', 'cs.LG', '[]', :at, :at, '2026-06-15', :at, :gone)"
                ),
                {"n": number, "id": f"2606.{number:05}", "at": datetime(2026, 6, 16, tzinfo=UTC), "gone": gone},
            )
            for category in categories:
                connection.execute(
                    text("INSERT INTO paper_category VALUES (:id, :category)"),
                    {"id": f"2606.{number:05}", "category": category},
                )
    db = open_database(old_url)
    try:
        week = Week(date(2026, 6, 15))
        assert [counted_papers(db, category=c) for c in ("", "cs.LG", "cs.CV")] == [{week: 2}, {week: 2}, {week: 1}]
        state = counted_state(db, "d", ["cs.LG", "cs.CV"])
        assert state is not None
        assert state.is_current
        assert state.counted_at is not None
        rebuild_weekly_tables(db, "d", None, ["cs.LG", "cs.CV"], now=state.counted_at)
        assert [counted_papers(db, category=c) for c in ("", "cs.LG", "cs.CV")] == [{week: 2}, {week: 2}, {week: 1}]
    finally:
        db.close()


def test_the_births_of_topics_get_the_dates_of_their_first_papers(old_url: str) -> None:
    born, found = "2026-03-30", "2026-06-15"
    events = {
        1: ("born", "455 papers, its first in 2026-W14"),
        2: ("born", "16 papers that fitted no topic better, its first in 2026-W14"),
        3: ("split", "split from agents"),
    }
    with _at_version(old_url, "0008") as connection:
        connection.execute(
            text(
                "INSERT INTO topic_model (topic_model_id, embedding_model_id, fitted_week, fitted_at, n_papers, floor,"
                f" settings, library_versions)"
                f" VALUES (1, 'm', '{found}', '{found} 06:00:00+00:00', 9, 0.5, '{{}}', '{{}}')"
            )
        )
        for topic_id, (kind, detail) in events.items():
            connection.execute(
                text(f"INSERT INTO topic (topic_id, label, born_week) VALUES ({topic_id}, 't{topic_id}', '{born}')")
            )
            connection.execute(
                text(
                    "INSERT INTO topic_event (topic_id, topic_model_id, kind, week, detail)"
                    f" VALUES ({topic_id}, 1, '{kind}', '{found}', '{detail}')"
                )
            )
    db = open_database(old_url)
    stored = {topic_id: topic_events(db, topic_id)[0] for topic_id in events}
    db.close()
    assert {topic_id: (str(event.week), event.detail) for topic_id, event in stored.items()} == {
        1: ("2026-W14", "found in 2026-W25, with 455 papers then"),
        2: ("2026-W14", "found in 2026-W25, with 16 papers then"),
        3: ("2026-W25", "split from agents"),
    }


def test_texts_and_authors_stored_before_are_converted_and_indexed_again(old_url: str) -> None:
    columns = "arxiv_id, version, title, abstract, authors, primary_category, categories, submitted_at, updated_at,"
    with _at_version(old_url, "0012") as connection:
        for number, title in (("1", r"Bounds of R\'enyi"), ("2", "Bounds of tides")):
            connection.execute(
                text(
                    f"INSERT INTO paper ({columns} week_start, first_seen_at) VALUES ('2606.0000{number}', 1, :title,"
                    " 'We prove them.', :authors, 'cs.LG', '[\"cs.LG\"]', '2026-06-16 06:00:00+00:00',"
                    " '2026-06-16 06:00:00+00:00', '2026-06-15', '2026-06-16 06:00:00+00:00')"
                ),
                {"title": title, "authors": json.dumps(["Example Team", ":", r"Bj{\o}rn Sample"])},
            )
            connection.execute(
                text(f"INSERT INTO detected_paper (detector_id, arxiv_id) VALUES ('d', '2606.0000{number}')")
            )
    db = open_database(old_url)
    try:
        [first] = known_papers(db, [ArxivId("2606.00001")]).values()
        assert (first.title, first.authors) == ("Bounds of Rényi", ("Example Team", "Bjørn Sample"))
        ids = [ArxivId("2606.00001"), ArxivId("2606.00002")]
        words = WordIndex(*load_stems(db, ids))
        assert (words.scores(stem_numbers("RENYI")) > 0).tolist() == [True, False]
        assert (words.scores(stem_numbers("Bjorn")) > 0).all()
        with db.read() as connection:
            assert connection.execute(text("SELECT arxiv_id FROM detected_paper")).scalars().all() == ["2606.00002"]
    finally:
        db.close()


def test_the_schema_is_that_of_the_newest_migration() -> None:
    versions = Path(store.database.__file__).with_name("migrations") / "versions"
    assert max(path.name[:4] for path in versions.glob("[0-9]*.py")) == SCHEMA_VERSION


def test_waves_that_few_papers_explain_are_looked_for_again_and_stay_until_then(old_url: str) -> None:
    marks = {"ours": ("ICML", 1, 28), "half": ("Interspeech", 26, 61), "none": ("", None, None)}
    with _at_version(old_url, "0023") as connection:
        for key, (venue, k, n) in marks.items():
            connection.execute(
                text(
                    "INSERT INTO trend_call (week_start, kind, key, verdict, n, made_with, made_at, wave_venue, wave_k,"
                    " wave_n) VALUES ('2026-06-08', 'technique', :key, 'rising', 9, 'm', '2026-06-16 06:00:00+00:00',"
                    " :venue, :k, :n)"
                ),
                {"key": key, "venue": venue, "k": k, "n": n},
            )
    db = open_database(old_url)
    left = {call.key: call.wave.venue if call.wave else None for call in calls_of_week(db, Week.parse("2026-W24"))}
    unmarked = [call.key for call in unmarked_moves(db)]
    db.close()
    assert left == {"ours": "ICML", "half": "Interspeech", "none": None}
    assert unmarked == ["ours"]


def test_names_in_greek_are_known_by_the_key_that_spells_them_out(old_url: str) -> None:
    with _at_version(old_url, "0024") as connection:
        for name_id, key in ((1, "taubench"), (2, "τbench"), (3, "s²bench"), (4, "foo－net")):
            _insert_name(connection, name_id, key)
    db = open_database(old_url)
    with db.read() as connection:
        keys = {(row.key, row.name_id) for row in connection.execute(text("SELECT key, name_id FROM name_key"))}
    db.close()
    old = {("taubench", 1), ("τbench", 2), ("s²bench", 3), ("foo－net", 4)}
    assert keys == old | {("taubench", 2), ("s2bench", 3), ("foonet", 4)}


def test_names_that_end_in_a_year_are_known_by_the_key_with_two_digits_of_it(old_url: str) -> None:
    with _at_version(old_url, "0026") as connection:
        for name_id, key in ((1, "aime24"), (2, "aime2024"), (3, "wmt2014"), (4, "taubench")):
            _insert_name(connection, name_id, key)
    db = open_database(old_url)
    with db.read() as connection:
        keys = {(row.key, row.name_id) for row in connection.execute(text("SELECT key, name_id FROM name_key"))}
    db.close()
    old = {("aime24", 1), ("aime2024", 2), ("wmt2014", 3), ("taubench", 4)}
    assert keys == old | {("aime24", 2), ("wmt14", 3)}


def test_splits_follow_names_to_keys_that_spell_greek_out_and_have_two_digits_of_a_year(old_url: str) -> None:
    old = {
        ("1", "aime2024", 1), ("1", "aime24", 2), ("2", "aime2024", 1), ("2", "gan", 1),
        ("3", "s²bench", 1), ("3", "s₂bench", 3), ("3", "s₂－bench", 2), ("4", "τbench2025", 1), ("5", "τbench", 1),
        ("5", "taubench", 2),
    }  # fmt: skip
    with _at_version(old_url, "0026") as connection:
        for name_id in (1, 2, 3):
            _insert_name(connection, name_id, f"name{name_id}")
        for arxiv_id, key, name_id in sorted(old):
            connection.execute(
                text("INSERT INTO name_split (arxiv_id, key, name_id) VALUES (:arxiv_id, :key, :name_id)"),
                {"arxiv_id": arxiv_id, "key": key, "name_id": name_id},
            )
    db = open_database(old_url)
    with db.read() as connection:
        splits = {tuple(row) for row in connection.execute(text("SELECT arxiv_id, key, name_id FROM name_split"))}
    papers = split_papers(db)
    db.close()
    assert splits == old | {
        ("2", "aime24", 1),
        ("3", "s2bench", 3),  # of splits that meet, the later one
        ("4", "taubench2025", 1),
        ("4", "taubench25", 1),
        ("4", "τbench25", 1),
    }
    assert papers == {1: ["1", "2", "3", "4", "5"], 2: ["1", "3", "5"], 3: ["3"]}


def _insert_name(connection: Connection, name_id: int, key: str) -> None:
    connection.execute(
        text(
            "INSERT INTO name (name_id, surface, kind, family, variants, first_week, last_week, confidence,"
            " kind_confidence, n_uses, n_mentions, n_unknown_teams) VALUES (:name_id, :key, 'benchmark', :key,"
            " '[]', '2026-06-15', '2026-06-15', 1, 1, 1, 0, 0)"
        ),
        {"name_id": name_id, "key": key},
    )
    connection.execute(text("INSERT INTO name_key VALUES (:key, :name_id)"), {"key": key, "name_id": name_id})
