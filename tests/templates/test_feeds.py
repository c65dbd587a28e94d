"""Feeds say what they hold."""

from __future__ import annotations

import pytest

from templates.feeds import FeedContent, atom, json_feed


@pytest.mark.parametrize("made_up", [True, False])
def test_a_feed_of_the_sample_corpus_says_that_its_papers_are_made_up(made_up: bool) -> None:
    feed = FeedContent("tag:x", "title", "subtitle", "/a", "/j", "/", "2026-06-23T00:00:00Z", (), made_up=made_up)
    for text in (atom(feed), json_feed(feed)["description"]):
        assert ("None of these papers exist" in text) == made_up
