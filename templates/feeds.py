"""Renders feeds as Atom (RFC 4287) and as JSON Feed 1.1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.emerging import EmergingList
from domain.week import Week
from templates.emerging_wording import counted
from templates.environment import MADE_UP, environment
from templates.escaping import escaped, printable
from templates.marked_text import in_brief
from templates.number_text import plain_plural

# Characters that XML 1.0 does not allow, even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Entry:
    """One entry; ``id`` never changes, ``updated`` only with the content. Texts are plain, instants RFC 3339.

    ``content`` is longer than the summary; empty where the summary is all.
    """

    id: str
    url: str
    title: str
    summary: str
    published: str
    updated: str
    authors: tuple[str, ...] = ()
    content: str = ""


@dataclass(frozen=True)
class FeedContent:
    """A feed with its entries, newest first; addresses are absolute."""

    id: str
    title: str
    subtitle: str
    self_url: str
    json_url: str
    page_url: str
    updated: str
    entries: tuple[Entry, ...]
    made_up: bool = False

    @property
    def description(self) -> str:
        """What the feed holds, and whether its papers are made up."""
        return f"{self.subtitle.rstrip('.')}. Made-up papers: {MADE_UP}" if self.made_up else self.subtitle


@dataclass(frozen=True)
class FeedTitle:
    """What a feed is called, and what it holds."""

    title: str
    subtitle: str


DIGESTS_TITLE = FeedTitle("Papertide: weekly digests", "Which way machine-learning research moves")


EMERGING_TITLE = FeedTitle(
    "Papertide: emerging terms", "Phrases that several teams took up lately, when they are first listed"
)
_IN_TITLE = 4


def emerging_entry_title(week: Week, names: Sequence[str]) -> str:
    """The title of the entry of a weekly list, from the terms that are new on it.

    Examples
    --------
    >>> emerging_entry_title(Week.parse("2026-W20"), ["agent skills", "OpenClaw"])
    '2026-W20: agent skills, OpenClaw'
    """
    more = f" and {len(names) - _IN_TITLE} more" if len(names) > _IN_TITLE else ""
    return f"{week}: {', '.join(names[:_IN_TITLE])}{more}"


def emerging_summary(made: EmergingList) -> str:
    """The new terms of a list, each with its papers and how fast it grew."""
    return ". ".join(f"{term.name}: {counted(term)}" for term in made.new_terms) + "."


def topic_title(label: str, threshold: str) -> FeedTitle:
    """The title of the feed of a topic, with how its threshold was set."""
    return FeedTitle(f"Papertide: {label}", f"New papers on arXiv of the topic “{label}”. {threshold}")


NAMES_SUBTITLE = "Names that another team than the introducers uses in an abstract for the first time"


def name_title(name: str) -> FeedTitle:
    """The title of the feed of a named thing."""
    return FeedTitle(f"Papertide: {name}", f"New papers on arXiv that use {name}")


def name_entry_title(name: str, kind: str) -> str:
    """The title of a named thing's entry in the feed of its kind."""
    return f"{name}, a {kind}, is used by another team"


def name_entry_summary(own_words: str, week: Week) -> str:
    """A named thing in the words of its paper, and since when others use it."""
    since = f"First used by another team in {week}."
    return f"“{own_words}” {since}" if own_words else since


def found_text(finding: str) -> str:
    """What a paper found, in its own words."""
    return f"“{in_brief(finding)}”"


def search_title(query: str, threshold: str) -> FeedTitle:
    """The title of the feed of a saved search, with how its threshold was set."""
    return FeedTitle(f"Papertide: {query}", f"New papers on arXiv like “{query}”. {threshold}")


def digest_title(week: Week, headline: str) -> str:
    """The title of a digest's entry."""
    return f"{week}: {headline}"


def digest_summary(more: Sequence[str], n_papers: int, revision: int) -> str:
    """What a digest says after its headline, which is the title; ``revision`` is 1 unless it was corrected."""
    corrected = f", corrected in revision {revision}" if revision > 1 else ""
    return " ".join((f"{plain_plural(n_papers, 'paper')}{corrected}.", *more))


def atom(feed: FeedContent) -> str:
    """The feed as Atom."""
    return _NOT_XML.sub("", environment().get_template("feed.xml").render(feed=feed))


def json_feed(feed: FeedContent) -> dict[str, Any]:
    """The feed as JSON Feed."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": printable(feed.title),
        "description": printable(feed.description),
        "home_page_url": feed.page_url,
        "feed_url": feed.json_url,
        "language": "en",
        "items": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": printable(entry.title),
                "content_html": "".join(f"<p>{escaped(text)}</p>" for text in (entry.summary, entry.content) if text),
                "date_published": entry.published,
                "date_modified": entry.updated,
                **({"authors": [{"name": printable(author)} for author in entry.authors]} if entry.authors else {}),
            }
            for entry in feed.entries
        ],
    }
