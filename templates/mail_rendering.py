"""Renders mails: an issue's common part once, each reader's personal part, and short notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from domain.digest import Digest, DigestEdition, SharePoint
from domain.issues_and_deliveries import Issue
from domain.mail_message import InlineImage
from domain.personal_digest import PersonalPart
from domain.subscription import Preferences
from domain.week import Week
from templates import marked_text, number_text, share_curves
from templates.environment import environment
from templates.links import Links

MAX_HTML_BYTES = 90_000
"""Gmail cuts a mail off at about 102 kB, and with it the link to unsubscribe."""

_PERSONAL, _FOOT = "<!-- personal part -->", "<!-- foot -->"
_MAX_SUBJECT = 120


@dataclass(frozen=True)
class MailUrls:
    """The links of one reader's mail."""

    manage: str
    unsubscribe: str


@dataclass(frozen=True)
class IssueFrame:
    """What all mails of an issue share: its top, what stands below a reader's own part, and what closes the page."""

    issue: Issue
    subject: str
    html_top: str
    html_body: str
    html_end: str
    text_top: str
    text_body: str
    pictures: tuple[InlineImage, ...]
    links: Links


def _inlined(html: str) -> str:
    """The page with its styles inlined into every element, as mail programs need it."""
    import css_inline

    return css_inline.inline(html, load_remote_stylesheets=False)


def _inlined_part(html: str) -> str:
    """One element with the mails' styles inlined."""
    import css_inline

    return css_inline.inline_fragment(html, _style_sheet(), load_remote_stylesheets=False)


@cache
def _style_sheet() -> str:
    return environment().get_template("mail.css").render()


def issue_frame(
    issue: Issue, editions: Sequence[DigestEdition], *, links: Links, missing_weeks: Sequence[Week] = ()
) -> IssueFrame:
    """The common part of an issue from its weeks' digests, oldest first; the newest one is shown in full.

    Raises
    ------
    ValueError
        If there is no edition.
    """
    if not editions:
        raise ValueError(f"issue {issue} has no digest")
    newest = editions[-1]
    digest = newest.digest
    lines = (*digest.techniques, *digest.themes)
    techniques = [line for line in lines if line.is_called]
    pictures = tuple(
        InlineImage(line.slug, png) for line in techniques if (png := sparkline_png(line.series)) is not None
    )
    subject = _subject(issue, digest)
    values = {
        "issue": issue,
        "digest": digest,
        "subject": subject,
        "period": _period(issue),
        "techniques": techniques,
        "further": [line for line in lines if not line.is_called],
        "earlier": [e.digest for e in editions[:-1]],
        "missing_weeks": list(missing_weeks),
        "listed": frozenset(papers.slug for papers in newest.paper_lists),
        "pictures": frozenset(p.name for p in pictures),
        "links": links,
    }
    env = environment()
    html = _inlined(env.get_template("mail_issue.html").render(values))
    top, of_reader, rest = html.partition(_PERSONAL)
    body, foot, end = rest.partition(_FOOT)
    if not (of_reader and foot):
        raise ValueError("the mail has no place for the personal part, or none for the foot")
    return IssueFrame(
        issue=issue,
        subject=subject,
        html_top=top,
        html_body=body,
        html_end=end,
        text_top=env.get_template("mail_issue_top.txt").render(values),
        text_body=env.get_template("mail_issue.txt").render(values),
        pictures=pictures,
        links=links,
    )


def _subject(issue: Issue, digest: Digest) -> str:
    """The headline first: a date alone tells the reader nothing."""
    sentence = marked_text.readable(digest.headline.sentence)
    name = str(issue)
    max_length = _MAX_SUBJECT - len(name) - 3
    if len(sentence) > max_length:
        sentence = sentence[: max_length - 1].rsplit(" ", 1)[0] + "…"
    return f"{sentence} [{name}]"


