"""Papers named in any of the ways people have them are found, and what is not found is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import UsageError
from ingest.harvest import plan_harvest
from queries.seed_papers import papers_named
from runtime.context import AppContext
from runtime.settings import Settings
from store.papers import apply_harvest
from templates import paper_exports
from tests.conftest import PaperMaker

ONE, TWO = "2606.00001", "2606.00002"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, make_paper: PaperMaker) -> Iterator[AppContext]:
    with AppContext(Settings(data_dir=tmp_path_factory.mktemp("seeds")), create=True) as context:
        papers = [make_paper(1, title="Graphs of {M}any Kinds", doi="10.1000/ABC"), make_paper(2), make_paper(3)]
        apply_harvest(context.db, plan_harvest(papers, {}), None, seen_at=datetime(2026, 6, 20, tzinfo=UTC))
        yield context


BIBTEX = """
@article{key1, title = {Something else}, journal = {arXiv preprint arXiv:2606.00001}, year = 2026}
@misc{key2, title = {{A} Study of Subject 2}, author = {Example, Ada}}
@misc{key3, title = {A paper that nobody has}, eprint = {1706.03762}, archiveprefix = {arXiv}}
"""
RIS = "TY  - JOUR\nTI  - A study of subject 2\nER  -\n\nTY  - JOUR\nTI  - Unknown\nDO  - 10.1000/abc\nER  -\n"
CSL = json.dumps([{"id": "x", "title": "Unknown", "DOI": "10.1000/abc"}, {"title": "a study of subject 2"}])


@pytest.mark.parametrize(
    ("text", "found", "missing"),
    [
        ("2606.00001\nhttps://arxiv.org/abs/2606.00002v3\n", {ONE, TWO}, ()),
        ("arXiv:2606.00001, 1706.03762", {ONE}, ("1706.03762",)),
        ("https://doi.org/10.1000/abc\nA study of subject 2\nnothing of ours", {ONE, TWO}, ("nothing of ours",)),
        (BIBTEX, {ONE, TWO}, ("A paper that nobody has",)),
        (RIS, {ONE, TWO}, ()),
        (CSL, {ONE, TWO}, ()),
        ('{"title": "Unknown"}', set(), ("Unknown",)),
    ],
)
def test_papers_are_found_in_every_form(context: AppContext, text: str, found: set[str], missing: tuple[str]) -> None:
    named = papers_named(context, text)
    assert {arxiv_id for arxiv_id, _ in named.found} == found
    assert named.missing == missing


@pytest.mark.parametrize("form", ["bib", "ris", "csl"])
def test_our_own_exports_are_read_back(context: AppContext, make_paper: PaperMaker, form: paper_exports.Form) -> None:
    exported = paper_exports.written([make_paper(2), make_paper(3)], form)
    assert {arxiv_id for arxiv_id, _ in papers_named(context, exported).found} == {TWO, "2606.00003"}


@pytest.mark.parametrize("text", ["", "  \n", "[1, 2]", '{"title": ', "[" * 5_000, "x\n" * 2_500, "a" * 2_100_000])
def test_what_names_nothing_is_refused_in_a_line(context: AppContext, text: str) -> None:
    with pytest.raises(UsageError) as refused:
        papers_named(context, text)
    assert "\n" not in str(refused.value)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["", "@article{", "TY  - ", '[{"title":', "{"]),
    st.text(max_size=200),
)
def test_any_text_is_read_or_refused(context: AppContext, start: str, text: str) -> None:
    try:
        named = papers_named(context, start + text)
    except UsageError:
        return
    assert named.found or named.missing
