"""Features of each term in one paper: where the term's words occur, and the words around them."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from analysis.detection.taxonomy import Taxonomy
from analysis.detection.term_matcher import WordFinder, plain

SHAPE = (
    "found",  # always 1: the constant of the score
    "strong",  # a strong word, not only weak ones
    "in_title", "weak_in_title", "twice_in_title", "early_in_title", "not_in_title", "only_in_title",
    "log_places", "log_weak_places", "log_words",  # log(1 + n) of occurrences, of weak ones, of different strong words
    "sentence_share", "in_two_sentences", "in_three_sentences",
    "in_own", "weak_in_own",  # in a sentence with "we", "our", "this paper"
    "in_proposal", "in_first_proposal",  # in a sentence with "we propose", in the first such sentence
    "after_proposal_verb",  # in such a sentence, after its verb
    "share_after", "any_after", "only_before",  # from the first proposal on
    "own_without_others", "only_with_others", "any_without_others",  # sentences that also name other work
    "clean_own_places",  # occurrences in an own sentence without a comparing word before, up to three
    "comparing_in_front", "always_comparing", "using_in_front", "about_in_front",
    "in_first", "in_last", "only_first", "only_last",
    "only_contrasted",  # always after "unlike", "than", "without" and the like, or in a sentence on future work
    "some_excluded",  # an exclude phrase applied to some of its words in this paper
)  # fmt: skip
"""Names of the numbers in ``TermFeatures.shape``, in their order; true is 1 and false is 0."""

N_ZONES = 3
"""Zones in which a word may occur: 0 anywhere, 1 in the title, 2 from the first proposal on."""

_ROLES = ("strong", "ambiguous", "weak", "context", "hints", "exclude", "sense")
_STRONG, _AMBIGUOUS, _WEAK, _CONTEXT, _HINTS, _EXCLUDE, _SENSE = range(len(_ROLES))
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*\s+(?=[\"'(\[$\\]*[A-Z0-9])")
_PROPOSAL = re.compile(
    r"\b(?:we|this (?:paper|work|article|study)|in this)\b[^.]{0,40}?\b(?:propos|introduc|present|develop|design|study"
    r"|investigat|show|examin|explor|analy|demonstrat|evaluat|build|construct|releas|provid|describ|formulat|report"
    r"|survey|review)\w*",
    re.IGNORECASE,
)
_OWN, _OTHERS, _OPENING, _ASIDE = -1, -2, -3, -4
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
    # Where a proposal may begin: searching for the whole pattern is slow, matching it at a given place is fast.
    _OPENING: ("we", "this paper", "this work", "this article", "this study", "in this"),
    # What a sentence with one of these names is not what the work does, or only its yardstick.
    _ASIDE: (
        "future work", "future direction", "future research", "future stud*", "future extension", "future version",
        "in the future", "next step", "open question", "remains open", "promising direction", "we plan to", "we hope",
        "we intend to", "as a comparison", "for comparison", "as a baseline", "as baselines",
    ),
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
_NEGATING = frozenset("no not without neither nor never unlike non".split())
_MEASURED_AGAINST = frozenset(
    (*pair.split(),)
    for pair in (
        "competitive with",
        "comparable to",
        "comparable with",
        "par with",
        "close to",
        "similar to",
        "superior to",
        "preferred over",
        "improves over",
        "improve over",
        "improvement over",
        "improvements over",
        "gain over",
        "gains over",
        "advantage over",
        "compared to",
        "compared with",
        "comparison to",
        "comparison with",
        "relative to",
        "match the",
        "matches the",
        "matching the",
        "rather than",
        "instead of",
        "opposed to",
    )
)
_ASIDE_WORDS = _CONTRASTING | _NEGATING | {first for first, _ in _MEASURED_AGAINST}
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
"""An occurrence of a term's word: its number, start and end, and the number of its sentence; -1 is the title."""


class TermFeatures(NamedTuple):
    """The features of one term in one paper.

    ``places`` are the occurrences of its words, the ``n_strong`` strong ones first. ``shape`` holds the numbers that
    ``SHAPE`` names. ``words`` encodes each word with its zone: ``N_ZONES`` times its number in ``FeatureReader.words``,
    plus the zone. ``nearby`` names the words around strong occurrences: ``L:unlike`` is one of the four words before,
    ``R:`` one of the three after; ``TL:`` and ``TR:`` the same in the title. ``words`` and ``nearby`` are sorted, so
    that sums over them are the same in every process.
    """

    places: list[Place]
    n_strong: int
    shape: list[float]
    words: list[int]
    nearby: list[str]


