"""An open data folder, read-only, whose answers are pandas tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, get_args

if TYPE_CHECKING:
    import pandas as pd

    from domain.name_mention import NameKind
    from domain.trend_calls import FittedChange
    from domain.trend_periods import Period
    from domain.trends import Level
    from domain.weekly_table_schemas import TableSchema
    from queries.names import NameView
    from runtime.context import AppContext

# Imported where used: `python -m papertide --help` should not wait for pandas.


def open(data_dir: str | Path = "papertide-data", *, config: str | Path | None = None, **settings: Any) -> Papertide:
    """The papers, trends, topics and digests of a data folder.

    Parameters
    ----------
    data_dir : the folder that ``papertide run`` wrote, or that of ``papertide demo --out``.
    config : a settings file; by default ``papertide.toml`` in the current folder, where there is one.
    settings : single settings by name, such as ``weeks=26`` or ``database_url="postgresql://..."``.

    Raises
    ------
    ConfigError
        If a setting is wrong.
    StoreError
        If there is no database, or it has the schema of another version of Papertide. Nothing is created or changed.
    ImportError
        If another distribution owns the name of one of Papertide's packages, such as ``mail``.
    """
    from papertide.package_conflicts import room_conflict

    if conflict := room_conflict():
        raise ImportError(f"papertide: {conflict}")
    # Only now is it certain that `domain` and `runtime` are ours.
    from domain.errors import NoDatabaseError
    from runtime.context import AppContext
    from runtime.settings import load_settings, process_environment

    loaded = load_settings(
        Path(config) if config is not None else None, process_environment(), {"data_dir": Path(data_dir), **settings}
    )
    context = AppContext(loaded, read_only=True)
    try:
        _ = context.db  # a wrong folder is an error here, not at the first question
    except NoDatabaseError:
        raise NoDatabaseError(
            f"there is no database in {loaded.data_dir}; give the folder that `papertide run` or `papertide demo` wrote"
        ) from None
    return Papertide(context)


class Papertide:
    """Questions to one data folder. Use ``papertide.open``; close it, or use it in a ``with`` statement.

    ``papertide.result_columns`` documents the columns of every table. Errors are ``domain.errors.UsageError`` where a
    question cannot be answered, with one line that says what to do.
    """

    def __init__(self, context: AppContext) -> None:
        self._context = context

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Papertide {str(self._context.settings.data_dir)!r}>"

    def close(self) -> None:
        """Close the database."""
        self._context.close()

    def trends(
        self,
        terms: Sequence[str],
        *,
        by: Period = "week",
        level: Level = "adopts",
        categories: Sequence[str] = (),
        primary: bool = False,
        since: str | None = None,
        until: str | None = None,
    ) -> pd.DataFrame:
        """The share of papers over time, one row for each term and period, in order and without gaps.

        Parameters
        ----------
        terms : techniques, themes and topics by key or name, or any words; ``text:WORDS``, ``exact:WORDS`` and
            ``meaning:WORDS`` say how words are counted.
        by : length of a period.
        level : how far a technique must be adopted.
        categories : only papers listed here; with ``primary``, whose primary category is one of them.
        since, until : 2026-05-04, 2026-W19, 2026-05 or 2026, both included.

        Raises
        ------
        UsageError
            If a term is unknown, a category is not watched, or no closed week is stored in the range.
        """
        from domain.typed_day import day
        from papertide.result_columns import TRENDS
        from queries.trends import trends

        _require_known(by=by, level=level)
        answer = trends(
            self._context,
            [terms] if isinstance(terms, str) else list(terms),
            by=by,
            level=level,
            categories=list(categories),
            primary=primary,
            since=day(since) if since else None,
            until=day(until, end=True) if until else None,
        )
        rows = [
            {
                "term": series.term,
                "kind": series.kind,
                "verdict": series.verdict,
                **_difference(series.tested),
                **vars(point),
            }
            for series in answer.series
            for point in series.points
        ]
        return _table(rows, TRENDS)

    def readings(self, terms: Sequence[str], *, since: str | None = None, until: str | None = None) -> pd.DataFrame:
        """Everything that terms of trends can be taken for, one row for each term and reading.

        Parameters
        ----------
        terms : as for ``trends``.
        since, until : as for ``trends``; papers of these weeks are counted.

        Raises
        ------
        UsageError
            As ``trends`` does.
        """
        from domain.typed_day import day
        from papertide.result_columns import READINGS
        from queries.trends import trends

        answer = trends(
            self._context,
            [terms] if isinstance(terms, str) else list(terms),
            by="week",
            level="adopts",
            categories=(),
            primary=False,
            since=day(since) if since else None,
            until=day(until, end=True) if until else None,
        )
        rows = [{"asked": series.asked, **vars(one)} for series in answer.series for one in series.readings]
        return _table(rows, READINGS)

    def search(
        self,
        query: str,
        *,
        since: str | None = None,
        until: str | None = None,
        categories: Sequence[str] = (),
        topic: str | None = None,
        term: str | None = None,
        level: Level = "adopts",
        has: Sequence[str] = (),
        limit: int = 20,
    ) -> pd.DataFrame:
        """Papers by meaning and by words, best first.

        ``has`` keeps papers with all of these, as in ``("fact:code", "fact:accepted", "name:SWE-bench")``.

        Raises
        ------
        UsageError
            If the query is empty or too long, or a filter names something unknown.
        """
        from domain.typed_day import day
        from papertide.result_columns import SEARCH
        from queries.parameters import PaperRequest
        from queries.search import search

        _require_known(level=level)
        request = PaperRequest(
            query,
            since=day(since) if since else None,
            until=day(until, end=True) if until else None,
            categories=tuple(categories),
            topic=topic,
            term=term,
            level=level,
            has=tuple(has),
        )
        answer, _ = search(self._context, request, limit=limit)
        rows = [
            {
                **vars(p),
                "authors": list(p.authors),
                "why": list(p.why),
                "code": p.code or "",
                "venue": p.venue or "",
                "finding": p.finding or "",
            }
            for p in answer.results
        ]
        return _table(rows, SEARCH)

    def papers(
        self,
        *,
        term: str | None = None,
        level: Level = "adopts",
        since: str | None = None,
        until: str | None = None,
        categories: Sequence[str] = (),
        primary: bool = False,
        topic: str | None = None,
        has: Sequence[str] = (),
        limit: int = 500,
    ) -> pd.DataFrame:
        """The papers that a number counts, newest first: every filter that is given must hold.

        ``has`` keeps papers with all of these, as in ``("fact:code", "fact:accepted", "name:SWE-bench")``.

        Raises
        ------
        UsageError
            If a filter names something unknown.
        """
        from domain.typed_day import day
        from papertide.result_columns import PAPERS
        from queries.paper_rows import paper_lines
        from queries.papers import papers_matching
        from queries.parameters import PaperRequest

        _require_known(level=level)
        request = PaperRequest(
            "",
            since=day(since) if since else None,
            until=day(until, end=True) if until else None,
            categories=tuple(categories),
            primary=primary,
            topic=topic,
            term=term,
            level=level,
            has=tuple(has),
        )
        _, found = papers_matching(self._context, request, limit=limit)
        return _table(
            [
                {**vars(line), "authors": list(line.authors), "finding": line.finding or ""}
                for line in paper_lines(self._context, found)
            ],
            PAPERS,
        )

    def topics(self) -> pd.DataFrame:
        """The topics of the newest fit, largest first; empty before the first fit."""
        from papertide.result_columns import TOPICS
        from queries.topics import topics

        rows = [
            {**vars(t), "area": t.area or "", "top_terms": list(t.top_terms), "born_week": str(t.born_week)}
            for t in topics(self._context)
        ]
        return _table(rows, TOPICS)

    def names(self, kind: NameKind | None = None, *, view: NameView = "all", limit: int = 500) -> pd.DataFrame:
        """Named things: benchmarks, datasets, models, methods and tools, those that most papers use first.

        Titles and abstracts alone are read, so use is undercounted.

        Parameters
        ----------
        kind : one kind; all by default.
        view : ``new``, ``taken-up``, ``rising`` or ``fading`` gives only those.
        limit : most rows.
        """
        from papertide.result_columns import NAMES
        from queries.names import NameRequest, name_page

        _require_known(view=view, kind=kind)
        page = name_page(self._context, NameRequest(kind, view), limit=limit)
        weeks = ("first_week", "introduced_week", "used_elsewhere_week", "taken_up_week", "fading_week")
        rows = [
            {
                **vars(n),
                **{field: "" if (week := getattr(n, field)) is None else str(week) for field in weeks},
                "introduced_by": n.introduced_by or "",
                "n_teams": float("nan") if n.n_teams is None else float(n.n_teams),
                "call": n.call.verdict if n.call else "",
            }
            for n in page.names
        ]
        return _table(rows, NAMES)

    def calls(self, week: str | None = None) -> pd.DataFrame:
        """Trend calls, newest first: every call of a week, or by default the rises and falls of all weeks.

        Raises
        ------
        UsageError
            If no paper of the week is held.
        """
        from papertide.result_columns import CALLS
        from queries.parse_dates import week_named
        from queries.trend_calls import calls

        nan = float("nan")
        rows = [
            {
                **{field: getattr(call, field) for field in ("kind", "key", "name", "verdict", "called", "n", "late")},
                "week": str(call.week),
                "venue": call.wave.venue if call.wave else "",
                **_difference(call.change),
                **{
                    field: nan if (number := getattr(call, field)) is None else number
                    for field in ("q_value", "share", "share_before")
                },
                **_held(call.scores),
            }
            for call in calls(self._context, week_named(week) if week else None).calls
        ]
        return _table(rows, CALLS)

    def emerging(self, week: str | None = None) -> pd.DataFrame:
        """The emerging terms of a week, by default the newest with a list, those that are new on the list first.

        Raises
        ------
        UsageError
            If a week is named that has no list.
        """
        from papertide.result_columns import EMERGING
        from queries.emerging import emerging
        from queries.parse_dates import week_named

        answer = emerging(self._context, week_named(week) if week else None)
        rows = [
            {
                "week": str(answer.week),
                "term": t.term,
                "name": t.name,
                "first_week": str(t.first_week),
                "is_new": t.is_new,
                "k": t.k,
                "n": answer.n,
                "k_before": t.k_before,
                "n_before": answer.n_before,
                "growth": t.growth,
                "growth_low": t.growth_low,
                "n_teams": t.n_teams,
                "neighbours": list(t.neighbours),
                "papers": list(t.papers),
                **_held(t.scores),
            }
            for t in answer.terms
        ]
        return _table(rows, EMERGING)

    def digest(self, week: str | None = None) -> pd.DataFrame:
        """What a published digest says of each technique, theme and topic, in the order of its page.

        Parameters
        ----------
        week : such as ``2026-W25``; by default the newest published one.

        Raises
        ------
        NotFound
            If no digest of the week is published.
        UsageError
            If ``week`` is no week.
        """
        from domain.errors import NotFound
        from papertide.result_columns import DIGEST
        from queries import digests
        from queries.parse_dates import week_named

        weeks = digests.published_weeks(self._context)
        if week is None and not weeks:
            raise NotFound("no digest is published yet; `papertide run` makes one")
        digest = digests.digest(self._context, week_named(week) if week else weeks[-1])
        rows = [
            {
                "kind": line.kind,
                "key": line.key,
                "name": line.name,
                **_share(line.adopts),
                **_difference(line.call.change if line.call else None),
                "call": line.call.verdict if line.call else "",
            }
            for line in (*digest.techniques, *digest.themes)
        ] + [
            {
                "kind": "topic",
                "key": str(topic.topic_id),
                "name": topic.label,
                **_share(topic.share),
                **_difference(topic.call.change if topic.call else None),
                "call": topic.call.verdict if topic.call else "",
            }
            for topic in digest.topics
        ]
        return _table(rows, DIGEST)

    def detect(self, texts: Iterable[str | tuple[str, str]]) -> pd.DataFrame:
        """Techniques and themes of texts, one row for each that is found.

        Parameters
        ----------
        texts : abstracts, or pairs of title and abstract.
        """
        from papertide.result_columns import DETECTIONS
        from queries.detect import GivenAbstract, detect

        rows: list[dict[str, Any]] = []
        for number, text in enumerate(texts):
            title, abstract = ("", text) if isinstance(text, str) else text
            parts = {"title": title, "abstract": abstract}
            found = detect(self._context, GivenAbstract(number, title, abstract))
            rows += [
                {
                    "row": number,
                    "kind": kind,
                    "key": key,
                    "level": term.level,
                    "evidence": [parts[e.field][e.start : e.end] for e in term.evidence],
                }
                for kind, terms in (("technique", found.techniques), ("theme", found.themes))
                for key, term in terms.items()
            ]
        return _table(rows, DETECTIONS)

    def claims(self, term: str | None = None, *, since: str | None = None, until: str | None = None) -> pd.DataFrame:
        """What the papers of a term claim of their own results, one row a claim, newest first.

        Parameters
        ----------
        term : a technique, theme or topic, or words; ``None`` for all papers.
        since, until : 2026-05-04, 2026-W19, 2026-05 or 2026, both included.

        Raises
        ------
        UsageError
            If the term is unknown.
        """
        from domain.typed_day import day
        from papertide.result_columns import CLAIMS
        from queries.claims import claims
        from queries.parameters import PaperRequest

        request = PaperRequest(
            "", since=day(since) if since else None, until=day(until, end=True) if until else None, term=term
        )
        answer = claims(self._context, request, limit=10_000_000)
        rows = [{**vars(claim), "week": str(claim.week)} for claim in answer.claims]
        return _table([{column.name: row[column.name] for column in CLAIMS.columns} for row in rows], CLAIMS)

    def standards(self) -> pd.DataFrame:
        """How many papers of each quarter name each standard and failure mode, one row for each of both."""
        from papertide.result_columns import STANDARDS
        from queries.standards import standards_and_failures

        answer = standards_and_failures(self._context)
        read = {quarter.quarter: quarter for quarter in answer.quarters}
        rows = [
            {
                "kind": rule.kind,
                "key": rule.key,
                "name": rule.name,
                "quarter": counted.quarter,
                "k": counted.k,
                **{field: getattr(read[counted.quarter], field) for field in ("n", "n_weeks", "n_weeks_in_all")},
            }
            for rule in (*answer.standards, *answer.failure_modes)
            for counted in rule.quarters
        ]
        return _table(rows, STANDARDS)

    def card(self, term: str) -> pd.DataFrame:
        """The counters of the evidence card of a technique, theme or named thing, one row a counter.

        Raises
        ------
        UsageError
            If there is no such thing, with the names that are written most alike.
        """
        from papertide.result_columns import CARD
        from queries.cards import card

        found = card(self._context, term)
        nan = float("nan")

        def row(section: str, kind: str, key: str, name: str, comparison: str, **numbers: Any) -> dict[str, Any]:
            of_all = {"share": nan, "ratio": nan, "ratio_low": nan, "ratio_high": nan}
            known = {field: value for field, value in numbers.items() if value is not None}
            return (
                {"section": section, "kind": kind, "key": key, "name": name, "comparison": comparison} | of_all | known
            )

        whole = {"k": found.k, "n": found.n, "k_all": found.k, "n_all": found.n, "share": found.share}
        rows = [row("papers", found.kind, found.key, found.name, "", **whole)]
        for place in found.places:
            numbers = {
                field: getattr(place, field) for field in ("k", "n", "share", "ratio", "ratio_low", "ratio_high")
            }
            others = {"k_all": place.k_elsewhere, "n_all": place.n_elsewhere}
            rows.append(row("places", place.kind, place.key, place.name, place.change or "", **numbers, **others))
        for section in ("stated", "themes", "standards", "failure_modes"):
            for one in getattr(found, section):
                numbers = {field: getattr(one, field) for field in ("k", "n", "k_all", "n_all", "share")}
                rows.append(row(section, one.kind, one.key, one.name, one.comparison, **numbers))
        for section in ("evaluated_on", "runs_on"):
            for used in getattr(found, section):
                numbers = {field: getattr(used, field) for field in ("k", "k_all", "ratio", "ratio_low", "ratio_high")}
                more = {"n": found.k, "n_all": found.n, "share": used.k / found.k}
                rows.append(row(section, "name", str(used.name_id), used.name, "", **numbers, **more))
        return _table([{column.name: of[column.name] for column in CARD.columns} for of in rows], CARD)

    def status(self) -> pd.DataFrame:
        """What is stored and complete, one row a week, oldest first."""
        from papertide.result_columns import WEEKS
        from queries.status import status

        answer = status(self._context)
        digests = set(answer.digests)
        rows = [
            {
                "week": str(week.week),
                "start": week.start,
                "n": week.n,
                "closed": week.closed,
                "complete": week.complete,
                "embedded": answer.embeddings.missing == 0 and week.week >= answer.embeddings.since,
                "has_digest": week.week in digests,
            }
            for week in answer.weeks
        ]
        return _table(rows, WEEKS)


def _require_known(**given: str | None) -> None:
    """Refuse a value that is none of those that a parameter takes, with the nearest one.

    Raises
    ------
    UsageError
        If one is unknown; ``None`` is what a parameter has by default.
    """
    from domain.errors import UsageError
    from domain.name_mention import NameKind
    from domain.trend_periods import Period
    from domain.trends import Level
    from domain.wrong_value import did_you_mean
    from queries.names import NameView

    allowed = {"by": Period, "level": Level, "kind": NameKind, "view": NameView}
    for parameter, value in given.items():
        words: tuple[str, ...] = get_args(allowed[parameter])
        if value is not None and value not in words:
            hint = did_you_mean(str(value), words, f"allowed are {', '.join(words)}")
            raise UsageError(f"there is no {parameter}={value!r}{hint}")


def _held(scores: Iterable[Any]) -> dict[str, bool | None]:
    """Whether something held 8, 12 and 26 weeks later, as columns."""
    held = {score.horizon_weeks: score.held for score in scores}
    return {f"held_{weeks}": held.get(weeks) for weeks in (8, 12, 26)}


def _share(share: Any) -> dict[str, Any]:
    return {name: getattr(share, name) for name in ("k", "n", "share", "low", "high")}


def _difference(change: FittedChange | None) -> dict[str, float]:
    ends = (float("nan"),) * 3 if change is None else (change.difference, change.low, change.high)
    return dict(zip(("difference", "difference_low", "difference_high"), ends, strict=True))


def _table(rows: Sequence[dict[str, Any]], schema: TableSchema) -> pd.DataFrame:
    """The rows as a table of a schema.

    Raises
    ------
    ValueError
        If the rows have other fields than the schema.
    """
    import pandas as pd

    from papertide.result_columns import LEFT_OUT

    if not rows:
        return schema.empty()
    if differing := {column.name for column in schema.columns} ^ (
        set(rows[0]) - LEFT_OUT.get(schema.name, frozenset())
    ):
        raise ValueError(f"{schema.name}: only in the schema or only in the rows: {', '.join(sorted(differing))}")
    columns = {}
    for column in schema.columns:
        values = [row[column.name] for row in rows]
        if column.dtype.startswith("datetime64"):
            columns[column.name] = pd.Series(pd.to_datetime(values, utc="UTC" in column.dtype)).astype(column.dtype)
        else:
            columns[column.name] = pd.Series(values, dtype=column.dtype)
    return schema.check(pd.DataFrame(columns))
