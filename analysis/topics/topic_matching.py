"""Identity of topics over refits: which topic of a new fit is which known topic.

    fitted topics + known topics -> matches -> ids, labels and dated events

Topic numbers mean nothing across fits, so topics are matched by their centroids and by the papers that they share. The
result is a `RegistryPlan`, a value: nothing is changed here, and the store applies the plan in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.topics.areas import area_names, areas_after_refit
from analysis.topics.labels import word_form
from domain.same_subject import Subject, subject
from domain.topics import FittedTopics, Topic, TopicAssignment, TopicEvent, TopicEventKind
from domain.week import Week


@dataclass(frozen=True, eq=False)
class KnownTopic:
    """A topic as the registry holds it before a refit.

    ``centroid`` is float32 ``(n_dims,)`` of unit length, from the last fit that had the topic. ``is_active`` is false
    if the current fit has no such topic: it is dormant, or was merged into another. ``label_is_pinned`` is true if an
    operator named the topic; such a label never changes here.
    """

    topic: Topic
    centroid: NDArray[np.float32]
    is_active: bool = True
    label_is_pinned: bool = False


@dataclass(frozen=True)
class RegistryPlan:
    """What a refit does to the registry.

    ``topics`` are the fitted topics as the registry will hold them: ``topics[i].topic_id`` is the id of fitted topic
    ``i``. ``retired_ids`` are the topics that were active until now and are not in the fit. ``events`` are sorted by
    topic id; every fitted and every retired topic has at least one.
    """

    week: Week
    topics: tuple[Topic, ...]
    retired_ids: tuple[int, ...]
    events: tuple[TopicEvent, ...]

    @property
    def topic_ids(self) -> tuple[int, ...]:
        """The id of each fitted topic."""
        return tuple(topic.topic_id for topic in self.topics)


@dataclass(frozen=True)
class MatchSettings:
    """Thresholds for matching fitted topics with known ones.

    ``min_score`` is the least agreement of a match (see `agreement`). A new topic counts as split from a known one, and
    a retired topic as merged into another, if they have at least the share ``min_related`` of its papers in common;
    without papers, if their centroids have at least the cosine ``min_related_cosine``. If a matched topic's centroids
    have a cosine below ``rename_below``, its label is checked against its present words.
    """

    min_score: float = 0.8
    min_related: float = 0.5
    min_related_cosine: float = 0.85
    rename_below: float = 0.95


def shared_papers(
    now: TopicAssignment, n_fitted: int, before: NDArray[np.int64], known_ids: Sequence[int]
) -> NDArray[np.int64]:
    """How many papers each fitted topic (row) shares with each known one (column).

    Parameters
    ----------
    now : papers assigned to the new fit's topics.
    n_fitted : topics of the new fit.
    before : int ``(n_papers,)``, the id of each paper's topic until now, -1 for none.
    known_ids : the known topics, in the order of the columns.

    Returns
    -------
    int64 ``(n_fitted, n_known)``.

    Raises
    ------
    ValueError
        If ``before`` has another length than the assignment.
    """
    if before.shape != now.topic.shape:
        raise ValueError(f"expected shape {now.topic.shape}, got {before.shape}")
    column = {topic_id: number for number, topic_id in enumerate(known_ids)}
    shared = np.zeros((n_fitted, len(known_ids)), dtype=np.int64)
    for fitted, topic_id in zip(now.topic.tolist(), before.tolist(), strict=True):
        if fitted >= 0 and topic_id in column:
            shared[fitted, column[topic_id]] += 1
    return shared


def agreement(cosines: NDArray[np.float64], shared: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """How similar each fitted topic (row) is to each known one (column), in [-1, 1].

    The mean of the centroids' cosine and the square root of the Dice coefficient of the two sets of papers; the root
    brings it to the scale of the cosine. Cosines alone would not do, because the two halves of a split topic lie close
    together but share no papers. Without ``shared``, the cosine.
    """
    if shared is None:
        return cosines
    totals = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True)
    dice = np.divide(2.0 * shared, totals, out=np.zeros(shared.shape), where=totals > 0)
    return np.asarray((cosines + np.sqrt(dice)) / 2.0)


def match_topics(
    fitted: FittedTopics,
    known: Sequence[KnownTopic],
    *,
    week: Week,
    shared: NDArray[np.int64] | None = None,
    begun: Sequence[Week] | None = None,
    settings: MatchSettings | None = None,
    first_free_id: int = 1,
) -> RegistryPlan:
    """What happens to every topic, known and fitted, when ``fitted`` replaces the last fit.

    Fitted and known topics are matched one-to-one so that the sum of their agreement is greatest (Hungarian method);
    pairs with too little agreement are not matched. A matched topic keeps its id and, as long as it fits, its label.
    The others are born, or split from a topic that continues, with ids never used before. A known topic without a match
    is merged if most of its papers are in one fitted topic now, and dormant otherwise. A later fit may revive it.

    Parameters
    ----------
    fitted : the new fit.
    known : every topic that ever had an id, in any order, dormant ones too, so that no id is used twice.
    week : the date of the events, except births.
    shared : papers in common, ``(n_fitted, n_known)``, from `shared_papers`; without it only centroids count.
    begun : the week in which each fitted topic began, for those without a match; by default ``week``. It dates a birth.
    settings : see `MatchSettings`.
    first_free_id : the lowest id for a new topic; topics of other embedding models have ids but are not in ``known``.

    Raises
    ------
    ValueError
        If shapes do not agree, or a known id occurs twice.
    """
    settings = settings or MatchSettings()
    ids = [k.topic.topic_id for k in known]
    if len(set(ids)) != len(ids):
        raise ValueError(f"expected each topic once, got ids {ids}")
    if shared is not None and shared.shape != (len(fitted), len(known)):
        raise ValueError(f"expected shape ({len(fitted)}, {len(known)}), got {shared.shape}")
    cosines = _cosines(fitted, known)
    score = agreement(cosines, shared)
    match = _one_to_one(score, settings.min_score, [column for column in range(len(known)) if known[column].is_active])
    # Readers follow the active topics, so these are matched first.
    left = np.where(np.isin(np.arange(len(fitted)), list(match))[:, None], -1.0, score)
    match |= _one_to_one(left, settings.min_score, [c for c in range(len(known)) if not known[c].is_active])

    next_id = max(max(ids, default=0) + 1, first_free_id)
    topics: list[Topic] = []
    events: list[TopicEvent] = []
    labels = _final_labels(fitted, known, match, cosines, settings)
    for number in range(len(fitted)):
        column = match.get(number)
        if column is None:
            born = week if begun is None else begun[number]
            topic = Topic(next_id, labels[number], fitted.top_terms[number], born, fitted.sizes[number])
            events.append(_birth(topic, number, known, match, cosines, shared, settings, week))
            next_id += 1
        else:
            before = known[column]
            topic = replace(
                before.topic,
                label=labels[number],
                top_terms=fitted.top_terms[number],
                size=fitted.sizes[number],
            )
            events.extend(_continuation(topic, before, float(cosines[number, column]), week))
        topics.append(topic)
    areas = areas_after_refit(
        _area_names(fitted, labels),
        [known[match[number]].topic.area if number in match else None for number in range(len(fitted))],
        fitted.sizes,
        labels,
    )
    topics = [replace(topic, area=area) for topic, area in zip(topics, areas, strict=True)]
    retired = [column for column in range(len(known)) if known[column].is_active and column not in match.values()]
    events.extend(_retirement(column, known, topics, cosines, shared, settings, week) for column in retired)
    return RegistryPlan(
        week=week,
        topics=tuple(topics),
        retired_ids=tuple(sorted(known[column].topic.topic_id for column in retired)),
        events=tuple(sorted(events, key=lambda event: event.topic_id)),
    )


def _area_names(fitted: FittedTopics, labels: Sequence[str]) -> list[str]:
    """The name of each topic's area by the labels that the topics have after matching; empty without areas."""
    if not fitted.areas:
        return []
    _, area = np.unique(np.array(fitted.areas), return_inverse=True)
    return area_names(area, labels, fitted.sizes, fitted.centroids)


