"""Topic pages mark the weeks that are not proven complete."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lxml import html as lxml_html

from domain.digest import SharePoint
from domain.week import Week
from queries.results import ListedTopic
from templates.page_layout import PageFrame, render_page

WEEK = Week.parse("2026-W25")
TOPIC = ListedTopic(7, "diffusion", None, ("noise", "image"), WEEK, 40, active=True, x=None, y=None)


def _series(*complete: bool) -> tuple[SharePoint, ...]:
    """Weeks that end with ``WEEK``, after one that is not held."""
    mondays = [WEEK.monday - timedelta(weeks=i) for i in range(len(complete), -1, -1)]
    not_held = SharePoint(mondays[0], mondays[0] + timedelta(days=6), 0, 0, *[float("nan")] * 3, complete=False)
    held = [
        SharePoint(monday, monday + timedelta(days=6), 10, 100, 0.1, 0.05, 0.17, complete=is_complete)
        for monday, is_complete in zip(mondays[1:], complete, strict=True)
    ]
    return (not_held, *held)


def _text(element: lxml_html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _topic_page(series: tuple[SharePoint, ...], *, first_week: Week = WEEK.plus(-9)) -> lxml_html.HtmlElement:  # noqa: B008
    topic = {
        "counted_since": None,
        **dict.fromkeys(("events", "techniques", "neighbours", "central", "newest", "also_near"), ()),
        "area": None,
        "topic_id": 7,
        "label": "diffusion",
        "top_terms": ["noise"],
        "born_week": WEEK.plus(-5),
        "active": True,
        "n_papers": 40,
    }
    return lxml_html.fromstring(
        render_page("topic.html", frame=PageFrame("topics"), topic=topic, series=series, first_week=first_week)
    )


def test_a_topic_that_is_as_old_as_the_record_does_not_look_as_if_it_began_then() -> None:
    [kicker] = _topic_page(_series(True), first_week=WEEK.plus(-5)).find_class("kicker")
    assert "as old as the record, which begins in 2026-W20" in _text(kicker)
    [kicker] = _topic_page(_series(True)).find_class("kicker")
    assert "since 2026-W20; when it was found" in _text(kicker)


@pytest.mark.parametrize("last", [True, False])
def test_a_topic_marks_the_weeks_that_are_not_proven_complete(last: bool) -> None:
    page = _topic_page(_series(False, True, last))
    [table] = page.find_class("weeks")
    texts = [_text(row[-1]) for row in table.iter("tr")]
    assert texts == [
        "Count",
        "complete" if last else "not proven complete",
        "complete",
        "not proven complete",
        "no data",
    ]
    assert all(sum(int(cell.get("colspan", 1)) for cell in row) == 6 for row in table.iter("tr"))
    [headline] = page.xpath("//section[@aria-labelledby='share']/p")
    assert ("the week’s count is not proven complete" in _text(headline)) is not last


@pytest.mark.parametrize("last", [True, False])
def test_the_list_of_topics_marks_a_last_week_that_is_not_proven_complete(last: bool) -> None:
    page = lxml_html.fromstring(
        render_page(
            "topics.html",
            frame=PageFrame("topics"),
            topics=[TOPIC],
            n_all=1,
            gone=[],
            series={7: _series(True, last)},
            newest_week="2026-W25",
            first_week=WEEK,
            areas=[],
            params={"q": "", "area": "", "sort": "size"},
            drawing=None,
        )
    )
    [cell] = page.xpath("//table[@class='topic-list']/tbody/tr/td[2]")
    assert ("not proven complete" in _text(cell)) is not last
