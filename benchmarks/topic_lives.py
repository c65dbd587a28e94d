"""Topics over time: do they keep their identity, are they born when there is news, and is drift seen?

    python -m benchmarks.topic_lives identity [--shared ../shared] [--per-week 500]
    python -m benchmarks.topic_lives drift    [--shared ../shared] [--per-week 500]
    python -m benchmarks.topic_lives births   [--repeats 20] [--per-week 500]

Each drives the product's own code on a throw-away database, week by week.

``identity`` plays the weeks of arXiv that the shared folder holds, a sample of each, and refits every four weeks.
After each fit it prints how many of the papers that had a topic still have it, where their topic continues; beside it
what fits without a registry give, where a topic's number is its name. Then where continuing topics are on the map
against a fresh layout, how each week's drift compares with the threshold, and whether every topic's history is one
unbroken story.

``drift`` fits topics to the papers of one primary category, as if no other were watched, and then adds weeks with that
category alone and with all.

``births`` plants a topic in the sample corpus, 1 % of the papers from week 14 on, and counts the weeks until it is
born; and again without it, where nothing should be born. The corpus has planted trends, which are news of another
kind; so all other papers come in random order, unless ``--trends`` leaves them their weeks. The repeats share
``--fits`` histories in turn, and differ in every paper that comes later. Vectors are computed once and kept in
``--cache``.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.embed import paper_text
from analysis.topics.assignment import assign_topics
from analysis.topics.bertopic_model import TopicSettings, fit_topics
from analysis.topics.map_layout import topic_positions
from analysis.topics.model_drift import rise_of_unassigned
from benchmarks.topics import Vectors, coherence, diversity, real_papers
from domain.embeddings import Embeddings
from domain.paper import ArxivId, Paper
from domain.topics import TopicEvent
from domain.week import Week, weeks_between
from ingest.harvest import plan_harvest
from ingest.settings import DEFAULT_CATEGORIES
from pipeline.topics import update_topics
from sample.corpus import make_corpus
from store.database import Database, open_database
from store.embeddings import add_embeddings
from store.papers import apply_harvest
from store.topics import (
    StoredTopicModel,
    assignments_of_weeks,
    drift_of,
    newest_topic_model,
    registered_topics,
    topic_events,
    topics_of_papers,
)

CATEGORIES = (*DEFAULT_CATEGORIES, "cs.RO")
FIRST_FIT_AFTER = 8
NEWS = "gui_agents"
NEWS_FROM = 14
NEWS_UNTIL = 19
NEWS_SHARE = 0.01
POOL_PER_WEEK = 1000


class Radar:
    """A database of its own, fed week by week."""

    def __init__(self, file: Path, vectors: Mapping[ArxivId, NDArray[np.float32]], settings: TopicSettings) -> None:
        self.db = open_database(f"sqlite:///{file}")
        self.settings = settings
        self._vectors = vectors

    def feed(self, papers: Sequence[Paper]) -> None:
        """Store papers with their vectors."""
        apply_harvest(self.db, plan_harvest(papers, {}), None, seen_at=datetime.now(UTC))
        ids = tuple(p.arxiv_id for p in papers)
        add_embeddings(self.db, Embeddings(ids, np.stack([self._vectors[i] for i in ids]), "m"))

    def keep(self, week: Week) -> list[str]:
        """Bring topics up to this week; what happened, in words."""
        steps = update_topics(self.db, "m", CATEGORIES, self.settings, last_week=week, clock=lambda: datetime.now(UTC))
        return [step.note for step in steps if step.note]

    def model(self) -> StoredTopicModel:
        """The newest fit."""
        model = newest_topic_model(self.db, "m")
        if model is None:
            sys.exit("no topics were found in these papers")
        return model


# -- identity


def identity(arguments: argparse.Namespace) -> None:
    """Refit every four weeks through all weeks, and print what became of papers, topics, map and drift."""
    of_week = weekly_sample(arguments.shared, arguments.per_week)
    vectors = Vectors(arguments.cache).of(p for papers in of_week.values() for p in papers)
    weeks = sorted(of_week)
    print(f"{len(weeks)} weeks, {sum(map(len, of_week.values())):,} papers\n")
    print("| fit | seconds | papers | topics | kept | kept, of those assigned | by number alone | map | map, fresh |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    kept_all: list[tuple[int, int]] = []
    rises: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        radar = Radar(Path(folder) / "papertide.sqlite", vectors, TopicSettings())
        for n, week in enumerate(weeks):
            radar.feed(of_week[week])
            if n + 1 < FIRST_FIT_AFTER:
                continue
            before = newest_topic_model(radar.db, "m")
            papers_before = topics_of_papers(radar.db, before.topic_model_id) if before else {}
            start = time.perf_counter()
            notes = radar.keep(week)
            model = radar.model()
            if before is not None and model.topic_model_id == before.topic_model_id:
                rises.append(rise_of_unassigned(drift_of(radar.db, model.topic_model_id), model.fitted_week))
                for note in notes:
                    print(f"    {note}")
                continue
            line = f"| {week} | {time.perf_counter() - start:.0f} | {model.n_papers:,} | {len(model.topics)} |"
            if before is not None:
                r = paper_retention(radar.db, before, model, papers_before)
                kept_all.append((r.n_kept, r.n_before))
                line += f" {r.n_kept / r.n_before:.1%} | {r.n_kept / r.n_still:.1%} | {r.by_number:.1%} |"
                line += " {:.2f} | {:.2f} |".format(*map_displacement(before, model, radar.settings.seed))
            print(line, flush=True)
        n_kept, n_before = (sum(column) for column in zip(*kept_all, strict=True))
        least = min(a / b for a, b in kept_all)
        print(f"\nkept over all fits: {n_kept / n_before:.1%} of {n_before:,}, least {least:.1%}")
        print(
            f"rise of the share unassigned in the {len(rises)} weeks without a fit, less two standard errors: "
            f"median {np.median(rises):+.3f}, highest {max(rises):+.3f}; threshold {radar.settings.max_drift}"
        )
        print_stories(radar)
        compare_with_fresh_fit(radar, [p for papers in of_week.values() for p in papers], vectors, weeks[-1])


def compare_with_fresh_fit(
    radar: Radar, papers: Sequence[Paper], vectors: Mapping[ArxivId, NDArray[np.float32]], last_week: Week
) -> None:
    """What going on from known topics costs: coherence and the rest beside a fit from nothing to the same papers."""
    seen = [p for p in papers if p.week > last_week.plus(-radar.settings.window_weeks)]
    texts = [paper_text(p) for p in seen]
    embeddings = Embeddings(tuple(p.arxiv_id for p in seen), np.stack([vectors[p.arxiv_id] for p in seen]), "m")
    print("\n| last fit | topics | unassigned | largest | NPMI | diversity |\n| --- | --- | --- | --- | --- | --- |")
    for name, fitted in (
        ("going on", radar.model().fitted),
        ("from nothing", fit_topics(texts, embeddings, radar.settings)),
    ):
        topic = assign_topics(embeddings, fitted).topic
        largest = np.bincount(topic[topic >= 0]).max() / len(topic)
        npmi = coherence(texts, fitted.top_terms, min_df=20)
        print(
            f"| {name} | {len(fitted)} | {(topic < 0).mean():.1%} | {largest:.1%} "
            f"| {npmi:.3f} | {diversity(fitted.top_terms):.3f} |"
        )


class PaperRetention:
    """Of the papers whose topic continues: how many there are, still have a topic, and have the same one."""

    def __init__(self, before: Mapping[ArxivId, int], after: Mapping[ArxivId, int], ids_after: set[int]) -> None:
        continuing = {i: topic for i, topic in before.items() if topic in ids_after}
        self.n_before = len(continuing)
        self.n_still = sum(i in after for i in continuing)
        self.n_kept = sum(after.get(i) == topic for i, topic in continuing.items())
        self.by_number = 0.0


def paper_retention(
    db: Database, before: StoredTopicModel, after: StoredTopicModel, papers_before: Mapping[ArxivId, int]
) -> PaperRetention:
    """What became of the papers that had a topic and that the new fit saw."""
    papers_after = topics_of_papers(db, after.topic_model_id)
    seen = set(assignments_of_weeks(db, after.topic_model_id).ids)
    here = {i: topic for i, topic in papers_before.items() if i in seen}
    retention = PaperRetention(here, papers_after, {t.topic_id for t in after.topics})
    number_before = {t.topic_id: n for n, t in enumerate(before.topics)}
    number_after = {t.topic_id: n for n, t in enumerate(after.topics)}
    same = [number_after.get(papers_after.get(i, -1)) == number_before[topic] for i, topic in here.items()]
    retention.by_number = float(np.mean(same))
    return retention


def map_displacement(before: StoredTopicModel, after: StoredTopicModel, seed: int) -> tuple[float, float]:
    """How far continuing topics moved on the map, on average, and how far in a layout from scratch."""
    old = {t.topic_id: place for t, place in zip(before.topics, before.positions, strict=True)}
    rows = [n for n, t in enumerate(after.topics) if t.topic_id in old]
    were = np.stack([old[after.topics[n].topic_id] for n in rows])
    fresh = topic_positions(after.fitted.centroids, np.full((len(after.topics), 2), np.nan), seed=seed)
    return tuple(float(np.linalg.norm(places[rows] - were, axis=1).mean()) for places in (after.positions, fresh))  # type: ignore[return-value]


def print_stories(radar: Radar) -> None:
    """How many events of each kind there are, and every history that is not one story."""
    events = {t.topic.topic_id: topic_events(radar.db, t.topic.topic_id) for t in registered_topics(radar.db, "m")}
    active = {t.topic_id for t in radar.model().topics}
    counts = collections.Counter(event.kind for history in events.values() for event in history)
    print(
        f"{len(events)} ids, {len(active)} of them active; " + ", ".join(f"{n:,} {k}" for k, n in counts.most_common())
    )
    broken = {i: why for i, history in events.items() if (why := break_in(history, is_active=i in active))}
    print(f"histories that are not one unbroken story: {len(broken)}")
    for topic_id, why in broken.items():
        print(f"  {topic_id}: {why}")
    longest = max(events.values(), key=lambda history: len({e.kind for e in history}))
    print("one of them:")
    for event in longest:
        print(f"  {event.week}  {event.kind}: {event.detail}")


def break_in(history: Sequence[TopicEvent], *, is_active: bool) -> str:
    """Where a topic's history is no story, in words; empty where it is one.

    It begins with a birth or a split, is dated in order, ends and is revived in turn, and ends as the topic is now.
    """
    if not history or history[0].kind not in ("born", "split"):
        return "it does not begin with a birth"
    alive = False
    for n, event in enumerate(history):
        if n and event.week < history[n - 1].week:
            return f"{event.week} comes after {history[n - 1].week}"
        if event.kind in ("born", "split", "revived"):
            if alive or (event.kind != "revived" and n):
                return f"{event.kind} in {event.week} while it lived"
            alive = True
        elif not alive:
            return f"{event.kind} in {event.week} while it did not live"
        elif event.kind in ("dormant", "merged"):
            alive = False
    return "" if alive == is_active else "its last event is not what it is now"


# -- drift


def drift(arguments: argparse.Namespace) -> None:
    """Fit to the papers of one primary category, then add weeks with these alone and with all."""
    of_week = weekly_sample(arguments.shared, arguments.per_week)
    weeks = sorted(of_week)[-16:]
    vectors = Vectors(arguments.cache).of(p for week in weeks for p in of_week[week])
    settings = TopicSettings(max_drift=1.0, refit_weeks=99)  # so that only the measure is seen
    print("by week after the fit, and the mean of the weeks that it saw last\n")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "papertide.sqlite"
        radar = Radar(file, vectors, settings)
        for week in weeks[:12]:
            radar.feed([p for p in of_week[week] if p.primary_category == arguments.category])
        radar.keep(weeks[11])
        radar.db.close()
        for name, is_alone in ((f"{arguments.category} alone", True), ("all", False)):
            copy = Path(folder) / f"{is_alone}.sqlite"
            shutil.copy(file, copy)
            radar = Radar(copy, vectors, settings)
            for week in weeks[12:]:
                radar.feed([p for p in of_week[week] if not is_alone or p.primary_category == arguments.category])
                radar.keep(week)
            model = radar.model()
            measured = drift_of(radar.db, model.topic_model_id)
            print(f"{name}, {np.mean([d.n for d in measured if d.week > model.fitted_week]):.0f} papers a week")
            for measure in ("share_unassigned", "mean_similarity", "centroid_shift", "embedding_shift"):
                seen = [getattr(d, measure) for d in measured if d.week <= model.fitted_week]
                after = [getattr(d, measure) for d in measured if d.week > model.fitted_week]
                print(f"  {measure}: {', '.join(f'{x:.3f}' for x in after)}; seen {np.mean(seen):.3f}")
            rise = rise_of_unassigned(measured, model.fitted_week)
            print(f"  rise less two standard errors, in the newest week: {rise:+.3f}")
    print(f"threshold: {TopicSettings().max_drift}")


# -- births


def births(arguments: argparse.Namespace) -> None:
    """Plant a topic in the sample corpus, again and again, and see when it is born; and that nothing else is."""
    corpus = make_corpus(seed=7, last_week=Week.parse("2026-W25"), papers_per_week=POOL_PER_WEEK)
    weeks = corpus.weeks[: NEWS_UNTIL + 1]
    pool = [(p, t) for p, t in zip(corpus.papers, corpus.truth, strict=True) if t.week <= weeks[-1]]
    vectors = Vectors(arguments.cache).of(p for p, _ in pool)
    truth = {t.arxiv_id: t for _, t in pool}
    plain: dict[Week, list[Paper]] = {week: [] for week in weeks}
    news: dict[Week, list[Paper]] = {week: [] for week in weeks}
    for p, t in pool:
        (news if t.topic == NEWS else plain)[t.week].append(p)
    settings = TopicSettings(max_drift=1.0, refit_weeks=99)  # so that only births are seen, never a fit
    arms = ("planted", "without it")
    n_news = round(NEWS_SHARE * arguments.per_week)
    print(f"{arguments.per_week} papers a week, {n_news} of them of the planted topic from week {NEWS_FROM} on\n")
    waits: list[int | None] = []
    false_births: collections.Counter[str] = collections.Counter()
    for fit in range(arguments.fits):
        rng = np.random.default_rng(fit)
        if arguments.trends:
            history = {week: _draw(plain[week], arguments.per_week, rng) for week in weeks[:NEWS_FROM]}
        else:
            history = _from_any_week(plain, set(), weeks[:NEWS_FROM], arguments.per_week, rng)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "papertide.sqlite"
            radar = Radar(file, vectors, settings)
            for week in weeks[:NEWS_FROM]:
                radar.feed(history[week])
            radar.keep(weeks[NEWS_FROM - 1])
            n_fitted = len(radar.model().topics)
            radar.db.close()
            for repeat in range(fit, arguments.repeats, arguments.fits):
                rng, later = np.random.default_rng([fit, repeat]), weeks[NEWS_FROM:]
                if arguments.trends:
                    drawn = {week: _draw(plain[week], arguments.per_week, rng) for week in later}
                else:
                    drawn = _from_any_week(plain, _ids(history), later, arguments.per_week, rng)
                planted = {week: _draw(news[week], n_news, rng) for week in later}
                for arm in arms:
                    shutil.copy(file, copy := Path(folder) / "arm.sqlite")
                    radar = Radar(copy, vectors, settings)
                    born: list[tuple[int, bool]] = []
                    for n, week in enumerate(later, 1):
                        n_before = len(radar.model().topics)
                        radar.feed(drawn[week] + (planted[week] if arm == arms[0] else []))
                        radar.keep(week)
                        model = radar.model()
                        for topic in model.topics[n_before:]:
                            of_topic = topics_of_papers(radar.db, model.topic_model_id).items()
                            is_news = np.mean([truth[i].topic == NEWS for i, t in of_topic if t == topic.topic_id])
                            born.append((n, bool(is_news > 0.5)))
                    radar.db.close()
                    if arm == arms[0]:
                        waits.append(next((n for n, is_news in born if is_news), None))
                    false_births[arm] += sum(not is_news for _, is_news in born)
                print(f"repeat {repeat}: {n_fitted} topics fitted; born in week {waits[-1]} of its life", flush=True)
    in_time = sum(wait is not None and wait <= 3 for wait in waits)
    by_wait = ", ".join(f"{n} in week {wait}" for wait, n in sorted(collections.Counter(waits).items(), key=str))
    print(f"\nborn within 3 weeks of its start: {in_time} of {len(waits)} ({by_wait})")
    n_weeks = arguments.repeats * (NEWS_UNTIL - NEWS_FROM + 1)
    for arm in arms:
        print(f"{arm}: {false_births[arm]} other topics born in {n_weeks} weeks")


def _from_any_week(
    of_week: Mapping[Week, list[Paper]], used: set[ArxivId], weeks: Sequence[Week], n: int, rng: np.random.Generator
) -> dict[Week, list[Paper]]:
    """So many papers for each of these weeks, whatever week they were made for."""
    unused = [p for in_week in of_week.values() for p in in_week if p.arxiv_id not in used]
    drawn = [unused[row] for row in rng.permutation(len(unused))[: n * len(weeks)].tolist()]
    return {
        week: [_moved(p, week.start_at + timedelta(minutes=i)) for i, p in enumerate(drawn[n * k : n * k + n])]
        for k, week in enumerate(weeks)
    }


def _moved(p: Paper, submitted_at: datetime) -> Paper:
    return replace(p, submitted_at=submitted_at, updated_at=submitted_at)


def _ids(of_week: Mapping[Week, list[Paper]]) -> set[ArxivId]:
    return {p.arxiv_id for papers in of_week.values() for p in papers}


def _draw(papers: Sequence[Paper], n: int, rng: np.random.Generator) -> list[Paper]:
    return [papers[row] for row in sorted(rng.choice(len(papers), size=min(n, len(papers)), replace=False).tolist())]


# -- papers


def weekly_sample(shared: Path, per_week: int) -> dict[Week, list[Paper]]:
    """So many papers of each whole week, the same ones every time."""
    of_week: dict[Week, list[Paper]] = collections.defaultdict(list)
    for p in real_papers(shared, sorted(f.name[:7] for f in (shared / "arxiv" / "recent").glob("*.jsonl.gz"))):
        of_week[p.week].append(p)
    whole = list(weeks_between(min(of_week).plus(1), max(of_week)))
    if len(of_week[min(of_week)]) >= len(of_week[whole[0]]):
        whole.insert(0, min(of_week))
    return {
        week: sorted(of_week[week], key=lambda p: hashlib.sha256(p.arxiv_id.encode()).hexdigest())[:per_week]
        for week in whole
    }


def main(arguments: Iterable[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("identity", "drift", "births"))
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--per-week", type=int, default=500)
    parser.add_argument("--category", default="cs.CL", help="the primary category that drift fits to")
    parser.add_argument("--trends", action="store_true", help="births: leave the corpus its planted trends")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--fits", type=int, default=4, help="births: so many histories, shared by the repeats in turn")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "papertide-benchmarks")
    chosen = parser.parse_args(list(arguments) if arguments is not None else None)
    if chosen.what != "births" and not (chosen.shared / "arxiv" / "recent").is_dir():
        sys.exit(f"{chosen.shared}/arxiv/recent is not there; say where it is with --shared")
    {"identity": identity, "drift": drift, "births": births}[chosen.what](chosen)


if __name__ == "__main__":
    main()
