"""What one week's digest says: chosen, ordered and worded here, drawn in ``templates``."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from analysis.calls import TermCounts, TermKey, direction, growth_at
from analysis.correction import MeasuredError, corrected
from analysis.shares import (
    are_unusual,
    difference_of,
    share_of,
    share_points,
    share_series,
    with_verdicts,
)
from domain.calls import CallRecord, TrendCall
from domain.detections import ADOPTS, IS_ABOUT, MENTIONS, Detection, Term
from domain.digest import (
    Change,
    Completeness,
    DetectedPaper,
    Digest,
    DigestEdition,
    Headline,
    ListedPaper,
    PaperList,
    Place,
    Provenance,
    Share,
    SharePoint,
    TermLine,
    TopicCount,
    TopicCoverage,
    TopicLine,
    TopicStatus,
    Verdict,
    WatchedLine,
    short_authors,
)
from domain.harvest import Lateness
from domain.paper import ArxivId, Paper, is_made_up
from domain.tables import WEEKLY_COUNTS, WEEKLY_TOTALS
from domain.topics import AssignedPaper, Topic
from domain.week import Week

N_RECENT_WEEKS = 4
N_SERIES_WEEKS = 26
N_UNPROVEN = 3
"""Topics listed each way as the largest moves that may still be noise."""
MIN_UNUSUAL = 4
"""Papers of a term in a topic below which it is not called more than usual."""
N_TOPIC_BASELINE_WEEKS = 8
NEW_WITHIN_WEEKS = 6
"""A topic is new for so many weeks after it is born."""

_NOWHERE = float("nan")


class DigestSettings(BaseModel):
    """The group ``digest`` of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_papers: int = Field(default=50, ge=1, description="Papers in a week below which no share is reported.")
    false_discovery_rate: float = Field(
        default=0.05, gt=0, lt=1, description="The share of a week's calls of movement that may be noise."
    )
    watched_terms: tuple[str, ...] = Field(
        default=(),
        max_length=50,
        description="Words that you follow, written as for `trends`: each week they are called as techniques are. "
        "In the environment, semicolons part them.",
    )
    n_topics: int = Field(default=5, ge=1, le=20, description="Topics listed at most as rising, as new and as cooling.")
    n_papers: int = Field(default=3, ge=1, le=10, description="Papers listed at most with each topic and theme.")


@dataclass(frozen=True, eq=False)
class WeekMaterial:
    """Everything that a week's digest is made from.

    ``totals`` and ``counts`` are tables of schemas ``WEEKLY_TOTALS`` and ``WEEKLY_COUNTS`` over all weeks held;
    ``papers``, ``detections`` and ``assigned`` are of the week alone. ``n_said`` and ``problem`` are what the
    week's harvest window knows; ``problem`` is ``None`` exactly when it is complete. ``recent_places`` counts
    the papers of the ``N_RECENT_WEEKS`` before that adopt a term, by its kind, key and the paper's topic.
    ``n_withdrawn`` papers of the week are held beside ``papers``, and are counted nowhere else. ``lateness`` is what is
    known of papers that come after their week's digest.
    ``term_counts`` are all weeks of everything that is called, ``calls`` what was called in this week, ``call_records``
    how past calls turned out. ``errors`` are the detector's, by key.
    """

    week: Week
    categories: tuple[str, ...]
    totals: pd.DataFrame
    counts: pd.DataFrame
    recent_places: Mapping[tuple[str, str, int], int]
    terms: tuple[Term, ...]
    topics: tuple[Topic, ...]
    papers: tuple[Paper, ...]
    detections: Mapping[ArxivId, tuple[Detection, ...]]
    assigned: tuple[AssignedPaper, ...]
    n_said: int | None
    problem: str | None
    term_counts: TermCounts
    calls: tuple[TrendCall, ...]
    n_withdrawn: int = 0
    lateness: Lateness | None = None
    call_records: tuple[CallRecord, ...] = ()
    errors: Mapping[str, MeasuredError] = field(default_factory=dict)