def _cosines(fitted: FittedTopics, known: Sequence[KnownTopic]) -> NDArray[np.float64]:
    if not known or not len(fitted):
        return np.zeros((len(fitted), len(known)))
    centroids = np.stack([k.centroid for k in known]).astype(np.float64)
    if centroids.shape[1] != fitted.centroids.shape[1]:
        raise ValueError(f"expected centroids of {fitted.centroids.shape[1]} dimensions, got {centroids.shape[1]}")
    return np.asarray(fitted.centroids.astype(np.float64) @ centroids.T)


def _one_to_one(score: NDArray[np.float64], min_score: float, columns: Sequence[int]) -> dict[int, int]:
    """The known topic, one of ``columns``, of each fitted topic (row) that has a match."""
    from scipy.optimize import linear_sum_assignment

    if not columns:
        return {}
    among = score[:, columns]
    # Pairs below the threshold count as 0, so that no such pair displaces a match.
    rows, picked = linear_sum_assignment(np.where(among >= min_score, among, 0.0), maximize=True)
    pairs = zip(rows.tolist(), picked.tolist(), strict=True)
    return {row: columns[pick] for row, pick in pairs if among[row, pick] >= min_score}


def _final_labels(
    fitted: FittedTopics,
    known: Sequence[KnownTopic],
    match: dict[int, int],
    cosines: NDArray[np.float64],
    settings: MatchSettings,
) -> list[str]:
    """A label for each fitted topic, all different: old ones first, then new ones, extended where they collide."""
    labels: dict[int, str] = {}
    taken: set[Subject] = set()
    for number, column in sorted(match.items(), key=lambda pair: known[pair[1]].topic.topic_id):
        before = known[column]
        moved = cosines[number, column] < settings.rename_below
        stays = before.label_is_pinned or not moved or label_still_fits(before.topic.label, number, fitted)
        # While an operator's name was in its place, another topic may have taken the label.
        if stays and subject(before.topic.label) not in taken:
            labels[number] = before.topic.label
            taken.add(subject(before.topic.label))
    for number in range(len(fitted)):
        if number not in labels:
            labels[number] = free_label(fitted.labels[number], fitted.top_terms[number], taken)
            taken.add(subject(labels[number]))
    return [labels[number] for number in range(len(fitted))]


