"""The venue that a comment names, its year, and how far the paper is; the comments are made up."""

from __future__ import annotations

import pytest

from domain.venue_mention import VenueMention, venue_mention


@pytest.mark.parametrize(
    ("comment", "venue", "year", "status"),
    [
        ("Accepted at ICML 2026", "ICML", 2026, "accepted"),
        ("12 pages, 4 figures, CVPR 2026", "CVPR", 2026, "accepted"),
        ("ICLR2026; code at https://example.org/ACL25-code", "ICLR", 2026, "accepted"),
        ("Accepted by KDD'26", "KDD", 2026, "accepted"),
        ("Submitted to NeurIPS 2026", "NeurIPS", 2026, "submitted"),
        ("Currently under review at the Journal of Machine Learning Research", "JMLR", None, "submitted"),
        ("Published in the proceedings of EMNLP 2025 (Findings)", "EMNLP", 2025, "published"),
        ("Presented at Interspeech 2026", "Interspeech", 2026, "published"),
        ("To appear in the Conference on Computer Vision and Pattern Recognition, 2026", "CVPR", 2026, "accepted"),
        ("Accepted to the 43rd International Conference on Machine Learning", "ICML", None, "accepted"),
        ("This is the submitted version; accepted for ICASSP 2026", "ICASSP", 2026, "accepted"),
        ("Accepted for publication in IEEE Robotics and Automation Letters, 2026", "RA-L", 2026, "accepted"),
        ("accepted by EXMPL 2026", "EXMPL", 2026, "accepted"),
        ("Accepted to IEEE Transactions on Things", "IEEE Transactions on Things", None, "accepted"),
        ("Submitted to Elsevier Letters of Things. 9 pages", "Elsevier Letters of Things", None, "submitted"),
    ],
)  # fmt: skip
def test_a_comment_names_its_venue(comment: str, venue: str, year: int | None, status: str) -> None:
    found = venue_mention(comment)
    assert found is not None
    assert (found.venue, found.year, found.status) == (venue, year, status)


@pytest.mark.parametrize(
    "comment",
    [
        None,
        "",
        "23 pages, 10 figures",
        "Preprint. Under review",
        "Code: https://example.org/icml2026/acl",
        "Companion to arXiv:2605.00001",
        "Submitted to IEEE",
        "Work in progress, GPT 2025 outputs included",
    ],
)
def test_what_names_no_venue_has_none(comment: str | None) -> None:
    assert venue_mention(comment) is None


def test_a_workshop_counts_for_its_conference() -> None:
    assert venue_mention("Accepted at the Workshop on Small Models at ICML 2026") == VenueMention(
        "ICML", 2026, "accepted", is_workshop=True
    )


def test_an_abstract_names_a_known_venue_with_its_year_only() -> None:
    assert venue_mention(None, "We describe our entry to the Interspeech 2026 challenge.") == VenueMention(
        "Interspeech", 2026, "named"
    )
    assert venue_mention("9 pages", "We review papers of ICLR and of NeurIPS.") is None
    assert venue_mention("Accepted to ECCV 2026", "Our entry to the CVPR 2025 challenge.") == VenueMention(
        "ECCV", 2026, "accepted"
    )
