"""The web pages' frame: what stands around the content, and the files that every page needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from domain.week import Week
from templates.environment import environment
from templates.links import WebLinks

SECTIONS = (
    ("digests", "Digests", "/digests"),
    ("trends", "Trends", "/trends"),
    ("topics", "Topics", "/topics"),
    ("search", "Search", "/search"),
    ("subscribe", "Subscribe", "/subscribe"),
    ("methods", "Methods", "/methods"),
    ("status", "Status", "/status"),
    ("about", "About", "/about"),
)


@dataclass(frozen=True)
class Feed:
    """A feed that a page names in its head, Atom at ``address`` and JSON beside it."""

    title: str
    address: str

    @property
    def json_address(self) -> str:
        """The same as JSON Feed."""
        path, _, query = self.address.partition("?")
        return path.removesuffix(".atom") + ".json" + (f"?{query}" if query else "")


@dataclass(frozen=True)
class Site:
    """What every page of the web knows: where it stands, its feeds, and whether the papers are made up."""

    section: str = ""
    feeds: tuple[Feed, ...] = ()
    made_up: bool = False

    @property
    def sections(self) -> tuple[tuple[str, str, str], ...]:
        """Key, name and address of the parts of the site."""
        return SECTIONS

    @property
    def stylesheet(self) -> str:
        """The address of the style sheet; another style is another address."""
        return f"/static/papertide-{_mark('css')}.css"

    @property
    def script(self) -> str:
        """The address of the script, which only adds to pages that work without it."""
        return f"/static/papertide-{_mark('js')}.js"


@dataclass(frozen=True)
class Issue:
    """A digest among the others: its neighbours, and when it was published and corrected.

    ``revisions`` are revision and day in words, oldest first; ``shown`` is the one on the page.
    """

    before: Week | None
    after: Week | None
    shown: int
    revisions: tuple[tuple[int, str], ...]


@cache
def static_file(kind: str) -> bytes:
    """The style sheet (``css``), the script (``js``) or the icon (``svg``) of the pages."""
    folder = files("templates")
    names = {"css": ("style.css", "site.css"), "js": ("site.js",), "svg": ("icon.svg",)}[kind]
    return b"\n".join(folder.joinpath(name).read_bytes() for name in names)


@cache
def _mark(kind: str) -> str:
    return hashlib.sha256(static_file(kind)).hexdigest()[:12]


def render_page(template: str, *, site: Site, **content: Any) -> str:
    """A page of the web; ``content`` is what its template shows."""
    return environment().get_template(template).render(site=site, links=WebLinks(), **content)
