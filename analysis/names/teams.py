"""Teams: connected sets of papers that share an author.

An author is known by family name and first initial, without accents and case. Common names alone do not join two
papers, because "Y. Wang" is hundreds of people; two of them together do. Papers are added in order of submission, and
later papers do not change the teams that earlier papers were counted for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import combinations

from domain.author_name import AuthorName
from domain.search_text import search_words

COMMON_FROM = 8
"""A family name with initial is common if it stands for this many different forenames."""
_MOST_PAIRED = 40  # collaborations of hundreds would give tens of thousands of pairs


def person(name: AuthorName) -> str:
    """A person as family name and forenames, without accents and case; a team is its whole name.

    Examples
    --------
    >>> person(AuthorName("Erdős", "Pál A.")), person(AuthorName("Example Team"))
    ('erdos|pal a', 'example team|')
    """
    return f"{' '.join(search_words(name.keyname))}|{' '.join(search_words(name.forenames))}"


def author_key(of: str) -> str:
    """Family name and first initial of a person as ``person`` writes it.

    Examples
    --------
    >>> author_key("erdos|pal a"), author_key("example team|")
    ('erdos p', 'example team ')
    """
    family, _, forenames = of.partition("|")
    return f"{family} {forenames[:1]}"


def common_keys(people: Iterable[str]) -> frozenset[str]:
    """The keys that stand for ``COMMON_FROM`` or more different first names among these people."""
    first_names: dict[str, set[str]] = defaultdict(set)
    for one in people:
        first = one.partition("|")[2].partition(" ")[0]
        if len(first) > 1:
            first_names[author_key(one)].add(first)
    return frozenset(key for key, names in first_names.items() if len(names) >= COMMON_FROM)


def joining_marks(authors: Iterable[str], common: Collection[str]) -> Iterator[str]:
    """What joins two papers if both have it: an author whose name is not common, or two whose names are."""
    keys = sorted({author_key(one) for one in authors})
    shared = [key for key in keys if key in common]
    yield from (key for key in keys if key not in common)
    yield from ("+".join(pair) for pair in combinations(shared[:_MOST_PAIRED], 2))


class Teams:
    """The teams of papers that are added one after another."""

    def __init__(self, common: Collection[str]) -> None:
        self._common = common
        self._parent: list[int] = []
        self._of_mark: dict[str, int] = {}

    def add(self, authors: Collection[str]) -> int | None:
        """A number of the paper's team, to be compared by ``same``; ``None`` where the authors are unknown."""
        if not authors:
            return None
        number = len(self._parent)
        self._parent.append(number)
        for mark in joining_marks(authors, self._common):
            self._parent[self._root(self._of_mark.setdefault(mark, number))] = self._root(number)
        return number

    def same(self, one: int, other: int) -> bool:
        """Whether two numbers stand for one team."""
        return self._root(one) == self._root(other)

    def distinct(self, numbers: Iterable[int]) -> set[int]:
        """One number for each team among these."""
        return {self._root(number) for number in numbers}

    def _root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number
