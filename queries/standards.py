"""Which standards and failure modes papers name: the complete list of a week, and counts by quarter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from domain.errors import UsageError
from domain.paper import ArxivId
from domain.paper_query import ALL_PAPERS, PaperQuery
from domain.standards_and_failure_modes import FailureMode, RuleKind, Standard, rule_term
from domain.trend_periods import PERIODS
from domain.week import Week
from domain.wrong_value import did_you_mean
from pipeline.claims import reader_id
from queries.paper_rows import paper_lines
from queries.results import (
    NamingPaper,
    QuarterRead,
    RuleCount,
    RuleLine,
    StandardsAndFailures,
    SubjectLine,
    rounded,
)
from runtime.context import AppContext
from store.claims import count_read_by_week, count_readings, ids_naming, rule_mentions_matching, rules_of_papers
from store.papers import papers_in_order

_QUARTER = PERIODS["quarter"]


def standards_and_failures(context: AppContext, week: Week | None = None) -> StandardsAndFailures:
    """The standards and failure modes that papers name, by default with the list of the newest week read.

    Raises
    ------
    UsageError
        If no paper of the week was read.
    """
    return context.cached(("standards", week), lambda: _answer(context, week))


def _answer(context: AppContext, week: Week | None) -> StandardsAndFailures:
    n_by_week = {Week(monday): n for monday, n in count_read_by_week(context.db, context.corpus).items()}
    if week is not None and week not in n_by_week:
        raise UsageError(f"no paper of {week} was read for standards; `papertide status` shows what is stored")
    shown = week or max(n_by_week, default=None)
    named = rules_of_papers(context.db, context.corpus)
    rules = context.rule_finder.rules
    quarters = _quarters(n_by_week)
    n_papers: Counter[tuple[RuleKind, str, str]] = Counter()
    of_week: dict[tuple[RuleKind, str], set[ArxivId]] = {}
    for kind, key, arxiv_id, monday in named:
        n_papers[kind, key, _QUARTER.name(monday)] += 1
        if shown is not None and monday == shown.monday:
            of_week.setdefault((kind, key), set()).add(arxiv_id)

    def lines(kind: RuleKind, entries: Collection[Standard | FailureMode]) -> tuple[RuleLine, ...]:
        made = [
            RuleLine(
                kind=kind,
                key=entry.key,
                name=entry.name,
                term=rule_term(kind, entry.key),
                about=entry.publisher if isinstance(entry, Standard) else entry.definition,
                url=entry.url if isinstance(entry, Standard) else None,
                subjects=entry.subjects,
                k_week=len(of_week.get((kind, entry.key), ())),
                quarters=tuple(
                    RuleCount(q.quarter, k := n_papers[kind, entry.key, q.quarter], rounded(k / q.n)) for q in quarters
                ),
            )
            for entry in entries
        ]
        return tuple(sorted(made, key=lambda line: (-sum(q.k for q in line.quarters), line.name)))

    def naming_any(kind: RuleKind, keys: Collection[str]) -> set[ArxivId]:
        return {arxiv_id for key in keys for arxiv_id in of_week.get((kind, key), ())}

    subjects = []
    for subject in rules.subjects:
        of_standards = tuple(entry.key for entry in rules.standards if subject.name in entry.subjects)
        of_failures = tuple(entry.key for entry in rules.failure_modes if subject.name in entry.subjects)
        either = naming_any("standard", of_standards) | naming_any("failure_mode", of_failures)
        subjects.append(
            SubjectLine(**vars(subject), standards=of_standards, failure_modes=of_failures, k_week=len(either))
        )
    return StandardsAndFailures(
        week=shown,
        n=n_by_week[shown] if shown else 0,
        papers=_papers(context, shown) if shown else (),
        n_with_failure=len(naming_any("failure_mode", [entry.key for entry in rules.failure_modes])),
        quarters=quarters,
        standards=lines("standard", rules.standards),
        failure_modes=lines("failure_mode", rules.failure_modes),
        subjects=tuple(subjects),
        n_older_reading=older_readings(context),
    )


def _quarters(n_by_week: Mapping[Week, int]) -> tuple[QuarterRead, ...]:
    weeks: dict[date, list[Week]] = {}
    for week in n_by_week:
        weeks.setdefault(_QUARTER.first_day(week.monday), []).append(week)
    return tuple(
        QuarterRead(
            quarter=_QUARTER.name(held[0].monday),
            start=held[0].monday,
            end=held[-1].monday + timedelta(days=6),
            n=sum(n_by_week[week] for week in held),
            n_weeks=len(held),
            n_weeks_in_all=_QUARTER.n_weeks(held[0].monday),
        )
        for _, held in sorted(weeks.items())
    )


def _papers(context: AppContext, week: Week) -> tuple[NamingPaper, ...]:
    """All papers of a week that name a standard, newest first."""
    query = PaperQuery(since=week.monday, until=week.sunday)
    listed = {entry.key for entry in context.rule_finder.rules.standards}
    keys: dict[ArxivId, list[str]] = {}
    words: dict[ArxivId, dict[str, str]] = {}
    for one in rule_mentions_matching(context.db, "standard", context.corpus, query):
        if one.mention.key not in listed:  # an earlier list of standards had it
            continue
        keys.setdefault(one.arxiv_id, []).append(one.mention.key)
        texts = {"title": one.title, "abstract": one.abstract}
        for place in one.mention.evidence:
            found = texts[place.field][place.start : place.end]
            words.setdefault(one.arxiv_id, {}).setdefault(found.casefold(), found)
    return tuple(
        NamingPaper(**vars(line), standards=tuple(keys[line.arxiv_id]), words=tuple(words[line.arxiv_id].values()))
        for line in paper_lines(context, papers_in_order(context.db, list(keys)))
    )


def rule_named(context: AppContext, term: str) -> Standard | FailureMode | None:
    """The entry of a term written ``standard:gdpr`` or ``failure_mode:hallucination``; ``None`` for any other term.

    Raises
    ------
    UsageError
        If there is no entry of this key.
    """
    prefix, _, key = term.partition(":")
    rules = context.rule_finder.rules
    entries: Sequence[Standard | FailureMode]
    if prefix == "standard" and key:
        entries = rules.standards
    elif prefix == "failure_mode" and key:
        entries = rules.failure_modes
    else:
        return None
    found = next((entry for entry in entries if entry.key == key.strip()), None)
    if found is None:
        they = f"allowed are {', '.join(f'{prefix}:{e.key}' for e in entries)}"
        raise UsageError(
            f"there is no {term!r}{did_you_mean(key, [e.key for e in entries], they, before=f'{prefix}:')}"
        )
    return found


def ids_of_rule(context: AppContext, entry: Standard | FailureMode, query: PaperQuery) -> list[ArxivId]:
    """The papers that match a query and name a standard or failure mode, newest first."""
    kind: RuleKind = "standard" if isinstance(entry, Standard) else "failure_mode"
    return ids_naming(context.db, kind, entry.key, context.corpus, query)


def older_readings(context: AppContext, query: PaperQuery = ALL_PAPERS) -> int:
    """How many of the papers that match count as an earlier version of the readers read them."""
    of_reader = reader_id(context.claim_reader, context.rule_finder, context.domain_finder)
    return context.cached(
        ("older readings", of_reader, query),
        lambda: count_readings(context.db, of_reader, context.corpus, query).n_older,
    )
