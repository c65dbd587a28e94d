"""Records validate their fields, and errors show the wrong value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from domain.detections import Detection
from domain.digest import short_authors
from domain.embeddings import Embeddings
from domain.harvest import Window
from domain.paper import ArxivId, Paper, categories_among, one_line, parse_arxiv_id, parse_entry_id, says_withdrawn
from domain.weekly_table_schemas import SHARES, WEEKLY_COUNTS, WEEKLY_TOTALS

AT = datetime(2026, 6, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"title": ""}, "title"),
        ({"abstract": ""}, "abstract"),
        ({"primary_category": "cs.CL"}, "'cs.CL' is not among"),
        ({"submitted_at": datetime(2026, 6, 15)}, "timezone"),  # noqa: DTZ001
    ],
)
def test_a_paper_that_lacks_something_is_refused_by_name(
    make_paper: Callable[..., Paper], other: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        make_paper(1, **other)
    assert "2606.00001" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://arxiv.org/abs/2606.01846v2", ("2606.01846", 2)),
        ("https://arxiv.org/abs/0704.0001v11", ("0704.0001", 11)),
        ("http://arxiv.org/abs/cs/0601001v2", ("cs/0601001", 2)),
        ("http://arxiv.org/abs/math.GT/0309136v1", ("math.GT/0309136", 1)),
        ("http://arxiv.org/abs/cond-mat/9901001v1", ("cond-mat/9901001", 1)),
    ],
)
def test_an_entry_id_is_split_by_its_grammar(url: str, parts: tuple[str, int]) -> None:
    assert parse_entry_id(url) == parts
    assert parse_arxiv_id(parts[0]) == parts[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://arxiv.org/abs/2606.01846",
        "http://arxiv.org/abs/2606.01846v0",
        "http://arxiv.org/api/errors",
        "http://example.org/abs/2606.01846v1",
        "2606.01846v1",
        "",
    ],
)
def test_what_is_no_entry_id_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="abstract URL"):
        parse_entry_id(url)


def test_texts_are_one_line() -> None:
    assert one_line("  A\n  title\twith   gaps ") == "A title with gaps"


def test_windows_are_whole_minutes_with_a_zone_and_end_after_they_start() -> None:
    for start, end in (
        (AT, AT),
        (AT, AT - timedelta(1)),
        (AT, AT + timedelta(seconds=90)),
        (AT.replace(tzinfo=None), AT),
    ):
        with pytest.raises(ValueError, match="window"):
            Window(start, end)


def test_embeddings_have_a_row_for_every_paper_in_float32() -> None:
    with pytest.raises(ValueError, match=r"\(1, n_dims\), got \(2, 3\)"):
        Embeddings((ArxivId("a"),), np.zeros((2, 3), np.float32), "m")
    with pytest.raises(ValueError, match="float64"):
        Embeddings((ArxivId("a"),), np.zeros((1, 3)), "m")  # type: ignore[arg-type]


@pytest.mark.parametrize("level", [0, 4, -1])
def test_a_detection_has_a_level_of_1_to_3(level: int) -> None:
    with pytest.raises(ValueError, match="gnn"):
        Detection("technique", "gnn", level, ())


@pytest.mark.parametrize("schema", [SHARES, WEEKLY_TOTALS, WEEKLY_COUNTS])
def test_an_empty_table_keeps_to_its_schema(schema: Any) -> None:
    assert schema.check(schema.empty()).empty


def test_a_table_that_differs_is_refused_naming_the_difference() -> None:
    table = WEEKLY_TOTALS.empty()
    with pytest.raises(ValueError, match=r"weekly_totals: expected columns .*got \['week_start', 'n'\]"):
        WEEKLY_TOTALS.check(table[["week_start", "n"]])
    with pytest.raises(ValueError, match=r"weekly_totals\.n: expected int64, got float64"):
        WEEKLY_TOTALS.check(table.astype({"n": "float64"}))
    with pytest.raises(ValueError, match="expected columns"):
        WEEKLY_TOTALS.check(pd.DataFrame())


def test_thousands_of_authors_are_shortened_to_a_line() -> None:
    assert short_authors(("A", "B", "C")) == "A, B, C"
    assert short_authors(tuple("ABCDEF")) == "A, B and 4 more"


@pytest.mark.parametrize(
    "comment",
    [
        "This paper has been withdrawn by the author due to a crucial error in equation 10",
        "12 pages. This submission has been withdrawn.",
        "arXiv admin note: This submission has been withdrawn by arXiv administrators",
        "Withdrawn by the authors",
        "withdrawn",
        "Withdrawn. Our newer study shows no such difference",
        "Paper withdrawn as the results need to be changed",
        "This version has been withdrawn due to authorship changes",
        "This paper has been withdrawn from arXiv by the authors",
        "This article was withdrawn at the request of its authors",
    ],
)
def test_a_comment_can_say_that_its_paper_is_withdrawn(comment: str) -> None:
    assert says_withdrawn(comment, "We study withdrawal.")


@pytest.mark.parametrize(
    ("comment", "abstract"),
    [
        (None, "We study why papers are withdrawn."),
        ("9 pages. This paper was withdrawn from the IJCAI 2025 proceedings", "We study bees."),
        ("Accepted at a workshop (withdrawn before presentation)", "We study bees."),
        ("The authors have withdrawn it from review and are adding more content", "We study bees."),
        ("Withdrawn from NeurIPS", "We study bees."),
        (None, "Withdrawn papers are read on. We ask how long, and why this paper has been withdrawn so often."),
        (None, "A fork withdrawn without dragging."),
    ],
)
def test_other_things_that_are_withdrawn_do_not_count(comment: str | None, abstract: str) -> None:
    assert not says_withdrawn(comment, abstract)


@pytest.mark.parametrize(
    "abstract", ["This paper has been withdrawn.", "This article has been withdrawn by arXiv administrators because."]
)
def test_an_abstract_that_begins_with_its_withdrawal_says_it(abstract: str) -> None:
    assert says_withdrawn(None, abstract)


def test_classes_of_other_schemes_are_no_categories() -> None:
    terms = [
        "cs.LG",
        "68T05",
        "I.2.6",
        "hep-th",
        "I.2.7; H.3",
        "cond-mat.stat-mech",
        "J.4",
        "q-bio.NC",
        "Primary 68T50",
    ]
    assert categories_among([*terms, "cs.LG"]) == ("cs.LG", "hep-th", "cond-mat.stat-mech", "q-bio.NC")