def compose_digest(material: WeekMaterial, settings: DigestSettings, provenance: Provenance) -> DigestEdition:
    """The digest of one closed week, with the lists of papers behind its numbers.

    Raises
    ------
    ValueError
        If the week holds no paper.
    """
    if not material.papers:
        raise ValueError(f"{material.week} holds no paper")
    tables = _Tables(material, settings)
    week = material.week
    recent = tuple(week.plus(-i) for i in range(N_RECENT_WEEKS, 0, -1))
    last_year = tuple(week.plus(-52 + i) for i in (-1, 0, 1))

    term_keys: list[TermKey] = [(t.kind, t.key) for t in material.terms]
    topic_keys: list[TermKey] = [("topic", str(t.topic_id)) for t in material.topics]
    last_weeks = (*recent[1:], week)
    before = tuple(week.plus(-i) for i in range(N_RECENT_WEEKS + N_TOPIC_BASELINE_WEEKS - 1, N_RECENT_WEEKS - 1, -1))
    calls = {(call.kind, call.key): call for call in material.calls}
    # One notion of up and down: the week's calls. What is compared with recent weeks shows by how much.
    against_recent = [_as_called(tables.compared(key, (week,), recent)[0], calls.get(key)) for key in term_keys] + [
        _as_called(tables.compared(key, last_weeks, before)[0], calls.get(key)) for key in topic_keys
    ]
    against_last_year = with_verdicts(
        [tables.compared(key, (week,), last_year) for key in term_keys],
        false_discovery_rate=settings.false_discovery_rate,
    )
    picks = _Picks(material, settings)
    places = picks.places(tables.n_papers, recent)
    unusual = _unusual(places, tables, week, recent, false_discovery_rate=settings.false_discovery_rate)
    lines = [
        TermLine(
            slug=f"{term.kind}-{term.key}",
            kind=term.kind,
            key=term.key,
            name=term.name,
            definition=term.definition,
            measured=term.measured,
            adopts=tables.share((term.kind, term.key), (week,)),
            mentions=tables.share((term.kind, term.key), (week,), exactly=MENTIONS),
            against_recent=change,
            against_last_year=year_change,
            series=tables.series((term.kind, term.key)),
            papers=picks.for_term(term) if term.kind == "theme" else (),
            where=places[term.kind, term.key][:3],
            more_than_usual=unusual[term.kind, term.key][:3],
            call=calls.get((term.kind, term.key)),
            corrected=_corrected(material, term, tables.share((term.kind, term.key), (week,))),
        )
        for term, change, year_change in zip(material.terms, against_recent, against_last_year, strict=False)
    ]
    topic_lines = _topic_lines(material, settings, tables, picks, against_recent[len(term_keys) :], calls)
    techniques = tuple(
        sorted(
            (x for x in lines if x.kind == "technique" and (x.measured or _is_seen(x))),
            key=lambda x: (not x.measured, -x.adopts.k, x.key),
        )
    )
    themes = tuple(x for x in lines if x.kind == "theme")
    n_recent = [n for w in recent if (n := tables.n_papers(w)) > 0]
    moved = _moved_most([*techniques, *themes])
    moved_topics = [x for x in topic_lines if x.status in ("rising", "cooling")]
    moved_topic = max(moved_topics, key=lambda x: abs(_moved(x)), default=None)
    completeness = tables.completeness()
    digest = Digest(
        week=week,
        categories=material.categories,
        headline=Headline(
            sentence=_sentence(techniques, moved, topic_lines, tables.n_weeks_held()),
            n_papers=len(material.papers),
            n_papers_recent=sum(n_recent) / len(n_recent) if n_recent else _NOWHERE,
            moved_most=moved.slug if moved else moved_topic.slug if moved_topic else None,
        ),
        completeness=completeness,
        techniques=techniques,
        topics=topic_lines,
        themes=themes,
        topic_coverage=TopicCoverage(
            n_topics=len(material.topics),
            assigned=share_of(sum(a.topic_id is not None for a in material.assigned), len(material.papers)),
        ),
        notes=_notes(material, tables, completeness, last_year),
        provenance=provenance,
        all_topics=_all_topics(material, tables),
        is_made_up=any(is_made_up(p.arxiv_id) for p in material.papers),
        watched=tuple(tables.watched(call) for call in material.calls if call.kind == "query"),
        call_records=material.call_records,
    )
    return DigestEdition(digest, _paper_lists(material, digest))


