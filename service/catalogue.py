"""Digests, topics and papers as the pages and the API show them: one answer for both."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from analysis.search import nearest_rows, similarities
from domain.detections import ADOPTS
from domain.digest import SharePoint
from domain.errors import PapertideError, UsageError
from domain.paper import ArxivId, Paper, parse_arxiv_id
from domain.paper_index import day_number
from domain.topics import Topic, TopicEvent
from domain.week import Week, last_closed_week, weeks_between
from service.answers import trends
from service.workshop import Workshop
from store.detections import detections_of_paper
from store.digests import DigestHead, PublishedDigest, digest_heads, digest_revision
from store.papers import known_papers, papers_in_order, versions_of_paper
from store.topics import RegisteredTopic, paper_positions, registered_topics, topic_events
from store.weekly import complete_weeks

N_NEIGHBOURS = 6
N_LISTED = 10
N_SIMILAR = 8


class NotHere(PapertideError):
    """What was asked for is not held."""


# -- digests


def heads(shop: Workshop) -> list[DigestHead]:
    """Every published digest in short, newest first."""
    return shop.kept("digest heads", lambda: digest_heads(shop.db))[::-1]


def published(shop: Workshop, week: Week, revision: int | None = None) -> PublishedDigest:
    """A published digest, the newest revision by default.

    Raises
    ------
    NotHere
    """
    found = shop.kept(("digest", week, revision), lambda: digest_revision(shop.db, week, revision), shelf="large")
    if found is None:
        raise NotHere(f"there is no digest of {week}" + (f" in revision {revision}" if revision else ""))
    return found


def head_json(head: DigestHead) -> dict[str, Any]:
    """A digest in a list."""
    return {
        "week": str(head.week),
        "start": head.week.monday.isoformat(),
        "end": head.week.sunday.isoformat(),
        "headline": head.sentence,
        "n_papers": head.n_papers,
        "complete": head.complete,
        "revision": head.revision,
        "published_at": instant(head.published_at),
        "first_published_at": instant(head.first_published_at),
    }


# -- topics


def all_topics(shop: Workshop) -> list[RegisteredTopic]:
    """Every topic that ever was, largest of the living first, then the others."""
    model_id = shop.embedding_model_id
    if model_id is None:
        return []
    found = shop.kept("registered topics", lambda: registered_topics(shop.db, model_id))
    return sorted(found, key=lambda t: (not t.is_active, -t.topic.size, t.topic.topic_id))


def topic_json(registered: RegisteredTopic) -> dict[str, Any]:
    """A topic in a list."""
    t = registered.topic
    x, y = registered.position
    return {
        "topic_id": t.topic_id,
        "label": t.label,
        "area": t.area,
        "top_terms": list(t.top_terms),
        "born_week": str(t.born_week),
        "n_papers": t.size,
        "active": registered.is_active,
        "x": _finite(x),
        "y": _finite(y),
    }


def topic(shop: Workshop, topic_id: int) -> dict[str, Any]:
    """One topic: what it is, its history, its share by week, its papers and its neighbours.

    Raises
    ------
    NotHere
        If no topic ever had this id.
    """
    return shop.kept(("topic", topic_id), lambda: _topic(shop, topic_id))


def _topic(shop: Workshop, topic_id: int) -> dict[str, Any]:
    everyone = all_topics(shop)
    by_id = {t.topic.topic_id: t for t in everyone}
    if topic_id not in by_id:
        raise NotHere(f"there is no topic {topic_id}")
    here = by_id[topic_id]
    index = shop.paper_index
    rows = np.flatnonzero(index.topic_id == topic_id)
    central = rows[np.argsort(-index.similarity[rows], kind="stable")]
    return {
        **topic_json(here),
        "events": [_event(e, {i: t.topic for i, t in by_id.items()}) for e in topic_events(shop.db, topic_id)],
        "points": _topic_points(shop, topic_id) if here.is_active else [],
        "techniques": _techniques(shop, rows),
        "newest": [paper_line(p) for p in _papers_at(shop, rows[::-1])],
        "central": [paper_line(p) for p in _papers_at(shop, central)],
        "neighbours": _neighbours(here, everyone),
        "n_papers_now": len(rows),
    }


def _topic_points(shop: Workshop, topic_id: int) -> list[dict[str, Any]]:
    try:
        answer = trends(
            shop, [f"topic:{topic_id}"], by="week", level="adopts", categories=(), primary=False, since=None, until=None
        )
    except UsageError:  # nothing is counted yet, or it is being counted anew
        return []
    points: list[dict[str, Any]] = answer["series"][0]["points"]
    return points


def _techniques(shop: Workshop, rows: np.ndarray) -> list[dict[str, Any]]:
    """What the topic's papers run on, most first; below a twentieth it tells nothing."""
    index = shop.paper_index
    if not len(rows):
        return []
    adopted = (index.level[rows] >= ADOPTS).sum(axis=0).tolist()
    names = {(t.kind, t.key): t.name for t in shop.detector.taxonomy.terms}
    shares = [
        {"kind": kind, "key": key, "name": names[kind, key], "k": k, "n": len(rows)}
        for (kind, key), k in zip(index.terms, adopted, strict=True)
        if kind == "technique" and k >= len(rows) / 20
    ]
    return sorted(shares, key=lambda s: -s["k"])[:6]


