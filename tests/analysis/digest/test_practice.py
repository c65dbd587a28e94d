"""Which findings stand for a theme, and what its papers are counted to claim and name."""

from __future__ import annotations

import random

import pytest
from pydantic import ValidationError

from analysis.digest.inputs import DigestSettings
from analysis.digest.practice import ReadFacts, ReadWeek, findings_of_themes, in_practice
from domain.claim import Claim
from domain.detections import Detection, Evidence
from domain.paper import ArxivId, Paper
from tests.conftest import PaperMaker

THEMES = ("efficiency", "evaluation", "security")
SPEED = Claim("3x faster", "speed", "times", 3.0, 3.0, "", True, Evidence("abstract", 0, 9))


def week_of(make_paper: PaperMaker, n: int) -> dict[ArxivId, Paper]:
    papers = [make_paper(number, authors=(f"Author {number}",)) for number in range(1, n + 1)]
    return {paper.arxiv_id: paper for paper in papers}


def detected(ids: list[ArxivId], theme: str = "efficiency") -> dict[ArxivId, tuple[Detection, ...]]:
    """The papers with a theme as their main contribution, the first the surest."""
    return {
        arxiv_id: (Detection("theme", theme, 2, (), strength=float(len(ids) - place)),)
        for place, arxiv_id in enumerate(ids)
    }


def test_a_finding_with_a_number_code_and_acceptance_comes_first(make_paper: PaperMaker) -> None:
    papers = week_of(make_paper, 8)
    ids = list(papers)
    plain = ReadFacts("We find that it works.")
    facts = dict.fromkeys(ids, plain) | {
        ids[1]: ReadFacts("It is 3x faster.", (SPEED,)),
        ids[2]: ReadFacts("It is 3x faster.", (SPEED,), has_code=True, venue="ICML 2026"),
        ids[3]: ReadFacts("It works on many tasks.", (SPEED,), has_code=True, venue="ICML 2026"),
        ids[7]: ReadFacts("It is 3x faster.", (SPEED,), has_code=True, venue="ICML 2026"),
    }
    scores = {arxiv_id: float(-place) for place, arxiv_id in enumerate(ids)} | {ids[1]: 5.0, ids[2]: 4.0, ids[3]: 3.0}
    read = ReadWeek(facts, score=lambda arxiv_id: scores[arxiv_id])
    chosen = findings_of_themes(THEMES, papers, detected(ids), {}, read)
    # The last has all marks but is not among the surer half; the fourth states its number elsewhere.
    assert chosen == {"efficiency": (ids[2], ids[1]), "evaluation": (), "security": ()}


def test_findings_differ_in_topic_and_authors_and_stand_once(make_paper: PaperMaker) -> None:
    papers = week_of(make_paper, 12)
    ids = list(papers)
    read = ReadWeek({arxiv_id: ReadFacts("We find that it works.") for arxiv_id in ids})
    both = {a: (*detected(ids)[a], *detected(ids, "evaluation")[a]) for a in ids}
    topics = {arxiv_id: 1 if place < 3 else 2 for place, arxiv_id in enumerate(ids)}
    chosen = findings_of_themes(THEMES, papers, both, topics, read)
    for theme in ("efficiency", "evaluation"):
        first, second = chosen[theme]
        assert topics[first] != topics[second]
    assert not set(chosen["efficiency"]) & set(chosen["evaluation"])
    alone = dict.fromkeys(ids, 1)
    assert len(findings_of_themes(THEMES, papers, both, alone, read)["efficiency"]) == 2


def test_the_order_of_papers_changes_nothing(make_paper: PaperMaker) -> None:
    papers = week_of(make_paper, 30)
    ids = list(papers)
    facts = {
        a: ReadFacts("It is 3x faster.", (SPEED,) if n % 3 else (), has_code=n % 2 == 0) for n, a in enumerate(ids)
    }
    read, found = ReadWeek(facts), detected(ids)
    expected = findings_of_themes(THEMES, papers, found, {}, read)
    random.Random(1).shuffle(ids)
    mixed = {arxiv_id: papers[arxiv_id] for arxiv_id in ids}
    assert findings_of_themes(THEMES, mixed, {a: found[a] for a in ids}, {}, read) == expected


def test_unread_papers_leave_the_surest(make_paper: PaperMaker) -> None:
    papers = week_of(make_paper, 3)
    ids = list(papers)
    assert findings_of_themes(("efficiency",), papers, detected(ids), {}, ReadWeek())["efficiency"] == tuple(ids[:2])
    assert in_practice(("efficiency",), papers, detected(ids), ReadWeek()) is None


def test_counts_are_of_the_papers_read_and_have_their_base(make_paper: PaperMaker) -> None:
    papers = week_of(make_paper, 4)
    ids = list(papers)
    rules = (("standard", "gdpr"), ("failure_mode", "drift"))
    facts = {
        ids[0]: ReadFacts("x", (SPEED,), has_code=True, rules=rules),
        ids[1]: ReadFacts("x"),
        ids[2]: ReadFacts("x", rules=(("standard", "gdpr"), ("standard", "unknown"))),
    }
    names = {("standard", "gdpr"): "GDPR", ("failure_mode", "drift"): "Drift"}
    read = ReadWeek(facts, names)
    found = in_practice(("efficiency",), papers, detected(ids[:2]), read)
    assert found is not None
    assert (found.n, found.n_with_saving, found.n_with_code, found.n_naming) == (3, 1, 1, 2)
    assert [(rule.name, rule.k) for rule in found.standards] == [("GDPR", 2)]
    (theme,) = found.themes
    assert (theme.slug, theme.n, theme.n_with_saving, theme.n_with_code) == ("theme-efficiency", 2, 1, 1)
    assert [(saving.quantity, saving.n_only_up_to, saving.median) for saving in theme.savings] == [("speed", 1, None)]
    assert [rule.k for rule in (*theme.standards, *theme.failure_modes)] == [1, 1]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["practise"], "did you mean 'practice'"),
        (["xyzzy"], "Sections are new, moving, practice, adoption, reading"),
        (["new", "new"], "named twice"),
        ([], "at least 1"),
    ],
)
def test_sections_are_those_that_there_are(given: list[str], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        DigestSettings.model_validate({"sections": given})
    assert DigestSettings.model_validate({"sections": ["practice", "new"]}).sections == ("practice", "new")