class _Tables:
    """The weekly tables, asked by term and week."""

    def __init__(self, material: WeekMaterial, settings: DigestSettings) -> None:
        WEEKLY_TOTALS.check(material.totals)
        WEEKLY_COUNTS.check(material.counts)
        self._material = material
        self._settings = settings
        weeks = [Week(at.date()) for at in material.totals["week_start"]]
        self._n: dict[Week, int] = dict(zip(weeks, material.totals["n"].tolist(), strict=True))
        self._complete = dict(zip(weeks, material.totals["complete"].tolist(), strict=True))
        self._k: dict[tuple[str, str], dict[tuple[Week, int], int]] = defaultdict(dict)
        columns = (material.counts[name].tolist() for name in ("kind", "key", "week_start", "level", "k"))
        for kind, key, at, level, k in zip(*columns, strict=True):
            self._k[kind, key][Week(at.date()), level] = k

        # How much weeks scatter around what the half year's line says, so that a true change does not hide itself.
        fit = growth_at(material.term_counts, material.week)[1]
        known = zip(material.term_counts.terms, fit.dispersion.tolist(), strict=True)
        self._dispersion: dict[tuple[str, str], float] = {
            key: dispersion for key, dispersion in known if dispersion >= 1
        }

    def n_papers(self, week: Week) -> int:
        return self._n.get(week, 0)

    def k(self, key: tuple[str, str], week: Week, exactly: int | None = None) -> int:
        """Papers of the week that adopt, or that are at exactly one level."""
        levels = (ADOPTS, IS_ABOUT) if exactly is None else (exactly,)
        return sum(self._k[key].get((week, level), 0) for level in levels)

    def share(self, key: tuple[str, str], weeks: Sequence[Week], exactly: int | None = None) -> Share:
        return share_of(
            sum(self.k(key, w, exactly) for w in weeks),
            sum(self.n_papers(w) for w in weeks),
            min_papers=self._settings.min_papers,
        )

    def compared(
        self, key: tuple[str, str], current_weeks: tuple[Week, ...], baseline_weeks: tuple[Week, ...]
    ) -> tuple[Change, float]:
        """The change with its raw p-value; NaN where a week of either side is not held."""
        current = self.share(key, current_weeks)
        held = all(self.n_papers(w) >= self._settings.min_papers for w in (*current_weeks, *baseline_weeks))
        if not held:
            nothing = Change(
                None, baseline_weeks, _NOWHERE, _NOWHERE, _NOWHERE, _NOWHERE, "unknown", current, current_weeks
            )
            return nothing, _NOWHERE
        baseline = self.share(key, baseline_weeks)
        dispersion = self._dispersion.get(key, 1.0)
        difference, low, high, p_value = difference_of(current, baseline, dispersion=dispersion)
        change = Change(baseline, baseline_weeks, difference, low, high, _NOWHERE, "unknown", current, current_weeks)
        return change, p_value

    def series(self, key: tuple[str, str], k_by_week: Mapping[Week, int] | None = None) -> tuple[SharePoint, ...]:
        """Up to ``N_SERIES_WEEKS`` weeks of adoption, ending with the digest's."""
        totals = self._material.totals
        last = pd.Timestamp(self._material.week.monday)
        first = pd.Timestamp(self._material.week.plus(1 - N_SERIES_WEEKS).monday)
        totals = totals[(totals["week_start"] >= first) & (totals["week_start"] <= last)].reset_index(drop=True)
        weeks = [Week(at.date()) for at in totals["week_start"]]
        k = k_by_week if k_by_week is not None else {w: self.k(key, w) for w in weeks}
        return share_points(share_series(totals, k, min_papers=self._settings.min_papers))

    def watched(self, call: TrendCall) -> WatchedLine:
        """The line of words that the operator follows."""
        counts = self._material.term_counts
        row = counts.k[counts.terms.index((call.kind, call.key))]
        k_by_week = dict(zip(counts.weeks, row.tolist(), strict=True))
        week = self._material.week
        share = share_of(k_by_week[week], self.n_papers(week), min_papers=self._settings.min_papers)
        return WatchedLine(call.key, share, self.series(("query", call.key), k_by_week), call)

    def completeness(self) -> Completeness:
        week, material = self._material.week, self._material
        back = [week.plus(-i) for i in range(N_SERIES_WEEKS - 1, 0, -1)]
        first_held = min((w for w, n in self._n.items() if n), default=week)
        return Completeness(
            complete=material.problem is None and bool(self._complete.get(week)),
            n_held=len(material.papers) + material.n_withdrawn,
            n_said=material.n_said,
            problem=material.problem,
            incomplete_weeks=tuple(w for w in back if self._n.get(w) and not self._complete.get(w)),
            missing_weeks=tuple(w for w in back if w > first_held and not self._n.get(w)),
            n_withdrawn=material.n_withdrawn,
        )

    def n_weeks_held(self) -> int:
        """Weeks with papers among those of the series."""
        week = self._material.week
        return sum(self.n_papers(week.plus(-i)) > 0 for i in range(N_SERIES_WEEKS))


