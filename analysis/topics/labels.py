"""Labels of topics: short phrases from the titles of their papers.

    titles -> phrases of 1 to 4 words, counted -> scored for each topic -> one label each, all different

Authors name their subject in the title, so no language model is needed. A good label is a phrase that many of the
topic's titles use and few others do, and that is a complete phrase there ("Gaussian splatting", not "Gaussian").
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain.same_subject import one_spelling

Key = tuple[str, ...]
"""A phrase in normal form: its words in lower case, singular and American spelling, split at hyphens."""

_MATH = re.compile(r"\$([^$]{0,200})\$")
_URL = re.compile(r"\b(?:https?://|www\.)\S+")
_ACCENT = re.compile(r"\\(?:[`'^\"~=.]\s*\{?|[Hcuv](?:\s+|\{))([A-Za-z])\}?")
_COMMAND = re.compile(r"\\[A-Za-z]+\*?")
_BRACES = re.compile(r"[{}\\]")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9]+")
_BLANKS = re.compile(r"\s+")


def plain_text(text: str) -> str:
    r"""The text without TeX and web addresses, on one line.

    Examples
    --------
    >>> plain_text(r"A \textbf{fast} $k$-means with $O(n^2)$ steps, see https://example.org/x")
    'A fast k-means with steps, see'
    """
    text = _URL.sub(" ", text)
    text = _ACCENT.sub(r"\1", text)
    text = _MATH.sub(lambda match: match[1] if _PLAIN_WORD.fullmatch(match[1]) else " ", text)
    text = _BRACES.sub("", _COMMAND.sub(" ", text))
    return _BLANKS.sub(" ", text.replace(" ,", ",")).strip()


def title_of(text: str) -> str:
    """The title in "title. abstract"."""
    return text.split(". ", 1)[0]


_CHE_PLURALS = ("caches", "headaches", "niches", "avalanches", "psyches")
"""Plurals of words in -che; all others in -ches lose -es."""


def word_form(word: str) -> str:
    """A lower-case word without its plural ending, in American spelling; good enough to recognise the same word.

    Examples
    --------
    >>> [word_form(word) for word in ("models", "policies", "bias", "losses", "llms", "approaches", "caches")]
    ['model', 'policy', 'bias', 'loss', 'llm', 'approach', 'cache']
    >>> [word_form(word) for word in ("quantisation", "behaviours", "modelling")]
    ['quantization', 'behavior', 'modeling']
    """
    return one_spelling(_singular(word))


def _singular(word: str) -> str:
    if len(word) <= 3:
        return word
    if word.endswith(_CHE_PLURALS):
        return word[:-1]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "as", "ics")):
        return word[:-1]
    return word


_FUNCTION_WORDS = """
    a about across after against all almost along already also always always-on amid among an and any are around as
    at be been before being between beyond both but by can cannot could do does doesn't don't during each either
    enough ever every few first five for four from had has have how however if in into is isn't it its itself just
    less like many may might more most much must neither no nor not of off on once one only or other our out over
    own per same several should so some such than that the their them then there these they this those three through
    to too toward towards two under until up upon us versus very via vs was we well were what when where whether
    which while who whom whose why will with within without would yet you your
"""
"""Function words, with which no label begins or ends."""

_TITLE_WORDS = """
    achieving adaptive addressing advance advances advancing aligning analysing analysis analyzing application
    applications approach approaches assessing automating based beat beats benchmark benchmarking benchmarks better
    boost boosting break breaks bridging building can case challenge challenges characterizing combining comparative
    comparing comparison comprehensive controlling dataset datasets decoupled decoupling deep demystifying designing
    detecting developing discovering disentangling dual dynamic effect effective effects efficient emerge emerges
    empirical empowering enable enables enabling end-to-end enhanced enhancement enhances enhancing evaluating
    evaluation evidence examining exploiting exploring extending fail fails fast faster framework frameworks
    from-scratch fully general generalizable generating get getting go going good guided harnessing help helps
    high-quality identifying impact impacts improve improved improves improving insights integrating introducing
    introduction investigating investigation joint know knows large large-scale learn learning-based learns lessons
    let letting leveraging lightweight limits make makes making mapping matter matters measuring meet meets method
    methods mitigating model model-based modeling modelling models need needs new novel open optimal optimizing
    overcoming overview paper perspective perspectives pipeline practical predicting principled probing problem
    problems progress quantifying rapid really reducing report rethinking revealing review revisiting robust role
    scalable scaling simple simplifying solution solutions solving speeding stop strategies strategy strong studies
    study studying survey system systematic systems tackling tailoring task tasks technical technique techniques
    theory think tool toolkit training transforming trustworthy tuning understanding unified unifying universal
    unlocking unraveling unveiling use useful using utilizing way ways work works
