"""What a paper's words show of each term, as numbers: where the words stand, and what stands around them."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from analysis.lexicon import Hit, WordFinder, plain
from analysis.taxonomy import Taxonomy
from domain.detections import EvidenceField

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

_WEIGHED = ("strong", "weak", "hints")
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*\s+(?=[\"'(\[$\\]*[A-Z0-9])")
_PROPOSAL = re.compile(
    r"\b(?:we|this (?:paper|work|article|study)|in this)\b[^.]{0,40}?\b(?:propos|introduc|present|develop|design|study"
    r"|investigat|show|examin|explor|analy|demonstrat|evaluat|build|construct|releas|provid|describ|formulat|report"
    r"|survey|review)\w*",
    re.IGNORECASE,
)
_OWN = ("we", "our", "ours", "this paper", "this work", "this article", "this study", "this survey", "this thesis")
_OTHERS = (
    "unlike", "in contrast to", "compared to", "compared with", "outperform*", "than", "baseline", "such as",
    "existing", "previous", "prior work", "traditional", "recent", "instead of", "without", "rather than",
    "alternative", "in comparison", "competitive with", "surpass*", "as opposed to", "future work", "success of",
    "inspired by",
)  # fmt: skip
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


@dataclass(frozen=True, slots=True)
class TermSignals:
    """What one paper shows of one term.

    ``places`` are where its words stand, first the ``n_strong`` strong ones. ``shape`` is described by ``SHAPE``.
    ``words`` holds pairs (number of the word in ``SignalReader.words``, zone), zone 0 for anywhere, 1 in the title, 2
    from the first proposal on. ``nearby`` names the words around strong places, such as ``L:unlike`` for up to four
    words before. Both are sorted, so that sums over them come out the same in every process.
    """

    places: tuple[tuple[EvidenceField, Hit], ...]
    n_strong: int
    shape: tuple[float, ...]
    words: tuple[tuple[int, int], ...]
    nearby: tuple[str, ...]


@dataclass(slots=True)
class _Place:
    field: EvidenceField
    hit: Hit
    sentence: int  # -1 in the title
    strong: bool


class SignalReader:
    """Reads the signals of a taxonomy's terms; ``words`` are its strong and weak words, numbered."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._kinds = [entry.kind for entry in taxonomy.entries]
        words: list[str] = []
        self._roles: list[tuple[int, str]] = []
        for number, entry in enumerate(taxonomy.entries):
            for role in ("strong", "weak", "context", "hints", "exclude"):
                for word in getattr(entry, role):
                    words.append(word)
                    self._roles.append((number, role))
        for role, cues in (("own", _OWN), ("others", _OTHERS)):
            words += cues
            self._roles += [(-1, role)] * len(cues)
        self.words = tuple(words)
        self._finder = WordFinder(words)

    def words_of(self, number: int) -> list[int]:
        """The numbers of the words of the term with this number that may carry a weight: strong, weak and hints."""
        return [w for w, (term, role) in enumerate(self._roles) if term == number and role in _WEIGHED]

    def read(self, title: str, abstract: str) -> dict[int, TermSignals]:
        """The signals of every term found, by the term's number in the taxonomy, ascending."""
        roles = self._roles
        hits: dict[EvidenceField, list[Hit]] = {
            "title": self._finder.find(title), "abstract": self._finder.find(abstract)
        }  # fmt: skip
        frame = _Frame.of(abstract, ((roles[h.word][1], h) for h in hits["abstract"] if roles[h.word][0] < 0))
        places: dict[int, list[_Place]] = {}
        has_context: set[int] = set()
        hints: dict[int, set[int]] = {}
        excluded_words: dict[int, set[int]] = {}
        for field, found in hits.items():
            excluded = [(roles[h.word][0], h) for h in found if roles[h.word][1] == "exclude"]
            for hit in found:
                number, role = roles[hit.word]
                if number < 0 or role == "exclude":
                    continue
                if role == "context":
                    has_context.add(number)
                    continue
                if role == "hints":
                    hints.setdefault(number, set()).add(hit.word)
                    continue
                if excluded and any(n == number and x.start <= hit.start < x.end for n, x in excluded):
                    # In a paper on power transformers the bare "transformer" means the same elsewhere in it.
                    excluded_words.setdefault(number, set()).add(hit.word)
                    continue
                sentence = -1 if field == "title" else frame.sentence_at(hit.start)
                places.setdefault(number, []).append(_Place(field, hit, sentence, role == "strong"))
        signals = {}
        texts: dict[EvidenceField, tuple[str, str]] = {
            "title": (title, plain(title)), "abstract": (abstract, plain(abstract))
        }  # fmt: skip
        around: dict[tuple[EvidenceField, int, int], tuple[list[str], list[str]]] = {}
        for number in sorted(places):
            banned: set[int] = excluded_words.get(number, set())
            kept = [place for place in places[number] if place.hit.word not in banned]
            strong = [place for place in kept if place.strong]
            if not strong and (number not in has_context or not kept):
                continue
            for place in strong:
                key = (place.field, place.hit.start, place.hit.end)
                if key not in around:
                    around[key] = frame.around(texts[place.field][1], place)
            signals[number] = _signals(
                kept,
                strong,
                frame,
                around,
                bool(banned),
                len(title),
                hints.get(number, set()),
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
    def of(cls, abstract: str, cues: Iterable[tuple[str, Hit]]) -> _Frame:
        starts = [0, *(match.end() for match in _SENTENCE_END.finditer(abstract))]
        own: set[int] = set()
        others: set[int] = set()
        for role, hit in cues:
            (own if role == "own" else others).add(bisect_right(starts, hit.start) - 1)
        ends: dict[int, int] = {}
        for match in _PROPOSAL.finditer(abstract):
            ends.setdefault(bisect_right(starts, match.start()) - 1, match.end())
        first = min(ends, default=min(own, default=len(starts)))
        return cls(starts, own, others, ends, first)

    def sentence_at(self, position: int) -> int:
        return bisect_right(self.starts, position) - 1

    def around(self, plain_text: str, place: _Place) -> tuple[list[str], list[str]]:
        """Up to four words before a place, in its sentence, and three behind it."""
        first = 0 if place.sentence < 0 else self.starts[place.sentence]
        before = plain_text[max(first, place.hit.start - 50) : place.hit.start].split()[-4:]
        return before, plain_text[place.hit.end : place.hit.end + 40].split()[:3]


def _signals(
    kept: list[_Place],
    strong: list[_Place],
    frame: _Frame,
    around: dict[tuple[EvidenceField, int, int], tuple[list[str], list[str]]],
    some_excluded: bool,
    title_length: int,
    hints: set[int],
    *,
    with_nearby: bool,
) -> TermSignals:
    weak = [place for place in kept if not place.strong]
    in_abstract = [place for place in strong if place.sentence >= 0]
    sentences = {place.sentence for place in in_abstract}
    title_starts = {place.hit.start for place in strong if place.sentence < 0}
    n_sentences, first_proposal = len(frame.starts), frame.first_proposal
    own, others, proposals = frame.own, frame.others, frame.proposal_ends
    n_comparing = n_contrasted = n_using = n_about = n_clean = 0
    nearby: set[str] = set()
    for place in strong:
        before, behind = around[place.field, place.hit.start, place.hit.end]
        if place.sentence >= 0:
            comparing = not _COMPARING.isdisjoint(before)
            n_comparing += comparing
            n_contrasted += not _CONTRASTING.isdisjoint(before[-3:])
            n_using += not comparing and not _USING.isdisjoint(before[-3:])
            n_about += not _ABOUT.isdisjoint(before[-3:])
            n_clean += not comparing and (place.sentence in own or place.sentence in proposals)
        if with_nearby:
            _add_nearby(nearby, before, behind, in_title=place.sentence < 0)
    title_found = bool(title_starts)
    after = [sentence for sentence in sentences if sentence >= first_proposal]
    shape = (
        1.0,
        bool(strong),
        title_found,
        any(place.sentence < 0 for place in weak),
        len(title_starts) > 1,
        any(start < 0.3 * title_length for start in title_starts),
        not title_found,
        title_found and not sentences,
        math.log1p(len({(place.field, place.hit.start) for place in strong})),
        math.log1p(len(weak)),
        math.log1p(len({place.hit.word for place in strong})),
        len(sentences) / n_sentences,
        len(sentences) >= 2,
        len(sentences) >= 3,
        not sentences.isdisjoint(own),
        any(place.sentence in own for place in weak),
        not sentences.isdisjoint(proposals),
        first_proposal in sentences,
        any(proposals.get(place.sentence, place.hit.end) <= place.hit.start for place in in_abstract),
        len(after) / n_sentences,
        bool(after),
        bool(sentences) and not after,
        bool((sentences & own) - others),
        bool(sentences) and sentences <= others,
        not sentences <= others,
        min(n_clean, 3) / 2,
        n_comparing > 0,
        bool(strong) and n_comparing == len(in_abstract),
        min(n_using, 2) / 2,
        min(n_about, 3) / 2,
        0 in sentences,
        n_sentences - 1 in sentences,
        sentences == {0},
        sentences == {n_sentences - 1},
        not title_found and bool(strong) and n_contrasted == len(in_abstract),
        some_excluded,
    )
    words = {(place.hit.word, 0) for place in kept}
    words |= {(place.hit.word, 1) for place in kept if place.sentence < 0}
    words |= {(place.hit.word, 2) for place in kept if place.sentence >= first_proposal}
    words |= {(word, 0) for word in hints}
    return TermSignals(
        tuple((place.field, place.hit) for place in (*strong, *weak)),
        len(strong),
        tuple(map(float, shape)),
        tuple(sorted(words)),
        tuple(sorted(nearby)),
    )


def _add_nearby(nearby: set[str], before: list[str], behind: list[str], *, in_title: bool) -> None:
    if in_title:
        nearby.update("TL:" + word for word in before[-2:])
        nearby.update("TR:" + word for word in behind[:2])
        if not before:
            nearby.add("TL:^")
        return
    nearby.update("L:" + word for word in before)
    nearby.update("R:" + word for word in behind)
    nearby.add("L1:" + (before[-1] if before else "^"))
    nearby.add("R1:" + (behind[0] if behind else "$"))
    if len(before) > 1:
        nearby.add(f"L2:{before[-2]} {before[-1]}")