class _Picks:
    """The papers worth a reader's time, each for a stated reason."""

    def __init__(self, material: WeekMaterial, settings: DigestSettings) -> None:
        self._papers = {p.arxiv_id: p for p in material.papers}
        self._detections = material.detections
        self._settings = settings
        self._names = {(t.kind, t.key): t.name for t in material.terms}
        self._labels = {t.topic_id: t.label for t in material.topics}
        self._recent_places = material.recent_places
        self._place = {a.arxiv_id: a for a in material.assigned}
        self.by_topic: dict[int, list[AssignedPaper]] = defaultdict(list)
        for a in sorted(material.assigned, key=lambda a: (-a.similarity, a.arxiv_id)):
            if a.topic_id is not None and a.arxiv_id in self._papers:
                self.by_topic[a.topic_id].append(a)

    def adopting(self, kind: str, key: str) -> list[tuple[Paper, Detection]]:
        """Papers at level 2 or more, the surest first."""
        found = [
            (self._papers[arxiv_id], d)
            for arxiv_id, ds in self._detections.items()
            for d in ds
            if (d.kind, d.key) == (kind, key) and d.level >= ADOPTS and arxiv_id in self._papers
        ]
        return sorted(found, key=lambda pair: (-pair[1].level, -pair[1].strength, pair[0].arxiv_id))

    def for_term(self, term: Term) -> tuple[ListedPaper, ...]:
        """The strongest papers, no two from the same topic as long as there is a choice."""
        chosen: list[tuple[Paper, Detection]] = []
        rest: list[tuple[Paper, Detection]] = []
        seen: set[int | None] = set()
        for pair in self.adopting(term.kind, term.key):
            place = self._place.get(pair[0].arxiv_id)
            topic_id = place.topic_id if place else None
            (rest if topic_id is not None and topic_id in seen else chosen).append(pair)
            seen.add(topic_id)
        return tuple(_listed(p, _evidence_reason(p, d)) for p, d in [*chosen, *rest][: self._settings.n_papers])

    def places(
        self, n_papers: Callable[[Week], int], recent: Sequence[Week]
    ) -> dict[tuple[str, str], tuple[Place, ...]]:
        """For each term the topics that hold its adopting papers, the fullest first."""
        held = all(n_papers(w) for w in recent)
        counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        for arxiv_id, found in self._detections.items():
            place = self._place.get(arxiv_id)
            if place is None or place.topic_id is None:
                continue
            for d in found:
                if d.level >= ADOPTS:
                    counts[d.kind, d.key][place.topic_id] += 1
        return {
            (kind, key): tuple(
                Place(
                    topic_id,
                    self._labels[topic_id],
                    k,
                    self._recent_places.get((kind, key, topic_id), 0) / len(recent) if held else _NOWHERE,
                )
                for topic_id, k in sorted(counts[kind, key].items(), key=lambda pair: (-pair[1], pair[0]))
            )
            for kind, key in self._names
        }

    def for_topic(self, topic_id: int) -> tuple[ListedPaper, ...]:
        """The most central paper; one whose main contribution is to evaluate; one that is about a technique."""
        members = [self._papers[a.arxiv_id] for a in self.by_topic[topic_id]]
        chosen: dict[ArxivId, ListedPaper] = {}
        if members:
            chosen[members[0].arxiv_id] = _listed(members[0], "closest to the topic's centre this week")
        wanted = (("theme", "evaluation", ADOPTS, "measures it"), ("technique", None, IS_ABOUT, "is about its method"))
        for kind, key, level, words in wanted:
            for p in members:
                match = next(
                    (
                        d
                        for d in self._detections.get(p.arxiv_id, ())
                        if d.kind == kind and key in (None, d.key) and d.level >= level
                    ),
                    None,
                )
                if match is not None and p.arxiv_id not in chosen:
                    chosen[p.arxiv_id] = _listed(p, f"{words}: {self._names[match.kind, match.key]}")
                    break
        for p in members:
            if len(chosen) >= self._settings.n_papers:
                break
            chosen.setdefault(p.arxiv_id, _listed(p, "next closest to the topic's centre"))
        return tuple(chosen.values())[: self._settings.n_papers]


