"""What differs between two digests: every field, once, at its path."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.digest.json_differences import Difference, digest_differences

PUBLISHED: dict[str, Any] = {
    "week": "2026-W25",
    "headline": {"sentence": "Nothing moved.", "moved_most": None},
    "techniques": [
        {"slug": "technique-llm", "adopts": {"k": 20, "share": 0.2}},
        {"slug": "technique-gnn", "adopts": {"k": 5, "share": 0.05}},
    ],
    "notes": ["Two weeks are held.", "No topic is called."],
    "paper_lists": {"all-papers": {"papers": [{"arxiv_id": "2606.1", "level": 0}, {"arxiv_id": "2606.2", "level": 0}]}},
}


def _changed(**fields: Any) -> dict[str, Any]:
    return {**PUBLISHED, **fields}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (PUBLISHED, []),
        (
            _changed(headline={"sentence": "LLMs rose.", "moved_most": "technique-llm"}),
            [
                Difference("headline.sentence", "Nothing moved.", "LLMs rose."),
                Difference("headline.moved_most", None, "technique-llm"),
            ],
        ),
        (
            _changed(techniques=[{"slug": "technique-ssm"}, *PUBLISHED["techniques"]]),
            [Difference("techniques", [], ["technique-ssm"], "members")],
        ),
        (
            _changed(techniques=PUBLISHED["techniques"][::-1]),
            [Difference("techniques", ["technique-llm", "technique-gnn"], ["technique-gnn", "technique-llm"], "order")],
        ),
        (
            _changed(techniques=[PUBLISHED["techniques"][0], {"slug": "technique-gnn", "adopts": None}]),
            [Difference("techniques[technique-gnn].adopts", {"k": 5, "share": 0.05}, None)],
        ),
        (
            _changed(notes=["No topic is called.", "Last year is not held."]),
            [Difference("notes", ["Two weeks are held."], ["Last year is not held."], "members")],
        ),
        (
            _changed(paper_lists={"all-papers": {"papers": [{"arxiv_id": "2606.2", "level": 2}]}, "no-topic": {}}),
            [
                Difference("paper_lists", [], ["no-topic"], "members"),
                Difference("paper_lists.all-papers.papers", ["2606.1"], [], "members"),
                Difference("paper_lists.all-papers.papers[2606.2].level", 0, 2),
            ],
        ),
        (
            {name: value for name, value in PUBLISHED.items() if name != "notes"},
            [Difference("", ["notes"], [], "members")],
        ),
    ],
)
def test_each_difference_is_listed_once_at_its_path(now: dict[str, Any], expected: list[Difference]) -> None:
    assert list(digest_differences(PUBLISHED, now)) == expected


def test_elements_without_names_are_compared_place_by_place() -> None:
    before, after = {"points": [[1, 2], [3, 4]]}, {"points": [[1, 2], [3, 5], [6]]}
    assert digest_differences(before, after) == (
        Difference("points", [], [2], "members"),
        Difference("points[1]", [4], [5], "members"),
    )


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
DIGEST = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


@given(DIGEST, DIGEST)
@example({"": []}, {"": ""})
def test_two_digests_differ_exactly_where_they_are_not_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert digest_differences(one, one) == ()
    assert bool(digest_differences(one, other)) == (one != other)
    assert len(digest_differences(one, other)) == len(digest_differences(other, one))
