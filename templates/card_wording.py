"""Evidence cards in sentences over counters: none says more than its numbers, and each number opens its papers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.cards import Card, Comparison, FacetCount, FirstPaperReason, Place, UsedName
from domain.claim import SavingSummary
from domain.facet import ACCEPTED, CODE, SAVING
from templates.change_wording import change_text, movement_text
from templates.claim_wording import QUANTITY_NAMES, older_reading_text, saving_details, saving_words
from templates.number_text import NO_BREAK_SPACE, agreeing, count, day_in_words, percent, plural

_ADOPTED = {
    "technique": ("adopts it", "adopt it"),
    "theme": ("has it as a main contribution", "have it as a main contribution"),
    "name": ("introduces or uses it", "introduce or use it"),
}
_STATED = {
    SAVING: ("claims a saving", "claim a saving"),
    CODE: ("names code", "name code"),
    ACCEPTED: ("is accepted by a venue, as its comment says", "are accepted by a venue, as their comments say"),
}
_COMPARED: dict[Comparison, str] = {
    "more": ", more often than all papers",
    "less": ", less often than all papers",
    "same": ", not clearly more or less often than all papers",
    "few": "; too few papers to compare with all",
}
FIRST_PAPER_REASONS: dict[FirstPaperReason, str] = {
    "introduces": "introduces it",
    "survey": "a survey by its title; of those the most clearly about it",
    "accepted_with_code": "accepted by a venue and names code; of those the most clearly about it",
    "accepted": "accepted by a venue; of those the most clearly about it",
    "code": "names code; of those the most clearly about it",
    "strongest": "the most clearly about it",
    "newest": "the newest that uses it",
}
_FIRST_OF_NAME: dict[FirstPaperReason, str] = {
    "introduces": "introduces it",
    "accepted_with_code": "the newest use in a paper that is accepted by a venue and names code",
    "accepted": "the newest use in a paper that is accepted by a venue",
    "code": "the newest use in a paper that names code",
}


N_SHOWN_PLACES = 6
"""Places of one kind that a card shows; its JSON has all."""
N_SHOWN_NAMED = 8
"""Standards or failure modes that a card shows, those that most of its papers name."""
MIN_NAMING = 3
"""Papers of a card that name a standard or failure mode, below which the card does not show it; its JSON does."""
USED_DATA = "Benchmarks and datasets that its papers use"
USED_MODELS = "Models that its papers use"


@dataclass(frozen=True)
class Part:
    """A piece of a sentence, with the query of the list of papers that it opens, ``None`` for plain words."""

    text: str
    query: Mapping[str, Any] | None = None
    name_id: int | None = None
    """The named thing whose page it opens instead."""


Sentence = tuple[Part, ...]


def plain_text(sentence: Sentence) -> str:
    """A sentence without its links."""
    return "".join(part.text for part in sentence)


def _query(
    card: Card, *has: str, since: date | None = None, until: date | None = None, own: bool = True
) -> Mapping[str, Any]:
    term = f"name:#{card.key}" if card.kind == "name" else f"{card.kind}:{card.key}"
    conditions = ([term] if own else []) + list(has)
    first, last = since or card.since, until or card.until
    return {"since": first.isoformat(), "until": last.isoformat(), "has": conditions}


def _of(kind: str, key: str) -> str:
    return f"{kind}:#{key}" if kind == "name" else f"{kind}:{key}"


def _between(share: float, low: float, high: float) -> str:
    decimals = 2 if share < 0.01 else 1
    return f"{percent(share)}, {100 * low:.{decimals}f} to {100 * high:.{decimals}f}{NO_BREAK_SPACE}%"


def share_sentence(card: Card) -> Sentence:
    """How many of all papers adopt the term."""
    one, several = _ADOPTED[card.kind]
    parts = [
        Part(count(card.k), _query(card)),
        Part(" of the "),
        Part(plural(card.n, "paper"), _query(card, own=False)),
        Part(
            f" submitted from {day_in_words(card.since)} to {day_in_words(card.until)} "
            f"{one if card.k == 1 else several}"
        ),
    ]
    if card.share is not None and card.low is not None and card.high is not None:
        parts.append(Part(f" ({_between(card.share, card.low, card.high)})"))
    if card.corrected is not None and card.corrected_low is not None and card.corrected_high is not None:
        corrected = _between(card.corrected, card.corrected_low, card.corrected_high)
        parts.append(Part(f"; corrected for the detector’s measured error {corrected}"))
    return (*parts, Part("."))


def course_sentence(card: Card) -> str:
    """How the weekly share moves: the newest call, or the change of the weeks held."""
    if card.series is None:
        return "No week is counted yet."
    call = card.series.call
    if call is not None and call.verdict != "unknown":
        return f"Called for {call.week}: {movement_text(call.verdict, call.change, call.wave)}."
    if card.series.change is not None:
        return f"No call; {change_text(card.series.change)}."
    return "Too few weeks or papers to tell its course."


def place_sentence(card: Card, place: Place) -> Sentence:
    """Where the term is found more often than elsewhere."""
    of_place = _of(place.kind, place.key)
    parts = [
        Part(f"Topic “{place.name}”: " if place.kind == "topic" else f"{place.name}: "),
        Part(count(place.k), _query(card, of_place, since=place.since, until=place.until)),
        Part(" of the "),
        Part(plural(place.n, "paper"), _query(card, of_place, since=place.since, until=place.until, own=False)),
    ]
    if place.share is not None:
        parts.append(Part(f" ({percent(place.share)})"))
    parts.append(Part(f", {_as_common(place.ratio, place.ratio_low, place.ratio_high)}"))
    if place.change is not None:
        since = f" since {place.change_since:%B %Y}" if place.change_since else " over the weeks held"
        parts.append(Part(f", {place.change}{since}"))
    return (*parts, Part("."))


def _as_common(ratio: float, low: float, high: float) -> str:
    return f"about {times(ratio)} times as common as elsewhere ({times(low)} to {times(high)})"


def times(ratio: float) -> str:
    """A ratio: ``3.1``, ``12``."""
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def shown_places(card: Card) -> list[Place]:
    """The places that a card shows: those with the largest ratios of each kind."""
    n_of: Counter[str] = Counter()
    shown = []
    for place in card.places:
        n_of[place.kind] += 1
        if n_of[place.kind] <= N_SHOWN_PLACES:
            shown.append(place)
    return shown


def joint_error_text(places: Sequence[Place]) -> str:
    """How surely the papers of places are counted in both, for those whose accuracy was measured."""
    known = [place.joint_precision for place in places if place.joint_precision is not None]
    if not known:
        return "How often papers are wrongly counted in both was not measured for these."
    low, high = round(100 * min(known)), round(100 * max(known))
    span = f"{low}{NO_BREAK_SPACE}%" if low == high else f"{low} to {high}{NO_BREAK_SPACE}%"
    some = "" if len(known) == len(places) else " where both were measured (topics were not)"
    return (
        f"Of the papers counted in both, {span} are expected to be right in both{some}: the product of the two "
        f"measured precisions, as if errors were independent."
    )


def facet_sentence(card: Card, facet: FacetCount) -> Sentence:
    """How many of the card's papers have something, beside all papers."""
    of_facet = _of(facet.kind, facet.key)
    words = _STATED.get((facet.kind, facet.key))
    if words is None:
        before, after = f"{facet.name}: ", ""
    else:
        before, after = "", f" {words[0] if facet.k == 1 else words[1]}"
    parts = [
        Part(before),
        Part(count(facet.k), _query(card, of_facet)),
        Part(" of "),
        Part(count(facet.n), _query(card)),
    ]
    if facet.share is not None and facet.low is not None and facet.high is not None:
        parts.append(Part(f" ({_between(facet.share, facet.low, facet.high)})"))
    of_all = "" if facet.share_all is None else f", {percent(facet.share_all)}"
    return (
        *parts,
        Part(f"{after}{_COMPARED[facet.comparison]} ("),
        Part(count(facet.k_all), _query(card, of_facet, own=False)),
        Part(f"{of_all})."),
    )