def _neighbours(here: RegisteredTopic, everyone: Sequence[RegisteredTopic]) -> list[dict[str, Any]]:
    others = [t for t in everyone if t.is_active and t is not here]
    near = sorted(((float(t.centroid @ here.centroid), t) for t in others), key=lambda pair: -pair[0])
    return [
        {"topic_id": t.topic.topic_id, "label": t.topic.label, "similarity": round(cosine, 4)}
        for cosine, t in near[:N_NEIGHBOURS]
    ]


def _event(event: TopicEvent, topics: dict[int, Topic]) -> dict[str, Any]:
    other = topics.get(event.other_topic_id) if event.other_topic_id is not None else None
    return {
        "week": str(event.week),
        "kind": event.kind,
        "detail": event.detail,
        "other_topic_id": event.other_topic_id,
        "other_label": other.label if other else None,
    }


def topic_series(shop: Workshop, n_weeks: int = 26) -> dict[int, tuple[SharePoint, ...]]:
    """The share of each living topic up to the newest closed week that is held, without intervals: for the list."""
    return shop.kept(("topic series", n_weeks), lambda: _topic_series(shop, n_weeks))


def _topic_series(shop: Workshop, n_weeks: int) -> dict[int, tuple[SharePoint, ...]]:
    index = shop.paper_index
    if not len(index):
        return {}
    held = [Week.containing(datetime.fromtimestamp(int(day) * 86_400, UTC)) for day in index.day[[0, -1]]]
    last = min(held[1], last_closed_week(shop.now()))
    weeks = list(weeks_between(max(held[0], last.plus(1 - n_weeks)), last))
    if not weeks:  # all that is held is of a week that is still open
        return {}
    first = weeks[0]
    complete = complete_weeks(shop.db, shop.settings.categories)
    week_of_row = (index.day - day_number(first.monday)) // 7
    inside = (week_of_row >= 0) & (week_of_row < len(weeks))
    n = np.bincount(week_of_row[inside], minlength=len(weeks)).tolist()
    found = {}
    for t in all_topics(shop):
        if t.is_active:
            of = inside & (index.topic_id == t.topic.topic_id)
            k = np.bincount(week_of_row[of], minlength=len(weeks)).tolist()
            found[t.topic.topic_id] = tuple(
                SharePoint(w.monday, w.sunday, ki, ni, ki / ni if ni else np.nan, np.nan, np.nan, w in complete)
                for w, ki, ni in zip(weeks, k, n, strict=True)
            )
    return found


def topic_map(shop: Workshop) -> list[tuple[float, float, int | None]]:
    """A sample of papers on the map of topics: their place and their topic; empty where no map is drawn."""
    model = shop.topic_model
    if model is None:
        return []
    places = shop.kept("map", lambda: paper_positions(shop.db, model.topic_model_id))
    index = shop.paper_index
    found = []
    for arxiv_id, (x, y) in places.items():
        row = index.row_of.get(arxiv_id)
        if row is not None:
            of = int(index.topic_id[row])
            found.append((x, y, of if of >= 0 else None))
    return found