"""
"""Words of titles on any subject, with which no label begins or ends."""

_SUBJECT_WORDS = frozenset(_TITLE_WORDS.split())

_EDGE_WORDS = frozenset(_FUNCTION_WORDS.split()).union(_TITLE_WORDS.split())

_HEAD_WORDS = """
    analysis benchmark benchmarks datasets evaluation generation learning model modeling modelling models problem
    problems review scaling system systems tasks techniques theory tool tools training tuning
"""
"""Words that are no label by themselves but may end one: "language models", "instruction tuning"."""

_HEADS = frozenset(_HEAD_WORDS.split())

GENERAL = frozenset(word_form(word) for word in _HEADS)

_INNER_WORDS = frozenset({"of", "to"})
"""The only function words inside a label: "mixture of experts", "sim to real"."""

_SPELLINGS = (
    # Titles use both the full name and the abbreviation; counted apart, neither would rank first.
    (re.compile(r"\bmulti-?modal large language model(s?)\b", re.I), r"multimodal LLM\1"),
    (re.compile(r"\bMLLM(s?)\b"), r"multimodal LLM\1"),
    (re.compile(r"\blarge language model(s?)(?: \(LLMs?\))?(?![a-z])", re.I), r"LLM\1"),
    (
        re.compile(r"\b(?:large )?vision[- ]language model(s?)(?: \(L?VLMs?\))?(?![a-z])", re.I),
        r"vision-language model\1",
    ),
    (re.compile(r"\bL?VLM(s?)\b"), r"vision-language model\1"),
    (re.compile(r"\bVLA(s?)\b(?! model)"), r"vision-language-action model\1"),
    (re.compile(r"\bVLA model"), r"vision-language-action model"),
)

_SEGMENT_END = re.compile(r"[^\w\s'’+\-]+|\s[-–—]+\s|_")
_MAX_WORDS = 4


@dataclass(frozen=True)
class _Phrase:
    """One occurrence in a title: its key, its spelling, whether a phrase ends or begins with it there, and the word
    of `_TITLE_WORDS` before it, which would be part of the phrase if it said anything; empty for another word."""

    key: Key
    written: str
    ends: bool
    begins: bool
    before: str


def _phrases(title: str) -> Iterator[_Phrase]:
    """Every run of one to four words of a title that could be a label, once for each occurrence."""
    for pattern, name in _SPELLINGS:
        title = pattern.sub(name, title)
    for segment in _SEGMENT_END.split(title):
        words = [word for word in (raw.strip("-'’+") for raw in segment.split()) if word]
        lower = [word.lower().replace("’", "'").removesuffix("'s") for word in words]
        is_edge = [not _may_begin_or_end(word) for word in lower]
        for start in range(len(words)):
            if is_edge[start]:
                continue
            for end in range(start + 1, min(start + _MAX_WORDS, len(words)) + 1):
                if end - start > 1 and is_edge[end - 1] and lower[end - 1] not in _HEADS:
                    if lower[end - 1] in _INNER_WORDS:
                        continue
                    break
                yield _Phrase(
                    key=_key(lower[start:end]),
                    written=" ".join(words[start:end]),
                    ends=end == len(words) or (is_edge[end] and lower[end] not in _HEADS),
                    begins=start == 0 or is_edge[start - 1],
                    before=lower[start - 1] if start and lower[start - 1] in _SUBJECT_WORDS else "",
                )


def _may_begin_or_end(word: str) -> bool:
    return word not in _EDGE_WORDS and any(c.isalpha() for c in word) and (len(word) > 1)


def _key(lower: Sequence[str]) -> Key:
    return tuple(word_form(part) for word in lower for part in word.split("-") if part)


@dataclass
class _PhraseCounts:
    """Counts of one phrase over all titles.

    ``before`` counts the words of `_TITLE_WORDS` right before it.
    """

    n_titles: int = 0
    n_occurrences: int = 0
    n_ending: int = 0
    n_beginning: int = 0
    n_in_topic: Counter[int] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    written_whole: Counter[str] = field(default_factory=Counter)


def _count_phrases(titles: Sequence[str], topic_of_paper: NDArray[np.int64]) -> dict[Key, _PhraseCounts]:
    phrases: defaultdict[Key, _PhraseCounts] = defaultdict(_PhraseCounts)
    for title, topic in zip(titles, topic_of_paper.tolist(), strict=True):
        in_title: set[Key] = set()
        for phrase in _phrases(title):
            count = phrases[phrase.key]
            count.n_occurrences += 1
            count.n_ending += phrase.ends
            count.n_beginning += phrase.begins
            if phrase.before:
                count.before[phrase.before] += 1
            count.written[phrase.written] += 1
            if phrase.ends:
                count.written_whole[phrase.written] += 1
            if phrase.key not in in_title:
                in_title.add(phrase.key)
                count.n_titles += 1
                if topic >= 0:
                    count.n_in_topic[topic] += 1
    return phrases


_LENGTH_WEIGHT = {1: 0.5, 2: 1.0, 3: 1.05, 4: 0.95}
_MIN_LEAD = 2.0
"""Least ratio of the share of the topic's titles that use a label to that of any other topic."""

