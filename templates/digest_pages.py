"""Renders a digest edition as pages, text and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from domain.detections import ADOPTS, MENTIONS
from domain.digest import DetectedPaper, DigestEdition, PaperList, TermLine, TopicLine
from templates import paper_list_paging
from templates.digest_json import digest_json_text
from templates.environment import environment
from templates.links import DIGEST_FILE_LINKS, LIST_FILE_LINKS, Links, topic_anchor

if TYPE_CHECKING:
    from templates.page_layout import EditionNavigation, PageFrame


_Levels = tuple[tuple[int, str, str, str], ...]
_LEVELS: _Levels = (
    (ADOPTS, "adopts", "Adopt it", "The authors' own work uses it. Papers that are about it come first."),
    (MENTIONS, "mentions", "Mention it", "Only as background or for comparison; not counted in the share."),
)
_THEME_LEVELS: _Levels = (
    (ADOPTS, "adopts", "A main contribution", "The paper mainly contributes to this theme."),
    (MENTIONS, "mentions", "A secondary aim", "A stated secondary aim; not counted in the share."),
)
_ALL_LEVELS: _Levels = ((0, "papers", "Papers", ""),)


def _lines(edition: DigestEdition) -> dict[str, TermLine | TopicLine]:
    digest = edition.digest
    lines: list[TermLine | TopicLine] = [*digest.techniques, *digest.topics, *digest.themes]
    return {line.slug: line for line in lines}


def _sections(papers: PaperList, line: TermLine | TopicLine | None) -> list[dict[str, object]]:
    """The papers of a list by level, and within a level by topic; a list without detections is one section."""
    levels = _ALL_LEVELS
    if isinstance(line, TermLine):
        levels = (*(_THEME_LEVELS if line.kind == "theme" else _LEVELS), *_ALL_LEVELS)
    top = levels[0][0]
    by_level: dict[int, list[DetectedPaper]] = {level: [] for level, *_ in levels}
    for paper in papers.papers:
        by_level[min(paper.level, top)].append(paper)
    return [
        {
            "anchor": anchor,
            "heading": heading,
            "meaning": meaning,
            "n": len(by_level[level]),
            # Only counted papers are grouped, because only their counts link to a group.
            "groups": _groups(by_level[level], dict(papers.topics) if level == top else {}),
        }
        for level, anchor, heading, meaning in levels
        if by_level[level]
    ]


def _groups(papers: Sequence[DetectedPaper], labels: Mapping[int, str]) -> list[dict[str, object]]:
    """Papers by topic, largest topic first and papers without a topic last; a single group if there are no labels."""
    if not labels:
        return [{"anchor": "", "heading": "", "papers": papers}]
    of_topic: dict[int | None, list[DetectedPaper]] = {}
    for paper in papers:
        of_topic.setdefault(paper.topic_id if paper.topic_id in labels else None, []).append(paper)
    order = sorted(of_topic.items(), key=lambda pair: (pair[0] is None, -len(pair[1]), pair[0] or 0))
    return [
        {
            "anchor": "no-topic" if topic_id is None else topic_anchor(topic_id),
            "heading": "No topic" if topic_id is None else labels[topic_id],
            "papers": found,
        }
        for topic_id, found in order
    ]


def render_html(
    edition: DigestEdition,
    *,
    links: Links,
    frame: PageFrame | None = None,
    edition_nav: EditionNavigation | None = None,
) -> str:
    """The digest as one page without external files or scripts; with ``frame``, in the frame of the web pages."""
    return (
        environment()
        .get_template("digest.html")
        .render(
            digest=edition.digest,
            links=links,
            frame=frame,
            edition_nav=edition_nav,
            lines=_lines(edition),
            listed=frozenset(papers.slug for papers in edition.paper_lists),
            lists_mentions=frozenset(
                papers.slug for papers in edition.paper_lists if any(p.level == MENTIONS for p in papers.papers)
            ),
        )
    )


def render_text(edition: DigestEdition) -> str:
    """The digest as plain text, 72 columns wide, with the papers' URLs."""
    return environment().get_template("digest.txt").render(digest=edition.digest, lines=_lines(edition))


def render_list_page(
    edition: DigestEdition,
    slug: str,
    *,
    page: int = 1,
    links: Links = LIST_FILE_LINKS,
    frame: PageFrame | None = None,
) -> str:
    """One page of all papers behind one number, with their evidence; the first has the number's weeks as a table.

    Raises
    ------
    ValueError
        If the edition has no list of that slug, or the list no such page.
    """
    by_slug = {papers.slug: papers for papers in edition.paper_lists}
    if slug not in by_slug:
        raise ValueError(f"{edition.digest.week} has no list {slug!r}, only {sorted(by_slug)}")
    line = _lines(edition).get(slug)
    sections = _sections(by_slug[slug], line)
    last = paper_list_paging.n_pages(sections)
    if not 1 <= page <= last:
        raise ValueError(f"{edition.digest.week}: {slug} has pages 1 to {last}, got {page}")
    return (
        environment()
        .get_template("digest_papers.html")
        .render(
            digest=edition.digest,
            papers=by_slug[slug],
            line=line,
            sections=paper_list_paging.sections_of_page(sections, page),
            contents=paper_list_paging.contents(sections) if last > 1 else (),
            page=page,
            n_pages=last,
            links=links,
            frame=frame,
        )
    )


def n_list_pages(edition: DigestEdition, slug: str) -> int:
    """How many pages the list of that slug has; 0 if there is none."""
    papers = next((papers for papers in edition.paper_lists if papers.slug == slug), None)
    return 0 if papers is None else paper_list_paging.n_pages(_sections(papers, _lines(edition).get(slug)))


def digest_files(edition: DigestEdition) -> dict[str, str]:
    """Every file of the edition: relative name, with ``/``, to content.

    The page, the text and the JSON are beside the folder of the list pages: ``2026-W25.html``,
    ``2026-W25/technique-diffusion.html``.
    """
    week = edition.digest.week
    here = DIGEST_FILE_LINKS
    return {
        here.digest(week): render_html(edition, links=here),
        here.text(week): render_text(edition),
        here.json(week): digest_json_text(edition),
        **{
            here.paper_list(week, papers.slug, page): render_list_page(
                edition, papers.slug, page=page, links=LIST_FILE_LINKS
            )
            for papers in edition.paper_lists
            for page in range(1, n_list_pages(edition, papers.slug) + 1)
        },
    }
