"""Which names mean the same subject, however they are spelled: singular or plural, British or American.

Names are only compared by these forms and never shown in them, so it does no harm that "precise" becomes "precize".
"""

from __future__ import annotations

import re
from functools import lru_cache

from domain.phrase_variants import singular_and_plural

Subject = tuple[str, ...]
"""The words of a name in one spelling."""

_AMERICAN = (
    (r"([a-z]{3})is(e|ed|er|es|ing|able|ation|ations)$", r"\1iz\2"),
    (r"([a-z]{2})ys(e|ed|er|ing)$", r"\1yz\2"),
    (
        r"(arm|behavi|cand|col|endeav|fav|flav|harb|hon|hum|lab|neighb|rum|sav|splend|tum|vap|vig)our",
        r"\1or",
    ),
    (
        r"(cance|channe|counse|dia|jewe|labe|leve|marsha|mode|signa|spira|trave|tunne|unrave)ll(ed|er|ing)",
        r"\1l\2",
    ),
    (r"(calib|cent|fib|spect|theat)re(s?)$", r"\1er\2"),
    (r"(anal|catal|dial|monol)ogue", r"\1og"),
    (r"^grey", "gray"),
    (r"judgement", "judgment"),
    (r"^programme$", "program"),
    (r"artefact", "artifact"),
    (r"(defen|offen)ce", r"\1se"),
)
_RULES = tuple((re.compile(british), american) for british, american in _AMERICAN)
_BETWEEN_PARTS = re.compile(r" and | or |[,;:&/|]")
_WORD = re.compile(r"[^\W_]+(?:[.+][^\W_]+)*\+*")


@lru_cache(maxsize=1 << 16)
def one_spelling(word: str) -> str:
    """A lower-case word in the American spelling.

    Examples
    --------
    >>> [one_spelling(word) for word in ("quantisation", "modelling", "labelled", "behavioural", "tumours")]
    ['quantization', 'modeling', 'labeled', 'behavioral', 'tumors']
    >>> [one_spelling(word) for word in ("four", "contour", "analyse", "dialogues", "fibre", "excellent")]
    ['four', 'contour', 'analyze', 'dialogs', 'fiber', 'excellent']
    """
    for british, american in _RULES:
        word = british.sub(american, word)
    return word


@lru_cache(maxsize=1 << 14)
def subject(name: str) -> Subject:
    """A name's words: lower case, singular, American, split at hyphens.

    Examples
    --------
    >>> subject("World models"), subject("Vision-language models")
    (('world', 'model'), ('vision', 'language', 'model'))
    """
    return tuple(one_spelling(_singular(word)) for word in _WORD.findall(name.lower()))


@lru_cache(maxsize=1 << 14)
def subjects(name: str) -> frozenset[Subject]:
    """All that a name is about, in no order; a name without a word is its own subject.

    Examples
    --------
    >>> sorted(subjects("quantisation and pruning")), sorted(subjects("LLM agents (tool use)"))
    ([('pruning',), ('quantization',)], [('llm', 'agent', 'tool', 'use')])
    """
    return frozenset(subject(part) for part in _BETWEEN_PARTS.split(name)) - {()} or frozenset({(name,)})


def are_same_subject(one: str, other: str) -> bool:
    """Whether two names are about the same, each in all its parts.

    Examples
    --------
    >>> are_same_subject("World models", "world model"), are_same_subject("image quantization", "Quantisation")
    (True, False)
    """
    return subjects(one) == subjects(other)


def _singular(word: str) -> str:
    return min(singular_and_plural(word), key=lambda form: (len(form), form))
