"""What a decision on a possible name rests on: how it is written, where it stands, and what the corpus says of it."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.names.candidates import Candidate, Reading
from analysis.names.contexts import GROUP_NUMBER, GROUPS, KIND_OF_NOUN, LEFT_GROUP, Context, context_of
from analysis.names.lexicon import KNOWN_AS, Lexicon
from analysis.names.tokens import ACRONYM, CAPITAL, LOWER, LOWER_DIGIT, MIXED, NUMBER, SHAPE_NAMES
from analysis.names.variants import family_key, name_key
from domain.name_mention import NAME_KINDS

_FORMS = {
    "bench": r"bench(?:mark)?s?(?:$|[-\s\dv+])|bench",
    "eval": r"eval(?:$|[-\s\d+])|arena|exam|challenge|leaderboard|task|gauntlet",
    "qa": r"qa(?:$|[-\s\d+])|qa-|vqa",
    "size": r"\d+(?:\.\d+)?[bB]\b",
    "many": r"\d+[kKM]$",
    "data": r"data|corpus|set$|db$|bank$|\bcorpora|wiki|reddit|tweets?|treebank",
    "net": r"nets?$|net[-+\dv]",
    "former": r"former|mamba|unet|transformer|attention",
    "gpt": r"gpt|llm|llama|qwen|gemma|gemini|claude|deepseek|mistral|phi-|vl$|vlm|bert|clip|vla$|dino|sam\b|vit\b|lm$",
    "agent": r"agent|claw|flow|gen$|coder|researcher|scientist",
    "optimisation": r"po$|grad|adam|sgd|loss|norm|reg$|prune|quant|lora|cache|spec|attn|align|distill|tune|merge|guard",
    "gym": r"gym|sim$|world|env|lab$|kit$|hub$|studio|suite|lib$|py[A-Z]|^py|torch|flow$|db$|\.js|os$",
    "rag": r"rag|cot$|mem|prompt|search|rl$|diff",
    "splat": r"splat|gs$|3d$|4d$|nerf|slam",
    "year": r"(?:19|20)\d\d$",
    "version": r"v?\d+(?:\.\d+)?$",
    "camel": r"(?-i:[a-z][A-Z])",
}
_FORM_NAMES = tuple(_FORMS)
_FORM_PATTERNS = tuple(re.compile(pattern, re.I) for pattern in _FORMS.values())

_OWN = (
    "n_words",
    "n_chars",
    "n_upper",
    "n_digits",
    "upper_share",
    "hyphen",
    "plural",
    "ends_in_number",
    "starts_lower",
    "only_capitals",
    "n_mixed",
    "n_acronym",
    "n_capital",
    "n_number",
    "n_lower",
    "connector",
    "in_title",
    "in_abstract",
    "whole_title",
    "title_case",
    "is_prefix",
    "in_prefix",
    "prefix_words",
    "has_prefix",
    "n_occurrences",
    "n_in_abstract",
    "first_position",
    "last_position",
    "first_sentence",
    "n_initial",
    "covered",
    "covers",
    "covering_papers",
    "covered_papers",
    "short_form",
    "long_form",
    "expanded",
    "within_expansion",
    "short_form_capitals",
    "family_before",
    "family_of_prefix",
    "contains_prefix",
    "within_prefix",
    "n_candidates",
    "order",
    "quoted",
    "after_comma",
    "before_comma",
    "after_colon",
    "sentence_we",
    "sentence_introduces",
    "sentence_evaluates",
    "sentence_background",
    "sentence_results",
    "in_first_third_only",
    "log_papers",
    "known",
    "title_share",
    "prefix_share",
    "lower_share_first",
    "lower_share_last",
    "lower_share_least",
    "head_papers",
    "family_papers",
    "family_variant_before",
    "all_before_own_work",
    "first_after_own_work",
    "own_sentences",
    "background_sentences",
    "result_sentences",
    "such_as_only",
    "lead_share_of_title",
    *(f"form:{name}" for name in _FORM_NAMES),
)
COLUMNS: tuple[str, ...] = (
    *_OWN,
    *(f"known:{kind}" for kind in KNOWN_AS),
    *(f"head:{kind}" for kind in KNOWN_AS),
    *(f"title:{kind}" for kind in NAME_KINDS),
    *(f"our:{kind}" for kind in NAME_KINDS),
    *(f"closed:{kind}" for kind in NAME_KINDS),
    *(f"here:{group}" for group in GROUPS),
    *(f"corpus:{group}" for group in GROUPS),
)
"""The columns of the table of numbers, in order."""

_BACKGROUND = frozenset(
    "existing recent recently previous prior traditional however although while despite current many widely advances "
    "remain remains limited lack often typically inspired growing emerging rapid".split()
)
_OWN_WORDS = frozenset("we our ours us".split())
_OWN_NOUNS = frozenset("paper work study article report thesis".split())
_RESULTS = frozenset(
    "experiments results outperforms outperform achieves achieve evaluation evaluations evaluate show demonstrate "
    "surpasses improves improvement state-of-the-art compared reduces experimental empirical".split()
)


@dataclass(frozen=True, eq=False)
class CandidateFeatures:
    """``numbers`` has a value for each of ``COLUMNS``; ``words`` are the signs that hold, as strings."""

    numbers: list[float]
    words: list[str]


def features_of(reading: Reading, lexicon: Lexicon) -> list[CandidateFeatures]:
    """The features of each candidate of a paper."""
    contexts = [
        [context_of(reading.zones[o.zone], o) for o in candidate.occurrences[:8]] for candidate in reading.candidates
    ]
    relations = _Relations(reading, lexicon)
    return [
        _features(reading, number, candidate, contexts[number], relations, lexicon)
        for number, candidate in enumerate(reading.candidates)
    ]


class _Relations:
    """How the candidates of a paper stand to one another."""

    def __init__(self, reading: Reading, lexicon: Lexicon) -> None:
        self.papers = [lexicon.papers(candidate.key) for candidate in reading.candidates]
        self.covered: list[list[int]] = [[] for _ in reading.candidates]
        self.covers: list[list[int]] = [[] for _ in reading.candidates]
        self.n_covered = [0] * len(reading.candidates)
        spans: dict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
        for number, candidate in enumerate(reading.candidates):
            for o in candidate.occurrences:
                for word in range(o.first, o.last + 1):
                    spans[o.zone, word].append((o.first, o.last, number))
        for number, candidate in enumerate(reading.candidates):
            for o in candidate.occurrences:
                inside = False
                for first, last, other in spans[o.zone, o.first]:
                    if first <= o.first and last >= o.last and last - first > o.last - o.first:
                        inside = True
                        self.covered[number].append(other)
                        self.covers[other].append(number)
                self.n_covered[number] += inside
        self.sentences = _Sentences(reading)
        self.title_words = {w.lower() for w in reading.zones[0].tokens.words}
        self.title_kinds, self.our_kinds = _kinds_of_paper(reading)
        self.families = [family_key(candidate.surface) for candidate in reading.candidates]
        self.prefix = next(
            (n for n, c in enumerate(reading.candidates) if _is_prefix(reading, c)),
            None,
        )


class _Sentences:
    """What each sentence of an abstract speaks of; ``own_from`` is the first in which the authors say what they do."""

    def __init__(self, reading: Reading) -> None:
        tokens = reading.zones[1].tokens
        self.numbers = tokens.sentence
        n = tokens.sentence[-1] + 1 if tokens.sentence else 0
        self.own, self.background, self.results, self.such_as = [[False] * n for _ in range(4)]
        self.own_from = n
        previous = ""
        for word, sentence in zip(tokens.words, tokens.sentence, strict=True):
            word = word.lower()
            if word in _OWN_WORDS or (previous == "this" and word in _OWN_NOUNS):
                self.own[sentence] = True
                if self.own_from == n:
                    self.own_from = sentence
            if word in _BACKGROUND:
                self.background[sentence] = True
            if word in _RESULTS:
                self.results[sentence] = True
            if (previous == "such" and word == "as") or word in ("like", "e.g", "including"):
                self.such_as[sentence] = True
            previous = word


def _sentences_of(candidate: Candidate, sentences: _Sentences) -> list[float]:
    """Where a name stands to the authors' own work, and shares of its sentences of each sort."""
    numbers = [sentences.numbers[o.first] for o in candidate.occurrences if o.zone == 1]
    if not numbers:
        return [0.0, 0.0, -0.2, -0.2, -0.2, 0.0]
    n = len(numbers)
    return [
        float(numbers[-1] < sentences.own_from),
        float(numbers[0] > sentences.own_from),
        sum(sentences.own[i] for i in numbers) / n,
        sum(sentences.background[i] for i in numbers) / n,
        sum(sentences.results[i] for i in numbers) / n,
        float(all(sentences.such_as[i] for i in numbers)),
    ]


