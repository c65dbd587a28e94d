"""Merging records of one paper from three sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.author_name import AuthorName
from domain.paper import Paper, PaperSource
from ingest.author_lines import split_authors
from ingest.harvest import plan_harvest
from ingest.merge_records import merged_record

Make = Callable[..., Paper]
SOURCES: tuple[PaperSource, ...] = get_args(PaperSource)
every_source = pytest.mark.parametrize("source", SOURCES)
WITHDRAWN = "This paper has been withdrawn by the authors due to an error in equation 3"


@every_source
@pytest.mark.parametrize("held", SOURCES)
def test_the_same_record_from_another_source_changes_nothing(
    make_paper: Make, held: PaperSource, source: PaperSource
) -> None:
    old = make_paper(source=held)
    assert merged_record(old, make_paper(source=source)) is old


@every_source
@pytest.mark.parametrize("held", SOURCES)
def test_the_higher_version_wins_whoever_tells_it(make_paper: Make, held: PaperSource, source: PaperSource) -> None:
    first, second = make_paper(title="First", source=held), make_paper(version=2, title="Second", source=source)
    assert merged_record(first, second) == second
    assert merged_record(first, second).source == source
    assert merged_record(second, first) is second


@every_source
def test_the_later_record_wins_at_the_same_version_except_from_the_snapshot(
    make_paper: Make, source: PaperSource
) -> None:
    corrected = make_paper(journal_ref="J. 1 (2)", source=source)
    for held in SOURCES:
        wins = source != "snapshot" or held == "snapshot"
        assert (merged_record(make_paper(source=held), corrected) == corrected) == wins


@every_source
def test_no_source_moves_a_paper_to_another_week(make_paper: Make, source: PaperSource) -> None:
    old = make_paper()
    moved = replace(old, version=2, submitted_at=old.submitted_at + timedelta(weeks=2), source=source)
    assert merged_record(old, moved).submitted_at == old.submitted_at


def test_names_in_one_line_replace_no_names_at_the_same_version(make_paper: Make) -> None:
    apart = make_paper(authors=("Ada van Example",), source="api")
    in_a_line = make_paper(authors=("Ada", "van Example"), source="oai")
    assert merged_record(apart, in_a_line) is apart
    assert merged_record(apart, replace(in_a_line, comment="9 pages")).authors == apart.authors
    assert merged_record(apart, replace(in_a_line, version=2)).authors == in_a_line.authors
    assert merged_record(replace(apart, authors=()), in_a_line).authors == in_a_line.authors


def test_a_mark_of_withdrawal_stays_until_its_source_or_a_new_version_takes_it_away(make_paper: Make) -> None:
    marked = make_paper(version=2, is_withdrawn=True, source="oai")
    for source in ("api", "snapshot"):
        unaware = make_paper(version=2, comment="10 pages", source=source)
        assert merged_record(marked, unaware).is_withdrawn
        assert not merged_record(marked, replace(unaware, version=3)).is_withdrawn
    assert not merged_record(marked, make_paper(version=2, source="oai")).is_withdrawn


def test_a_withdrawal_stated_in_the_text_ends_with_the_text(make_paper: Make) -> None:
    stated = make_paper(comment=WITHDRAWN, is_withdrawn=True)
    assert not merged_record(stated, make_paper(comment="10 pages")).is_withdrawn


@given(data=st.data())
def test_hearing_the_same_again_changes_nothing(make_paper: Make, data: st.DataObject) -> None:
    papers = st.builds(
        lambda version, comment, marked, source, authors: make_paper(
            version=version,
            comment=comment,
            is_withdrawn=comment == WITHDRAWN or (marked and source == "oai"),
            source=source,
            authors=authors,
        ),
        st.integers(1, 3),
        st.sampled_from([None, "9 pages", WITHDRAWN]),
        st.booleans(),
        st.sampled_from(SOURCES),
        st.sampled_from([(), ("Ada Example",), ("Ada", "Example")]),
    )
    old, new = data.draw(papers), data.draw(papers)
    held = merged_record(old, new)
    assert held.version == max(old.version, new.version)
    assert merged_record(held, new) is held or new.version < held.version
    again = plan_harvest([new], {held.arxiv_id: held})
    assert (again.new, again.replaced, again.revised) == ((), (), ())


def test_source_and_author_parts_do_not_make_it_another_paper(make_paper: Make) -> None:
    assert len({make_paper(source=source) for source in SOURCES}) == 1
    parts = (AuthorName("Example", "Ada"),)
    assert make_paper(authors=("Ada Example",), author_parts=parts) == make_paper(authors=("Ada Example",))
    assert {f.name for f in fields(Paper) if not f.compare} == {"source", "author_parts"}


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ada Example, Ben Sample and Cy Third", ("Ada Example", "Ben Sample", "Cy Third")),
        ("Ada Example,  and Ben\n Sample", ("Ada Example", "Ben Sample")),
        ("A. Example (1), B. Sample (1 and 2) ((1) A, London, (2) B)", ("A. Example", "B. Sample")),
        ("Ada Example, Jr., Ben Sample III", ("Ada Example Jr.", "Ben Sample III")),
        (r"J\"org M\"uller and \'Elodie Ha{\v{s}}ek", ("Jörg Müller", "Élodie Hašek")),
        ("The Big Collaboration: A. Example, B. Sample", ("The Big Collaboration", "A. Example", "B. Sample")),
        ("Sandy Band", ("Sandy Band",)),
        (r"A. \frac{x}", (r"A. \frac{x}",)),
        ("", ()),
    ],
)
def test_a_line_of_authors_is_split_into_names(line: str, names: tuple[str, ...]) -> None:
    assert split_authors(line) == names


@given(st.text(max_size=60))
def test_no_line_of_authors_breaks_the_splitting(line: str) -> None:
    assert all(name == name.strip() and name for name in split_authors(line))
