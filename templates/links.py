"""Links: the only place that knows the addresses of pages and files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode

from domain.paper import ArxivId, is_made_up
from domain.week import Week

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def topic_anchor(topic_id: int) -> str:
    """The anchor of a topic's papers on a list page."""
    return f"topic-{topic_id}"


class Links(Protocol):
    """Addresses as seen from one page: relative between files, absolute paths on the web."""

    def digest(self, week: Week) -> str:
        """The digest's page."""

    def text(self, week: Week) -> str:
        """The digest as plain text."""

    def json(self, week: Week) -> str:
        """The digest as JSON."""

    def paper_list(self, week: Week, slug: str, page: int = 1) -> str:
        """A page of all papers behind one number."""

    def paper(self, arxiv_id: ArxivId) -> str:
        """The paper's page; empty if there is none."""

    def topic(self, topic_id: int) -> str:
        """The topic's page; empty if there is none."""

    def name(self, name_id: int) -> str:
        """The page of a named thing; empty if there is none."""

    def names(self, view: str, kind: str, week: Week) -> str:
        """The names of a kind that are new or taken up in a week; empty if there is no such list."""

    def card(self, kind: str, key: str) -> str:
        """The evidence card of a technique, theme or named thing; empty if there is none."""

    def emerging(self, week: Week) -> str:
        """The list of emerging terms of a week; empty if there is none."""

    def named_by(self, term: str, week: Week) -> str:
        """The papers of a week that name a standard or failure mode; empty if there is no such list."""

    def claims(self, term: str, week: Week) -> str:
        """The claims of saving of a term's papers in a week; empty if there is no such page."""

    def standards(self, week: Week) -> str:
        """The papers of a week that name a standard; empty if there is no such page."""


@dataclass(frozen=True)
class FileLinks:
    """Relative links between the files of ``digest_files``; ``up`` leads from a page to the digests' folder."""

    up: str = ""

    def digest(self, week: Week) -> str:
        """The digest's page, beside the folder of its lists."""
        return f"{self.up}{week}.html"

    def text(self, week: Week) -> str:
        """The digest as plain text."""
        return f"{self.up}{week}.txt"

    def json(self, week: Week) -> str:
        """The digest as JSON."""
        return f"{self.up}{week}.json"

    def paper_list(self, week: Week, slug: str, page: int = 1) -> str:
        """The list page inside the week's folder.

        Raises
        ------
        ValueError
            If the slug cannot be a file name on every system.
        """
        if _SLUG.fullmatch(slug) is None:
            raise ValueError(f"a slug is letters, digits, '.', '_' and '-', got {slug!r}")
        return f"{self.up}{week}/{slug}{'' if page == 1 else f'.page-{page}'}.html"

    def paper(self, arxiv_id: ArxivId) -> str:
        """The abstract page on arXiv, newest version; empty for a made-up paper."""
        return "" if is_made_up(arxiv_id) else f"https://arxiv.org/abs/{arxiv_id}"

    def topic(self, topic_id: int) -> str:  # noqa: ARG002 - as the protocol has it
        """Empty: there are no topic pages among the files."""
        return ""

    def name(self, name_id: int) -> str:  # noqa: ARG002 - as the protocol has it
        """Empty: there are no pages of names among the files."""
        return ""

    def names(self, view: str, kind: str, week: Week) -> str:  # noqa: ARG002 - as the protocol has it
        """Empty: there are no lists of names among the files."""
        return ""

    def card(self, kind: str, key: str) -> str:  # noqa: ARG002 - as the protocol has it
        """Empty: there are no cards among the files."""
        return ""

    def emerging(self, week: Week) -> str:  # noqa: ARG002 - as the protocol has it
        """Empty: there are no lists of emerging terms among the files."""
        return ""

    def named_by(self, term: str, week: Week) -> str:  # noqa: ARG002 - as the protocol has it
        """Empty: there are no lists of papers that name a standard among the files."""
        return ""

    def claims(self, term: str, week: Week) -> str:  # noqa: ARG002 - as the protocol has it
        """Empty: there are no pages of claims among the files."""
        return ""

    def standards(self, week: Week) -> str:  # noqa: ARG002 - as the protocol has it
        """Empty: there is no page of standards among the files."""
        return ""


@dataclass(frozen=True)
class WebLinks:
    """Addresses of the web service: paths from the root of its host, or absolute URLs with ``root``."""

    root: str = ""

    def digest(self, week: Week) -> str:
        """The digest's permanent address."""
        return f"{self.root}/digests/{week}"

    def text(self, week: Week) -> str:
        """The digest as plain text."""
        return f"{self.root}/digests/{week}.txt"

    def json(self, week: Week) -> str:
        """The digest as JSON."""
        return f"{self.root}/digests/{week}.json"

    def paper_list(self, week: Week, slug: str, page: int = 1) -> str:
        """A page of all papers behind one number."""
        return f"{self.root}/digests/{week}/{quote(slug, safe='')}" + (f"?page={page}" if page > 1 else "")

    def paper(self, arxiv_id: ArxivId) -> str:
        """The paper's page here, which links to arXiv."""
        return f"{self.root}/papers/{arxiv_id}"

    def topic(self, topic_id: int) -> str:
        """The topic's page."""
        return f"{self.root}/topics/{topic_id}"

    def name(self, name_id: int) -> str:
        """The page of a named thing."""
        return f"{self.root}/names/{name_id}"

    def names(self, view: str, kind: str, week: Week) -> str:
        """The names of a kind that are new or taken up in a week, those first that most teams use."""
        return self.with_query("/names", {"view": view, "kind": kind, "week": week, "sort": "teams"})

    def card(self, kind: str, key: str) -> str:
        """The evidence card of a technique or theme; that of a named thing is on its page."""
        return f"{self.root}/{kind}s/{quote(key, safe='')}"

    def emerging(self, week: Week) -> str:
        """The list of emerging terms of a week."""
        return f"{self.root}/emerging?week={week}"

    def named_by(self, term: str, week: Week) -> str:
        """The papers of a week that name a standard or failure mode."""
        return self.with_query("/papers", {"term": term, "since": week.monday, "until": week.sunday})

    def claims(self, term: str, week: Week) -> str:
        """The claims of saving of a term's papers in a week."""
        days = {"since": week.monday, "until": week.sunday}
        return self.with_query("/claims", {"term": term, "savings": "true", **days})

    def standards(self, week: Week) -> str:
        """The papers of a week that name a standard."""
        return f"{self.root}/standards?week={week}"

    def category(self, name: str) -> str:
        """The newest papers of a category."""
        return f"{self.root}/papers?{urlencode({'category': name})}"

    def with_query(self, path: str, query: Mapping[str, object]) -> str:
        """An address with a query; missing and empty values are omitted, lists repeat their name."""
        pairs = [(name, v) for name, value in query.items() for v in _values(value)]
        return f"{self.root}{path}" + (f"?{urlencode(pairs)}" if pairs else "")


def _values(value: object) -> list[str]:
    if value is None or value == "":
        return []
    return [str(v) for v in value] if isinstance(value, (list, tuple)) else [str(value)]


WEB_LINKS = WebLinks()

DIGEST_FILE_LINKS = FileLinks()
"""Links on a digest's own page."""

LIST_FILE_LINKS = FileLinks(up="../")
"""Links on a list page, which is one folder deeper."""


class MailLinks(WebLinks):
    """Links in mails: absolute URLs of the web service."""

    def paper(self, arxiv_id: ArxivId) -> str:
        """The paper at arXiv, which every reader can reach, even if the web service is private."""
        return f"https://arxiv.org/abs/{arxiv_id}"