def _kinds_of_paper(reading: Reading) -> tuple[list[float], list[float]]:
    """Which kinds the title speaks of, and which the abstract calls its own ("our benchmark", "this new dataset")."""
    in_title = {KIND_OF_NOUN.get(word.lower()) for word in reading.zones[0].tokens.words}
    own = set()
    words = reading.zones[1].tokens.words
    for i, word in enumerate(words):
        if word in ("our", "Our", "this", "This", "novel", "new", "first"):
            own |= {KIND_OF_NOUN.get(other) for other in words[i + 1 : i + 4]}
    return [float(kind in in_title) for kind in NAME_KINDS], [float(kind in own) for kind in NAME_KINDS]


def _is_prefix(reading: Reading, candidate: Candidate) -> bool:
    first = candidate.occurrences[0]
    return first.zone == 0 and first.first == 0 and 0 < reading.zones[0].prefix_end == first.last + 1


def _features(
    reading: Reading,
    number: int,
    candidate: Candidate,
    contexts: Sequence[Context],
    relations: _Relations,
    lexicon: Lexicon,
) -> CandidateFeatures:
    surface, key = candidate.surface, candidate.key
    first = candidate.occurrences[0]
    zone = reading.zones[first.zone]
    tokens = zone.tokens
    words = tokens.words[first.first : first.last + 1]
    shapes = tokens.shapes[first.first : first.last + 1]
    title = reading.zones[0]
    n_occurrences = len(candidate.occurrences)
    in_abstract = [o for o in candidate.occurrences if o.zone == 1]
    n_words_abstract = max(1, len(reading.zones[1].tokens.words))
    is_prefix = relations.prefix == number
    n_upper = sum(c.isupper() for c in surface)
    n_digits = sum(c.isdigit() for c in surface)
    papers = relations.papers[number]
    covered, covers = relations.covered[number], relations.covers[number]
    family = relations.families[number]
    has_digit = n_digits > 0
    prefix_key = reading.candidates[relations.prefix].key if relations.prefix is not None else ""
    short, long, expanded, within, capitals = _brackets(reading, candidate)
    lower_shares = [
        lexicon.lower_share(word) if shape in (CAPITAL, LOWER) else 0.0
        for word, shape in zip(words, shapes, strict=True)
    ]
    counts = lexicon.groups(key)
    head_key = key_of_head(words)
    head = head_key if head_key and head_key != key else None
    known = lexicon.known(key)
    known_head = lexicon.known(head) if head else ()
    here = [0.0] * len(GROUPS)
    for context in contexts:
        for group in context.groups:
            here[group] = 1.0
    leads = [frozenset(context.lead) for context in contexts]
    numbers: list[float] = [
        len(words),
        min(len(surface), 40),
        n_upper,
        n_digits,
        n_upper / max(1, len(surface)),
        "-" in surface,
        surface.endswith("s") and len(surface) > 2 and surface[-2].isupper(),
        surface[-1].isdigit(),
        surface[0].islower(),
        surface.isalpha() and surface.isupper(),
        sum(shape in (MIXED, LOWER_DIGIT) for shape in shapes),
        shapes.count(ACRONYM),
        shapes.count(CAPITAL),
        shapes.count(NUMBER),
        shapes.count(LOWER),
        any(shape == LOWER for shape in shapes[1:]),
        first.zone == 0,
        len(in_abstract) > 0,
        first.zone == 0 and len(words) == len(tokens.words),
        title.title_case,
        is_prefix,
        first.zone == 0 and first.last < title.prefix_end,
        title.prefix_end if is_prefix else 0,
        relations.prefix is not None,
        min(n_occurrences, 8),
        min(len(in_abstract), 8),
        in_abstract[0].first / n_words_abstract if in_abstract else -0.2,
        in_abstract[-1].first / n_words_abstract if in_abstract else -0.2,
        min(reading.zones[1].tokens.sentence[in_abstract[0].first], 12) if in_abstract else -1,
        sum(context.initial for context in contexts) / len(contexts),
        relations.n_covered[number] / n_occurrences,
        len(set(covers)),
        max((math.log1p(relations.papers[c]) for c in covered), default=0.0),
        max((math.log1p(relations.papers[c]) for c in covers), default=0.0),
        short,
        long,
        expanded,
        within,
        capitals,
        has_digit and any(relations.families[n] == family for n in range(number)),
        relations.prefix is not None and not is_prefix and relations.families[relations.prefix] == family,
        bool(prefix_key) and not is_prefix and prefix_key in key,
        bool(prefix_key) and not is_prefix and key in prefix_key,
        min(len(reading.candidates), 40),
        min(number, 30),
        any(context.before_sign in ("“", '"', "'", "`", "‘") for context in contexts),
        any(context.before_sign == " " and context.after_sign == "," for context in contexts),
        any(context.after_sign == "," for context in contexts),
        any(context.after_sign == ":" for context in contexts),
        any("we" in lead or "our" in lead for lead in leads),
        any(LEFT_GROUP.get(word) in ("introduce", "call") for lead in leads for word in lead),
        any(LEFT_GROUP.get(word) == "evaluate" for lead in leads for word in lead),
        sum(bool(lead & _BACKGROUND) for lead in leads) / len(leads),
        sum(bool(lead & _RESULTS) for lead in leads) / len(leads),
        bool(in_abstract) and in_abstract[-1].first / n_words_abstract < 0.34,
        math.log1p(papers),
        papers > 0,
        counts[GROUP_NUMBER["title"]],
        counts[GROUP_NUMBER["prefix"]],
        lower_shares[0],
        lower_shares[-1],
        min(lower_shares),
        math.log1p(lexicon.papers(head)) if head else 0.0,
        math.log1p(lexicon.papers(family)) if family != key else 0.0,
        any(relations.families[n] == family and reading.candidates[n].key != family for n in range(number)),
    ]
    numbers += _sentences_of(candidate, relations.sentences)
    numbers.append(sum(word.lower() in relations.title_words for word in words) / len(words))
    numbers += [pattern.search(surface) is not None for pattern in _FORM_PATTERNS]
    numbers += [kind in known for kind in KNOWN_AS]
    numbers += [kind in known_head for kind in KNOWN_AS]
    numbers += relations.title_kinds
    numbers += relations.our_kinds
    closed = {context.closed_kind for context in contexts}
    numbers += [kind in closed for kind in NAME_KINDS]
    numbers += here
    numbers += counts
    return CandidateFeatures(numbers, _words(surface, words, shapes, contexts))


