"""Notices, short pages and feeds say what happened, in words that depend on the case."""

from __future__ import annotations

import pytest

from templates.feeds import digest_summary
from templates.mail_notice_wording import confirmation_notice, manage_notice
from templates.page_message_wording import confirm_question, error_title, subscribed


def test_a_confirmation_says_how_long_its_link_works_and_how_to_end_it() -> None:
    notice = confirmation_notice("https://x.example/c", "https://x.example/b")
    assert "The link works for 7 days." in notice.paragraphs[1]
    assert notice.button == ("Confirm the subscription", "https://x.example/c")
    assert notice.small[1][2] == "https://x.example/b"


@pytest.mark.parametrize(
    ("asked_to_subscribe", "first"),
    [(True, "you are already subscribed."), (False, "Here is the link to your subscription.")],
)
def test_a_link_to_a_subscription_says_why_it_comes_and_that_it_is_paused(asked_to_subscribe: bool, first: str) -> None:
    paused = manage_notice("https://x.example/m", "paused", asked_to_subscribe=asked_to_subscribe).paragraphs[0]
    active = manage_notice("https://x.example/m", "active", asked_to_subscribe=asked_to_subscribe).paragraphs[0]
    assert active.endswith(first)
    assert paused == f"{active} It is paused at the moment."


def test_the_page_of_a_confirmation_says_whether_it_was_already_done() -> None:
    assert "You had already confirmed." in subscribed("ada@example.org", already=True).paragraphs[0]
    assert "already" not in subscribed("ada@example.org", already=False).paragraphs[0]


@pytest.mark.parametrize("purpose", ["confirm", "unsubscribe"])
def test_every_question_names_the_address(purpose: str) -> None:
    assert "{ada}@example.org" in confirm_question(purpose, "{ada}@example.org").question  # type: ignore[arg-type]


def test_only_a_corrected_digest_names_its_revision() -> None:
    more = ("More papers use LIBERO.", "340 link code.")
    assert digest_summary(more, 1_234, 1) == "1,234 papers. More papers use LIBERO. 340 link code."
    assert digest_summary((), 1_234, 2) == "1,234 papers, corrected in revision 2."


def test_an_unlisted_status_has_a_title_too() -> None:
    assert error_title(404) == "There is nothing at this address"
    assert error_title(500) == "This did not work"