def saving_sentence(card: Card, saving: SavingSummary) -> Sentence:
    """How many of the card's papers claim a saving of one quantity, and how large."""
    claim = agreeing(saving.n_papers, "claims", "claim")
    return (
        Part(count(saving.n_papers), _query(card, _of("claim", saving.quantity))),
        Part(" of "),
        Part(plural(card.k, "paper"), _query(card)),
        Part(f" {claim} {saving_words(saving.quantity)}; {saving_details(saving)}."),
    )


def saving_sentences(card: Card) -> list[Sentence]:
    """The savings that enough papers claim for a median, each in a sentence; the others together in one."""
    sentences = [saving_sentence(card, saving) for saving in card.savings if saving.median is not None]
    few = [saving for saving in card.savings if saving.median is None]
    if few:
        parts = [Part("Fewer than ten papers each: ")]
        for i, saving in enumerate(few):
            parts.append(Part(f"{', ' if i else ''}{QUANTITY_NAMES[saving.quantity]} "))
            parts.append(Part(count(saving.n_papers), _query(card, _of("claim", saving.quantity))))
        sentences.append((*parts, Part(".")))
    return sentences


def shown_named(named: Sequence[FacetCount]) -> list[FacetCount]:
    """The standards or failure modes that a card shows."""
    return [one for one in named if one.k >= MIN_NAMING][:N_SHOWN_NAMED]