_PARTS_OF_WORD = re.compile("[-'’‘]")


def key_of_head(words: Sequence[str]) -> str | None:
    """The key of the first part of a name, such as *gpt4* of "GPT-4 mini", *qwen* of "Qwen-VL" or *aime* of AIME'24."""
    if len(words) > 1:
        return name_key(words[0])
    parts = _PARTS_OF_WORD.split(words[0])
    return name_key("-".join(parts[:-1])) if len(parts) > 1 else None


def _brackets(reading: Reading, candidate: Candidate) -> tuple[bool, bool, bool, bool, float]:
    """Whether it is a short form after its long one, a long form before its short one, a name with its expansion in
    brackets, or part of such an expansion; and the share of capitals in the words of the long form."""
    short = long = expanded = within = False
    capitals = 0.0
    for o in candidate.occurrences[:8]:
        tokens = reading.zones[o.zone].tokens
        text = tokens.text
        start, end = tokens.starts[o.first], tokens.ends[o.last]
        if text[start - 1 : start] == "(" and o.first:
            matched = _long_words(tokens.words, tokens.words[o.first : o.last + 1], o.first)
            if matched:
                short = True
                shapes = tokens.shapes[o.first - matched : o.first]
                capitals = max(capitals, sum(shape != LOWER for shape in shapes) / len(shapes))
            elif o.last > o.first or tokens.shapes[o.first] == CAPITAL:
                within = within or tokens.shapes[o.first - 1] in (MIXED, ACRONYM)
        if text[end : end + 2] == " (" and o.last + 1 < len(tokens.words):
            inner = tokens.words[o.last + 1]
            close = text.find(")", end)
            n_inner = 0
            while o.last + 1 + n_inner < len(tokens.words) and tokens.starts[o.last + 1 + n_inner] < close:
                n_inner += 1
            if n_inner == 1 and _long_words(tokens.words, [inner], o.last + 1):
                long = True
            elif n_inner > 1 and o.first == o.last:
                initials = "".join(
                    w[0] for word in tokens.words[o.last + 1 : o.last + 1 + n_inner] for w in word.split("-") if w
                )
                wanted = [c for c in tokens.words[o.first].lower() if c.isalpha()]
                expanded = expanded or (
                    bool(wanted) and _is_subsequence(_capitals(tokens.words[o.first]), initials.lower())
                )
    return short, long, expanded, within, capitals