@cache
def detector_scores() -> dict[str, dict[str, float]]:
    """The detector's measured accuracy at the level of adoption, by key; docs/model-card.md says how."""
    measured = json.loads((files("analysis") / "detector_scores.json").read_text(encoding="utf-8"))
    return {key: label["dev"]["2"] for key, label in measured["labels"].items()}


# -- papers


def paper(shop: Workshop, arxiv_id: str) -> dict[str, Any]:
    """One paper: what arXiv says of it, what was found in it, where it belongs, and what is like it.

    Raises
    ------
    NotHere
        If it is not held, or the text is no identifier.
    """
    asked = arxiv_id_of(arxiv_id)
    found = known_papers(shop.db, [asked]).get(asked)
    if found is None:
        raise NotHere(f"the paper {asked} is not held here; it may be outside the watched categories or too old")
    names = {(t.kind, t.key): t for t in shop.detector.taxonomy.terms}
    return {
        **paper_line(found),
        "abstract": found.abstract,
        "categories": list(found.categories),
        "version": found.version,
        "withdrawn": found.is_withdrawn,
        "updated_at": instant(found.updated_at),
        "comment": found.comment,
        "doi": found.doi,
        "journal_ref": found.journal_ref,
        "versions": [
            {"version": v.version, "submitted_at": instant(v.submitted_at)} for v in versions_of_paper(shop.db, asked)
        ],
        "detections": [
            {
                "kind": d.kind,
                "key": d.key,
                "name": names[d.kind, d.key].name,
                "level": d.level,
                "evidence": [{"field": e.field, "start": e.start, "end": e.end} for e in d.evidence],
            }
            for d in detections_of_paper(shop.db, shop.detector.detector_id, asked)
            if (d.kind, d.key) in names
        ],
        **_place_of(shop, asked),
    }


def arxiv_id_of(text: str) -> ArxivId:
    """An identifier as people type it, with or without version.

    Raises
    ------
    NotHere
        If the text is none.
    """
    try:
        return parse_arxiv_id(re.sub(r"v[1-9]\d*$", "", text))
    except ValueError as error:
        raise NotHere(f"{text!r} is no arXiv identifier; they are written 2606.01846 or cs/0601001") from error


def _place_of(shop: Workshop, arxiv_id: ArxivId) -> dict[str, Any]:
    index = shop.paper_index
    row = index.row_of.get(arxiv_id)
    if row is None or not index.vectors.shape[1] or not index.vectors[row].any():
        return {"topic": None, "similar": []}
    of = {t.topic.topic_id: t.topic for t in all_topics(shop)}.get(int(index.topic_id[row]))
    cosines = similarities(index.vectors[[row]], index.vectors)[0]
    near = [r for r in nearest_rows(cosines, index.ids, limit=N_SIMILAR + 1) if r != row][:N_SIMILAR]
    return {
        "topic": {"topic_id": of.topic_id, "label": of.label} if of else None,
        "similar": [
            {**paper_line(p), "similarity": round(float(cosines[index.row_of[p.arxiv_id]]), 4)}
            for p in papers_in_order(shop.db, [index.ids[r] for r in near])
        ],
    }


def paper_line(p: Paper) -> dict[str, Any]:
    """A paper in a list."""
    return {
        "arxiv_id": p.arxiv_id,
        "title": p.title,
        "authors": list(p.authors),
        "primary_category": p.primary_category,
        "submitted_at": instant(p.submitted_at),
        "url": p.url,
    }


def _papers_at(shop: Workshop, rows: np.ndarray) -> list[Paper]:
    index = shop.paper_index
    return papers_in_order(shop.db, [index.ids[row] for row in rows[:N_LISTED].tolist()])


def _finite(number: float) -> float | None:
    return round(number, 4) if np.isfinite(number) else None


def instant(at: datetime) -> str:
    """An instant as ``2026-06-15T12:00:00Z``."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
