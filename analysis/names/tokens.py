"""The words of a text as a tagger of names sees them: where they stand, how they are written, where sentences begin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

LOWER, CAPITAL, ACRONYM, MIXED, NUMBER, LOWER_DIGIT, SINGLE = range(7)
"""How a word is written: ``lower``, ``Capital``, ``ACRONYM``, ``MixedCase`` or ``With-2``, ``3.1`` or ``8B``, ``o1``
or ``word2vec``, ``K``."""

SHAPE_NAMES = ("lower", "capital", "acronym", "mixed", "number", "lower_digit", "single")

_TOKEN = re.compile(
    r"[^\W_]+(?:(?:[-‐‑–_+]|(?<=[A-Za-z])['’‘](?=[0-2]\d\b)"
    r"|\.(?=\d|[a-z]{2,4}\b)|(?<=[A-Za-z])&(?=[A-Z]))[^\W_]+)*(?:\+\+|(?<=[A-Z0-9a-z])[+*](?![\w(]))?"
)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s{}]+|\b[\w.-]+\.(?:github\.io|io|com|org|net|ai|edu|cn)/[^\s{}]+|[\w.+-]+@[\w-]+\.[\w.]+"
    r"|\b(?:github|gitlab|huggingface)\.(?:com|co)\b[^\s{}]*|\b[\w-]+\.github\.io\b"
)
_PLURAL_ACRONYM = re.compile(r"[A-Z]{2,}s")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:[A-Za-z]|[kKMBTG]?[bB]|th|st|nd|rd|D)?[+]?")
_SPLIT = re.compile(r"[-‐‑–]")
_NAME_ENDS = frozenset(
    "bench instruct base large small mini nano tiny chat eval net zero pro turbo flash lite max preview coder math "
    "thinking reasoning distill verified hard plus next omni vision vl former gan vae gpt bert llama qwen flow "
    "diffusion sft it code embedding edit image video audio tts asr hf gym arena world lab kit suite hub med".split()
)
_LEADS = frozenset(
    "non pre post anti multi cross self un semi sub inter intra vs vanilla naive re co quasi pseudo".split()
)


@lru_cache(maxsize=1 << 17)
def word_shape(word: str) -> int:
    """How a word is written.

    Examples
    --------
    >>> [SHAPE_NAMES[word_shape(w)] for w in ("model", "Adam", "LLMs", "LoRA", "GPT-4", "8B", "o1", "K", "Self-Play")]
    ['lower', 'capital', 'acronym', 'mixed', 'mixed', 'number', 'lower_digit', 'single', 'capital']
    """
    has_digit = any(c.isdigit() for c in word)
    if word == word.lower():
        if not has_digit:
            return LOWER
        return NUMBER if word[0].isdigit() else LOWER_DIGIT
    if word[0].isdigit() and _NUMBER.fullmatch(word):
        return NUMBER
    if has_digit or word[-1] in "+*":
        return MIXED
    if len(word) == 1:
        return SINGLE
    parts = [part for part in re.split(r"[-‐‑–_.&]", word) if part]
    if all(part.isupper() or _PLURAL_ACRONYM.fullmatch(part) for part in parts):
        return ACRONYM
    if all(part.islower() or (part[0].isupper() and part[1:].islower()) or len(part) == 1 for part in parts):
        return CAPITAL
    return MIXED


@lru_cache(maxsize=1 << 17)
def affix_cuts(word: str) -> tuple[int, int]:
    """Where a hyphenated word's name begins and ends: without *-based*, *-like*, *non-*.

    Examples
    --------
    >>> [word[slice(*affix_cuts(word))] for word in ("LoRA-based", "non-IID", "SWE-bench", "GPT-4-level", "t-SNE")]
    ['LoRA', 'IID', 'SWE-bench', 'GPT-4', 't-SNE']
    """
    if "-" not in word and "‐" not in word and "‑" not in word and "–" not in word:
        return 0, len(word)
    parts = _SPLIT.split(word)
    start, end, n = 0, len(word), len(parts)
    while n > 1 and len(parts[n - 1]) > 2 and parts[n - 1].islower() and parts[n - 1].isalpha():
        if parts[n - 1] in _NAME_ENDS:
            break
        end -= len(parts[n - 1]) + 1
        n -= 1
    at = 0
    while at < n - 1 and parts[at].lower() in _LEADS:
        start += len(parts[at]) + 1
        at += 1
    return (start, end) if any(c.isupper() or c.isdigit() for c in word[start:end]) else (0, len(word))


@dataclass(frozen=True, eq=False)
class Tokens:
    """The words of one text; parallel lists. ``initial[i]`` is whether word ``i`` begins a sentence."""

    text: str
    starts: list[int]
    ends: list[int]
    words: list[str]
    shapes: list[int]
    initial: list[bool]
    sentence: list[int]

    def gap(self, i: int) -> str:
        """What stands between word ``i`` and the next."""
        return self.text[self.ends[i] : self.starts[i + 1]]


def tokenize(text: str) -> Tokens:
    """The words of a text without TeX. Addresses hold no words."""
    if "/" in text or "@" in text:
        text = _ADDRESS.sub(lambda match: " " * len(match.group()), text)
    starts: list[int] = []
    ends: list[int] = []
    words: list[str] = []
    shapes: list[int] = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        start, end = match.span()
        shape = word_shape(word)
        if shape != LOWER and ("-" in word or "–" in word or "‑" in word):
            cut = affix_cuts(word)
            if cut != (0, len(word)):
                for a, b in ((0, cut[0] - 1), cut, (cut[1] + 1, len(word))):
                    if b > a:
                        part = word[a:b]
                        starts.append(start + a)
                        ends.append(start + b)
                        words.append(part)
                        shapes.append(word_shape(part))
                continue
        starts.append(start)
        ends.append(end)
        words.append(word)
        shapes.append(shape)
    initial: list[bool] = []
    sentence: list[int] = []
    number = 0
    previous = 0
    for i, start in enumerate(starts):
        if i == 0:
            begins = True
        elif start - previous < 2:
            begins = False
        else:
            gap = text[previous:start]
            begins = ("." in gap or "?" in gap or "!" in gap) and (
                not gap.startswith(".") or words[i - 1] not in ("e.g", "i.e", "etc", "vs", "al", "cf", "g")
            )
        number += begins and i > 0
        initial.append(begins)
        sentence.append(number)
        previous = ends[i]
    return Tokens(text, starts, ends, words, shapes, initial, sentence)
