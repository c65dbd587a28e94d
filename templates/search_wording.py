"""English about searches: how a query was read, and why a paper was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from markupsafe import Markup

from domain.detections import Evidence
from domain.search_query import Condition, SearchQuery, content_words
from domain.typed_day import day
from templates.marked_text import marked
from templates.number_text import count, day_in_words, plural


class SearchAnswer(Protocol):
    """The answer to a search."""

    @property
    def query(self) -> str:
        """What was searched for."""
        ...

    @property
    def reading(self) -> str:
        """How the query was read."""
        ...

    @property
    def as_words(self) -> str:
        """The query that reads it as plain words."""
        ...

    @property
    def did_you_mean(self) -> str | None:
        """The query without mistyped words, or with times as days."""
        ...

    @property
    def is_corrected(self) -> bool:
        """Whether this is the answer to it already."""
        ...

    @property
    def total(self) -> int:
        """How many papers were found."""
        ...

    @property
    def n_close(self) -> int:
        """How many of them are close."""
        ...

    @property
    def n_some_words(self) -> int:
        """How many others hold some of the words."""
        ...

    @property
    def words_in_no_paper(self) -> tuple[str, ...]:
        """Words that no paper holds."""
        ...


class FoundPassage(Protocol):
    """A paper that was found."""

    @property
    def passage(self) -> str:
        """A sentence of its abstract."""
        ...

    @property
    def marks(self) -> tuple[tuple[int, int], ...]:
        """Where words of the query stand in it."""
        ...


NAMED_IN_QUERY = "named in the query"


def reasons_found(similarity: float | None, words_in: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """How near in meaning a paper is, and the words of the query in each of its fields.

    Parameters
    ----------
    similarity : cosine of query and paper, ``None`` if it is not embedded.
    words_in : words by field, such as ``title``; fields without any are left out.

    Examples
    --------
    >>> reasons_found(0.714, {"title": ["graph", "networks"], "abstract": []})
    ('meaning: similarity 0.71', 'title: graph, networks')
    """
    near = () if similarity is None else (f"meaning: similarity {similarity:.2f}",)
    return near + tuple(f"{field}: {', '.join(words)}" for field, words in words_in.items() if words)


def query_reading(
    query: SearchQuery,
    authors: Mapping[str, Sequence[str]],
    absent: Sequence[str] = (),
    not_stored: Sequence[str] = (),
) -> str:
    """How a query was read, in words; empty for words alone.

    Parameters
    ----------
    query : as read.
    authors : the names as papers have them, the most frequent first, for the words of each author's condition.
    absent : words that were replaced because no paper holds them.
    not_stored : those of the papers named that are not stored.

    Examples
    --------
    >>> ada, phrase = Condition("author", "ada"), Condition("text", "flow matching", is_phrase=True)
    >>> query_reading(SearchQuery("", required=((ada,), (phrase,)), text="images"), {"ada": ["Ada Example"]})
    'papers by Ada Example, with the phrase “flow matching”, closest to “images” first'
    """
    if query.is_literal:
        return f"all of “{query.text}” as words"
    because = f"; no paper contains {' or '.join(f'“{word}”' for word in absent)}" if absent else ""
    if query.is_plain:
        return f"“{query.text}”{because}" if absent else ""
    parts = []
    if query.named:
        names = ", ".join(f"arXiv:{name}" if kind == "id" else f"doi:{name}" for kind, name in query.named)
        parts.append(f"the paper{'s' if len(query.named) > 1 else ''} {names}")
        if not_stored:
            which = "" if len(not_stored) == len(query.named) else f"{', '.join(not_stored)} "
            parts[0] += f" ({which}not stored here: outside the watched categories, or too old)"
        if not (query.required or query.excluded or query.text):
            return parts[0]
        parts[0] += " first, then papers"
    else:
        parts.append("papers")
    conditions = [" or ".join(_condition(c, authors) for c in group) for group in query.required]
    conditions += [_condition(c, authors, "without", "not by") for c in query.excluded]
    if query.text:
        conditions.append(f"closest to “{query.text}” first")
    return f"{parts[0]} {', '.join(conditions)}{because}"


def _condition(condition: Condition, authors: Mapping[str, Sequence[str]], held: str = "with", by: str = "by") -> str:
    if condition.field == "fact":
        return f"{held} code" if condition.words == "code" else f"{'not ' * (held == 'without')}accepted by a venue"
    if condition.only_narrows:
        return f"{'not ' * (held == 'without')}submitted {condition.field} {_time_text(condition.words)}"
    if condition.field == "author":
        return f"{by} {_authors(condition.words, authors.get(condition.words, ()))}"
    what = f"the phrase “{condition.words}”" if condition.is_phrase else f"“{condition.words}”"
    return f"{held} {what}" + (" in the title" if condition.field == "title" else "")


def _time_text(typed: str) -> str:
    """A time as typed, months by their names: ``June 2026``, ``15 June 2026``, ``2026-W25``."""
    if "W" in typed or len(typed) < len("2026-06"):
        return typed
    return day_in_words(day(typed)) if len(typed) > len("2026-06") else f"{day(typed):%B %Y}"


_MOST_NAMES = 3


def _authors(typed: str, names: Sequence[str]) -> str:
    """Whose papers a name finds: different people may have it, so the names that fit are listed."""
    if not names:
        return typed if " " in typed else f"anybody named {typed}"
    *before, last = names[:_MOST_NAMES]
    listed = f"{', '.join(before)} or {last}" if before else last
    more = len(names) - _MOST_NAMES
    return f"{listed} ({plural(more, 'more name')} that fit{'s' if more == 1 else ''})" if more > 0 else listed


def totals_text(answer: SearchAnswer) -> str:
    """How many papers are close to what was asked, and how many more hold some of its words, or its only one.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> found = SimpleNamespace(query="graph nets", n_close=75, n_some_words=340, total=400, reading="")
    >>> totals_text(found).replace("\\xa0", " ")
    '75 papers are close to it, 340 more hold some of the words'
    >>> found.query = "sycophancy"
    >>> totals_text(found).replace("\\xa0", " ")
    '75 papers are close to it, 340 more hold the word'
    >>> of_author = SimpleNamespace(n_close=4, n_some_words=0, total=4, reading="papers by Ada Example")
    >>> totals_text(of_author).replace("\\xa0", " ")
    '4 papers'
    """
    if answer.n_close == answer.total and answer.reading and not answer.n_some_words:
        return plural(answer.n_close, "paper")
    close = f"{plural(answer.n_close, 'paper')} {'is' if answer.n_close == 1 else 'are'} close to it"
    if answer.n_some_words:
        holds = "holds" if answer.n_some_words == 1 else "hold"
        words = "some of the words" if len(content_words(answer.query)) > 1 else "the word"
        return f"{close}, {count(answer.n_some_words)} more {holds} {words}"
    return close


def words_in_no_paper_text(answer: SearchAnswer) -> str:
    """That papers are found without some words, because none holds them; empty where each word is held.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> words_in_no_paper_text(SimpleNamespace(words_in_no_paper=("zzqq", "xyzzy")))
    'No paper contains “zzqq” or “xyzzy”'
    """
    words = " or ".join(f"“{word}”" for word in answer.words_in_no_paper)
    return f"No paper contains {words}" if words else ""


def nothing_found_text(answer: SearchAnswer) -> str:
    """What to do where a search found no paper."""
    if answer.reading:
        return "No papers match."
    return "No papers match this search and its filters. Try a full sentence, or remove a filter."


def search_notes(answer: SearchAnswer) -> list[str]:
    """What a terminal says above the papers found."""
    notes = []
    if answer.reading:
        other = f"; for all of it as words, search for {answer.as_words!r}" if answer.as_words else ""
        notes.append(f"read as: {answer.reading}{other}")
    if answer.did_you_mean and not answer.is_corrected:
        notes.append(f"did you mean {answer.did_you_mean!r}?")
    if missing := words_in_no_paper_text(answer):
        notes.append(missing)
    notes.append(totals_text(answer).replace("\xa0", " ") if answer.total else nothing_found_text(answer))
    return notes


def passage(paper: FoundPassage) -> Markup:
    """The passage of a paper as HTML, with the words of the query marked."""
    return marked(paper.passage, [Evidence("abstract", start, end) for start, end in paper.marks])