def _topic_lines(
    material: WeekMaterial,
    settings: DigestSettings,
    tables: _Tables,
    picks: _Picks,
    changes: Sequence[Change],
    calls: Mapping[TermKey, TrendCall],
) -> tuple[TopicLine, ...]:
    week = material.week
    first_held = min((Week(at.date()) for at in material.totals["week_start"]), default=week)
    groups: dict[TopicStatus, list[tuple[Topic, Change]]] = {"rising": [], "new": [], "cooling": [], "unproven": []}
    unproven: list[tuple[Topic, Change]] = []
    for topic, change in zip(material.topics, changes, strict=True):
        # A topic that is as old as our history is not new: we only began to look.
        is_new = topic.born_week > week.plus(-NEW_WITHIN_WEEKS) and topic.born_week > first_held.plus(NEW_WITHIN_WEEKS)
        if is_new and topic.born_week <= week:
            groups["new"].append((topic, change))
        elif (way := direction(call.verdict) if (call := calls.get(("topic", str(topic.topic_id)))) else 0) > 0:
            groups["rising"].append((topic, change))
        elif way < 0:
            groups["cooling"].append((topic, change))
        elif change.baseline is not None:
            unproven.append((topic, change))
    # The moves that come nearest to being more than noise, as many each way.
    unproven.sort(key=lambda pair: (-abs(_in_widths(pair[1])), pair[0].topic_id))
    for is_up in (True, False):
        moved = [pair for pair in unproven if (pair[1].difference > 0) == is_up and pair[1].difference != 0]
        groups["unproven"] += moved[:N_UNPROVEN]
    lines = []
    for status, group in groups.items():
        if status != "unproven":
            group = sorted(
                group,
                key=lambda pair: (
                    -_size_of_move(pair[1], calls.get(("topic", str(pair[0].topic_id)))),
                    pair[0].topic_id,
                ),
            )[: settings.n_topics]
        for topic, change in group:
            key = ("topic", str(topic.topic_id))
            lines.append(
                TopicLine(
                    slug=f"topic-{topic.topic_id}",
                    topic_id=topic.topic_id,
                    label=topic.label,
                    top_terms=topic.top_terms,
                    status=status,
                    born_week=topic.born_week,
                    share=tables.share(key, (week,)),
                    against_recent=change,
                    series=tables.series(key),
                    papers=picks.for_topic(topic.topic_id),
                    call=calls.get(("topic", str(topic.topic_id))),
                )
            )
    return tuple(lines)


