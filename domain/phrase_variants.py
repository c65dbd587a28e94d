"""The phrases that free words of a trend are counted as: singular and plural, and a version with or without a space.

Trends count words, so what is counted with a word must be easy to say and the same on every database: a stemmer would
take "generation" for "generative". Only the noun that can be counted changes: the last word, and the word before "of".
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product

_WORD = re.compile(r"\w+")
_NAME_THEN_NUMBER = re.compile(r"\b([^\W\d_]{2,})(?: |-)?(\d[^\W_]*)")
_MIN_STEM = 3
"""Characters of a singular: "TT" and "TTS", "GP" and "GPS" are different things."""

_IRREGULAR = dict(
    pair.split(":")
    for pair in "appendix:appendices automaton:automata axis:axes child:children corpus:corpora criterion:criteria "
    "extremum:extrema index:indices matrix:matrices maximum:maxima medium:media minimum:minima mouse:mice "
    "nucleus:nuclei optimum:optima phenomenon:phenomena radius:radii simplex:simplices spectrum:spectra "
    "stimulus:stimuli stratum:strata vertex:vertices".split()
)
_SINGULAR_OF = {plural: singular for singular, plural in _IRREGULAR.items()} | dict(
    pair.split(":")
    for pair in "biases:bias buses:bus caches:cache canvases:canvas atlases:atlas cookies:cookie echoes:echo "
    "focuses:focus gases:gas heroes:hero lenses:lens movies:movie niches:niche quizzes:quiz statuses:status "
    "viruses:virus analyses:analysis crises:crisis diagnoses:diagnosis emphases:emphasis hypotheses:hypothesis "
    "parentheses:parenthesis prognoses:prognosis syntheses:synthesis theses:thesis".split()
)
_PLURAL_OF = _IRREGULAR | {"quiz": "quizzes", "echo": "echoes", "hero": "heroes"}
_SINGULAR_IN_S = frozenset("atlas bias canvas gas lens".split())
_IN_ICS = frozenset(
    f"{word}s"
    for word in "basic characteristic clinic critic fabric graphic heuristic logic logistic metric mosaic rubric "
    "statistic tactic topic".split()
)
"""Plurals among the words in -ics; "dynamics" and "semantics" are no plurals of the adjectives."""
_NO_NOUN = frozenset(
    "across afterwards also always any are aws bayes chaos cosmos data does for from gps has ios its kubernetes mean "
    "means metadata more new news not perhaps series species the their this those thu thus towards versus was with "
    "yes".split()
)


def counted_phrases(words: str, *, as_written: bool = False) -> tuple[str, ...]:
    """The phrases that are counted for free words, the typed ones first; `` OR `` joins several.

    Each is counted with its singular and plural, and a name with its version number both ways ("Qwen3", "Qwen 3"),
    unless ``as_written``. A phrase that ends with ``*`` leaves its ending open and is no further changed.

    Examples
    --------
    >>> counted_phrases("world models")
    ('world models', 'world model')
    >>> counted_phrases("MLLM OR mixture of experts")
    ('MLLM', 'MLLMs', 'mixture of experts', 'mixture of expert', 'mixtures of experts', 'mixtures of expert')
    >>> counted_phrases("Qwen3"), counted_phrases("GPT-4")
    (('Qwen3', 'Qwen 3'), ('GPT-4', 'GPT4'))
    >>> counted_phrases("transformer*"), counted_phrases("MLLM", as_written=True)
    (('transformer*',), ('MLLM',))
    """
    phrases = words.split(" OR ")
    if as_written:
        return tuple(dict.fromkeys(phrases))
    return tuple(dict.fromkeys(form for phrase in phrases for form in _forms(phrase)))


def phrases_of_term(term: str) -> tuple[str, ...]:
    """The phrases that are counted for a term that is counted by its words, with or without its prefix.

    Examples
    --------
    >>> phrases_of_term("exact:MLLM"), phrases_of_term("text:MLLM"), phrases_of_term("MLLM")
    (('MLLM',), ('MLLM', 'MLLMs'), ('MLLM', 'MLLMs'))
    """
    kind, _, rest = term.partition(":")
    if rest and kind in ("exact", "text"):
        return counted_phrases(rest.strip(), as_written=kind == "exact")
    return counted_phrases(term)


def _forms(phrase: str) -> list[str]:
    if phrase.rstrip().endswith("*"):
        return [phrase]
    return [form for spelled in _spellings(phrase) for form in _in_number(spelled)]


def _spellings(phrase: str) -> list[str]:
    """The phrase, and with the numbers behind names joined to them, or parted if they are joined."""
    found = _NAME_THEN_NUMBER.search(phrase)
    if found is None:
        return [phrase]
    is_joined = found.end(1) == found.start(2)
    return [phrase, _NAME_THEN_NUMBER.sub(r"\1 \2" if is_joined else r"\1\2", phrase)]


def _in_number(phrase: str) -> list[str]:
    """The phrase with its last word, and a word before "of", in singular and plural."""
    places = list(_WORD.finditer(phrase))
    nouns = [place for i, place in enumerate(places) if i == len(places) - 1 or places[i + 1].group().lower() == "of"][
        -2:
    ]  # more would be thousands of phrases
    forms = []
    for chosen in product(*(singular_and_plural(place.group()) for place in nouns)):
        parts, after = [], 0
        for place, word in zip(nouns, chosen, strict=True):
            parts += [phrase[after : place.start()], word]
            after = place.end()
        forms.append("".join([*parts, phrase[after:]]))
    return forms


@cache
def singular_and_plural(word: str) -> tuple[str, ...]:
    """A word and its other number; the word alone where it has none or is no noun that can be counted.

    Examples
    --------
    >>> [singular_and_plural(word) for word in ("LLMs", "policy", "losses", "analysis", "matrices")]
    [('LLMs', 'LLM'), ('policy', 'policies'), ('losses', 'loss'), ('analysis', 'analyses'), ('matrices', 'matrix')]
    >>> [singular_and_plural(word) for word in ("bias", "GPS", "dynamics", "RL", "this", "metrics")]
    [('bias', 'biases'), ('GPS',), ('dynamics',), ('RL',), ('this',), ('metrics', 'metric')]
    """
    lower = word.lower()
    if lower in _NO_NOUN or not lower.isascii() or not lower.isalpha():
        return (word,)
    singular = _singular(word, lower)
    if singular is not None:
        return (word, singular) if len(singular) >= _MIN_STEM else (word,)
    plural = _plural(word, lower)
    return (word,) if plural is None or len(lower) < _MIN_STEM else (word, plural)


def _singular(word: str, lower: str) -> str | None:
    """The singular of a plural; ``None`` for any other word."""
    if lower in _SINGULAR_OF:
        return _SINGULAR_OF[lower]
    if (
        not lower.endswith("s")
        or lower.endswith(("ss", "us", "is"))
        or lower in _SINGULAR_IN_S
        or (len(word) > 1 and word.isupper())  # "GPS"; the plural of an abbreviation has a small s
        or (lower.endswith("ics") and lower not in _IN_ICS)
    ):
        return None
    if lower.endswith("ies") and len(lower) > 4:
        return word[:-3] + "y"
    if lower.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    return word[:-1]


def _plural(word: str, lower: str) -> str | None:
    """The plural of a singular; ``None`` where there is none to count."""
    if lower in _PLURAL_OF:
        return _PLURAL_OF[lower]
    if lower.endswith("ics") or (lower.endswith("ic") and f"{lower}s" not in _IN_ICS):
        return None
    if word.isupper():
        return None if lower.endswith("s") else f"{word}s"
    if lower.endswith("sis"):
        return word[:-2] + "es"
    if lower.endswith("is"):
        return None
    if lower.endswith("y") and lower[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if lower.endswith(("s", "x", "ch", "sh")) and lower not in ("epoch", "stomach") else "s")
