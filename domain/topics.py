"""Topics: what a fit finds, what the registry keeps, and which paper belongs where."""

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

    ``centroids`` is float32 ``(n_topics, n_dims)``, rows of unit length. ``sizes`` counts the papers each
    topic was fitted on. ``labels`` are short and human; ``top_terms`` holds about ten terms a topic, best
    first. ``floor`` is the cosine similarity below which a paper stays unassigned. ``areas`` names the wider
    field of each topic; it is empty where the topics were not sorted into areas.
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
    """Which fitted topic each paper belongs to.

    ``topic`` is int32 ``(n_papers,)`` with -1 for unassigned; ``similarity`` float32, the cosine to the
    nearest centroid, in [-1, 1].
    """

    ids: tuple[ArxivId, ...]
    topic: NDArray[np.int32]
    similarity: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.topic.shape != (len(self.ids),) or self.similarity.shape != (len(self.ids),):
            raise ValueError(f"expected shape ({len(self.ids)},), got {self.topic.shape} and {self.similarity.shape}")


@dataclass(frozen=True)
class AssignedPaper:
    """One paper's place among the topics; ``topic_id`` is ``None`` below the floor."""

    arxiv_id: ArxivId
    topic_id: int | None
    similarity: float


@dataclass(frozen=True)
class Topic:
    """A topic of the registry: its id is never used again for another one.

    ``area`` is the wider field that it belongs to, ``None`` where topics were not sorted into areas.
    """

    topic_id: int
    label: str
    top_terms: tuple[str, ...]
    born_week: Week
    size: int
    area: str | None = None


@dataclass(frozen=True)
class TopicEvent:
    """One dated line of a topic's history; ``other_topic_id`` is the topic merged into or split from."""

    topic_id: int
    kind: TopicEventKind
    week: Week
    detail: str
    other_topic_id: int | None = None


@dataclass(frozen=True)
class TopicDrift:
    """How well a week's papers fit the topics that they were given.

    ``share_unassigned`` is the share of them that lie below the floor, ``mean_similarity`` the mean cosine to the
    nearest centroid. ``centroid_shift`` tells how far the week's papers of a topic lie from its centroid as a group,
    1 - cosine, mean over papers; ``embedding_shift`` how far the mean of all vectors lies from that of the last weeks
    that the fit saw, in standard errors. Sampling alone gives a ``centroid_shift`` around 0 and an ``embedding_shift``
    around 1.
    """

    week: Week
    n: int
    share_unassigned: float
    mean_similarity: float
    centroid_shift: float
    embedding_shift: float
