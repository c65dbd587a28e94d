"""The home page, drawn from digests of this and earlier states."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.digest import DigestEdition, TopicStatus
from templates.page_layout import PageFrame, render_page


@pytest.mark.parametrize("status", ["rising", "unproven"])
@pytest.mark.parametrize("has_call", [True, False])
def test_topics_of_a_digest_stored_without_changes_are_listed(
    believable: DigestEdition, status: TopicStatus, has_call: bool
) -> None:
    digest = believable.digest
    called = next(topic for topic in digest.topics if topic.call is not None)
    assert called.call is not None
    topic = replace(called, status=status, call=replace(called.call, change=None) if has_call else None)
    page = render_page(
        "home.html", frame=PageFrame("home"), heads=[], digest=replace(digest, topics=(topic,)), status=None
    )
    assert topic.label in page