class PaperFeatures(NamedTuple):
    """What stands in one paper.

    ``found`` holds the features of every term found, by the term's number in the taxonomy, ascending. ``other_senses``
    are the terms whose words all stand in another meaning: in exclude phrases, or ambiguous without a sense word.
    """

    found: dict[int, TermFeatures]
    other_senses: set[int]


class FeatureReader:
    """Computes the features of a taxonomy's terms; ``words`` are the words that it looks for, numbered."""

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
        """Numbers of the words of term ``number`` that may have weights: strong, ambiguous, weak and hints."""
        groups = {len(_ROLES) * number + role for role in (_STRONG, _AMBIGUOUS, _WEAK, _HINTS)}
        return [word for word, group in enumerate(self._group_of) if group in groups]

    def read(self, title: str, abstract: str, plain_title: str, plain_abstract: str) -> PaperFeatures:
        """The features of every term found.

        ``plain_title`` and ``plain_abstract`` are the two texts after ``analysis.detection.term_matcher.plain``.
        """
        in_title = self._finder.places(title, plain_title)
        in_abstract = self._finder.places(abstract, plain_abstract)
        groups = in_title.keys() | in_abstract.keys()
        numbers = {group // len(_ROLES) for group in groups if group >= 0 and group % len(_ROLES) <= _WEAK}
        outline: _Outline | None = None
        features = {}
        other_senses: set[int] = set()
        around: dict[tuple[int, int, int], _Around] = {}
        for number in sorted(numbers):
            first = len(_ROLES) * number
            if groups.isdisjoint((first + _STRONG, first + _AMBIGUOUS, first + _CONTEXT)):
                continue
            if outline is None:
                outline = _Outline.of(abstract, in_abstract)
            starts = outline.starts
            strong: list[Place] = []
            ambiguous: list[Place] = []
            weak: list[Place] = []
            for role, places in ((_STRONG, strong), (_AMBIGUOUS, ambiguous), (_WEAK, weak)):
                if first + role in in_title:
                    places += [(*hit, -1) for hit in in_title[first + role]]
                if first + role in in_abstract:
                    places += [(*hit, bisect_right(starts, hit[1]) - 1) for hit in in_abstract[first + role]]
            some_excluded = False
            if first + _EXCLUDE in groups:
                phrases = [in_title.get(first + _EXCLUDE, ()), in_abstract.get(first + _EXCLUDE, ())]
                # In a paper on power transformers, the bare "transformer" has that meaning throughout.
                excluded = {
                    word
                    for word, at, _, sentence in (*strong, *ambiguous, *weak)
                    if any(start <= at < end for _, start, end in phrases[sentence >= 0])
                }
                if excluded:
                    some_excluded = True
                    strong = [place for place in strong if place[0] not in excluded]
                    ambiguous = [place for place in ambiguous if place[0] not in excluded]
                    weak = [place for place in weak if place[0] not in excluded]
            if first + _AMBIGUOUS in groups:
                # "transformer" stays ambiguous where a strong "*former" matches it too.
                spans = {place[1:] for place in ambiguous}
                clear = [place for place in strong if place[1:] not in spans]
                if clear or first + _SENSE in groups or first + _CONTEXT in groups:
                    strong += ambiguous
                else:
                    strong = []
            if not strong and (first + _CONTEXT not in groups or not weak):
                if not weak and not groups.isdisjoint((first + _STRONG, first + _AMBIGUOUS)):
                    other_senses.add(number)
                continue
            for _, start, end, sentence in strong:
                # Up to four words before the occurrence, in its sentence, and three after it.
                key = (sentence, start, end)
                if key not in around:
                    if sentence < 0:
                        around[key] = _Around.of(title, plain_title, 0, start, end)
                    else:
                        around[key] = _Around.of(abstract, plain_abstract, starts[sentence], start, end)
            hints = [*in_title.get(first + _HINTS, ()), *in_abstract.get(first + _HINTS, ())]
            features[number] = _term_features(
                strong,
                weak,
                outline,
                around,
                some_excluded,
                len(title),
                {word for word, _, _ in hints},
                with_nearby=self._kinds[number] == "technique",
            )
        return PaperFeatures(features, other_senses)


class _Around(NamedTuple):
    """The words around an occurrence, in its sentence: up to four before it, three after it, and whether it is aside.

    An occurrence is aside if the words before it say that the work is not or does not use it, or is compared with it.
    """

    before: list[str]
    after: list[str]
    is_aside: bool

    @classmethod
    def of(cls, text: str, plain_text: str, begin: int, start: int, end: int) -> _Around:
        """Around ``start`` to ``end`` in a text of which the sentence starts at ``begin``."""
        before = plain_text[max(begin, start - 80) : start].split()[-7:]
        return cls(before[-4:], plain_text[end : end + 40].split()[:3], _is_aside(text, begin, start, before))


def _is_aside(text: str, begin: int, start: int, before: list[str]) -> bool:
    if _ASIDE_WORDS.isdisjoint(before):
        return False
    if not _CONTRASTING.isdisjoint(before[-3:]):
        return True
    since = max(text.rfind(pause, begin, start) for pause in ",;:()")
    words = plain(text[max(begin, since + 1, start - 80) : start]).split()[-7:]
    return not _NEGATING.isdisjoint(words[-4:]) or not _MEASURED_AGAINST.isdisjoint(pairwise(words))


@dataclass(frozen=True, slots=True)
class _Outline:
    """The sentences of an abstract, by number from 0.

    ``starts`` are their first characters. ``own`` speak of the authors' own work, ``others`` name other work,
    ``asides`` future work or a yardstick.
    ``proposal_ends`` gives the end of the proposing phrase ("we propose") of each sentence that has one.
    ``first_proposal`` is the first of these; without any, the first own sentence; without these, past the last.
    """

    starts: list[int]
    own: set[int]
    others: set[int]
    asides: set[int]
    proposal_ends: dict[int, int]
    first_proposal: int

    @classmethod
    def of(cls, abstract: str, groups: Mapping[int, Sequence[tuple[int, int, int]]]) -> _Outline:
        """The outline of an abstract, from the occurrences of the cues."""
        starts = [0, *[match.end() for match in _SENTENCE_END.finditer(abstract)]]
        own = {bisect_right(starts, start) - 1 for _, start, _ in groups.get(_OWN, ())}
        others = {bisect_right(starts, start) - 1 for _, start, _ in groups.get(_OTHERS, ())}
        asides = {bisect_right(starts, start) - 1 for _, start, _ in groups.get(_ASIDE, ())}
        ends: dict[int, int] = {}
        free_from = 0
        for at in sorted([start for _, start, _ in groups.get(_OPENING, ())]):
            match = _PROPOSAL.match(abstract, at) if at >= free_from else None
            if match is not None:
                free_from = match.end()
                ends.setdefault(bisect_right(starts, at) - 1, free_from)
        first = min(ends, default=min(own, default=len(starts)))
        return cls(starts, own, others, asides, ends, first)


def _term_features(
    strong: list[Place],
    weak: list[Place],
    outline: _Outline,
    around: dict[tuple[int, int, int], _Around],
    some_excluded: bool,
    title_length: int,
    hints: set[int],
    *,
    with_nearby: bool,
) -> TermFeatures:
    n_sentences, first_proposal = len(outline.starts), outline.first_proposal
    own, others, proposals = outline.own, outline.others, outline.proposal_ends
    n_in_abstract = n_comparing = n_contrasted = n_using = n_about = n_clean = 0
    after_verb = False
    nearby: set[str] = set()
    words = {N_ZONES * word for word in hints}
    strong_words: set[int] = set()
    title_starts: set[int] = set()
    abstract_starts: set[int] = set()
    sentences: set[int] = set()
    for word, start, end, sentence in strong:
        before, after, is_aside = around[sentence, start, end]
        n_contrasted += is_aside or sentence in outline.asides
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
            n_using += not comparing and not _USING.isdisjoint(last_three)
            n_about += not _ABOUT.isdisjoint(last_three)
            n_clean += not comparing and (sentence in own or sentence in proposals)
            after_verb = after_verb or proposals.get(sentence, end) <= start
        if sentence >= first_proposal:
            words.add(N_ZONES * word + 2)
        if with_nearby:
            _add_nearby(nearby, before, after, in_title=sentence < 0)
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
        found and n_contrasted == len(strong),
        some_excluded,
    ]
    return TermFeatures([*strong, *weak], len(strong), shape, sorted(words), sorted(nearby))


def _add_nearby(nearby: set[str], before: list[str], after: list[str], *, in_title: bool) -> None:
    if in_title:
        nearby.update(["TL:" + word for word in before[-2:]])
        nearby.update(["TR:" + word for word in after[:2]])
        if not before:
            nearby.add("TL:^")
        return
    nearby.update(["L:" + word for word in before])
    nearby.update(["R:" + word for word in after])
    nearby.add("L1:" + (before[-1] if before else "^"))
    nearby.add("R1:" + (after[0] if after else "$"))
    if len(before) > 1:
        nearby.add(f"L2:{before[-2]} {before[-1]}")
