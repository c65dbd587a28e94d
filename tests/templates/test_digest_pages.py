"""The pages of an edition: golden files, hostile text, links, and what a screen reader meets.

After a wanted change, write the golden files again and read their diff:

    REWRITE_GOLDEN=1 python -m pytest tests/templates
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from domain.detections import Evidence
from domain.digest import DigestEdition, TermLine
from domain.paper import ArxivId
from domain.trend_calls import MoveOfWave, with_wave
from templates.digest_json import digest_json
from templates.digest_pages import digest_files, n_list_pages, render_html, render_list_page, render_text
from templates.links import DIGEST_FILE_LINKS, FileLinks, WebLinks
from templates.paper_list_paging import PAPERS_A_PAGE, excerpt

GOLDEN = Path(__file__).parent / "golden"
VERDICT_WORDS = {"rising", "emerging", "falling", "cooling", "up", "down", "within noise", "not known"}
VOID = {"meta", "link", "br", "hr", "img", "input"}


@pytest.fixture(params=["believable", "odd"])
def edition(request: pytest.FixtureRequest) -> DigestEdition:
    found: DigestEdition = request.getfixturevalue(request.param)
    return found


def pages_of(edition: DigestEdition) -> dict[str, str]:
    return {name: content for name, content in digest_files(edition).items() if name.endswith(".html")}


class StrictParser(HTMLParser):
    """Fails on an end tag that closes nothing or the wrong element, and notes every element."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes the wrong element, line {self.getpos()[0]}"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("believable", ["2026-W25.html", "2026-W25.txt", "2026-W25/technique-diffusion.html"]),
        ("odd", ["2026-W01.html", "2026-W01.txt", "2026-W01.json", "2026-W01/technique-gappy.html"]),
    ],
)
def test_an_edition_draws_as_its_golden_files(name: str, kept: list[str], request: pytest.FixtureRequest) -> None:
    files = digest_files(request.getfixturevalue(name))
    for file in kept:
        golden = GOLDEN / name / file
        if os.environ.get("REWRITE_GOLDEN"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(files[file], encoding="utf-8")
        assert files[file] == golden.read_text(encoding="utf-8"), f"{golden} differs"


def test_every_page_is_well_formed(edition: DigestEdition) -> None:
    for name, page in pages_of(edition).items():
        parser = StrictParser()
        parser.feed(page)
        parser.close()
        assert parser.open == [], name
        ids = Counter(attributes["id"] for _, attributes in parser.elements if "id" in attributes)
        assert [id_ for id_, n in ids.items() if n > 1] == [], name
        for _, attributes in parser.elements:
            for id_ in (attributes.get("aria-labelledby") or "").split():
                assert id_ in ids, f"{name}: nothing is called {id_}"


def test_text_from_outside_is_never_markup(odd: DigestEdition) -> None:
    for name, content in pages_of(odd).items():
        tree = lxml_html.document_fromstring(content)
        assert tree.xpath("//script | //b | //i | //nobody | //counted | //tags | //no | //odd") == [], name
        assert tree.xpath("//@*[starts-with(name(), 'on')]") == [], name
        assert "\x1b" not in content, name
    shown = lxml_html.document_fromstring(digest_files(odd)["2026-W01.html"]).text_content()
    assert "<script>alert('title')</script>" in shown
    assert "{{ 7 * 7 }}" in shown


def test_control_characters_are_removed(odd: DigestEdition) -> None:
    assert "\u202e" in odd.digest.themes[0].papers[0].title
    for name, content in digest_files(odd).items():
        if not name.endswith(".json"):  # where the text stays as arXiv has it, escaped by JSON
            assert re.search("[\\x00-\\x08\\x1b\\x7f\\u202a-\\u202e\\u2066-\\u2069]", content) is None, name


def test_pages_load_nothing_external_and_run_no_scripts(edition: DigestEdition) -> None:
    for name, page in pages_of(edition).items():
        tree = lxml_html.document_fromstring(page)
        assert tree.xpath("//script | //img | //iframe | //link[@rel='stylesheet'] | //@src") == [], name
        assert "url(" not in page, name
        assert "@import" not in page, name


def test_every_link_has_a_target(edition: DigestEdition) -> None:
    files = digest_files(edition)
    ids = {name: set(lxml_html.document_fromstring(page).xpath("//@id")) for name, page in pages_of(edition).items()}
    for name, page in pages_of(edition).items():
        for href in lxml_html.document_fromstring(page).xpath("//@href"):
            if href.startswith("https://arxiv.org/abs/"):
                continue
            path, _, anchor = href.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
            assert target in files, f"{name} links to {href}"
            assert not anchor or anchor in ids[target], f"{name} links to {href}"


def test_every_number_of_a_share_links_to_its_papers(believable: DigestEdition) -> None:
    tree = lxml_html.document_fromstring(render_html(believable, links=DIGEST_FILE_LINKS))
    linked = set(tree.xpath("//a[contains(@class, 'to-papers')]/@href"))
    digest = believable.digest
    for line in (*digest.techniques, *digest.themes, *digest.topics):
        assert f"2026-W25/{line.slug}.html" in linked
    for term in (line for line in (*digest.techniques, *digest.themes) if line.is_called):
        assert f"2026-W25/{term.slug}.html#mentions" in linked
    assert "2026-W25/all-papers.html" in linked


def test_a_list_page_has_every_paper_with_its_evidence_marked(believable: DigestEdition) -> None:
    for papers in believable.paper_lists:
        tree = lxml_html.document_fromstring(render_list_page(believable, papers.slug))
        listed = tree.xpath("//ol[@class='abstracts']/li//a[@class='title']/@href")
        assert sorted(listed) == sorted(f"https://arxiv.org/abs/{paper.arxiv_id}" for paper in papers.papers)
        n_words = sum(len(paper.evidence) for paper in papers.papers)
        marks = [mark.text_content() for mark in tree.xpath("//mark[not(ancestor::summary)]")]
        assert len(marks) == n_words
        for paper in papers.papers:
            for words in paper.evidence:
                text = paper.title if words.field == "title" else paper.abstract
                assert text[words.start : words.end] in marks


def _long(edition: DigestEdition, n: int) -> tuple[DigestEdition, str]:
    """The edition with a list of n papers, and its slug."""
    papers = next(papers for papers in edition.paper_lists if papers.topics)
    copies = [replace(papers.papers[i % len(papers.papers)], arxiv_id=ArxivId(f"2606.{20000 + i}")) for i in range(n)]
    longer = replace(papers, papers=tuple(copies))
    lists = tuple(longer if one.slug == papers.slug else one for one in edition.paper_lists)
    return replace(edition, paper_lists=lists), papers.slug


def test_a_long_list_has_pages_that_hold_every_paper_once(believable: DigestEdition) -> None:
    edition, slug = _long(believable, 2 * PAPERS_A_PAGE + 7)
    assert n_list_pages(edition, slug) == 3
    listed = []
    for page in (1, 2, 3):
        tree = lxml_html.document_fromstring(render_list_page(edition, slug, page=page))
        found = tree.xpath("//ol[@class='abstracts']/li//a[@class='title']/@href")
        assert len(found) <= PAPERS_A_PAGE
        assert len(tree.xpath("//ol[@class='abstracts']/li/details[not(@open)]/p[@class='abstract']")) == len(found)
        ids = tree.xpath("//@id")
        assert len(ids) == len(set(ids))
        listed += found
    assert len(listed) == len(set(listed)) == 2 * PAPERS_A_PAGE + 7
    with pytest.raises(ValueError, match="pages 1 to 3"):
        render_list_page(edition, slug, page=4)


def test_every_group_of_a_long_list_is_reached_from_its_first_page(believable: DigestEdition) -> None:
    edition, slug = _long(believable, 2 * PAPERS_A_PAGE + 7)
    files = digest_files(edition)
    first = lxml_html.document_fromstring(files[f"2026-W25/{slug}.html"])
    links = first.xpath("//details[@class='contents']//a/@href")
    assert links
    for link in links:
        file, _, anchor = link.partition("#")
        name = f"2026-W25/{file.rpartition('/')[2]}" if file else f"2026-W25/{slug}.html"
        assert lxml_html.document_fromstring(files[name]).xpath(f"//h2[@id='{anchor}'] | //h3[@id='{anchor}']"), link
        assert first.xpath(f"//*[@id='{anchor}']"), "a link of the digest leads here"


@pytest.mark.parametrize("start", [0, 40, 300, 560])
def test_an_excerpt_is_short_and_shows_the_first_evidence(start: int) -> None:
    abstract = "lorem ipsum dolor " * 40
    words = Evidence("abstract", start + start % 18, start + start % 18 + 5)
    text = excerpt(abstract, [words])
    assert text.count("<mark>") == 1
    assert len(text) < 260


def test_a_list_page_shows_every_week_of_its_series(believable: DigestEdition) -> None:
    papers = believable.paper_lists[0]
    tree = lxml_html.document_fromstring(render_list_page(believable, papers.slug))
    rows = tree.xpath("//table[@class='weeks']/tbody/tr")
    assert len(rows) == len(papers.series)
    newest = papers.series[-1]
    assert [cell.text_content() for cell in rows[0].xpath("td")][:2] == [f"{newest.k:,}", f"{newest.n:,}"]


def test_an_unknown_list_is_refused_with_the_known_ones(believable: DigestEdition) -> None:
    with pytest.raises(ValueError, match="technique-diffusion"):
        render_list_page(believable, "technique-nonsense")


def test_a_slug_cannot_leave_the_folder(believable: DigestEdition) -> None:
    for slug in ("../etc", "a/b", "", ".hidden"):
        with pytest.raises(ValueError, match="slug"):
            FileLinks().paper_list(believable.digest.week, slug)


def test_language_direction_and_colour_scheme_are_declared(edition: DigestEdition) -> None:
    for name, page in pages_of(edition).items():
        tree = lxml_html.document_fromstring(page)
        assert (tree.get("lang"), tree.get("dir")) == ("en", "ltr"), name
        assert tree.xpath("//body/div[@lang='en'][@dir='ltr']"), name
        assert tree.xpath("//meta[@name='color-scheme'][@content='light dark']"), name
        assert tree.xpath("//body/*[1][self::a][@href='#content']"), name
        assert tree.xpath("//main[@id='content']"), name
        for title in tree.xpath("//a[@class='title']"):
            assert "auto" in title.xpath("(. | ..)/@dir"), name


def test_headings_are_in_order(edition: DigestEdition) -> None:
    for name, page in pages_of(edition).items():
        levels = [int(h.tag[1]) for h in lxml_html.document_fromstring(page).xpath("//h1 | //h2 | //h3 | //h4")]
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert all(after <= before + 1 for before, after in pairwise(levels)), name


def test_tables_have_captions_and_scopes(edition: DigestEdition) -> None:
    for name, page in pages_of(edition).items():
        for table in lxml_html.document_fromstring(page).xpath("//table"):
            assert table.xpath("caption")[0].text_content().strip(), name
            assert table.xpath(".//th[not(@scope)]") == [], name


def test_drawings_are_described_or_hidden(edition: DigestEdition) -> None:
    for name, page in pages_of(edition).items():
        for svg in lxml_html.document_fromstring(page).xpath("//svg"):
            if svg.get("aria-hidden") == "true":
                continue
            assert svg.get("role") == "img", name
            assert svg.xpath("title")[0].text, name
            assert svg.xpath("desc")[0].text, name


def test_a_verdict_is_a_word_and_not_only_a_colour(believable: DigestEdition) -> None:
    tree = lxml_html.document_fromstring(render_html(believable, links=DIGEST_FILE_LINKS))
    for verdict in tree.xpath("//*[contains(@class, 'verdict')]"):
        spoken = "".join(verdict.xpath("text()")).strip()
        words = {
            "rising",
            "emerging",
            "falling",
            "cooling",
            "up",
            "down",
            "within noise",
            "not known",
            "too few papers",
        }
    assert spoken in words


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_has_contrast_in_light_and_dark(believable: DigestEdition) -> None:
    page = render_html(believable, links=DIGEST_FILE_LINKS)
    schemes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", page, re.S)
    ]
    assert len(schemes) >= 2
    for scheme in schemes[:2]:
        pairs = [(name, "paper") for name in ("ink", "muted", "accent", "up", "down")] + [("mark-ink", "mark")]
        for text, ground in pairs:
            low, high = sorted((luminance(scheme[text]), luminance(scheme[ground])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, scheme)


def test_text_lines_fit_a_mail(edition: DigestEdition) -> None:
    (text,) = (content for name, content in digest_files(edition).items() if name.endswith(".txt"))
    for line in text.splitlines():
        words = line.split()
        assert len(line) <= 78 or len(words) <= 2, line
        assert line == line.rstrip(), repr(line)
    assert "\x1b" not in text
    assert "&lt;" not in text
    assert "\n\n\n\n" not in text
    assert "Thank you to arXiv for use of its open access interoperability." in text


def test_text_names_every_line_and_paper_of_the_digest(believable: DigestEdition) -> None:
    text = digest_files(believable)["2026-W25.txt"]
    digest = believable.digest
    for line in (*digest.techniques, *digest.themes):
        measured = "" if line.measured else " (accuracy not measured)"
        end = "\n" if line.is_called else ": "
        assert f"{line.name}{measured}{end}" in " ".join(text.split(" "))
    for topic in digest.topics:
        assert topic.label in " ".join(text.split())
    for listed in (*(topic for topic in digest.topics if topic.status != "unproven"), *digest.themes):
        for paper in listed.papers:
            assert f"https://arxiv.org/abs/{paper.arxiv_id}" in text


def test_json_survives_a_round_trip_without_nan(edition: DigestEdition) -> None:
    (text,) = (content for name, content in digest_files(edition).items() if name.endswith(".json"))
    assert "NaN" not in text
    assert "Infinity" not in text
    assert json.loads(text) == digest_json(edition)


def test_json_has_the_numbers_of_the_records(believable: DigestEdition) -> None:
    written = digest_json(believable)
    digest = believable.digest
    assert written["week"] == "2026-W25"
    assert (written["start"], written["end"]) == ("2026-06-15", "2026-06-21")
    for line, shown in zip(digest.techniques, written["techniques"], strict=True):
        assert (shown["adopts"]["k"], shown["adopts"]["share"]) == (line.adopts.k, line.adopts.share)
        assert shown["against_last_year"]["baseline_weeks"] == [str(w) for w in line.against_last_year.baseline_weeks]
        assert len(shown["series"]) == len(line.series)
    for papers in believable.paper_lists:
        listed = [paper["arxiv_id"] for paper in written["paper_lists"][papers.slug]["papers"]]
        assert listed == [paper.arxiv_id for paper in papers.papers]


def test_an_unknown_value_is_null_in_json_and_text_on_the_page(odd: DigestEdition) -> None:
    written = digest_json(odd)
    assert written["techniques"][1]["adopts"] == {"k": 3, "n": 11, "share": None, "low": None, "high": None}
    assert written["techniques"][0]["against_last_year"]["baseline"] is None
    for content in pages_of(odd).values():
        assert re.search(r"\bnan\b", lxml_html.document_fromstring(content).text_content(), re.I) is None


def test_rendering_twice_gives_the_same_files(edition: DigestEdition) -> None:
    assert digest_files(edition) == digest_files(edition)


def test_a_digest_of_made_up_papers_says_so_first_and_links_to_none_of_them(believable: DigestEdition) -> None:
    made_up = ArxivId("2606.90001")
    theme = believable.digest.themes[0]
    papers = (replace(theme.papers[0], arxiv_id=made_up),)
    digest = replace(believable.digest, is_made_up=True, themes=(replace(theme, papers=papers),))
    edition = DigestEdition(digest, believable.paper_lists)
    page = lxml_html.document_fromstring(render_html(edition, links=DIGEST_FILE_LINKS))
    assert page.xpath("//main/*[1]")[0].text_content().startswith("Made-up papers.")
    assert not page.xpath(f"//a[contains(@href, '{made_up}')]")
    assert render_text(edition).splitlines()[3].startswith("MADE-UP PAPERS")


def test_an_operator_chooses_the_sections_and_their_order(believable: DigestEdition) -> None:
    edition = replace(believable, digest=replace(believable.digest, sections=("practice", "new")))
    page = lxml_html.document_fromstring(render_html(edition, links=DIGEST_FILE_LINKS))
    assert page.xpath("//main/section/h2/@id") == ["practice", "new"]
    assert page.xpath("//nav[@aria-label='On this page']//a/@href") == ["#practice", "#new"]
    text = render_text(edition)
    assert text.index("WHAT IT MEANS IN PRACTICE") < text.index("NEW THIS WEEK")
    assert "ADOPTION" not in text


def test_no_paper_is_listed_for_its_keywords(edition: DigestEdition) -> None:
    for name, content in digest_files(edition).items():
        assert "it says “" not in content, name


def test_each_theme_shows_findings_claims_and_names_or_says_that_it_is_empty(believable: DigestEdition) -> None:
    page = lxml_html.document_fromstring(render_html(believable, links=WebLinks()))
    cards = page.xpath("//section[@id='themes']//article")
    assert len(cards) == len(believable.digest.themes)
    first = " ".join(cards[0].text_content().split())
    assert "“Our tests show that" in first
    assert "31 of 412 papers claim a saving" in first.replace("\u00a0", " ")
    assert "only “up to”" in first
    assert cards[0].xpath(".//a[contains(@href, '/claims?term=theme')]")
    assert cards[0].xpath(".//a[contains(@href, 'standard%3Agdpr')]")
    assert page.xpath("//a[@href='/standards?week=2026-W25']")
    none = replace(believable.digest.themes[0], adopts=replace(believable.digest.themes[0].adopts, k=0), papers=())
    empty = replace(believable, digest=replace(believable.digest, themes=(none,)))
    assert "No paper of the week mainly contributes to it." in render_html(empty, links=DIGEST_FILE_LINKS)


def test_a_technique_is_drawn_among_the_moves_also_if_a_topic_tells_the_same(believable: DigestEdition) -> None:
    digest = believable.digest
    moved = next(line for line in digest.techniques if line.is_called)
    others = tuple(line for line in digest.techniques if not line.is_called)
    assert others
    topic = next(topic for topic in digest.topics if topic.is_called and topic.status != "new")
    same = replace(topic, label=moved.name.removesuffix("s"))
    topics = tuple(same if t is topic else t for t in digest.topics)

    def tables(*techniques: TermLine) -> dict[str, str]:
        edition = replace(believable, digest=replace(digest, techniques=techniques, topics=topics))
        page = lxml_html.document_fromstring(render_html(edition, links=DIGEST_FILE_LINKS))
        return {" ".join(t.xpath("string(caption)").split()): t.text_content() for t in page.xpath("//table")}

    drawn = tables(moved, *others)
    assert [caption for caption, text in drawn.items() if moved.name in text] == [
        f"Techniques that clearly rose or fell, {digest.week}"
    ]
    assert f"Other techniques, {digest.week}" in drawn
    steady = tables(*others)
    assert f"Share of papers that adopt each technique; none clearly rose or fell, {digest.week}" in steady


def test_a_topic_says_since_when_it_is_there(believable: DigestEdition) -> None:
    page = lxml_html.document_fromstring(render_html(believable, links=DIGEST_FILE_LINKS))
    since = [text.strip() for text in page.xpath("//article[@class='topic']/div[1]/p[@class='small']/text()")]
    assert since == [f"since {t.born_week}" for t in believable.digest.topics if t.status != "unproven"]


def test_where_every_technique_and_theme_is_called_none_counts_as_untracked(
    believable: DigestEdition,
) -> None:
    called = believable.digest.techniques[0]
    assert called.is_called
    only = replace(believable, digest=replace(believable.digest, techniques=(called,), themes=()))
    for part in (render_text(only), render_html(only, links=DIGEST_FILE_LINKS)):
        words = " ".join(part.split())
        assert "Every technique and theme clearly rose or fell." in words
        assert "No techniques are tracked" not in words
        assert "Other shares" not in words


def test_where_no_technique_is_tracked_no_part_tells_that_every_one_moved(believable: DigestEdition) -> None:
    called = [line for line in believable.digest.themes if line.is_called][:1]
    quiet = [line for line in believable.digest.themes if not line.is_called][:1]
    assert called
    assert quiet
    for themes in (called, quiet, []):
        only = replace(believable, digest=replace(believable.digest, techniques=(), themes=tuple(themes)))
        for part in (render_text(only), render_html(only, links=DIGEST_FILE_LINKS)):
            words = " ".join(part.split())
            assert "No techniques are tracked: the taxonomy is empty." in words
            assert "Every technique and theme clearly rose or fell." not in words


@pytest.mark.parametrize("width", [390, 1280])
def test_the_verdict_of_a_wave_stays_in_its_column(browser: Any, believable: DigestEdition, width: int) -> None:
    topic = next(line for line in believable.digest.topics if line.call is not None and line.is_called)
    assert topic.call is not None
    call = with_wave(replace(topic.call, verdict="rising"), MoveOfWave("Interspeech", 26, 61))
    moved = replace(topic, status="wave", call=call, wave=call.wave)
    digest = replace(believable.digest, topics=(moved,))
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(render_html(replace(believable, digest=digest), links=DIGEST_FILE_LINKS))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    verdict, column = page.evaluate(
        "(() => { const verdict = document.querySelector('.verdict.of-wave');"
        " return [verdict, verdict.closest('.facts')].map(e => e.getBoundingClientRect().right); })()"
    )
    assert verdict <= column


def test_a_topic_is_called_one_where_a_technique_may_have_its_name(believable: DigestEdition) -> None:
    digest = believable.digest
    moved = next(topic for topic in digest.topics if topic.call is not None)
    named = replace(digest, headline=replace(digest.headline, moved_most=moved.slug))
    files = digest_files(replace(believable, digest=named))
    page = lxml_html.document_fromstring(files["2026-W25.html"]).text_content()
    assert f"the topic {moved.label}: " in page
    assert f"Changed most the topic {moved.label}" in " ".join(files["2026-W25.txt"].split())
    assert "Most often in the topics " in page
    assert "most often in the topics " in " ".join(files["2026-W25.txt"].split())