def _period(issue: Issue) -> str:
    if issue.frequency == "weekly":
        return f"week {issue}: {number_text.dates(issue.last_week)}"
    first, last = issue.weeks[0], issue.last_week
    return f"{first.monday.day} {first.monday:%B} to {last.sunday.day} {last.sunday:%B %Y}, weeks {first} to {last}"


def render_issue(
    frame: IssueFrame, personal: PersonalPart, preferences: Preferences, *, address: str, urls: MailUrls
) -> tuple[str, str]:
    """One reader's mail as HTML (empty if they chose plain text) and as text.

    Their own part comes first; what a reader who follows nothing could follow comes last.
    """
    values = {
        "issue": frame.issue,
        "personal": personal,
        "follows": preferences.follows,
        "address": address,
        "urls": urls,
        "links": frame.links,
    }
    env = environment()
    own, foot = env.get_template("mail_personal.txt").render(values), env.get_template("mail_foot.txt").render(values)
    text = frame.text_top + _in_order(frame.text_body, own, preferences) + foot
    if preferences.mail_format == "text":
        return "", text
    own, foot = (
        _inlined_part(env.get_template(name).render(values)) for name in ("mail_personal.html", "mail_foot.html")
    )
    return frame.html_top + _in_order(frame.html_body, own, preferences) + foot + frame.html_end, text


def _in_order(body: str, own: str, preferences: Preferences) -> str:
    return own + body if preferences.follows else body + own


@dataclass(frozen=True)
class Notice:
    """A short mail: to confirm, to manage a subscription, or to the operator.

    ``small`` are lines at the foot, each with the text and the address of a link, both empty if there is none.
    """

    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    button: tuple[str, str] | None = None
    small: tuple[tuple[str, str, str], ...] = ()


def render_notice(notice: Notice) -> tuple[str, str]:
    """The notice as HTML and as text."""
    env, values = environment(), vars(notice)
    return (
        _inlined(env.get_template("mail_notice.html").render(values)),
        env.get_template("mail_notice.txt").render(values),
    )


_SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<rect width="{width}" height="{height}" fill="#fdfcf9"/>{marks}</svg>"""


def sparkline_png(series: Sequence[SharePoint]) -> bytes | None:
    """The digest's curve as a PNG of twice the size with a background; ``None`` if no share is known.

    Mail programs show neither SVG nor inline images. A background of its own keeps the curve visible where they invert
    colours.
    """
    import vl_convert

    curve = share_curves.curve(series, share_curves.SPARKLINE)
    if curve is None:
        return None
    frame = curve.frame
    marks = [f'<path d="M{frame.left} {curve.base}H{frame.width - frame.right}" stroke="#ded9cf"/>']
    marks += [f'<path d="{path}" fill="#0b5c78" fill-opacity="0.06"/>' for path in curve.areas]
    marks += [f'<path d="{path}" fill="#0b5c78" fill-opacity="0.18"/>' for path in curve.bands]
    marks += [
        f'<path d="M{low} {curve.base}H{high}" stroke="#a3420b" stroke-width="2" stroke-dasharray="2 3"/>'
        for low, high in curve.gaps
    ]
    marks += [f'<path d="{path}" fill="none" stroke="#0b5c78" stroke-width="1.8"/>' for path in curve.lines]
    marks += [f'<circle cx="{d.x}" cy="{d.y}" r="1.6" fill="#0b5c78"/>' for d in curve.lone]
    marks += [f'<circle cx="{d.x}" cy="{d.y}" r="2.4" fill="#fdfcf9" stroke="#0b5c78"/>' for d in curve.hollow]
    if curve.last:
        marks.append(f'<circle cx="{curve.last.x}" cy="{curve.last.y}" r="3" fill="#0b5c78"/>')
    svg = _SVG.format(width=frame.width, height=frame.height, marks="".join(marks))
    png: bytes = vl_convert.svg_to_png(svg, scale=2)
    return png