def _all_topics(material: WeekMaterial, tables: _Tables) -> tuple[TopicCount, ...]:
    """Every topic with a paper this week: the fullest area first, and in it the fullest topic."""
    counts = [
        TopicCount(
            f"topic-{t.topic_id}",
            t.topic_id,
            t.label,
            t.area,
            tables.share(("topic", str(t.topic_id)), (material.week,)),
        )
        for t in material.topics
    ]
    in_area = Counter[str | None]()
    for c in counts:
        in_area[c.area] += c.share.k
    present = [c for c in counts if c.share.k]
    return tuple(sorted(present, key=lambda c: (-in_area[c.area], c.area or "", -c.share.k, c.topic_id)))


def _corrected(material: WeekMaterial, term: Term, adopts: Share) -> Share | None:
    error = material.errors.get(term.key) if term.measured else None
    return corrected(adopts, error) if error is not None and error.is_informative else None


def _as_called(change: Change, call: TrendCall | None) -> Change:
    """A change against recent weeks with the verdict of the term's call.

    The call is about half a year, the change about a few weeks: one that points the other way is no part of the move.
    """
    if change.baseline is None or call is None or call.q_value is None:
        return replace(change, q_value=_NOWHERE, verdict="unknown")
    way = direction(call.verdict)
    verdict: Verdict = "steady" if way * change.difference <= 0 else "up" if way > 0 else "down"
    return replace(change, q_value=call.q_value, verdict=verdict)


def _in_widths(change: Change) -> float:
    """How many half-widths of its interval a change is from none."""
    return change.difference / max((change.high - change.low) / 2, 1e-12)


def _unusual(
    places: Mapping[tuple[str, str], Sequence[Place]],
    tables: _Tables,
    week: Week,
    recent: Sequence[Week],
    *,
    false_discovery_rate: float,
) -> dict[tuple[str, str], tuple[Place, ...]]:
    """For each term the topics with more of its papers than the recent weeks led to expect."""
    n_recent = sum(tables.n_papers(w) for w in recent)
    tried = [(key, p) for key, of_term in places.items() for p in of_term if p.k >= MIN_UNUSUAL and p.k_usual >= 0]
    found = are_unusual(
        [p.k for _, p in tried],
        [round(p.k_usual * len(recent)) for _, p in tried],
        n=tables.n_papers(week),
        n_before=n_recent,
        false_discovery_rate=false_discovery_rate,
    )
    unusual: dict[tuple[str, str], list[Place]] = {key: [] for key in places}
    for (key, place), is_unusual in zip(tried, found, strict=True):
        if is_unusual:
            unusual[key].append(place)
    return {key: tuple(sorted(found, key=lambda p: p.k_usual - p.k)) for key, found in unusual.items()}


def _is_seen(line: TermLine) -> bool:
    """Whether any paper of the recent weeks shows the term; a row of zeros tells nobody anything."""
    return line.adopts.k + line.mentions.k > 0 or any(point.k for point in line.series[-N_RECENT_WEEKS - 1 :])


def _moved_most(lines: Iterable[TermLine]) -> TermLine | None:
    """The measured technique or theme that is called to move, and moved farthest."""
    moved = [x for x in lines if x.measured and x.call is not None and x.call.is_move]
    return max(moved, key=lambda x: abs(_moved(x)), default=None)


def _moved(line: TermLine | TopicLine) -> float:
    """How far a share moved between the first and the last weeks that its call looked at; 0 without one."""
    return line.call.share - line.call.share_before if line.call is not None else 0.0


def _size_of_move(change: Change, call: TrendCall | None) -> float:
    """How far a topic's share moved, either way: on the weeks before or, where those are not held, by its call."""
    moves = (change.difference, call.share - call.share_before if call is not None else _NOWHERE)
    return next((abs(move) for move in moves if not math.isnan(move)), 0.0)