def _capitals(word: str) -> str:
    if len(word) > 2 and word[-1] == "s" and word[-2].isupper():
        word = word[:-1]
    return "".join(c for c in word if c.isupper()).lower() or word.lower()


def _is_subsequence(short: str, long: str) -> bool:
    rest = iter(long)
    return len(short) > 1 and all(c in rest for c in short)


def _long_words(words: Sequence[str], short: Sequence[str], before: int) -> int:
    """How many of the words before position ``before`` a short form stands for; 0 where it stands for none."""
    wanted = _capitals("".join(short))
    if len(wanted) < 2:
        return 0
    initials = ""
    for n in range(1, min(before, len(wanted) + 4) + 1):
        word = words[before - n]
        initials = "".join(part[0] for part in word.split("-") if part).lower() + initials
        if initials[0] == wanted[0] and _is_subsequence(wanted, initials):
            return n
        # "eXtended Reader": a capital within a word counts as well
        written = "".join(words[before - n : before]).lower()
        if n >= max(2, len(wanted) - 2) and word[0].lower() == wanted[0] and _is_subsequence(wanted, written):
            return n
    return 0


def _words(
    surface: str,
    words: Sequence[str],
    shapes: Sequence[int],
    contexts: Sequence[Context],
) -> list[str]:
    lower = surface.lower()
    found = {
        "shape=" + "+".join(SHAPE_NAMES[shape] for shape in shapes[:4]),
        "end3=" + lower[-3:],
        "end4=" + lower[-4:],
        "end5=" + lower[-5:],
        "start3=" + lower[:3],
        "start4=" + lower[:4],
        "last=" + words[-1].lower(),
        "first=" + words[0].lower(),
    }
    for context in contexts:
        left, right = context.left, context.right
        found.add("-1=" + (left[0] if left else "|"))
        if len(left) > 1:
            found.add("-2=" + left[1])
            found.add(f"-21={left[1]} {left[0]}")
        found.add("+1=" + (right[0] if right else "|"))
        if len(right) > 1:
            found.add("+2=" + right[1])
        found.add(f"signs={context.before_sign}{context.after_sign}")
        for word in context.lead[-12:]:
            if word in LEFT_GROUP or word in KIND_OF_NOUN or word in _BACKGROUND:
                found.add("lead=" + word)
    return sorted(found)


def table_of(features: Sequence[CandidateFeatures]) -> np.ndarray:
    """The numbers of candidates, float32 ``(n_candidates, len(COLUMNS))``."""
    return np.array([f.numbers for f in features], dtype=np.float32).reshape(len(features), len(COLUMNS))