def label_still_fits(label: str, number: int, fitted: FittedTopics) -> bool:
    """Whether at least half of a label's words are in the fitted topic's own label or top terms."""
    now = _words(" ".join((fitted.labels[number], *fitted.top_terms[number])))
    words = _words(label)
    return 2 * len(words & now) >= len(words)


def _words(text: str) -> set[str]:
    return {word_form(word) for word in text.lower().replace("-", " ").replace("(", " ").replace(")", " ").split()}


def free_label(label: str, top_terms: Sequence[str], taken: set[Subject]) -> str:
    """The label, followed by top terms in brackets if a topic of ``taken`` has it, in whatever spelling."""
    extra = [term for term in top_terms if word_form(term) not in _words(label)]
    for name in (label, *(f"{label} ({', '.join(extra[:n_terms])})" for n_terms in range(1, len(extra) + 1))):
        if subject(name) not in taken:
            return name
    n_th = 2
    while subject(f"{label} {n_th}") in taken:
        n_th += 1
    return f"{label} {n_th}"


def _birth(
    topic: Topic,
    number: int,
    known: Sequence[KnownTopic],
    match: dict[int, int],
    cosines: NDArray[np.float64],
    shared: NDArray[np.int64] | None,
    settings: MatchSettings,
    week: Week,
) -> TopicEvent:
    """The event of a fitted topic without a match: split from a topic that continues, or born.

    A birth has the date of the topic's first papers, as the topic has; a split that of the fit.
    """
    parents = [column for column in match.values() if known[column].is_active]
    parent = _most_related(number, parents, cosines, shared, settings)
    if parent is None:
        detail = f"found in {week}, with {topic.size} papers then"
        return TopicEvent(topic.topic_id, "born", topic.born_week, detail)
    old = known[parent].topic
    return TopicEvent(topic.topic_id, "split", week, f"split from {old.label}", old.topic_id)


def _continuation(topic: Topic, before: KnownTopic, cosine: float, week: Week) -> list[TopicEvent]:
    """The events of a matched topic: continued or revived, and renamed if its label changed."""
    kind: TopicEventKind = "continued" if before.is_active else "revived"
    events = [TopicEvent(topic.topic_id, kind, week, f"similarity of the old and the new centre {cosine:.3f}")]
    if topic.label != before.topic.label:
        events.append(TopicEvent(topic.topic_id, "renamed", week, f"{before.topic.label} -> {topic.label}"))
    return events


def _retirement(
    column: int,
    known: Sequence[KnownTopic],
    topics: Sequence[Topic],
    cosines: NDArray[np.float64],
    shared: NDArray[np.int64] | None,
    settings: MatchSettings,
    week: Week,
) -> TopicEvent:
    """The event of a known topic without a match: merged into another, or dormant."""
    old = known[column].topic
    into = _most_related(column, range(len(topics)), cosines.T, None if shared is None else shared.T, settings)
    if into is None:
        return TopicEvent(old.topic_id, "dormant", week, f"{old.label} has no topic of its own any more")
    return TopicEvent(old.topic_id, "merged", week, f"merged into {topics[into].label}", topics[into].topic_id)


def _most_related(
    row: int,
    columns: Sequence[int] | range,
    cosines: NDArray[np.float64],
    shared: NDArray[np.int64] | None,
    settings: MatchSettings,
) -> int | None:
    """The column with most of the row's papers, or without papers the nearest one; ``None`` below the threshold."""
    if not columns:
        return None
    among = list(columns)
    if shared is not None:
        n_papers = int(shared[row].sum())
        best = max(among, key=lambda column: (int(shared[row, column]), -column))
        return best if n_papers and shared[row, best] >= settings.min_related * n_papers else None
    best = max(among, key=lambda column: (float(cosines[row, column]), -column))
    return best if cosines[row, best] >= settings.min_related_cosine else None