def named_sentence(card: Card, facet: FacetCount) -> Sentence:
    """How many of the card's papers name a standard or failure mode, as counts."""
    of_facet = _of(facet.kind, facet.key)
    compared = f"; {facet.comparison} often than in all papers" if facet.comparison in ("more", "less") else ""
    return (
        Part(f"{facet.name}: "),
        Part(count(facet.k), _query(card, of_facet)),
        Part(" of the "),
        Part(plural(facet.k_all, "paper"), _query(card, of_facet, own=False)),
        Part(f" that {agreeing(facet.k_all, 'names', 'name')} it{compared}."),
    )


def used_sentence(card: Card, used: UsedName) -> Sentence:
    """How many of the card's papers use a named thing."""
    of_name = f"name:#{used.name_id}"
    return (
        Part(used.name, name_id=used.name_id),
        Part(": "),
        Part(count(used.k), _query(card, of_name)),
        Part(" of the "),
        Part(plural(used.k_all, "paper"), _query(card, of_name, own=False)),
        Part(f" that {agreeing(used.k_all, 'uses', 'use')} it."),
    )


def strongest_sentences(card: Card) -> tuple[Sentence, ...]:
    """The two sentences that set a card apart most: where it is common, then what is more or less common in its papers.

    A place counts by the lower end of its ratio, a comparison by how far its share is from that of all papers.
    """
    places = [place_sentence(card, place) for place in card.places[:1]]
    compared = [one for one in (*card.stated, *card.themes) if one.comparison in ("more", "less")]
    compared.sort(key=lambda one: (-abs((one.share or 0) - (one.share_all or 0)), one.key))
    found = [*places, *(facet_sentence(card, one) for one in compared), share_sentence(card)]
    return tuple(found[:2])


def first_paper_reason(card: Card, reason: FirstPaperReason) -> str:
    """Why a paper is one to start with."""
    if card.kind == "name" and reason in _FIRST_OF_NAME:
        return _FIRST_OF_NAME[reason]
    return FIRST_PAPER_REASONS[reason]


def card_lines(card: Card) -> Iterator[str]:
    """A card as lines of text."""
    yield card.name
    if card.definition:
        yield f"“{card.definition}”" if card.kind == "name" else card.definition
    yield plain_text(share_sentence(card))
    yield course_sentence(card)
    if card.n_unread:
        yield f"{plural(card.n_unread, 'paper')} of this span have not been read in full yet, so counts are too low."
    if card.n_older_reading:
        yield older_reading_text(card.n_older_reading)
    groups: list[tuple[str, list[str]]] = [
        ("Where it is more common", [plain_text(place_sentence(card, one)) for one in shown_places(card)]),
        ("What is stated", [plain_text(facet_sentence(card, one)) for one in card.stated]),
        ("Savings claimed", [plain_text(one) for one in saving_sentences(card)]),
        ("Other main contributions of its papers", [plain_text(facet_sentence(card, one)) for one in card.themes]),
        (USED_DATA, [plain_text(used_sentence(card, one)) for one in card.evaluated_on]),
        (USED_MODELS, [plain_text(used_sentence(card, one)) for one in card.runs_on]),
        ("Standards named", [plain_text(named_sentence(card, one)) for one in shown_named(card.standards)]),
        ("Failure modes named", [plain_text(named_sentence(card, one)) for one in shown_named(card.failure_modes)]),
        (
            "To start with",
            [
                f"{one.title} (arXiv:{one.arxiv_id}): {first_paper_reason(card, one.reason)}."
                for one in card.first_papers
            ],
        ),
    ]
    for title, lines in groups:
        if lines:
            yield ""
            yield title
            yield from (f"  {line}" for line in lines)


FILTERS: Mapping[str, Callable[..., object]] = {
    "share_sentence": share_sentence,
    "course_sentence": course_sentence,
    "place_sentences": lambda card: [place_sentence(card, one) for one in shown_places(card)],
    "joint_error_text": joint_error_text,
    "stated_sentences": lambda card: [facet_sentence(card, one) for one in card.stated],
    "saving_sentences": saving_sentences,
    "theme_sentences": lambda card: [facet_sentence(card, one) for one in card.themes],
    "evaluated_sentences": lambda card: [used_sentence(card, one) for one in card.evaluated_on],
    "model_sentences": lambda card: [used_sentence(card, one) for one in card.runs_on],
    "standard_sentences": lambda card: [named_sentence(card, one) for one in shown_named(card.standards)],
    "failure_sentences": lambda card: [named_sentence(card, one) for one in shown_named(card.failure_modes)],
    "first_paper_reason": first_paper_reason,
}
"""What templates call to put a card into words."""
