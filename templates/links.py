"""Where the pages of a digest lead: the one place that knows addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode

from domain.paper import ArxivId, is_made_up
from domain.week import Week

_SLUG = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


def topic_anchor(topic_id: int) -> str:
    """Where a topic's papers begin on a list page."""
    return f"topic-{topic_id}"


class Links(Protocol):
    """Addresses as seen from one page; the files have relative ones, the web service brings its own."""

    def digest(self, week: Week) -> str:
        """The digest's page."""

    def text(self, week: Week) -> str:
        """The digest as plain text."""

    def json(self, week: Week) -> str:
        """The digest as JSON."""

    def paper_list(self, week: Week, slug: str) -> str:
        """The page of all papers behind one number."""

    def paper(self, arxiv_id: ArxivId) -> str:
        """The paper itself; empty where there is no such place."""

    def topic(self, topic_id: int) -> str:
        """The topic's own page, empty where there is none."""


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

    def paper_list(self, week: Week, slug: str) -> str:
        """The list page inside the week's folder.

        Raises
        ------
        ValueError
            If the slug cannot be a file name on every system.
        """
        if _SLUG.match(slug) is None:
            raise ValueError(f"a slug is letters, digits, '.', '_' and '-', got {slug!r}")
        return f"{self.up}{week}/{slug}.html"

    def paper(self, arxiv_id: ArxivId) -> str:
        """The abstract page on arXiv, newest version; empty for a made-up paper, which has none."""
        return "" if is_made_up(arxiv_id) else f"https://arxiv.org/abs/{arxiv_id}"

    def topic(self, topic_id: int) -> str:  # noqa: ARG002 - as the protocol has it
        """Files have no page of a topic."""
        return ""


@dataclass(frozen=True)
class WebLinks:
    """Addresses of the web service, from the root of its host; ``root`` before them makes them whole."""

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

    def paper_list(self, week: Week, slug: str) -> str:
        """The page of all papers behind one number."""
        return f"{self.root}/digests/{week}/{quote(slug, safe='')}"

    def paper(self, arxiv_id: ArxivId) -> str:
        """Our own page of the paper, which leads on to arXiv."""
        return f"{self.root}/papers/{arxiv_id}"

    def topic(self, topic_id: int) -> str:
        """The topic's own page."""
        return f"{self.root}/topics/{topic_id}"

    def category(self, name: str) -> str:
        """The newest papers of a category."""
        return f"{self.root}/papers?{urlencode({'category': name})}"

    def asked(self, path: str, query: Mapping[str, object]) -> str:
        """An address with a query; absent and empty values are left out, lists repeat their name."""
        pairs = [(name, v) for name, value in query.items() for v in _values(value)]
        return f"{self.root}{path}" + (f"?{urlencode(pairs)}" if pairs else "")


def _values(value: object) -> list[str]:
    if value is None or value == "":
        return []
    return [str(v) for v in value] if isinstance(value, (list, tuple)) else [str(value)]


DIGEST_FILE_LINKS = FileLinks()
"""Links on a digest's own page."""

LIST_FILE_LINKS = FileLinks(up="../")
"""Links on a list page, which lies one folder deeper."""


class MailLinks(WebLinks):
    """Addresses as they stand in a mail, with the web service's ``root`` before them."""

    def paper(self, arxiv_id: ArxivId) -> str:
        """The paper at arXiv: it is there for every reader, wherever the web service can be reached from."""
        return f"https://arxiv.org/abs/{arxiv_id}"
