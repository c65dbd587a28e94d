"""The frame of web pages: navigation, feeds, and the static files that every page loads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from domain.week import Week
from templates.environment import environment
from templates.escaping import printable
from templates.links import WebLinks

SECTIONS = (
    ("digests", "Digests", "/digests"),
    ("trends", "Trends", "/trends"),
    ("techniques", "Techniques", "/techniques"),
    ("topics", "Topics", "/topics"),
    ("names", "Names", "/names"),
    ("emerging", "Emerging", "/emerging"),
    ("search", "Search", "/search"),
    ("scan", "Scan", "/scan"),
    ("subscribe", "Subscribe", "/subscribe"),
    ("methods", "Methods", "/methods"),
    ("status", "Status", "/status"),
    ("about", "About", "/about"),
)


@dataclass(frozen=True)
class Feed:
    """A feed linked in a page's head: Atom at ``address``, and the same as JSON Feed."""

    title: str
    address: str

    @property
    def json_address(self) -> str:
        """The address of the same feed as JSON Feed."""
        path, _, query = self.address.partition("?")
        return path.removesuffix(".atom") + ".json" + (f"?{query}" if query else "")


DIGEST_FEED = Feed("Papertide: weekly digests", "/feeds/digests.atom")
EMERGING_FEED = Feed("Papertide: emerging terms", "/feeds/emerging.atom")


@dataclass(frozen=True)
class PageFrame:
    """What every web page needs: its section, its feeds, and whether the papers are made up."""

    section: str = ""
    feeds: tuple[Feed, ...] = ()
    made_up: bool = False

    @property
    def sections(self) -> tuple[tuple[str, str, str], ...]:
        """Key, name and address of each section."""
        return SECTIONS

    @property
    def stylesheet(self) -> str:
        """The address of the style sheet, which changes with its content."""
        return f"/static/papertide-{_content_hash('css')}.css"

    @property
    def script(self) -> str:
        """The address of the script, which changes with its content; pages also work without it."""
        return f"/static/papertide-{_content_hash('js')}.js"


@dataclass(frozen=True)
class EditionNavigation:
    """A digest's place among the others: its neighbours, and when it was published and corrected.

    ``revisions`` are revision numbers and days as text, oldest first; ``shown`` is the revision on the page.
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
def _content_hash(kind: str) -> str:
    return hashlib.sha256(static_file(kind)).hexdigest()[:12]


def render_page(template: str, *, frame: PageFrame, **content: Any) -> str:
    """A web page; ``content`` are the values that its template shows."""
    return environment().get_template(template).render(frame=frame, links=WebLinks(), **content)


def datalist_options(labels: Iterable[str]) -> Markup:
    """Labels as the options of an HTML datalist. They are the same on every page, so callers can cache them."""
    return Markup("").join(Markup('<option value="{}">').format(printable(label)) for label in labels)