_BREADTH = 0.6
"""Exponent of the share of the topic's titles that use a phrase; a lower one gives narrower labels."""

_NARROW = 0.015
"""Share of a topic's titles at which a phrase's score is halved for being narrow."""

_MIN_WHOLE_OF_ANY_NAME = 0.2
"""A phrase that is complete less often than this is an adjective or a fragment: "clinical", "multi-agent"."""


def _weights(top_terms: Sequence[str]) -> dict[str, float]:
    """Weight of each of a topic's top terms: 1 for the first, falling to just above 0.5 for the last."""
    return {word_form(term): 1.0 - 0.5 * rank / len(top_terms) for rank, term in reversed(list(enumerate(top_terms)))}


@dataclass(frozen=True)
class _Candidate:
    """A possible label.

    ``share`` is the share of the topic's titles that use it, ``lead`` the ratio of that share to the largest of any
    other topic. ``whole``, in (0, 1], measures how often it is a complete phrase in titles.
    """

    key: Key
    score: float
    share: float
    lead: float
    whole: float


def _candidates(
    topic: int,
    keys: Sequence[Key],
    phrases: dict[Key, _PhraseCounts],
    sizes: NDArray[np.int64],
    n_papers: int,
    weights: dict[str, float],
) -> list[_Candidate]:
    """Possible labels of one topic, best first."""
    size = int(sizes[topic])
    scored = []
    for key in keys:
        count = phrases[key]
        n_here = count.n_in_topic[topic]
        share_here, share_of_all = n_here / size, count.n_titles / n_papers
        lift = math.log(share_here / share_of_all)
        if lift <= 0:
            continue
        share_elsewhere = max(
            (n / sizes[other] for other, n in count.n_in_topic.items() if other != topic), default=0.0
        )
        whole = (0.1 + 0.9 * count.n_ending / count.n_occurrences) * (
            0.5 + 0.5 * count.n_beginning / count.n_occurrences
        )
        central = 0.5 + 0.5 * sum(weights.get(part, 0.0) for part in key) / len(key)
        own = share_here / (share_here + share_elsewhere)
        if whole < _MIN_WHOLE_OF_ANY_NAME:
            continue
        breadth = share_here**_BREADTH * share_here / (share_here + _NARROW)
        score = breadth * lift * whole * central * own * _LENGTH_WEIGHT.get(len(key), 0.9)
        scored.append(
            _Candidate(key, score, share_here, share_here / share_elsewhere if share_elsewhere else math.inf, whole)
        )
    return sorted(scored, key=lambda candidate: (-candidate.score, candidate.key))