def _sentence(techniques: Sequence[TermLine], moved: TermLine | None, topics: Sequence[TopicLine], n_weeks: int) -> str:
    """The week in one sentence; a share is said once, with what it is a share of."""
    known = [x for x in techniques if x.measured and not math.isnan(x.adopts.share)]
    leader = max(known, key=lambda x: x.adopts.k, default=None)
    if leader is None:
        return "Too few papers are held for a share of any technique."
    span = "half a year" if n_weeks >= N_SERIES_WEEKS else f"the {n_weeks} weeks held"
    news, rest = [], [f"{_inside_sentence(leader.name)} carry {_percent(leader.adopts.share)} of the week's papers"]
    if moved is not None and moved.call is not None:
        verb = "rose" if direction(moved.call.verdict) > 0 else "fell"
        shares = f"from {_percent(moved.call.share_before)} to {_percent(moved.call.share)} of papers in {span}"
        news.append(f"{_inside_sentence(moved.name)} {verb} most, {shares}")
    elif any(x.call is not None and x.call.q_value is not None for x in techniques):
        rest.append(f"no measured technique or theme moved more than noise in {span}")
    else:
        rest.append("too few weeks are held to tell a change")
    rising = max((x for x in topics if x.status == "rising"), key=_moved, default=None)
    if rising is not None and rising.call is not None:
        shares = f"from {_percent(rising.call.share_before)} to {_percent(rising.call.share)}"
        # Without a move before it, what follows says in which weeks.
        news.append(f"the topic gaining most is {rising.label}, {shares}{'' if moved else ' of papers'}")
    sentence = "; ".join((*news, *rest)) + "."
    return sentence[:1].upper() + sentence[1:]


