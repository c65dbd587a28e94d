"""What a paper's words show of each term, as numbers: where the words stand, and what stands around them."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from analysis.detection.taxonomy import Taxonomy
from analysis.detection.word_finder import WordFinder

SHAPE = (
    "found",  # 1: the part of a score that is the same wherever the term is found
    "strong",  # a strong word, not only weak ones
    "in_title", "weak_in_title", "twice_in_title", "early_in_title", "not_in_title", "only_in_title",
    "log_places", "log_weak_places", "log_words",  # log(1 + n) of places, of weak places, of different strong words
    "sentence_share", "in_two_sentences", "in_three_sentences",
    "in_own", "weak_in_own",  # in a sentence with "we", "our", "this paper"
    "in_proposal", "in_first_proposal",  # in a sentence with "we propose", in the first such sentence
    "after_proposal_verb",  # in such a sentence and behind its verb
    "share_after", "any_after", "only_before",  # from the first proposal on
    "own_without_others", "only_with_others", "any_without_others",  # sentences that also name other work
    "clean_own_places",  # places in an own sentence with no comparing word in front, up to three
    "comparing_in_front", "always_comparing", "using_in_front", "about_in_front",
    "in_first", "in_last", "only_first", "only_last",
    "only_contrasted",  # not in the title, and each place directly behind "unlike", "than", "instead of" and the like
    "some_excluded",  # some of its words were excluded in this paper
)  # fmt: skip
"""What the numbers of ``TermSignals.shape`` say, in their order; truths are 0 or 1."""

N_ZONES = 3
"""Where a word may stand: 0 anywhere, 1 in the title, 2 from the first proposal on."""

_ROLES = ("strong", "weak", "context", "hints", "exclude")
_STRONG, _WEAK, _CONTEXT, _HINTS, _EXCLUDE = range(len(_ROLES))
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*\s+(?=[\"'(\[$\\]*[A-Z0-9])")
_PROPOSAL = re.compile(
    r"\b(?:we|this (?:paper|work|article|study)|in this)\b[^.]{0,40}?\b(?:propos|introduc|present|develop|design|study"
    r"|investigat|show|examin|explor|analy|demonstrat|evaluat|build|construct|releas|provid|describ|formulat|report"
    r"|survey|review)\w*",
    re.IGNORECASE,
)
_OWN, _OTHERS, _OPENING = -1, -2, -3
_CUES = {
    _OWN: (
        "we", "our", "ours", "this paper", "this work", "this article", "this study", "this survey", "this thesis"
    ),
    _OTHERS: (
        "unlike", "in contrast to", "compared to", "compared with", "outperform*", "than", "baseline", "such as",
        "existing", "previous", "prior work", "traditional", "recent", "instead of", "without", "rather than",
        "alternative", "in comparison", "competitive with", "surpass*", "as opposed to", "future work", "success of",
        "inspired by",
    ),
    # Where a proposal may begin: looking for the whole expression is slow, trying it at a place is quick.
    _OPENING: ("we", "this paper", "this work", "this article", "this study", "in this"),
}  # fmt: skip
_COMPARING = frozenset(
    "unlike than outperform outperforms outperforming outperformed compared contrast instead rather baseline baselines"
    " over existing such traditional without alternative alternatives replace replaces replacing prior previous recent"
    " success inspired including like popular many although while beyond non".split()
)
_CONTRASTING = frozenset(
    "unlike than outperform outperforms outperforming outperformed surpass surpasses surpassing surpassed contrast"
    " compared instead without beyond replace replaces replacing alternative alternatives non".split()
)
_USING = frozenset(
    "using use uses used based via with leveraging leverage leverages leveraged employ employs employing powered"
    " utilize utilizes utilizing utilising built build by adopt adopts apply applying train training trained tuning"
    " tuned tune propose present introduce introducing design develop a an our novel new through combining combines"
    " integrating integrates incorporating".split()
)
_ABOUT = frozenset(
    "for of in to on toward towards improve improves improving enhance enhancing accelerate accelerating evaluate"
    " evaluating understand understanding study studying investigate analyze analyzing whether how that".split()
)


Place = tuple[int, int, int, int]
"""Where a word of a term stands: its number, start and end, and the sentence of the abstract, -1 in the title."""


class TermFeatures(NamedTuple):
    """What one paper shows of one term.

    ``places`` are where its words stand, first the ``n_strong`` strong ones. ``shape`` is described by ``SHAPE``.
    ``words`` holds ``N_ZONES`` times the number of a word in ``SignalReader.words``, plus the zone. ``nearby`` names
    the words around strong places, such as ``L:unlike`` for up to four words before. Both are sorted, so that sums
    over them come out the same in every process.
    """

    places: list[Place]
    n_strong: int
    shape: list[float]
    words: list[int]
    nearby: list[str]


class FeatureReader:
    """Reads the signals of a taxonomy's terms; ``words`` are its strong and weak words, numbered."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._kinds = [entry.kind for entry in taxonomy.entries]
        words: list[str] = []
        self._group_of: list[int] = []
        for number, entry in enumerate(taxonomy.entries):
            for role, name in enumerate(_ROLES):
                of_role = getattr(entry, name)
                words += of_role
                self._group_of += [len(_ROLES) * number + role] * len(of_role)
        for group, cues in _CUES.items():
            words += cues
            self._group_of += [group] * len(cues)
        self.words = tuple(words)
        self._finder = WordFinder(words, self._group_of)

    def words_of(self, number: int) -> list[int]:
        """The numbers of the words of the term with this number that may carry a weight: strong, weak and hints."""
        groups = {len(_ROLES) * number + role for role in (_STRONG, _WEAK, _HINTS)}
        return [word for word, group in enumerate(self._group_of) if group in groups]

    def read(self, title: str, abstract: str, plain_title: str, plain_abstract: str) -> dict[int, TermFeatures]:
        """The signals of every term found, by the term's number in the taxonomy, ascending.

        ``plain_title`` and ``plain_abstract`` are what ``analysis.lexicon.plain`` makes of the two texts.
        """
        in_title = self._finder.places(title, plain_title)
        in_abstract = self._finder.places(abstract, plain_abstract)
        groups = in_title.keys() | in_abstract.keys()
        numbers = {group // len(_ROLES) for group in groups if group >= 0 and group % len(_ROLES) <= _WEAK}
        frame: _Frame | None = None
        signals = {}
        around: dict[tuple[int, int, int], tuple[list[str], list[str]]] = {}
        for number in sorted(numbers):
            first = len(_ROLES) * number
            if first + _STRONG not in groups and first + _CONTEXT not in groups:
                continue
            if frame is None:
                frame = _Frame.of(abstract, in_abstract)
            starts = frame.starts
            strong: list[Place] = []
            weak: list[Place] = []
            for role, places in ((_STRONG, strong), (_WEAK, weak)):
                if first + role in in_title:
                    places += [(*hit, -1) for hit in in_title[first + role]]
                if first + role in in_abstract:
                    places += [(*hit, bisect_right(starts, hit[1]) - 1) for hit in in_abstract[first + role]]
            some_excluded = False
            if first + _EXCLUDE in groups:
                phrases = [in_title.get(first + _EXCLUDE, ()), in_abstract.get(first + _EXCLUDE, ())]
                # In a paper on power transformers the bare "transformer" means the same elsewhere in it.
                banned = {
                    word
                    for word, at, _, sentence in (*strong, *weak)
                    if any(start <= at < end for _, start, end in phrases[sentence >= 0])
                }
                if banned:
                    some_excluded = True
                    strong = [place for place in strong if place[0] not in banned]
                    weak = [place for place in weak if place[0] not in banned]
            if not strong and (first + _CONTEXT not in groups or not weak):
                continue
            for _, start, end, sentence in strong:
                # Up to four words before the place, in its sentence, and three behind it.
                key = (sentence, start, end)
                if key not in around:
                    text, begin = (plain_title, 0) if sentence < 0 else (plain_abstract, starts[sentence])
                    before = text[max(begin, start - 50) : start].split()[-4:]
                    around[key] = before, text[end : end + 40].split()[:3]
            hints = [*in_title.get(first + _HINTS, ()), *in_abstract.get(first + _HINTS, ())]
            signals[number] = _signals(
                strong,
                weak,
                frame,
                around,
                some_excluded,
                len(title),
                {word for word, _, _ in hints},
                with_nearby=self._kinds[number] == "technique",
            )
        return signals


@dataclass(frozen=True, slots=True)
class _Frame:
    """An abstract's sentences: where they start, and which are the authors' own, propose, or name other work."""

    starts: list[int]
    own: set[int]
    others: set[int]
    proposal_ends: dict[int, int]
    first_proposal: int

    @classmethod
    def of(cls, abstract: str, groups: Mapping[int, Sequence[tuple[int, int, int]]]) -> _Frame:
        """The frame of an abstract, from the places of its cues."""
        starts = [0, *[match.end() for match in _SENTENCE_END.finditer(abstract)]]
        own = {bisect_right(starts, start) - 1 for _, start, _ in groups.get(_OWN, ())}
        others = {bisect_right(starts, start) - 1 for _, start, _ in groups.get(_OTHERS, ())}
        ends: dict[int, int] = {}
        free_from = 0
        for at in sorted([start for _, start, _ in groups.get(_OPENING, ())]):
            match = _PROPOSAL.match(abstract, at) if at >= free_from else None
            if match is not None:
                free_from = match.end()
                ends.setdefault(bisect_right(starts, at) - 1, free_from)
        first = min(ends, default=min(own, default=len(starts)))
        return cls(starts, own, others, ends, first)


def _signals(
    strong: list[Place],
    weak: list[Place],
    frame: _Frame,
    around: dict[tuple[int, int, int], tuple[list[str], list[str]]],
    some_excluded: bool,
    title_length: int,
    hints: set[int],
    *,
    with_nearby: bool,
) -> TermFeatures:
    n_sentences, first_proposal = len(frame.starts), frame.first_proposal
    own, others, proposals = frame.own, frame.others, frame.proposal_ends
    n_in_abstract = n_comparing = n_contrasted = n_using = n_about = n_clean = 0
    after_verb = False
    nearby: set[str] = set()
    words = {N_ZONES * word for word in hints}
    strong_words: set[int] = set()
    title_starts: set[int] = set()
    abstract_starts: set[int] = set()
    sentences: set[int] = set()
    for word, start, end, sentence in strong:
        before, behind = around[sentence, start, end]
        strong_words.add(word)
        words.add(N_ZONES * word)
        if sentence < 0:
            title_starts.add(start)
            words.add(N_ZONES * word + 1)
        else:
            n_in_abstract += 1
            abstract_starts.add(start)
            sentences.add(sentence)
            comparing = not _COMPARING.isdisjoint(before)
            last_three = before[-3:]
            n_comparing += comparing
            n_contrasted += not _CONTRASTING.isdisjoint(last_three)
            n_using += not comparing and not _USING.isdisjoint(last_three)
            n_about += not _ABOUT.isdisjoint(last_three)
            n_clean += not comparing and (sentence in own or sentence in proposals)
            after_verb = after_verb or proposals.get(sentence, end) <= start
        if sentence >= first_proposal:
            words.add(N_ZONES * word + 2)
        if with_nearby:
            _add_nearby(nearby, before, behind, in_title=sentence < 0)
    weak_in_title = weak_in_own = False
    for word, _, _, sentence in weak:
        words.add(N_ZONES * word)
        if sentence < 0:
            weak_in_title = True
            words.add(N_ZONES * word + 1)
        elif sentence in own:
            weak_in_own = True
        if sentence >= first_proposal:
            words.add(N_ZONES * word + 2)
    found, title_found, n_in_sentences = bool(strong), bool(title_starts), len(sentences)
    n_after = sum(sentence >= first_proposal for sentence in sentences)
    only_with_others = sentences <= others
    shape = [
        1.0,
        found,
        title_found,
        weak_in_title,
        len(title_starts) > 1,
        title_found and min(title_starts) < 0.3 * title_length,
        not title_found,
        title_found and not sentences,
        math.log1p(len(title_starts) + len(abstract_starts)),
        math.log1p(len(weak)),
        math.log1p(len(strong_words)),
        n_in_sentences / n_sentences,
        n_in_sentences >= 2,
        n_in_sentences >= 3,
        not sentences.isdisjoint(own),
        weak_in_own,
        not sentences.isdisjoint(proposals),
        first_proposal in sentences,
        after_verb,
        n_after / n_sentences,
        n_after > 0,
        bool(sentences) and not n_after,
        not (sentences & own) <= others,
        bool(sentences) and only_with_others,
        not only_with_others,
        min(n_clean, 3) / 2,
        n_comparing > 0,
        found and n_comparing == n_in_abstract,
        min(n_using, 2) / 2,
        min(n_about, 3) / 2,
        0 in sentences,
        n_sentences - 1 in sentences,
        sentences == {0},
        sentences == {n_sentences - 1},
        not title_found and found and n_contrasted == n_in_abstract,
        some_excluded,
    ]
    return TermFeatures([*strong, *weak], len(strong), shape, sorted(words), sorted(nearby))


def _add_nearby(nearby: set[str], before: list[str], behind: list[str], *, in_title: bool) -> None:
    if in_title:
        nearby.update(["TL:" + word for word in before[-2:]])
        nearby.update(["TR:" + word for word in behind[:2]])
        if not before:
            nearby.add("TL:^")
        return
    nearby.update(["L:" + word for word in before])
    nearby.update(["R:" + word for word in behind])
    nearby.add("L1:" + (before[-1] if before else "^"))
    nearby.add("R1:" + (behind[0] if behind else "$"))
    if len(before) > 1:
        nearby.add(f"L2:{before[-2]} {before[-1]}")
