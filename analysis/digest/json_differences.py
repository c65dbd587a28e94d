"""What differs between two digests in their JSON form, field by field."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

_IDENTITIES = ("slug", "arxiv_id", "topic_id", "words", "start", "key", "horizon_weeks")
"""Fields that name an object among others of its list, the first that does."""


@dataclass(frozen=True)
class Difference:
    """One difference between a published digest and the one composed now.

    ``path`` leads to the field: ``headline.n_papers``, ``techniques[technique-diffusion].adopts.k``. By ``kind``:

    - "value": ``published`` and ``now`` are the field's two values.
    - "members": elements of a list, or fields of an object, of which the other version has none. ``published`` are the
      names of those that only the published version has, ``now`` of those that only the new one has.
    - "order": ``published`` and ``now`` are the names of the same elements in their two orders.
    """

    path: str
    published: Any
    now: Any
    kind: Literal["value", "members", "order"] = "value"


def digest_differences(published: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every difference between two digests, in the order of the published one's fields.

    Elements of a list are compared with those that have the same name, not the same place: a topic that comes in at
    the top is one difference. An object's name is its slug, arXiv id or the like, a plain value's is the value. Lists
    of which some element has no name, or two have the same, are compared place by place.

    Parameters
    ----------
    published, now : digests as ``templates.digest_json`` gives them, or as parsed from their files.

    Examples
    --------
    >>> before = {"headline": {"n_papers": 10}, "topics": [{"slug": "topic-1", "k": 3}]}
    >>> after = {"headline": {"n_papers": 11}, "topics": [{"slug": "topic-2", "k": 2}, {"slug": "topic-1", "k": 3}]}
    >>> for difference in digest_differences(before, after):
    ...     print(difference.path, difference.published, difference.now)
    headline.n_papers 10 11
    topics [] ['topic-2']
    """
    return tuple(_differences("", published, now))


def _differences(path: str, published: Any, now: Any) -> list[Difference]:
    if isinstance(published, Mapping) and isinstance(now, Mapping):
        return _of_members(path, published, now, "{}.{}" if path else "{}{}")
    if isinstance(published, (list, tuple)) and isinstance(now, (list, tuple)):
        named, named_now = _named(published), _named(now)
        if named is None or named_now is None:
            named, named_now = dict(enumerate(published)), dict(enumerate(now))
        return [*_of_members(path, named, named_now, "{}[{}]"), *_of_order(path, list(named), list(named_now))]
    return [] if published == now else [Difference(path, published, now)]


def _of_members(path: str, published: Mapping[Any, Any], now: Mapping[Any, Any], form: str) -> list[Difference]:
    found = []
    gone, new = [name for name in published if name not in now], [name for name in now if name not in published]
    if gone or new:
        found.append(Difference(path, gone, new, "members"))
    for name, value in published.items():
        if name in now:
            found += _differences(form.format(path, name), value, now[name])
    return found


def _of_order(path: str, published: list[Any], now: list[Any]) -> list[Difference]:
    in_both = set(published) & set(now)
    before, after = [x for x in published if x in in_both], [x for x in now if x in in_both]
    return [Difference(path, before, after, "order")] if before != after else []


def _named(elements: Sequence[Any]) -> dict[Hashable, Any] | None:
    """The elements by their names; ``None`` where one has no name, or two have the same."""
    if all(isinstance(element, Mapping) for element in elements):
        field = next((name for name in _IDENTITIES if all(name in element for element in elements)), None)
        if field is None:
            return None
        names = [element[field] for element in elements]
    elif all(isinstance(element, (str, int, float)) for element in elements):
        names = list(elements)
    else:
        return None
    named = dict(zip(names, elements, strict=True))
    return named if len(named) == len(elements) else None
