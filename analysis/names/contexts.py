"""What stands around a possible name: the words before and after, seen past the other members of a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.names.candidates import Occurrence, Zone
from analysis.names.tokens import LOWER, NUMBER

_AND = frozenset(("and", "or", "as", "well", "both", "plus", "then", "even", "also"))
_KIND_NOUNS = {
    "benchmark": "benchmark benchmarks leaderboard challenge challenges suite suites testbed testbeds competition task "
    "tasks exam exams tests test evaluation evaluations arena problems environments environment",
    "dataset": "dataset datasets corpus corpora database databases data collection collections archive repository set "
    "sets annotations images videos dataset-level splits treebank recordings cohort cohorts split subset",
    "model": "model models llm llms vlm vlms mllm mllms lvlm lvlms encoder encoders backbone backbones checkpoint "
    "checkpoints family series lm lms slm slms embeddings embedding classifier classifiers detector "
    "detectors vla vlas generator transformer transformers variants agents policy policies",
    "method": "method methods algorithm algorithms framework frameworks approach approaches architecture "
    "architectures optimizer optimizers loss losses objective pipeline strategy mechanism module modules "
    "network networks technique techniques training sampler attention layer layers block scheme paradigm "
    "procedure estimator kernel regularization adapters adapter adaptation optimization baselines baseline",
    "tool": "library libraries toolkit toolbox package software simulator simulators platform platforms engine "
    "engines system systems tool tools app application applications compiler compilers infrastructure "
    "ecosystem interface solver solvers assistant assistants plugin server backend protocol prover stack "
    "sdk",
}
_LEFT = {
    "on": "on across over upon onto",
    "with": "using with via by use uses used utilize utilizing leverage leverages leveraging employ employs "
    "employing adopt adopts adopting apply applying integrate integrates integrating combine combines "
    "combining through",
    "such": "like including e.g namely i.e notably especially particularly",
    "beat": "outperform outperforms outperforming outperformed surpass surpasses surpassing than versus vs against "
    "beat beats beating exceed exceeds exceeding compared match matches matching rival rivals",
    "introduce": "introduce introduces introducing introduced propose proposes proposing proposed present presents "
    "presenting presented develop develops developing developed release releases releasing released design "
    "designed construct constructed build built create created unveil establish contribute describe devise "
    "implement formulate announce offer provide curate instantiate",
    "call": "called named dubbed termed coined call name denoted abbreviated titled introducing",
    "train": "fine-tune fine-tuned fine-tuning finetune finetuned finetuning train trained training pretrained pre- "
    "trained pretrain distilled distill distilling from based built building quantized",
    "evaluate": "evaluate evaluated evaluating evaluation evaluations experiments test tested testing results "
    "performance benchmarked benchmarking validated assess accuracy scores sota improves state-of-the-art "
    "achieves",
    "extend": "extend extends extending improve improving modify modified augment adapt adapting adapts generalize "
    "generalizes replace replacing accelerate accelerating reproduce analyze study studying examine "
    "investigate",
    "the": "the",
    "a": "a an",
    "of": "of",
    "in": "in within into",
    "to": "to for as",
    "our": "our this new novel we",
    "original": "original vanilla standard popular existing recent widely-used well-known classic classical "
    "conventional prior previous traditional common seminal powerful open-source proprietary commercial "
    "frontier",
}
_RIGHT_VERBS = (
    "is are was uses achieves outperforms consists comprises enables provides introduces contains includes "
    "demonstrates shows learns leverages combines integrates improves reduces addresses employs generates "
    "supports covers offers features allows models builds extends first operates surpasses delivers decomposes "
    "maintains exhibits captures spans reveals can has does adopts formulates treats incorporates yields also "
    "significantly consistently effectively aims trains constructs replaces establishes attains dynamically "
    "jointly explicitly further reaches transforms performs measures evaluates remains represents unifies "
    "predicts"
).split()


def _by_word(groups: dict[str, str]) -> dict[str, str]:
    return {word: group for group, words in groups.items() for word in words.split()}


KIND_OF_NOUN = _by_word(_KIND_NOUNS)
LEFT_GROUP = _by_word(_LEFT)
RIGHT_VERBS = frozenset(_RIGHT_VERBS)

_PHRASE_ENDS = frozenset(
    "for of that which to with in on by from designed built where using via based and is are consisting comprising "
    "containing capable aimed aiming trained over towards toward through under without when who it we".split()
)

GROUPS: tuple[str, ...] = (
    *(f"left:{group}" for group in _LEFT),
    *(f"right:{kind}" for kind in _KIND_NOUNS),
    *(f"before:{kind}" for kind in _KIND_NOUNS),
    *(f"apposition:{kind}" for kind in _KIND_NOUNS),
    *(f"lead:{kind}" for kind in _KIND_NOUNS),
    "right:verb",
    "right:bracket",
    "left:bracket",
    "in list",
    "such as",
    "prefix",
    "title",
    "introduced",
)
"""The context groups that are counted over the corpus, in the order of the counts."""
GROUP_NUMBER = {group: number for number, group in enumerate(GROUPS)}


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around one occurrence.

    ``groups`` are numbers of ``GROUPS``. ``left`` and ``right`` hold up to three words before and two after the list
    that the occurrence is a member of, in lower case, nearest first. ``before_sign`` and ``after_sign`` are the
    characters that stand directly around it. ``lead`` holds the words of the sentence before the list.
    ``closed_kind`` is the kind that the word after a closing bracket gives ("... (FOO) dataset").
    """

    groups: frozenset[int]
    left: tuple[str, ...]
    right: tuple[str, ...]
    before_sign: str
    after_sign: str
    lead: tuple[str, ...]
    position: float
    initial: bool
    closed_kind: str | None


