"""OAI-PMH: parsing and validation of answers, and passes through lists."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.author_name import AuthorName
from domain.errors import ResumptionTokenExpired, SourceFormatError, SourceRejected, SourceUnavailable
from domain.harvest import OaiPass
from domain.paper import ArxivId, Paper, PaperVersion
from ingest.oai_client import OaiClient, read_page
from ingest.oai_pass_plan import OaiPage, after_page, next_pass, oai_set, plan_page, restarted
from ingest.settings import ArxivSettings
from sample.arxiv_server import FaultKind, SampleArxiv

Make = Callable[..., Paper]
NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)
SINCE = date(2026, 6, 15)
RECORDED = Path(os.environ.get("SHARED_FOLDER", "../shared")) / "recorded" / "oai"


def _client(arxiv: SampleArxiv, **other: float) -> OaiClient:
    values = {"oai_url": arxiv.oai_url, "delay_s": 0, "max_tries": 2, "timeout_s": 0.5} | other
    return OaiClient(ArxivSettings.model_validate(values), product="test")


def _answer(inner: str) -> bytes:
    return (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-06-23T06:00:00Z</responseDate>'
        f"<request>x</request>{inner}</OAI-PMH>"
    ).encode()


def _raw(inner: str, *, header: str = "<identifier>oai:arXiv.org:2606.00001</identifier>") -> bytes:
    return _answer(
        f"<ListRecords><record><header>{header}</header><metadata>"
        f'<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">{inner}</arXivRaw></metadata></record></ListRecords>'
    )


_GOOD = """<id>2606.00001</id><submitter>Ada</submitter>
<version version="v1"><date>Mon, 15 Jun 2026 00:01:00 GMT</date><size>4kb</size><source_type>D</source_type></version>
<version version="v2"><date>Tue, 16 Jun 2026 10:00:00 GMT</date><size>4kb</size></version>
<version version="v3"><date>Wed, 17 Jun 2026 10:00:00 GMT</date><size>4kb</size><source_type>D</source_type></version>
<title>A study
  of $x &lt; y$</title><authors>Ada Example and Ben Sample (1)</authors><categories>cs.LG math.OC</categories>
<comments>9 pages,
  3 figures</comments><journal-ref>J. 1 (2)</journal-ref><doi>10.1/x</doi>