@dataclass(frozen=True, eq=False)
class CountedTitles:
    """The phrases of all titles and the words of all texts, counted once to label topics.

    ``sizes``, int64 ``(n_topics,)``, are the papers of each topic. ``phrases`` are counts by phrase. ``forms`` gives,
    for each word in lower case, how often it is written in which form within sentences. ``words`` are those of each
    title of each topic.
    """

    n_titles: int
    sizes: NDArray[np.int64]
    phrases: dict[Key, _PhraseCounts]
    forms: dict[str, Counter[str]]
    words: tuple[tuple[frozenset[str], ...], ...]

    def coverage(self, topic: int, *keys: Key) -> float:
        """The share of a topic's titles that hold a word of these phrases, general words such as "model" left out."""
        wanted = {word for key in keys for word in key} - GENERAL
        titles = self.words[topic]
        return sum(not wanted.isdisjoint(title) for title in titles) / len(titles) if titles else 0.0


def count_titles(
    titles: Sequence[str], texts: Sequence[str], topic_of_paper: NDArray[np.int64], n_topics: int
) -> CountedTitles:
    """The counts from which the labels of these papers' topics are chosen.

    Parameters
    ----------
    titles : of all papers, without TeX.
    texts : "title. abstract" of the same papers; abstracts show how words are written outside titles.
    topic_of_paper : int ``(n_papers,)``, -1 for none.
    n_topics : number of topics.
    """
    sizes = np.bincount(topic_of_paper[topic_of_paper >= 0], minlength=n_topics)
    words: list[list[frozenset[str]]] = [[] for _ in range(n_topics)]
    for title, topic in zip(titles, topic_of_paper.tolist(), strict=True):
        if topic >= 0:
            words[topic].append(frozenset(word for segment in title_segments(title) for word in segment))
    return CountedTitles(
        len(titles), sizes, _count_phrases(titles, topic_of_paper), _count_forms(texts), tuple(map(tuple, words))
    )


