"""Mails as mail programs and people get them: small, safe, readable with pictures off, in light and in dark."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from analysis.digest.personal import PersonalSettings
from domain.digest import DigestEdition, ListedPaper
from domain.issues_and_deliveries import Issue
from domain.paper import ArxivId
from domain.personal_digest import FollowedLine, FollowedPapers, PersonalPart, ScoreThreshold
from domain.subscription import Follow, Preferences
from domain.trend_calls import FittedChange, TrendCall
from templates.links import MailLinks
from templates.mail_rendering import (
    MAX_HTML_BYTES,
    MailUrls,
    Notice,
    issue_frame,
    render_issue,
    render_notice,
    sparkline_png,
)
from tests.templates.conftest import WEEK, wilson

URLS = MailUrls("https://papertide.example/m/token", "https://papertide.example/u/token")
EVIL = "<script>alert(1)</script> <b onclick=x> & \u202eturned “quoted” $\\frac{1}{"
FOLLOWS = (Follow("search", EVIL[:60].replace("\u202e", "")), Follow("technique", "diffusion"))
PERSONAL = PersonalPart(
    lines=(
        FollowedLine("technique", "diffusion", "Diffusion models", wilson(264, 2902), 0.0825),
        FollowedLine("topic", "9", EVIL, wilson(3, 2902), math.nan),
        FollowedLine("topic", "10", "gone", wilson(0, 0), math.nan, gone=True),
    ),
    found=(
        FollowedPapers(
            FOLLOWS[0],
            EVIL,
            tuple(ListedPaper(ArxivId(f"2606.0000{n}"), EVIL, EVIL, "cs.LG", EVIL) for n in range(8)),
            ScoreThreshold(6, 0.5, 0.314, WEEK.plus(-8), WEEK.plus(-1), 6.0),
            n_new=11,
            n_elsewhere=1,
            n_left_out=2,
            n_below=40,
            n_sent_before=3,
        ),
        FollowedPapers(
            Follow("topic", "9", 12),
            "graphs",
            (ListedPaper(ArxivId("2606.00009"), "x " * 400, "A", "cs.LG", "closest"),),
            ScoreThreshold(12, 0.5, None, WEEK.plus(-8), WEEK.plus(-1), 3.0),
            n_new=1,
        ),
        FollowedPapers(
            Follow("search", "nothing"),
            "nothing",
            (),
            ScoreThreshold(None, 0.5, 0.36, WEEK.plus(-8), WEEK.plus(-1), 4.25),
            n_new=0,
        ),
    ),
)

# What the big mail programs show alike, by the public support tables of caniemail.com (read in November 2026):
# Outlook for Windows draws with Word, Gmail drops a whole style attribute in which it meets what it does not know.
_SHOWN = frozenset(
    "background-color border border-bottom border-bottom-color border-collapse border-color border-radius border-top "
    "color display font-family font-size font-weight height line-height margin margin-top max-height max-width "
    "overflow padding padding-top text-align text-decoration vertical-align white-space width".split()
)
_NEVER_SHOWN = re.compile(
    r"\b(flex|grid|absolute|fixed|sticky|var\(|calc\(|url\(|expression|@import|@font-face|\d(?:rem|vw|vh)\b)"
)


def _mail(
    edition: DigestEdition, personal: PersonalPart = PERSONAL, preferences: Preferences | None = None
) -> tuple[str, str]:
    frame = issue_frame(Issue("weekly", edition.digest.week), [edition], links=MailLinks("https://papertide.example"))
    chosen = preferences or Preferences(follows=FOLLOWS)
    return render_issue(frame, personal, chosen, address="ada@example.org", urls=URLS)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def _tags(html: str) -> list[tuple[str, dict[str, str]]]:
    parser = _Tags()
    parser.feed(html)
    return parser.tags


@pytest.fixture(params=["believable", "odd"])
def edition(request: pytest.FixtureRequest) -> DigestEdition:
    found: DigestEdition = request.getfixturevalue(request.param)
    return found


def test_a_mail_stays_far_below_where_gmail_cuts_it_off(edition: DigestEdition) -> None:
    html, _ = _mail(edition)
    assert len(html.encode()) < MAX_HTML_BYTES


def test_every_style_is_one_that_the_big_mail_programs_show(edition: DigestEdition) -> None:
    html, _ = _mail(edition)
    for tag, attributes in _tags(html):
        style = attributes.get("style", "")
        names = {part.split(":")[0].strip() for part in style.split(";") if part.strip()}
        assert names <= _SHOWN, (tag, names - _SHOWN)
        assert not _NEVER_SHOWN.search(style), style
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    assert len(styles) == 1
    assert len(styles[0]) < 16_000
    assert html.index("<style") < html.index("<body")


def test_text_from_outside_stays_text(edition: DigestEdition) -> None:
    html, text = _mail(edition)
    assert "onclick" not in {name for _, attributes in _tags(html) for name in attributes}
    assert "\u202e" not in html + text
    ours = "html head meta title style body div table tbody thead tr td th caption p span h1 h2 h3 a img br strong bdi"
    assert {tag for tag, _ in _tags(html)} <= set(ours.split())


def test_a_mail_is_readable_without_pictures(believable: DigestEdition) -> None:
    html, text = _mail(believable)
    images = [attributes for tag, attributes in _tags(html) if tag == "img"]
    assert images
    for image in images:
        assert re.search(r"\d %", image["alt"].replace("\u00a0", " "))
        assert image["src"].startswith("cid:")
        assert image["width"]
        assert image["height"]
    for line in believable.digest.techniques:
        if line.measured:
            assert line.name in text
            assert line.name in html


def test_layout_tables_are_marked_and_headings_are_in_order(believable: DigestEdition) -> None:
    tags = _tags(_mail(believable)[0])
    tables = [attributes for tag, attributes in tags if tag == "table"]
    assert sum(table.get("role") == "presentation" for table in tables) == 2
    assert sum(tag == "caption" for tag, _ in tags) == len(tables) - 2
    assert all("scope" in attributes for tag, attributes in tags if tag == "th")
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    wrappers = [(tag, a["lang"], a["dir"]) for tag, a in tags if "lang" in a]
    assert wrappers == [("html", "en", "ltr"), ("div", "en", "ltr")]


def test_the_text_part_has_short_lines_and_every_link_that_matters(edition: DigestEdition) -> None:
    _, text = _mail(edition)
    assert URLS.manage in text
    assert URLS.unsubscribe in text
    assert "https://arxiv.org/abs/2606.00001" in text
    assert [line for line in text.splitlines() if len(line) > 72 and " " in line.strip()] == []


def test_a_reader_who_follows_nothing_or_gets_nothing_new_is_told(believable: DigestEdition) -> None:
    html, text = _mail(believable, PersonalPart(), Preferences())
    assert "You are not following anything yet" in html
    assert "You are not following anything yet" in text
    html, text = _mail(believable)
    assert "No new papers this week" in html
    assert "No new papers this week" in text


def test_a_readers_own_part_comes_first_and_what_could_be_followed_last(believable: DigestEdition) -> None:
    for part in _mail(believable):
        order = [
            re.search(words, part, re.IGNORECASE) for words in ("for you", "what is moving", "unsubscribe: |unsub")
        ]
        assert [found.start() for found in order if found] == sorted(found.start() for found in order if found)
        assert all(order)
    for part in _mail(believable, PersonalPart(), Preferences()):
        lower = part.lower()
        assert (
            lower.index("what it means in practice") < lower.index("you are not following") < lower.index("unsubscribe")
        )


def test_a_mail_says_how_its_papers_were_chosen_and_how_many_were_left_out(believable: DigestEdition) -> None:
    for part in _mail(believable):
        words = " ".join(unescape(re.sub("<[^>]+>", "", part)).split())
        assert (
            "11 new papers this week, best first. 1 of them is listed under something else you follow. 2 of them did "
            "not fit into this mail. Set to about 6 a week: papers with a score of at least 0.31, as 2026-W17 to "
            "2026-W24 had on average. 40 more papers scored less. 3 papers you have been sent before."
        ) in words
        assert "Set to about 12 a week; every paper found is listed, because 2026-W17 to 2026-W24 had no more" in words
        assert (
            "Set to all near the best: papers with a score of at least 0.36, half the best of 2026-W17 to 2026-W24, "
            "which had about 4.2 such papers a week."
        ) in words


def test_the_longest_own_part_stays_below_where_gmail_cuts_a_mail_off(believable: DigestEdition) -> None:
    long = replace(
        PERSONAL.found[0].papers[0],
        title="A title of usual length on large language models " * 2,
        authors="A. One, B. Two, C. Three and 5 others",
        reason="similarity 0.52, with all the words; also 12th for your search “graph networks of large molecules”",
        finding="Our method is faster than every baseline on all of the tasks that we tried it on. " * 4,
    )
    papers = tuple(replace(long, arxiv_id=ArxivId(f"2606.{n:05d}")) for n in range(PersonalSettings().n_papers))
    html, _ = _mail(believable, replace(PERSONAL, found=(replace(PERSONAL.found[0], papers=papers),)))
    assert len(html.encode()) < MAX_HTML_BYTES


def test_a_term_has_the_same_word_and_interval_wherever_it_stands(believable: DigestEdition) -> None:
    line = believable.digest.techniques[0]
    change = FittedChange(WEEK.plus(-11), WEEK, 0.061, 0.236, 0.175, 0.051, 0.284, 0.998)
    call = TrendCall(WEEK, "technique", line.key, "rising", 0.01, 0.2, 0.08, 2902, change)
    digest = replace(believable.digest, techniques=(replace(line, call=call),), themes=(), topics=())
    followed = FollowedLine("technique", line.key, line.name, line.adopts, 0.0825, call=call)
    html, text = _mail(replace(believable, digest=digest), PersonalPart(lines=(followed,)))
    for part in (unescape(re.sub("<[^>]+>", "", html)), text):
        words = " ".join(part.split())
        assert words.count("▲ rising, +17.5 points (+5.1 to +28.4) over 12 weeks") == 2
        assert "within noise" not in words


def test_a_reader_of_text_gets_no_html(believable: DigestEdition) -> None:
    html, text = _mail(believable, preferences=Preferences(mail_format="text", follows=FOLLOWS))
    assert html == ""
    assert "New papers: graphs" in text or "New papers: topic graphs" in text


def test_a_monthly_mail_lists_its_weeks_and_the_missing_ones(believable: DigestEdition) -> None:
    issue = Issue.parse("2026-06")
    frame = issue_frame(
        issue, [believable, believable], links=MailLinks("https://x.example"), missing_weeks=[WEEK.plus(-2)]
    )
    html, text = render_issue(frame, PERSONAL, Preferences(follows=FOLLOWS), address="a@b.example", urls=URLS)
    for part in (html, text):
        assert "week by week" in part
        assert str(WEEK.plus(-2)) in part
    assert frame.subject.endswith("[2026-06]")


def test_the_subject_is_the_headline_and_not_too_long(edition: DigestEdition) -> None:
    frame = issue_frame(Issue("weekly", edition.digest.week), [edition], links=MailLinks("https://x.example"))
    assert frame.subject.endswith(f"[{edition.digest.week}]")
    assert len(frame.subject) <= 120


def test_a_notice_has_one_button_and_the_same_text_in_both_forms() -> None:
    words = Notice("S", "One more step", ("First.", EVIL), ("Confirm", "https://x.example/c"), (("Foot", "", ""),))
    html, text = render_notice(words)
    assert html.count("https://x.example/c") == text.count("https://x.example/c") == 1
    assert "<script" not in html


def test_a_curve_is_a_png_with_its_own_background(believable: DigestEdition) -> None:
    png = sparkline_png(believable.digest.techniques[0].series)
    assert png is not None
    assert png.startswith(b"\x89PNG")
    assert len(png) < 8_000
    assert sparkline_png(()) is None


# -- colours


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("ground", "inks"),
    [
        ("#fdfcf9", ["#1b1f23", "#555c63", "#0b57a4", "#a3420b", "#0b5c78"]),
        ("#14181b", ["#e9e6df", "#a7adb3", "#86bdf5", "#f0a06a", "#74c3df"]),
        ("#0b5c78", ["#ffffff"]),
        ("#74c3df", ["#14181b"]),
    ],
)
def test_every_colour_is_readable_on_its_background(ground: str, inks: list[str]) -> None:
    from templates.environment import environment

    styles = "".join(environment().get_template(name).render() for name in ("mail.css", "mail_dark.css"))
    for ink in inks:
        assert ink in styles
        assert _contrast(ink, ground) >= 4.5, (ink, ground)


# -- in a browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 640])
def test_a_mail_fits_its_window_in_light_and_dark(
    browser: Any, believable: DigestEdition, width: int, scheme: str
) -> None:
    html, _ = _mail(believable)
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_content(html)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.querySelector('.sheet')).backgroundColor")
    assert ground == ("rgb(253, 252, 249)" if scheme == "light" else "rgb(20, 24, 27)")
    small = page.evaluate(
        "[...document.querySelectorAll('p, td, th, span, a')].filter(e => e.innerText"
        " && parseFloat(getComputedStyle(e).fontSize) < 14).length"
    )
    assert small == 0
    page.close()


def test_a_mail_of_the_sample_corpus_says_that_its_papers_are_made_up(believable: DigestEdition) -> None:
    for is_made_up in (True, False):
        edition = replace(believable, digest=replace(believable.digest, is_made_up=is_made_up))
        frame = issue_frame(Issue("weekly", WEEK), [edition], links=MailLinks("https://papertide.example"))
        html, text = render_issue(frame, PersonalPart(), Preferences(), address="ada@example.org", urls=URLS)
        assert ("None of these papers exist" in html) == is_made_up
        assert ("MADE-UP PAPERS" in text) == is_made_up


def test_a_mail_says_how_new_names_were_chosen_and_links_to_all_of_them(believable: DigestEdition) -> None:
    html, text = _mail(believable)
    links = MailLinks("https://papertide.example")
    for kind in ("benchmark", "dataset"):
        address = links.names("new", kind, WEEK)
        assert f'href="{address}"' in unescape(html)
        assert f"\n  {address}\n" in text
    assert links.names("new", "tool", WEEK) not in unescape(html)  # none is left out there
    for part in (html, re.sub(r"\s+", " ", text)):
        assert "Shown: those that most other teams use, then those most surely read right." in part
        assert "Shown: those that grew fastest." in part
