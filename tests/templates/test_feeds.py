"""Feeds say what they hold."""

from __future__ import annotations

import json
import re

import pytest

from templates.feeds import Entry, FeedContent, atom, json_feed


@pytest.mark.parametrize("made_up", [True, False])
def test_a_feed_of_the_sample_corpus_says_that_its_papers_are_made_up(made_up: bool) -> None:
    feed = FeedContent("tag:x", "title", "subtitle", "/a", "/j", "/", "2026-06-23T00:00:00Z", (), made_up=made_up)
    for text in (atom(feed), json_feed(feed)["description"]):
        assert ("None of these papers exist" in text) == made_up


def test_no_feed_holds_characters_that_turn_the_direction_of_text() -> None:
    words = "\u202etxet\u2066 \x1b[31m<b>"
    entry = Entry("tag:y", "/p", words, words, "2026-06-23T00:00:00Z", "2026-06-23T00:00:00Z", (words,), words)
    feed = FeedContent("tag:x", words, words, "/a", "/j", "/", "2026-06-23T00:00:00Z", (entry,))
    for text in (atom(feed), json.dumps(json_feed(feed), ensure_ascii=False)):
        assert not re.search("[\x1b\u202e\u2066]", text)
        assert "<b>" not in json_feed(feed)["items"][0]["content_html"]
