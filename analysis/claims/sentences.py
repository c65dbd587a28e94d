"""Sentences of an abstract."""

from __future__ import annotations

import re

_END = re.compile(r"[.!?][)\]\"'’”]*(?=\s+|$)|[.!?](?=[A-Z][a-z]+[ ,])|\n\s*\n")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.\s?g|i\.\s?e|et al|etc|vs|cf|resp|w\.\s?r\.\s?t|w\.\s?l\.\s?o\.\s?g|approx|ca|Fig|Figs|Eq|"
    r"Eqs|Sec|Tab|Alg|Thm|"
    r"Dr|Prof|Mr|Mrs|Ms|St|No|Nos|Vol|Ref|Refs|Inc|Ltd|Co|Corp|Jr|Sr|U\.\s?S|U\.\s?K|a\.\s?k\.\s?a|"
    r"i\.\s?i\.\s?d|Ph\.\s?D|"
    r"incl|avg|max|min|est|dept|univ)|(?:^|[\s(.])[A-Z])\.$",
)
_MAY_CONTINUE = re.compile(r"\b(?:etc|i\.\s?i\.\s?d|U\.\s?S|U\.\s?K|et al|approx|Inc|Ltd|Co|Corp|Ph\.\s?D)\.$")
_STARTS_SENTENCE = re.compile(
    r"(?:We|Our|This|These|Those|The|In|It|However|To|Here|Experiments?|Results?|While|Moreover|Furthermore|Finally|"
    r"By|For|On|As|Such|Although|Code|A|An)\b"
)
_FORMULA = re.compile(r"\$\$.{1,400}?\$\$|(?<!\\)\$(?:[^$\\]|\\.){1,400}\$", re.DOTALL)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence, in order, without the white space between them.

    A full stop of an abbreviation, an initial, a number or a formula ends nothing.

    Examples
    --------
    >>> text = "We test LLMs, e.g. GPT-4 of Brown et al. (2020). It gains 2.3 points. Code: https://a.b/c.d"
    >>> [text[start:end] for start, end in sentence_spans(text)]
    ['We test LLMs, e.g. GPT-4 of Brown et al. (2020).', 'It gains 2.3 points.', 'Code: https://a.b/c.d']
    """
    formulas = [match.span() for match in _FORMULA.finditer(text)] if "$" in text else []
    spans, start = [], 0
    for match in _END.finditer(text):
        end = match.end()
        if any(low < match.start() < high - 1 for low, high in formulas) or not _ends(text, start, match):
            continue
        spans.append((start, end))
        start = end
    spans.append((start, len(text)))
    return [trimmed for span in spans if (trimmed := _trimmed(text, *span)) is not None]


def _ends(text: str, start: int, match: re.Match[str]) -> bool:
    stop, end = match.start(), match.end()
    following = text[end:].lstrip()[:40]
    if text[stop] in "!?\n":
        return not following or not following[0].islower()
    if not following:
        return True
    if following[0].islower() and not following.startswith(("http", "www.")):
        # Names such as "vLLM" and "mT5" open sentences; words in lower case do not.
        word = re.match(r"[\w-]+", following)
        if word is None or word[0].islower():
            return False
    before = text[max(start, stop - 12) : stop + 1]
    if _ABBREVIATION.search(before):
        return _MAY_CONTINUE.search(before) is not None and _STARTS_SENTENCE.match(following) is not None
    # "1. First" numbers a list.
    return (
        re.search(r"(?:^|[\s(:;])\(?\d{1,2}\.$", before) is None
        or re.search(
            r"\b(?:of|to|by|is|in|and|than|at|from|over|with|for) \d{1,2}\.$", text[max(start, stop - 20) : stop + 1]
        )
        is not None
    )


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    part = text[start:end]
    stripped = part.strip()
    if not stripped:
        return None
    start += len(part) - len(part.lstrip())
    return start, start + len(stripped)
