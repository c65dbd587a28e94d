"""Topics: the result of a fit, the registry of topics, and the assignment of papers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from domain.paper import ArxivId
from domain.week import Week

TopicEventKind = Literal["born", "continued", "renamed", "merged", "split", "dormant", "revived"]


@dataclass(frozen=True, eq=False)
class FittedTopics:
    """The topics of one fit, numbered 0 to n_topics - 1; the numbers mean nothing across fits.

    ``centroids`` is float32 ``(n_topics, n_dims)`` with rows of unit length. ``sizes`` counts the papers that each
    topic was fitted on. ``labels`` are short and readable; ``top_terms`` holds about ten terms per topic, best first.
    ``floor`` is the cosine similarity below which a paper stays unassigned. ``areas`` names each topic's wider field,
    and is empty without areas.
    """

    embedding_model_id: str
    centroids: NDArray[np.float32]
    sizes: tuple[int, ...]
    labels: tuple[str, ...]
    top_terms: tuple[tuple[str, ...], ...]
    floor: float
    areas: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n_topics = len(self.sizes)
        if self.centroids.ndim != 2 or len(self.centroids) != n_topics:
            raise ValueError(f"expected shape ({n_topics}, n_dims), got {self.centroids.shape}")
        if len(self.labels) != n_topics or len(self.top_terms) != n_topics:
            raise ValueError(f"expected {n_topics} labels and term lists")
        if len(self.areas) not in (0, n_topics):
            raise ValueError(f"expected {n_topics} areas or none, got {len(self.areas)}")

    def __len__(self) -> int:
        return len(self.sizes)


@dataclass(frozen=True, eq=False)
class TopicAssignment:
    """The fitted topic of each paper.

    ``topic`` is int32 ``(n_papers,)`` with -1 for unassigned. ``similarity`` is float32 ``(n_papers,)``, the cosine
    in [-1, 1] to the topic's centroid, or to the nearest one if unassigned.
    """

    ids: tuple[ArxivId, ...]
    topic: NDArray[np.int32]
    similarity: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.topic.shape != (len(self.ids),) or self.similarity.shape != (len(self.ids),):
            raise ValueError(f"expected shape ({len(self.ids)},), got {self.topic.shape} and {self.similarity.shape}")

    def sizes(self, n_topics: int) -> tuple[int, ...]:
        """The number of papers of each topic."""
        return tuple(np.bincount(self.topic[self.topic >= 0], minlength=n_topics).tolist())


@dataclass(frozen=True)
class AssignedPaper:
    """A paper with its topic; ``topic_id`` is ``None`` if the similarity is below the floor."""

    arxiv_id: ArxivId
    topic_id: int | None
    similarity: float


@dataclass(frozen=True)
class Topic:
    """A topic of the registry; its id is never reused.

    ``area`` is its wider field, ``None`` without areas.
    """

    topic_id: int
    label: str
    top_terms: tuple[str, ...]
    born_week: Week
    size: int
    area: str | None = None


@dataclass(frozen=True)
class TopicEvent:
    """A dated event of a topic; ``other_topic_id`` is the topic it merged into or split from."""

    topic_id: int
    kind: TopicEventKind
    week: Week
    detail: str
    other_topic_id: int | None = None


@dataclass(frozen=True)
class TopicDrift:
    """How well a week's papers fit the topics.

    Attributes
    ----------
    n : papers of the week.
    share_unassigned : share below the similarity floor, in [0, 1].
    mean_similarity : mean cosine to the nearest centroid.
    centroid_shift : 1 - cosine between the mean of a topic's papers this week and its centroid, averaged over papers;
        about 0 from sampling alone.
    embedding_shift : distance of the week's mean vector from that of the last weeks in the fit, in standard errors;
        about 1 from sampling alone.
    """

    week: Week
    n: int
    share_unassigned: float
    mean_similarity: float
    centroid_shift: float
    embedding_shift: float
