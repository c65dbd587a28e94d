"""Phrases planted in the sample corpus: a term that emerges, and a turn of phrase that spreads as fast.

Both begin in the last weeks. The term keeps to three topics, is repeated and stands in titles; the turn of phrase
stands once in papers of all topics. Only the first is an emerging term.
"""

from __future__ import annotations

import re

import numpy as np

from domain.week import Week

EMERGING_TERM = "echo decoding"
TURN_OF_PHRASE = "telling margin"
PLANTED_WEEKS = 8
"""Both stand in papers of this many last weeks only."""

_TOPICS = frozenset(("code_generation", "llm_safety", "gui_agents"))
_TERM_RATE = 0.5
_IN_TITLE_RATE = 0.4
_PHRASE_RATE = 0.08
_TERM_SENTENCES = (
    "We call this echo decoding, and echo decoding needs no further training at all.",
    "Echo decoding is cheap, and without echo decoding most of the gains vanish again.",
    "With echo decoding each draft is revised twice, which makes echo decoding simple to use.",
)
_PHRASE_SENTENCE = "On every measure that we report, it wins by a telling margin over what came before."
_SENTENCE_END = re.compile(r"(?<=[.?!]) (?=[A-Z])")


def with_planted_phrases(
    title: str, abstract: str, topic: str, *, week: Week, last_week: Week, rng: np.random.Generator
) -> tuple[str, str]:
    """A paper's title and abstract with what is planted in it, in place of the last sentence, if that is anything.

    Parameters
    ----------
    abstract : its last sentence states no technique and no theme.
    rng : a stream of its own, because everything else in the week must stay as it would be without this.
    """
    in_term, in_title, in_phrase = rng.random(3).tolist()
    choice = int(rng.integers(len(_TERM_SENTENCES)))
    if week.plus(PLANTED_WEEKS) <= last_week:
        return title, abstract
    *kept, _ = _SENTENCE_END.split(abstract)
    if topic in _TOPICS and in_term < _TERM_RATE:
        return (
            f"{title} by Echo Decoding" if in_title < _IN_TITLE_RATE else title,
            " ".join([*kept, _TERM_SENTENCES[choice]]),
        )
    if in_phrase < _PHRASE_RATE:
        return title, " ".join([*kept, _PHRASE_SENTENCE])
    return title, abstract
