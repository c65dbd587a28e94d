"""What is drawn is drawn once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.web.responses import TEXT, PageCache, Rendered


def test_readers_who_ask_for_the_same_page_at_once_share_one_drawing() -> None:
    drawer, asked, n_drawn = PageCache(1000), threading.Event(), []

    def draw() -> Rendered:
        n_drawn.append(1)
        asked.wait(0.2)
        return Rendered.of("page", TEXT)

    with ThreadPoolExecutor(4) as readers:
        pages = list(readers.map(lambda _: drawer.cached("key", draw), range(4)))
    assert len(n_drawn) == 1
    assert {page.body for page in pages} == {b"page"}


def test_a_page_that_could_not_be_drawn_is_drawn_for_the_next_reader() -> None:
    drawer = PageCache(1000)

    def fail() -> Rendered:
        raise ValueError("no paper")

    with pytest.raises(ValueError, match="no paper"):
        drawer.cached("key", fail)
    assert drawer.cached("key", lambda: Rendered.of("page", TEXT)).body == b"page"


def test_what_is_too_large_is_drawn_each_time_and_what_was_asked_for_long_ago_makes_room() -> None:
    drawer, n_drawn = PageCache(100), []

    def page(text: str) -> Rendered:
        n_drawn.append(text)
        return Rendered.of(text, TEXT)

    for text in ("x" * 26, "x" * 26, *(letter * 25 for letter in "abcdea")):
        assert drawer.cached(text, lambda text=text: page(text)).body == text.encode()
    assert [text[0] for text in n_drawn] == list("xxabcdea")