def _inside_sentence(name: str) -> str:
    """A name without its capital, unless it is an abbreviation."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _percent(share: float) -> str:
    return f"{share * 100:.1f}\N{NO-BREAK SPACE}%"


def _evidence_reason(paper: Paper, d: Detection) -> str:
    """Why a detection ranks first, in the paper's own words: up to three different ones, the title's first."""
    texts = {"title": paper.title, "abstract": paper.abstract}
    words: dict[str, str] = {}
    for e in sorted(d.evidence, key=lambda e: (e.field != "title", e.start)):
        found = texts[e.field][e.start : e.end]
        words.setdefault(found.casefold(), found)
    if not words:
        return "main contribution"
    return "it says " + ", ".join(f"“{found}”" for found in list(words.values())[:3])


def _listed(paper: Paper, reason: str) -> ListedPaper:
    return ListedPaper(paper.arxiv_id, paper.title, short_authors(paper.authors), paper.primary_category, reason)


def _notes(
    material: WeekMaterial, tables: _Tables, completeness: Completeness, last_year: Sequence[Week]
) -> tuple[str, ...]:
    """What a reader must know that the numbers do not say."""
    notes = []
    if not completeness.complete:
        notes.append(f"This week is not proven whole: {completeness.problem or 'it was not harvested as one window'}.")
    if completeness.incomplete_weeks:
        notes.append(f"Earlier weeks not proven whole: {_ranges(completeness.incomplete_weeks)}.")
    if completeness.missing_weeks:
        notes.append(f"Earlier weeks never harvested: {_ranges(completeness.missing_weeks)}.")
    if (late := material.lateness) is not None and late.n_late:
        share = f"{100 * late.n_late / late.n_papers:.1f} %"
        notes.append(
            f"About {share} of a week's papers come after its digest, held back by arXiv's moderation "
            f"({late.n_late:,} of {late.n_papers:,} in {late.n_weeks} earlier weeks)."
        )
    n_held = tables.n_weeks_held()
    if n_held < N_SERIES_WEEKS:
        notes.append(f"{n_held} weeks are held, so the curves begin with the first of them.")
    n_needed = N_RECENT_WEEKS + N_TOPIC_BASELINE_WEEKS
    if not all(tables.n_papers(material.week.plus(-i)) for i in range(n_needed)):
        notes.append(
            f"Topics are compared over {n_needed} weeks, which are not all held, so their change on the weeks before "
            "is not shown."
        )
    if material.topics and all(call.verdict == "unknown" for call in material.calls if call.kind == "topic"):
        notes.append("No topic is called rising or cooling: too little is held to tell.")
    if not all(tables.n_papers(w) for w in last_year):
        notes.append("The same weeks of last year are not held, so nothing is compared with them.")
    unmeasured = [t.name for t in material.terms if not t.measured]
    if unmeasured:
        notes.append(f"How well these are detected has not been measured: {', '.join(unmeasured)}.")
    return tuple(notes)


def _ranges(weeks: Sequence[Week]) -> str:
    """``2026-W10 to 2026-W14, 2026-W20``."""
    runs: list[list[Week]] = []
    for week in sorted(weeks):
        if runs and runs[-1][-1].plus(1) == week:
            runs[-1].append(week)
        else:
            runs.append([week])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def _paper_lists(material: WeekMaterial, digest: Digest) -> tuple[PaperList, ...]:
    """A list for every number on the page."""
    papers = {p.arxiv_id: p for p in material.papers}
    topic_of = {a.arxiv_id: a.topic_id for a in material.assigned}
    labels = tuple((t.topic_id, t.label) for t in material.topics)
    lists = [
        PaperList(
            slug="all-papers",
            heading=f"All papers of {material.week}",
            definition="Papers first submitted in this week and listed under a watched category, each once.",
            # Thousands of abstracts would make a page of megabytes that nobody reads; titles lead to arXiv.
            papers=tuple(DetectedPaper.of(p, with_abstract=False) for p in material.papers),
            series=(),
            with_abstracts=False,
        )
    ]
    of_term: dict[tuple[str, str], list[tuple[Paper, Detection]]] = defaultdict(list)
    for arxiv_id, found in material.detections.items():
        for d in found:
            if arxiv_id in papers:
                of_term[d.kind, d.key].append((papers[arxiv_id], d))
    for line in (*digest.techniques, *digest.themes):
        detected = sorted(
            of_term[line.kind, line.key], key=lambda pair: (-pair[1].level, -pair[1].strength, pair[0].arxiv_id)
        )
        lists.append(
            PaperList(
                slug=line.slug,
                heading=line.name,
                definition=line.definition,
                papers=tuple(
                    DetectedPaper.of(p, d.level, d.evidence, topic_id=topic_of.get(p.arxiv_id)) for p, d in detected
                ),
                series=line.series,
                topics=tuple(pair for pair in labels if pair[0] in {topic_of.get(p.arxiv_id) for p, _ in detected}),
            )
        )
    by_topic: dict[int | None, list[Paper]] = defaultdict(list)
    for a in sorted(material.assigned, key=lambda a: (-a.similarity, a.arxiv_id)):
        if a.arxiv_id in papers:
            by_topic[a.topic_id].append(papers[a.arxiv_id])
    lists.append(
        PaperList(
            slug="no-topic",
            heading="Papers without a topic",
            definition="Papers that are not close enough to any topic to be counted with it.",
            papers=tuple(DetectedPaper.of(p) for p in by_topic[None]),
            series=(),
        )
    )
    topics = {t.topic_id: t for t in material.topics}
    series = {line.topic_id: line.series for line in digest.topics}
    for topic_id in dict.fromkeys([*series, *(t.topic_id for t in digest.all_topics)]):
        topic = topics[topic_id]
        lists.append(
            PaperList(
                slug=f"topic-{topic_id}",
                heading=topic.label,
                definition=f"Papers closest to this topic: {', '.join(topic.top_terms)}.",
                papers=tuple(DetectedPaper.of(p) for p in by_topic[topic_id]),
                series=series.get(topic_id, ()),
            )
        )
    return tuple(lists)