<license>http://example.org/</license><abstract>  We study
it.
</abstract>"""


def test_a_record_becomes_a_paper_with_the_dates_of_all_its_versions() -> None:
    page = read_page(_raw(_GOOD), "", "arXivRaw")
    paper_id = ArxivId("2606.00001")
    assert page.papers == (
        Paper(
            arxiv_id=paper_id,
            version=3,
            title="A study of $x < y$",
            abstract="We study it.",
            authors=("Ada Example", "Ben Sample"),
            primary_category="cs.LG",
            categories=("cs.LG", "math.OC"),
            submitted_at=datetime(2026, 6, 15, 0, 1, tzinfo=UTC),
            updated_at=datetime(2026, 6, 17, 10, tzinfo=UTC),
            comment="9 pages, 3 figures",
            doi="10.1/x",
            journal_ref="J. 1 (2)",
        ),
    )
    assert page.versions == (PaperVersion(paper_id, 2, datetime(2026, 6, 16, 10, tzinfo=UTC)),)
    assert (page.n_records, page.token, page.unreadable, page.answered_at) == (1, None, (), NOW)


def test_a_newest_version_without_a_source_is_a_withdrawal() -> None:
    withdrawn = "I</source_type>".join(_GOOD.rsplit("D</source_type>", 1))
    assert read_page(_raw(withdrawn), "", "arXivRaw").papers[0].is_withdrawn
    earlier = _GOOD.replace(">D<", ">I<", 1)
    assert not read_page(_raw(earlier), "", "arXivRaw").papers[0].is_withdrawn
    by_comment = _GOOD.replace("9 pages", "This paper has been withdrawn")
    assert read_page(_raw(by_comment), "", "arXivRaw").papers[0].is_withdrawn


def test_the_format_with_authors_apart_gives_their_names_in_reading_order() -> None:
    body = _answer(
        "<ListRecords><record><header><identifier>oai:arXiv.org:cs/0601001</identifier></header><metadata>"
        '<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>cs/0601001</id><authors>'
        "<author><keyname>van Example</keyname><forenames>Ada</forenames></author>"
        "<author><keyname>Sample</keyname><forenames>B.</forenames><suffix>Jr</suffix><affiliation>X</affiliation></author>"
        "<author><keyname>The Big Collaboration</keyname></author></authors></arXiv></metadata></record></ListRecords>"
    )
    page = read_page(body, "", "arXiv")
    [(arxiv_id, names)] = page.authors.items()
    assert (arxiv_id, [name.text for name in names]) == (
        "cs/0601001",
        ["Ada van Example", "B. Sample Jr", "The Big Collaboration"],
    )
    assert names[1] == AuthorName("Sample", "B.", "Jr")
    assert page.papers == ()


def test_a_deleted_record_is_read_without_metadata() -> None:
    body = _answer(
        '<ListRecords><record><header status="deleted"><identifier>oai:arXiv.org:2606.00007</identifier></header>'
        "</record></ListRecords>"
    )
    for name in ("arXivRaw", "arXiv"):
        assert read_page(body, "", name).deleted == ("2606.00007",)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<id>2606.00001</id>", "", "no <id>"),
        ("<id>2606.00001</id>", "<id>nonsense</id>", "not an arXiv identifier"),
        ("<title>", "<titel>", ""),
        ("  We study\nit.\n", " ", "no <abstract>"),
        ("<categories>cs.LG math.OC</categories>", "", "no <categories>"),
        ("<date>Wed, 17 Jun 2026 10:00:00 GMT</date>", "", "no <date>"),
        ("Wed, 17 Jun 2026 10:00:00 GMT", "Wed, 99 Foo 2026", ""),
        ('version="v3"', 'version="third"', "third"),
    ],
)
def test_a_record_that_cannot_be_read_is_named_and_the_rest_is_read(old: str, new: str, words: str) -> None:
    broken = _GOOD.replace(old, new).replace("</title>", "</titel>" if new == "<titel>" else "</title>")
    good = _raw(_GOOD).decode().split("<ListRecords>")[1].split("</ListRecords>")[0]
    page = read_page(_raw(broken).replace(b"</ListRecords>", f"{good}</ListRecords>".encode()), "", "arXivRaw")
    assert (page.n_records, len(page.papers)) == (2, 1)
    assert page.unreadable[0].startswith("oai:arXiv.org:2606.00001: ")
    assert words in page.unreadable[0]


def test_nothing_matches_is_an_answer_and_a_list_without_records_is_none() -> None:
    page = read_page(_answer('<error code="noRecordsMatch">nothing</error>'), "", "arXivRaw")
    assert (page.n_records, page.token) == (0, None)
    with pytest.raises(SourceFormatError, match="no record"):
        read_page(_answer("<ListRecords></ListRecords>"), "", "arXivRaw")


@pytest.mark.parametrize("code", ["badArgument", "cannotDisseminateFormat", "noSetHierarchy"])
def test_a_refused_question_is_an_error_with_its_reason(code: str) -> None:
    with pytest.raises(SourceRejected, match=f"{code}, because"):
        read_page(_answer(f'<error code="{code}">because</error>'), "", "arXivRaw")


def test_an_expired_token_has_an_error_of_its_own() -> None:
    with pytest.raises(ResumptionTokenExpired):
        read_page(_answer('<error code="badResumptionToken">old</error>'), "", "arXivRaw")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"<OAI-PMH",
        b"Rate exceeded.",
        b'<feed xmlns="http://www.w3.org/2005/Atom"/>',
        _raw(_GOOD)[:-40],
        _answer("<GetRecord/>"),
        _answer("").replace(b"2026-06-23T06:00:00Z", b"yesterday"),
        b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + _answer("<ListRecords>&x;</ListRecords>"),
    ],
)
def test_incomplete_oai_pmh_is_a_format_error(body: bytes) -> None:
    with pytest.raises(SourceFormatError):
        read_page(body, "", "arXivRaw")


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("cs.LG", "cs:cs:LG"),
        ("stat.ML", "stat:stat:ML"),
        ("eess.AS", "eess:eess:AS"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
        ("hep-th", "physics:hep-th"),
        ("cond-mat.stat-mech", "physics:cond-mat:stat-mech"),
        ("physics.data-an", "physics:physics:data-an"),
    ],
)
def test_a_category_has_its_set(category: str, name: str) -> None:
    assert oai_set(category) == name


# -- over HTTP


def test_a_list_is_requested_by_format_set_and_day_and_continued_by_token_alone(make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(5)]
    with SampleArxiv(papers, now=NOW) as arxiv:
        arxiv.oai_page_size = 2
        client = _client(arxiv)
        pages = [client.first_page("cs:cs:LG", "arXivRaw", from_date=SINCE)]
        while (token := pages[-1].token) is not None:
            pages.append(client.next_page(token, "arXivRaw"))
    assert [p for page in pages for p in page.papers] == papers
    first, *later = [{k: v for k, [v] in parse_qs(urlsplit(path).query).items()} for path in arxiv.requests]
    assert first == {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": "cs:cs:LG", "from": "2026-06-15"}
    assert [set(question) for question in later] == [{"verb", "resumptionToken"}] * 2


@pytest.mark.parametrize(
    "kind", ["503", "429", "406", "500", "html", "truncate", "cut", "reset", "stall", "empty", "zero"]
)
@pytest.mark.parametrize("at", [1, 2])
def test_a_passing_fault_is_tried_again(make_paper: Make, kind: FaultKind, at: int) -> None:
    papers = [make_paper(i) for i in range(4)]
    with SampleArxiv(papers, now=NOW).failing(kind, at=(at,)) as arxiv:
        arxiv.oai_page_size = 2
        client = _client(arxiv)
        first = client.first_page("cs:cs:LG", "arXivRaw", from_date=SINCE)
        second = client.next_page(first.token or "", "arXivRaw")
        assert arxiv.n_requests == 3
    assert [*first.papers, *second.papers] == papers


def test_that_nothing_changed_is_believed_only_when_two_answers_say_so() -> None:
    with SampleArxiv([], now=NOW) as arxiv:
        assert _client(arxiv).first_page("cs:cs:LG", "arXiv", from_date=SINCE).n_records == 0
        assert arxiv.n_requests == 2


def test_a_token_of_yesterday_is_an_expired_list(make_paper: Make) -> None:
    with SampleArxiv([make_paper(i) for i in range(4)], now=NOW) as arxiv:
        arxiv.oai_page_size = 2
        client = _client(arxiv)
        token = client.first_page("cs:cs:LG", "arXivRaw", from_date=SINCE).token
        arxiv.now += timedelta(days=1)
        with pytest.raises(ResumptionTokenExpired):
            client.next_page(token or "", "arXivRaw")
        assert arxiv.n_requests == 2  # a retry would not help


def test_a_closed_port_is_named_with_its_address() -> None:
    with SampleArxiv([], now=NOW) as arxiv:
        client = _client(arxiv)
    with pytest.raises(SourceUnavailable, match=r"cannot reach arXiv at http://127\.0\.0\.1.*/oai"):
        client.first_page("cs:cs:LG", "arXivRaw", from_date=SINCE)


def test_the_api_and_oai_pmh_give_equal_papers(make_paper: Make) -> None:
    from domain.harvest import Window
    from ingest.query_api_client import ArxivClient

    papers = [
        make_paper(1, comment="9 pages", title="A $x < y$ & z"),
        make_paper(2, version=3, categories=("cs.LG", "stat.ML"), doi="10.1/x", journal_ref="J. 1 (2)"),
        make_paper(3, comment="This paper has been withdrawn by its authors", is_withdrawn=True),
    ]
    with SampleArxiv(papers, now=NOW) as arxiv:
        window = Window(papers[0].week.start_at, papers[0].week.end_at)
        api = ArxivClient(ArxivSettings(api_url=arxiv.api_url, delay_s=0), product="test")
        by_api = api.page(window, ("cs.LG",), start=0, size=10).papers
        by_oai = _client(arxiv).first_page("cs:cs:LG", "arXivRaw", from_date=SINCE).papers
    assert list(by_api) == list(by_oai) == papers


# -- planning


def _page(*papers: Paper, **other: object) -> OaiPage:
    return OaiPage(n_records=len(papers), answered_at=NOW, papers=papers, **other)  # type: ignore[arg-type]


def test_old_papers_are_stored_only_if_they_are_known(make_paper: Make) -> None:
    long_ago = datetime(2019, 1, 1, tzinfo=UTC)
    known, unknown = (make_paper(i, version=2, submitted_at=long_ago, source="oai") for i in (1, 2))
    fresh = make_paper(3, source="oai")
    versions = tuple(PaperVersion(p.arxiv_id, 2, NOW) for p in (known, unknown))
    old = replace(known, version=1)
    plan = plan_page(_page(known, unknown, fresh, versions=versions), {known.arxiv_id: old}, since=SINCE)
    assert (plan.new, plan.replaced, plan.versions) == ((fresh,), (known,), versions[:1])


def test_a_paper_that_comes_twice_on_a_page_is_planned_once(make_paper: Make) -> None:
    assert len(plan_page(_page(make_paper(1), make_paper(1)), {}, since=SINCE).new) == 1


def test_authors_and_deletions_change_known_papers_only(make_paper: Make) -> None:
    known = {p.arxiv_id: p for p in (make_paper(1), make_paper(2), make_paper(3))}
    ids = list(known)
    page = _page(
        authors={
            ids[0]: (AuthorName("van Example", "Ada"),),
            ids[1]: known[ids[1]].author_parts,
            ArxivId("2606.99999"): (AuthorName("Nobody"),),
        },
        deleted=(ids[2], ArxivId("2606.99998")),
    )
    plan = plan_page(page, known, since=SINCE)
    assert plan.new == plan.replaced == ()
    assert plan.revised == (
        replace(known[ids[0]], authors=("Ada van Example",), author_parts=(AuthorName("van Example", "Ada"),)),
        replace(known[ids[2]], is_withdrawn=True),
    )


def test_a_pass_goes_from_begin_to_end_and_the_next_begins_a_day_before_it() -> None:
    first = next_pass(None, "cs:cs:LG", "arXivRaw", since=SINCE, now=NOW)
    assert (first.pass_from, first.from_date, first.token) == (SINCE, None, None)
    middle = after_page(first, OaiPage(1000, NOW, token="t"), now=NOW)
    assert (middle.token, middle.n_records, middle.finished_at, middle.from_date) == ("t", 1000, None, None)
    assert next_pass(middle, "cs:cs:LG", "arXivRaw", since=SINCE, now=NOW) is middle
    done = after_page(middle, OaiPage(10, NOW + timedelta(hours=3)), now=NOW)
    assert (done.token, done.n_records, done.finished_at, done.from_date) == (None, 1010, NOW, date(2026, 6, 22))
    assert next_pass(done, "cs:cs:LG", "arXivRaw", since=SINCE, now=NOW + timedelta(hours=11)) is done
    tomorrow = NOW + timedelta(days=1)
    following = next_pass(done, "cs:cs:LG", "arXivRaw", since=SINCE + timedelta(days=9), now=tomorrow)
    assert (following.since, following.pass_from, following.n_records) == (SINCE, date(2026, 6, 22), 0)


def test_an_earlier_first_day_starts_a_new_full_pass() -> None:
    done = OaiPass("cs:cs:LG", "arXivRaw", SINCE, SINCE, from_date=date(2026, 6, 22), finished_at=NOW)
    earlier = date(2020, 1, 1)
    assert next_pass(done, "cs:cs:LG", "arXivRaw", since=earlier, now=NOW).pass_from == earlier


def test_a_restarted_list_requests_the_same_day() -> None:
    cut = OaiPass("cs:cs:LG", "arXivRaw", SINCE, SINCE, token="t", began_at=NOW, n_records=7)
    assert restarted(cut) == OaiPass("cs:cs:LG", "arXivRaw", SINCE, SINCE)


def test_unreadable_records_of_every_page_are_counted_and_named_with_their_pass() -> None:
    first = next_pass(None, "cs:cs:LG", "arXivRaw", since=SINCE, now=NOW)
    names = tuple(f"oai:arXiv.org:{i}: no <id>" for i in range(30))
    told = after_page(first, OaiPage(5, NOW, token="t", unreadable=names[:3]), now=NOW)
    told = after_page(told, OaiPage(5, NOW, token="u"), now=NOW)
    told = after_page(told, OaiPage(40, NOW, unreadable=names[3:]), now=NOW)
    assert (told.n_records, told.n_unreadable, told.unreadable) == (50, 30, names[:20])
    assert restarted(told).unreadable == ()


# -- recorded answers of arXiv


@pytest.mark.skipif(not RECORDED.is_dir(), reason="needs the recorded answers of the shared folder")
def test_recorded_answers_are_read_whole() -> None:
    body = (RECORDED / "mikesaelim__arXivOAIHarvester__ListRecordsResponse.xml").read_bytes()
    page = read_page(body, "", "arXivRaw")
    assert page.n_records == len(page.papers) > 0
    assert (page.unreadable, page.token) == ((), "726959|1001")
    body = (RECORDED / "inspirehep__hepcrawl__arxiv-physics-hep-ex.xml").read_bytes()
    apart = read_page(body, "", "arXiv")
    assert apart.n_records == len(apart.authors) > 0
    assert all(names for names in apart.authors.values())