def label_topics(titles: CountedTitles, top_terms: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """A short noun phrase for each topic, all different, each from the topic's own titles.

    A phrase scores higher the more of the topic's titles use it, the fewer others do, the more often it is a complete
    phrase, and if its words are among the topic's top terms. It becomes the label only if clearly more of the topic's
    titles use it than of any other topic's, and if it has more than one word. If no phrase meets that, a second one is
    added to the best: "code generation and program repair", "security and prompt injection".

    Parameters
    ----------
    titles : counts over the titles of all papers.
    top_terms : of each topic, best first.
    """
    n_topics, sizes, phrases = len(top_terms), titles.sizes, titles.phrases
    keys_of_topic: list[list[Key]] = [[] for _ in range(n_topics)]
    for key, count in phrases.items():
        for topic, n_here in count.n_in_topic.items():
            if n_here >= max(2, 0.015 * sizes[topic]):
                keys_of_topic[topic].append(key)
    ranked = [
        _candidates(topic, keys_of_topic[topic], phrases, sizes, titles.n_titles, _weights(top_terms[topic]))
        for topic in range(n_topics)
    ]
    chosen: dict[int, str] = {}
    taken: set[Key] = set()
    # The topic with the best-scored phrase chooses first.
    for topic in sorted(range(n_topics), key=lambda t: (-ranked[t][0].score if ranked[t] else 0.0, t)):
        keys = _choose(topic, ranked[topic], taken, titles)
        if not keys:
            keys = _from_terms(top_terms[topic], taken)
        taken.add(_word_set(*keys))
        chosen[topic] = " and ".join(_with_fixed_word(titles, key) for key in keys)
    return tuple(chosen[topic] for topic in range(n_topics))


_LONGER_SHARE = {1: 0.4, 2: 0.6}
_LONGER_SHARE_OF_FRAGMENT = {1: 0.2, 2: 0.3}
"""By the number of words of a label: the least share of its titles that a longer phrase must have to replace it. The
share is lower for fragments, such as "property prediction" in "molecular property prediction"."""

_MIN_WHOLE = 0.5
"""A label that is complete less often than this is a fragment."""


_MIN_FIXED = 0.3
"""A title word that stands before this share of a word's occurrences belongs to it: "optimal transport"."""

_MIN_SECOND_SHARE = 0.03
"""Share of a topic's titles that the second part of its label should have."""

_N_SECOND = 20
"""Best phrases of a topic among which the second part of its label is chosen."""


_NEAR_EQUAL = 0.8
"""Of phrases that score at least so much of the best score, the one whose words more of the topic's titles hold."""


def _choose(topic: int, candidates: Sequence[_Candidate], taken: set[Key], titles: CountedTitles) -> tuple[Key, ...]:
    """The best unused label with a clear lead, or else the best one with a second that distinguishes it."""
    if not candidates:
        return ()
    clear = [c for c in candidates if c.lead >= _MIN_LEAD and _word_set(c.key) not in taken]
    best = candidates[0]
    if clear and clear[0].score >= 0.5 * candidates[0].score:
        near = [c for c in clear if c.score >= _NEAR_EQUAL * clear[0].score]
        # The first of equals stays the best-scored one.
        best = _longer(max(near, key=lambda c: titles.coverage(topic, c.key) / len(c.key)), clear)
        if _says_enough(titles, best.key):
            return (best.key,)
    # A single word says too little: "security" of what, "memory" of whom?
    others = [c for c in candidates[:_N_SECOND] if c.key != best.key and _says_enough(titles, c.key)]
    others = [c for c in others if not _are_related(c.key, best.key) and _word_set(best.key, c.key) not in taken]
    # A phrase of a few titles can have an endless lead; broader ones come first.
    others.sort(key=lambda c: (c.share < _MIN_SECOND_SHARE, -_worth(c)))
    if others:
        near = [c for c in others if _worth(c) >= _NEAR_EQUAL * _worth(others[0]) and c.share >= _MIN_SECOND_SHARE]
        second = max(near or others[:1], key=lambda c: titles.coverage(topic, best.key, c.key))
        return (best.key, second.key)
    return (best.key,) if _word_set(best.key) not in taken else ()


def _worth(candidate: _Candidate) -> float:
    """How good a candidate is as the second part of a label."""
    return candidate.score * min(candidate.lead, _MIN_LEAD)


def _says_enough(titles: CountedTitles, key: Key) -> bool:
    """Whether a phrase can stand alone: two words, not all general, or one with a title word that belongs to it."""
    if len(key) > 1:
        return not GENERAL.issuperset(key)
    return _with_fixed_word(titles, key) != _spelling(titles, key)


def _with_fixed_word(titles: CountedTitles, key: Key) -> str:
    """The spelling of a label of one word, after the title word that mostly stands before it: "optimal transport"."""
    spelling = _spelling(titles, key)
    if len(key) > 1 or key not in titles.phrases:
        return spelling
    count = titles.phrases[key]
    word, n = max(count.before.items(), key=lambda pair: (pair[1], pair[0]), default=("", 0))
    return f"{word} {spelling}" if n >= _MIN_FIXED * count.n_occurrences else spelling


def _are_related(one: Key, other: Key) -> bool:
    """Whether two labels share a word or its stem ("agent", "agentic"), or one has the other's initials."""
    initials = {"".join(word[0] for word in key) for key in (one, other) if len(key) > 1}
    return bool(initials & {*one, *other}) or any(a[:5] == b[:5] for a in one for b in other)


def _word_set(*keys: Key) -> Key:
    """The different words of one or more labels, sorted: no two topics may have the same."""
    return tuple(sorted({word for key in keys for word in key}))


def _longer(name: _Candidate, candidates: Sequence[_Candidate]) -> _Candidate:
    """The best longer phrase that contains this label and occurs in enough of its titles, or the label itself.

    "Quantum machine learning" says more than "quantum", even if titles continue "quantum" in many ways.
    """
    while len(name.key) in _LONGER_SHARE:
        shares = _LONGER_SHARE if name.whole >= _MIN_WHOLE else _LONGER_SHARE_OF_FRAGMENT
        least = shares[len(name.key)] * name.share
        holding = [c for c in candidates if _contains(c.key, name.key) and c.share >= least]
        if not holding:
            break
        name = holding[0]
    return name


def _contains(longer: Key, shorter: Key) -> bool:
    n_words = len(shorter)
    starts = range(len(longer) - n_words + 1)
    return len(longer) > n_words and any(longer[start : start + n_words] == shorter for start in starts)


def _from_terms(terms: Sequence[str], taken: set[Key]) -> tuple[Key, ...]:
    """A label of top terms, as many as make it unique, for a topic whose titles share no phrase."""
    for n_words in range(min(2, len(terms)), len(terms) + 1):
        key = tuple(terms[:n_words])
        if key and _word_set(key) not in taken:
            return (key,)
    return (("topic", str(len(taken) + 1)),)


def label_phrases(label: str) -> tuple[Key, ...]:
    """The phrases of a label as keys, the first one first.

    Examples
    --------
    >>> label_phrases("LLM agents and tool use (planning)")
    (('llm', 'agent'), ('tool', 'use'))
    """
    parts = re.sub(r"\([^)]*\)", "", label).split(" and ")
    return tuple(key for part in parts for key in title_segments(part))


def title_segments(title: str) -> list[Key]:
    """The words of a title as keys, one for each run of words without punctuation between them.

    Examples
    --------
    >>> title_segments("KV-Caches: what large language models need")
    [('kv', 'cache'), ('what', 'llm', 'need')]
    """
    for pattern, name in _SPELLINGS:
        title = pattern.sub(name, title)
    segments = []
    for segment in _SEGMENT_END.split(title):
        words = [word for word in (raw.strip("-'’+") for raw in segment.split()) if word]
        segments.append(_key([word.lower().replace("’", "'").removesuffix("'s") for word in words]))
    return [segment for segment in segments if segment]


def uses_phrase(segments: Sequence[Key], phrase: Key) -> bool:
    """Whether one of a title's segments contains a phrase."""
    return any(segment == phrase or _contains(segment, phrase) for segment in segments)


_TEXT_WORD = re.compile(r"(?<=[a-z,;] )[^\W_][\w'-]*")


def _count_forms(texts: Sequence[str]) -> dict[str, Counter[str]]:
    """How often each word, in lower case, is written in which form."""
    counts: Counter[str] = Counter()
    for text in texts[:: max(1, len(texts) // 20_000)]:
        # Only words within sentences of the abstract: in titles and after full stops every word may have a capital.
        counts.update(_TEXT_WORD.findall(text.partition(". ")[2]))
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word, n in counts.items():
        forms[word.lower()][word] = n
    return forms


def _spelling(titles: CountedTitles, key: Key) -> str:
    """The phrase as it is written: capitals as in running text, singular or plural as in most titles."""
    if key not in titles.phrases:
        return " ".join(key)
    count = titles.phrases[key]
    by_form: Counter[str] = Counter()
    # "Transformer" in "transformer blocks" does not count against "transformers".
    for surface, n in (count.written_whole or count.written).items():
        by_form[" ".join(_spelling_of_word(word, titles.forms) for word in surface.split())] += n
    return max(sorted(by_form), key=lambda form: by_form[form])


def _spelling_of_word(word: str, forms: dict[str, Counter[str]]) -> str:
    written = forms.get(word.lower())
    if not written:
        return word if any(part[1:] != part[1:].lower() for part in word.split("-")) else word.lower()
    if written[word.lower()] >= 0.25 * written.total():
        return word.lower()
    return max(sorted(written), key=lambda form: written[form])