def context_of(zone: Zone, occurrence: Occurrence) -> Context:
    """What stands around an occurrence."""
    tokens = zone.tokens
    words, n = tokens.words, len(tokens.words)
    first, last = occurrence.first, occurrence.last
    list_first, list_last = _list_start(zone, first), _list_end(zone, last)
    sentence = tokens.sentence[first]
    start = list_first
    while start and tokens.sentence[start - 1] == sentence and list_first - start < 40:
        start -= 1
    lead = tuple(word.lower() for word in words[start:list_first])
    left = tuple(reversed(lead[-3:]))
    end = list_last + 1
    while end < n and end - list_last <= 3 and tokens.sentence[end] == sentence:
        end += 1
    right = tuple(word.lower() for word in words[list_last + 1 : end])
    text = tokens.text
    at, to = tokens.starts[first], tokens.ends[last]
    before_sign = text[at - 1] if at else ""
    after_sign = text[to : to + 2].strip()[:1]
    if after_sign.isalnum():
        after_sign = ""
    groups = set(_left_groups(left, lead))
    if kind := _apposition_kind(zone, list_last):
        groups.add(GROUP_NUMBER[f"apposition:{kind}"])
    close = text[tokens.ends[list_last] : tokens.starts[list_last + 1]] if list_last + 1 < n else "."
    if right and close in (" ", "-", " “", ' "'):
        for word in right[:2] if right[0] not in ("is", "are", "on", "in", "for", "to", "with", "as") else right[:1]:
            kind = KIND_OF_NOUN.get(word)
            if kind:
                groups.add(GROUP_NUMBER[f"right:{kind}"])
                break
        if right[0] in RIGHT_VERBS:
            groups.add(GROUP_NUMBER["right:verb"])
    if after_sign == "(":
        groups.add(GROUP_NUMBER["right:bracket"])
    if before_sign == "(":
        groups.add(GROUP_NUMBER["left:bracket"])
    if list_first < first or list_last > last:
        groups.add(GROUP_NUMBER["in list"])
    if zone.field == "title":
        groups.add(GROUP_NUMBER["title"])
        if first == 0 and last == zone.prefix_end - 1:
            groups.add(GROUP_NUMBER["prefix"])
    length = max(1, n)
    return Context(
        frozenset(groups),
        left,
        right[:2],
        before_sign,
        after_sign,
        lead,
        first / length,
        tokens.initial[first],
        _closed_kind(zone, last),
    )


def _closed_kind(zone: Zone, last: int) -> str | None:
    """The kind that the words after a closing bracket give: "the Emotion-Why-How (EWH) dataset"."""
    tokens = zone.tokens
    for i in range(last + 1, min(last + 4, len(tokens.words))):
        gap = tokens.gap(i - 1)
        if i == last + 1 and not gap.startswith(") "):
            return None
        if i > last + 1 and gap not in (" ", "-"):
            return None
        if kind := KIND_OF_NOUN.get(tokens.words[i].lower()):
            return kind
    return None


