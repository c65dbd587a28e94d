"""The status page says how fresh everything is, without numbers of readers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.week import Week
from queries.results import ServiceHealth
from templates.freshness_wording import digest_age_text, last_success_lines, mail_text

NOW = datetime(2026, 6, 23, 12, tzinfo=UTC)
FRESH = ServiceHealth(
    newest_week=Week.parse("2026-W25"),
    newest_digest_at=NOW - timedelta(hours=5),
    last_successes={"backup": NOW - timedelta(days=3), "harvest": NOW - timedelta(minutes=7)},
    arxiv_refusals=0,
    mails_waiting=4123,
    oldest_mail_since=NOW - timedelta(minutes=90),
)
EMPTY = ServiceHealth(None, None, {}, 0, 0, None)


def test_ages_are_told_in_whole_units() -> None:
    assert digest_age_text(FRESH, NOW) == "published 5\u00a0hours ago"
    assert [(job, ago) for job, _, ago in last_success_lines(FRESH, NOW)] == [
        ("harvest", "7\u00a0minutes ago"),
        ("backup", "3\u00a0days ago"),
    ]
    assert mail_text(FRESH, NOW) == "some waits to be sent, the oldest for 1\u00a0hour"


def test_nothing_yet_has_words_too() -> None:
    assert (digest_age_text(EMPTY, NOW), last_success_lines(EMPTY, NOW)) == ("", [])
    assert mail_text(EMPTY, NOW) == "none waits to be sent"
