"""Validation of addresses and follows, and the weeks of issues."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UsageError
from domain.issues_and_deliveries import Issue, issues_of
from domain.mail_address import mailbox_of, normalised_address
from domain.paper import parse_arxiv_id
from domain.subscription import Follow, Preferences, sanitized_line
from domain.week import Week


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "ada example@example.org",
        "ada@exa mple.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org,eve@example.org",
        "ada@example.org>",
        "<ada@example.org>",
        '"ada"@example.org',
        "ada\x00@example.org",
        "ada..b@example.org",
        "ada@-example.org",
        "ada@example..org",
        "a" * 65 + "@example.org",
        "ada@" + "a" * 64 + ".org",
        "ada@" + ".".join(["abcdefgh"] * 40) + ".org",
        "ädä@example.org",
        "ada@[127.0.0.1]",
    ],
)
def test_what_is_no_address_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        normalised_address(text)
    assert "\n" not in str(caught.value)
    assert "\r" not in str(caught.value)


def test_an_address_in_other_case_is_the_same_reader() -> None:
    assert normalised_address(" Ada.B+x@Example.ORG ") == "ada.b+x@example.org"


@given(st.text(max_size=80))
def test_whatever_is_taken_for_an_address_cannot_end_a_header(text: str) -> None:
    try:
        address = normalised_address(text)
    except UsageError:
        return
    assert address.isascii()
    assert address.isprintable()
    assert not set(address) & set(' <>,;:"\\()[]')
    assert normalised_address(address) == address


def test_a_mailbox_has_one_name_for_limits() -> None:
    assert mailbox_of("ada+spam@example.org") == "ada@example.org"
    assert mailbox_of("a.d.a+1@googlemail.com") == "ada@gmail.com"
    assert mailbox_of("a.da@example.org") == "a.da@example.org"


@pytest.mark.parametrize("text", ["diffusion", "planet:mars", "search:", "search:  ", "topic", "search:" + "x" * 201])
def test_what_cannot_be_followed_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Follow.parse(text)


def test_a_saved_search_is_one_line_without_control_characters() -> None:
    follow = Follow.parse("search:  test-time\r\n scaling\x1b[31m \u202eevil ")
    assert follow.key == "test-time scaling [31m evil"
    assert Follow.parse(str(follow)) == follow


@given(st.text(max_size=60))
def test_clean_text_is_one_printable_line(text: str) -> None:
    cleaned = sanitized_line(text)
    assert "\n" not in cleaned
    assert "\r" not in cleaned
    assert sanitized_line(cleaned) == cleaned


def test_preferences_are_checked() -> None:
    with pytest.raises(UsageError, match="daily"):
        Preferences(frequency="daily")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="too many"):
        Preferences(follows=tuple(Follow("topic", str(i)) for i in range(51)))
    with pytest.raises(UsageError, match="twice"):
        Preferences(follows=(Follow("topic", "1"), Follow("topic", "1")))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_every_week_is_in_one_monthly_issue_and_issues_read_back(day: date) -> None:
    week = Week.containing_day(day)
    for issue in issues_of(week):
        assert Issue.parse(str(issue)) == issue
        assert issue.weeks[-1] == week
    month = next(i for n in range(6) for i in issues_of(week.plus(n)) if i.frequency == "monthly")
    assert week in month.weeks
    assert 4 <= len(month.weeks) <= 5


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-W60", "x", "2026-00"])
def test_what_is_no_issue_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not an issue"):
        Issue.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "ada\n@example.org",
        "ada@example\n.org",
        "a@localhost",
        "a@x.local",
        "a@10.0.0.1",
        "a@[10.0.0.1]",
        "a@x.test",
        "a@x",
    ],
)
def test_only_hosts_of_the_public_net_are_subscribed(text: str) -> None:
    with pytest.raises(UsageError):
        normalised_address(text, public=True)


def test_an_operator_may_send_from_a_private_host() -> None:
    assert normalised_address("papertide@localhost") == "papertide@localhost"
    assert normalised_address("digest@mail.internal") == "digest@mail.internal"


def test_a_line_break_at_the_end_of_a_name_is_refused() -> None:
    for parse, text in ((Issue.parse, "2026-06\n"), (Issue.parse, "2026-W25\n"), (Week.parse, "2026-W25\n")):
        with pytest.raises((UsageError, ValueError)):
            parse(text)
    with pytest.raises(ValueError, match="arXiv"):
        parse_arxiv_id("2606.01846\n")
