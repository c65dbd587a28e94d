"""What a week's papers mean in practice: which findings are shown for a theme, and what its papers claim and name.

The findings of a theme are chosen by a fixed rule, without randomness and without words to look for:

1. Candidates are the papers whose main contribution is the theme: the surer half by the detector's score, at most 60.
2. Of these stay those whose finding can be read whole, and among these the upper half by the score of the model that
   chose the sentence, so that what is quoted is a finding.
3. Those come first whose finding itself states a result with a number (for efficiency a saving), then those with code
   at a repository host, or accepted or published. The finding's score decides between equals, then the identifier.
4. The second finding is of another topic and of other authors, as long as there is a choice; no paper stands under two
   themes, and themes choose in the order of the taxonomy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.claims.savings import counted_claim, saving_ends, saving_factor, saving_summaries
from domain.claim import Claim, SavingSummary
from domain.detections import ADOPTS, Detection
from domain.digest import InPractice, NamedRule, ThemeInPractice
from domain.digest_facts import ClaimedSaving
from domain.paper import ArxivId, Paper
from domain.standards_and_failure_modes import RuleKind, rule_term

N_FINDINGS = 2
"""Most findings of a theme."""
MAX_FINDING = 240
"""Characters of a finding that lists show whole."""
_N_CANDIDATES = 60
_N_SAVINGS = 2
_N_RULES = 3
_EFFICIENCY = "efficiency"


@dataclass(frozen=True)
class ReadFacts:
    """What was read in one paper; ``venue`` is who accepted or published it."""

    finding: str
    claims: tuple[Claim, ...] = ()
    has_code: bool = False
    venue: str = ""
    rules: tuple[tuple[RuleKind, str], ...] = ()

    @property
    def largest_saving(self) -> ClaimedSaving | None:
        """The largest saving claimed, of ranges by their smaller end; ``None`` without one."""
        savings = [
            ClaimedSaving(claim.quantity, *ends, claim.up_to)
            for claim in self.claims
            if (ends := saving_ends(claim)) is not None
        ]
        return max(savings, key=lambda saving: saving.factor, default=None)

    def finding_has_number(self, theme: str) -> bool:
        """Whether the finding itself states a result with a number; for efficiency, a saving."""
        stated = [claim for claim in self.claims if claim.quote in self.finding]
        if theme == _EFFICIENCY:
            return any(saving_factor(claim) is not None for claim in stated)
        return bool(stated)


@dataclass(frozen=True, eq=False)
class ReadWeek:
    """What was read in the papers of a week, by identifier; ``names`` are those of standards and failure modes.

    ``score`` gives the score of a paper's finding, by the model that chose it.
    """

    facts: Mapping[ArxivId, ReadFacts] = field(default_factory=dict)
    names: Mapping[tuple[RuleKind, str], str] = field(default_factory=dict)
    score: Callable[[ArxivId], float] = lambda _: 0.0


def findings_of_themes(
    themes: Sequence[str],
    papers: Mapping[ArxivId, Paper],
    detections: Mapping[ArxivId, Sequence[Detection]],
    topic_of: Mapping[ArxivId, int | None],
    read: ReadWeek,
    *,
    n: int = N_FINDINGS,
) -> dict[str, tuple[ArxivId, ...]]:
    """The papers whose findings are shown for each theme, at most ``n``, by the rule of this module.

    Where no paper of a theme was read, the surest papers are chosen.
    """
    chosen: dict[str, tuple[ArxivId, ...]] = {}
    used: set[ArxivId] = set()
    for theme in themes:
        ranked = [arxiv_id for arxiv_id in _ranked(theme, papers, detections, read) if arxiv_id not in used]
        chosen[theme] = tuple(_diverse(ranked, papers, topic_of, n))
        used.update(chosen[theme])
    return chosen


def main_contributions(
    theme: str, papers: Collection[ArxivId], detections: Mapping[ArxivId, Sequence[Detection]]
) -> list[ArxivId]:
    """The papers whose main contribution is a theme, the surest first."""
    strength = {
        arxiv_id: detection.strength
        for arxiv_id, found in detections.items()
        if arxiv_id in papers
        for detection in found
        if detection.kind == "theme" and detection.key == theme and detection.level >= ADOPTS
    }
    return sorted(strength, key=lambda arxiv_id: (-strength[arxiv_id], arxiv_id))


def _ranked(
    theme: str, papers: Collection[ArxivId], detections: Mapping[ArxivId, Sequence[Detection]], read: ReadWeek
) -> list[ArxivId]:
    """The candidates of a theme in the order of the rule, then the other papers of the theme, the surest first."""
    surest = main_contributions(theme, papers, detections)
    likely = [
        a
        for a in _upper_half(surest)[:_N_CANDIDATES]
        if a in read.facts and 0 < len(read.facts[a].finding) <= MAX_FINDING
    ]
    telling = _upper_half(sorted(likely, key=lambda a: (-read.score(a), a)))
    first = sorted(telling, key=lambda a: (*_rank(read.facts[a], theme), -read.score(a), a))
    return list(dict.fromkeys([*first, *surest]))


def _rank(facts: ReadFacts, theme: str) -> tuple[bool, int]:
    return not facts.finding_has_number(theme), -(facts.has_code + bool(facts.venue))


def _upper_half(ranked: Sequence[ArxivId]) -> Sequence[ArxivId]:
    return ranked[: (len(ranked) + 1) // 2]


def _diverse(
    ranked: Sequence[ArxivId], papers: Mapping[ArxivId, Paper], topic_of: Mapping[ArxivId, int | None], n: int
) -> list[ArxivId]:
    """The first ``n``, no two of one topic or author as long as there is a choice."""
    chosen: list[ArxivId] = []
    for arxiv_id in ranked:
        if len(chosen) < n and all(_differ(arxiv_id, other, papers, topic_of) for other in chosen):
            chosen.append(arxiv_id)
    return [*chosen, *(arxiv_id for arxiv_id in ranked if arxiv_id not in chosen)][:n]


def _differ(
    one: ArxivId, other: ArxivId, papers: Mapping[ArxivId, Paper], topic_of: Mapping[ArxivId, int | None]
) -> bool:
    topic = topic_of.get(one)
    if topic is not None and topic == topic_of.get(other):
        return False
    return not set(papers[one].authors) & set(papers[other].authors)


def in_practice(
    themes: Sequence[str],
    papers: Collection[ArxivId],
    detections: Mapping[ArxivId, Sequence[Detection]],
    read: ReadWeek,
) -> InPractice | None:
    """What the papers of a week claim and name, in all and by theme; ``None`` where none was read."""
    all_read = [arxiv_id for arxiv_id in papers if arxiv_id in read.facts]
    if not all_read:
        return None
    of_themes = []
    for theme in themes:
        ids = [arxiv_id for arxiv_id in main_contributions(theme, papers, detections) if arxiv_id in read.facts]
        of_themes.append(
            ThemeInPractice(
                slug=f"theme-{theme}",
                n=len(ids),
                n_with_saving=_n_with_saving(ids, read),
                n_with_code=sum(read.facts[a].has_code for a in ids),
                savings=_savings(ids, read)[:_N_SAVINGS],
                standards=_rules("standard", ids, read)[:_N_RULES],
                failure_modes=_rules("failure_mode", ids, read)[:_N_RULES],
            )
        )
    return InPractice(
        n=len(all_read),
        n_with_saving=_n_with_saving(all_read, read),
        n_with_code=sum(read.facts[a].has_code for a in all_read),
        n_naming=sum(any(kind == "standard" for kind, _ in read.facts[a].rules) for a in all_read),
        savings=_savings(all_read, read),
        standards=_rules("standard", all_read, read),
        failure_modes=_rules("failure_mode", all_read, read),
        themes=tuple(of_themes),
    )


def _n_with_saving(ids: Iterable[ArxivId], read: ReadWeek) -> int:
    return sum(read.facts[a].largest_saving is not None for a in ids)


def _savings(ids: Sequence[ArxivId], read: ReadWeek) -> tuple[SavingSummary, ...]:
    return saving_summaries(
        (counted_claim(a, i, claim) for a in ids for i, claim in enumerate(read.facts[a].claims)),
        [a for a in ids if read.facts[a].has_code],
    )


def _rules(kind: RuleKind, ids: Sequence[ArxivId], read: ReadWeek) -> tuple[NamedRule, ...]:
    """The standards or failure modes that these papers name, most papers first."""
    counts = Counter(rule for a in ids for rule in read.facts[a].rules if rule[0] == kind and rule in read.names)
    return tuple(
        NamedRule(kind, key, read.names[kind, key], rule_term(kind, key), k)
        for (_, key), k in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    )