def _left_groups(left: tuple[str, ...], lead: tuple[str, ...]) -> Iterable[int]:
    for distance, word in enumerate(left):
        group = LEFT_GROUP.get(word)
        if group and (distance == 0 or group in ("introduce", "call", "beat", "evaluate", "train", "such")):
            yield GROUP_NUMBER[f"left:{group}"]
        kind = KIND_OF_NOUN.get(word)
        if kind and distance < 2:
            yield GROUP_NUMBER[f"before:{kind}"]
    if left[:2] == ("as", "such") or (left and left[0] in ("like", "including", "e.g", "g", "namely")):
        yield GROUP_NUMBER["such as"]
        # "models such as X": the noun before the words that open the list
        for word in lead[-2:-6:-1]:
            if kind := KIND_OF_NOUN.get(word):
                yield GROUP_NUMBER[f"before:{kind}"]
                break
    for i in range(len(lead) - 1, max(-1, len(lead) - 13), -1):
        if LEFT_GROUP.get(lead[i]) in ("introduce", "call"):
            yield GROUP_NUMBER["introduced"]
            break
    for word in reversed(lead[-10:]):
        if kind := KIND_OF_NOUN.get(word):
            yield GROUP_NUMBER[f"lead:{kind}"]
            break


def _apposition_kind(zone: Zone, last: int) -> str | None:
    """The kind that the words after a name give it: "FooNet, a fast network that", "FooBench: A Benchmark of"."""
    tokens = zone.tokens
    words, n = tokens.words, len(tokens.words)
    i = last + 1
    if i >= n:
        return None
    gap = tokens.text[tokens.ends[last] : tokens.starts[i]]
    if gap.startswith(" ("):  # a long form in brackets stands between
        depth_end = tokens.text.find(")", tokens.ends[last])
        while i < n and tokens.starts[i] < depth_end:
            i += 1
        if i >= n:
            return None
        gap = tokens.text[depth_end + 1 : tokens.starts[i]]
    sign = gap.strip()[:1]
    if sign not in (",", ":", "-", "–", "—") and words[i] not in ("is", "are"):
        return None
    if words[i] in ("is", "are"):
        i += 1
    if zone.field == "abstract" and (i >= n or words[i] not in ("a", "an", "the", "our", "one")):
        return None
    kind = None
    for j in range(i, min(i + 12, n)):
        word = words[j].lower()
        if j > i and (word in _PHRASE_ENDS or tokens.text[tokens.ends[j - 1] : tokens.starts[j]] not in (" ", "-")):
            break
        kind = KIND_OF_NOUN.get(word, kind)
    return kind


def _list_start(zone: Zone, first: int) -> int:
    """The first word of the list that ends with the word ``first``, going back over "A, B and"."""
    tokens = zone.tokens
    shapes, words = tokens.shapes, tokens.words
    for _ in range(12):
        i = first - 1
        had_and = False
        while i > 0 and words[i] in _AND:
            had_and = True
            i -= 1
        if i < 0 or shapes[i] == LOWER or tokens.sentence[i] != tokens.sentence[first]:
            return first
        gap = tokens.text[tokens.ends[i] : tokens.starts[i + 1]]
        if not (gap.strip() in (",", ";", "/", "),", "&", ")") or (had_and and gap in (" ", ", "))):
            return first
        if gap == " " and not had_and:
            return first
        while (
            i > 0 and shapes[i - 1] != LOWER and tokens.text[tokens.ends[i - 1] : tokens.starts[i]] in (" ", "-", " (")
        ):
            i -= 1
        if shapes[i] == NUMBER and i + 1 == first:
            return first
        first = i
    return first


def _list_end(zone: Zone, last: int) -> int:
    """The last word of the list that begins with the word ``last``."""
    tokens = zone.tokens
    shapes, words, n = tokens.shapes, tokens.words, len(tokens.words)
    for _ in range(12):
        i = last + 1
        had_and = False
        while i < n - 1 and words[i] in _AND:
            had_and = True
            i += 1
        if i >= n or shapes[i] == LOWER or tokens.sentence[i] != tokens.sentence[last]:
            return last
        gap = tokens.text[tokens.ends[last] : tokens.starts[last + 1]]
        if not (gap.strip() in (",", ";", "/", "&") or (had_and and gap in (" ", ", ", ") ", "), "))):
            return last
        while i + 1 < n and shapes[i + 1] != LOWER and tokens.text[tokens.ends[i] : tokens.starts[i + 1]] in (" ", "-"):
            i += 1
        last = i
    return last
