"""The results of queries: one frozen record each, shared by the command line, API and Python.

Its JSON has the fields of the result in their order (``domain/record_to_json.py``); docs/json.md describes them. Fields
may be added, but none changes its meaning. Weeks, days and instants are values of their own; instants are UTC. The
result of a digest is ``domain/digest_json_record.py``, because templates write it to files too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from analysis.digest.json_differences import Difference
from domain.arxiv_rate_limit import Outcome
from domain.claim import Claim, ClaimForm, ClaimQuantity, SavingSummary
from domain.detections import Evidence, TermKind
from domain.harvest import CountedHistory, IndexGap
from domain.name_ledger import NameEventKind
from domain.name_mention import NameKind, NameRole
from domain.paper import ArxivId
from domain.reading import Choice, Verdict
from domain.standards_and_failure_modes import RuleKind
from domain.topics import TopicEventKind
from domain.trend_calls import CallKind, CallVerdict, FittedChange, MoveOfWave
from domain.trend_periods import Period
from domain.trends import NewestCall, TermSeries, TrendPoint
from domain.venue_mention import VenueMention
from domain.week import Week
from queries.parameters import Level


def rounded(value: float) -> float | None:
    """Six decimals, more than the precision of any share; ``None`` for NaN."""
    return None if value != value else round(value, 6)


def rounded_change(change: FittedChange | None) -> FittedChange | None:
    """The change with six significant digits: more than its precision, and an end close to 0 keeps its sign."""
    if change is None:
        return None
    return replace(
        change,
        share_first=_significant(change.share_first),
        share_last=_significant(change.share_last),
        difference=_significant(change.difference),
        low=_significant(change.low),
        high=_significant(change.high),
        level=_significant(change.level),
    )


def _significant(value: float) -> float:
    return float(f"{value:.6g}")


# -- trends and calls


@dataclass(frozen=True)
class Trends:
    """Shares of terms over time."""

    by: Period
    level: Level
    categories: tuple[str, ...]
    """The categories whose papers are the denominator: those requested, else all watched."""
    series: tuple[TermSeries, ...]
    """One for each term, in the order requested."""
    primary: bool = False
    """Whether a paper counts only by its primary category, and not by any."""
    counted_at: datetime | None = None
    """When techniques, themes and topics were counted, if papers have changed since, as they do during a run. Their
    points are then of that time. Null if everything stored is counted."""


@dataclass(frozen=True)
class CallsOutcome:
    """Outcomes of the calls made ``horizon_weeks`` ago."""

    horizon_weeks: int
    held: int
    failed: int
    unknown: int
    """Calls whose outcome cannot be told, because weeks are missing."""


@dataclass(frozen=True)
class ScoredCall:
    """The outcome of a call after ``horizon_weeks``."""

    horizon_weeks: int
    held: bool | None
    """Null if the outcome cannot be told, because weeks are missing."""
    share_after: float | None


@dataclass(frozen=True)
class Call:
    """A trend call, with what was known when it was made."""

    week: Week
    kind: CallKind
    """``query`` for the words of a watched term."""
    key: str
    name: str
    verdict: CallVerdict
    """``wave`` where the move is a venue's wave: without the papers that name the venue, it is none."""
    called: CallVerdict
    """The verdict as it was called and is scored, with the papers of a wave."""
    wave: MoveOfWave | None
    """Whose wave the move is; null where it is none's."""
    change: FittedChange | None
    """The change that was tested, with its interval; null where the verdict is ``unknown``."""
    q_value: float | None
    """The p-value adjusted for everything tested that week; null where the verdict is ``unknown``."""
    share: float | None
    """Share of the four weeks that end with the call's."""
    share_before: float | None
    """Share of the first weeks of those tested: eight, or half of them if there are fewer than sixteen."""
    n: int
    """Papers of the four weeks."""
    made_at: datetime
    made_with: str
    """Method, detector and topic fit."""
    late: bool
    """Made more than 21 days after its week, so not counted in the record."""
    scores: tuple[ScoredCall, ...]


@dataclass(frozen=True)
class Calls:
    """Trend calls, newest first, and the outcomes of all."""

    week: Week | None
    """The week requested; null for the newest moves of all weeks."""
    record: tuple[CallsOutcome, ...]
    calls: tuple[Call, ...]


# -- emerging terms


@dataclass(frozen=True)
class ListedTerm:
    """An emerging term on the list of one week, with what was known when the list was made."""

    name: str
    """As most papers write it."""
    term: str
    """The term to ask trends for: it counts the same papers."""
    first_week: Week
    """The week of the first list that holds it."""
    is_new: bool
    """On a list for the first time."""
    k: int
    """Papers of the recent weeks that hold it, in title or abstract."""
    k_before: int
    """Papers of the weeks before them."""
    growth: float | None
    """The share in the recent weeks divided by that before; null if no paper before holds it."""
    growth_low: float
    """The lower bound of that ratio, one-sided at 95 %."""
    n_teams: int
    """Teams among the recent papers: connected sets of papers that share an author."""
    neighbours: tuple[str, ...]
    """Words that most set its papers apart."""
    share: float | None
    """Share of the four weeks that end with the list's."""
    share_before: float | None
    """Share of the first weeks of the half year before: eight, or half of them if there are fewer than sixteen."""
    papers: tuple[ArxivId, ...]
    """The recent papers, newest first."""
    newest: tuple[PaperLine, ...]
    """The first few of them."""
    scores: tuple[ScoredCall, ...]
    name_id: int | None
    """Its id among the named things that are shown; null if it is none of them."""
    name_kind: NameKind | None
    """The kind of that named thing."""


@dataclass(frozen=True)
class ListOfWeek:
    """One of the weekly lists, and how the terms that were new on it turned out."""

    week: Week
    n_terms: int
    n_new: int
    late: bool
    """Made more than 21 days after its week, so not counted in the record."""
    record: tuple[CallsOutcome, ...]


@dataclass(frozen=True)
class Emerging:
    """The emerging terms of a week, and the outcomes of past lists."""

    week: Week | None
    """The newest week with a list if none was requested; null if there is no list yet."""
    recent_weeks: int
    """This many weeks, ending with ``week``, are compared with those before."""
    before_weeks: int
    n: int
    """Papers of the recent weeks."""
    n_before: int
    n_tested: int
    """Phrases that were tested."""
    made_at: datetime | None
    made_with: str
    """Method, taxonomy and topic fit."""
    late: bool
    terms: tuple[ListedTerm, ...]
    """Those that are new on the list first, then the others; the fastest first."""
    record: tuple[CallsOutcome, ...]
    """Outcomes of all terms, each from the first list that holds it; lists that were made late are left out."""
    record_of_late: tuple[CallsOutcome, ...]
    """The same of the lists that were made late, as those of weeks before an installation."""
    lists: tuple[ListOfWeek, ...]
    """All lists, newest first."""
    weeks_needed: int
    """Weeks of papers that a list needs."""
    weeks_held: int
    """Closed weeks of which papers are held, of the newest that a list would compare."""


# -- papers


@dataclass(frozen=True)
class PaperLine:
    """A paper in a list."""

    arxiv_id: ArxivId
    title: str
    authors: tuple[str, ...]
    primary_category: str
    submitted_at: datetime
    """Submission of the first version."""
    url: str
    """Address of the abstract at arXiv."""
    finding: str | None
    """The sentence of the abstract that tells best what was found, word for word; null if it was not read yet."""


@dataclass(frozen=True)
class PaperPage:
    """One page of a list of papers, newest first."""

    total: int
    next: str | None
    """Cursor of the next page, null on the last."""
    papers: tuple[PaperLine, ...]


@dataclass(frozen=True)
class FoundPaper(PaperLine):
    """A paper that a search found, with the reasons."""

    score: float
    """From meaning and words together, at most 1; papers come in its order."""
    similarity: float | None
    """Cosine of query and paper; null for a paper that is not embedded."""
    why: tuple[str, ...]
    """Reasons in words: the similarity, and which words of the query are in title, abstract and authors; or that the
    query names the paper by identifier, address at arXiv or DOI."""
    is_close: bool
    """Whether it is close to what was asked, rather than holding some of the words."""
    passage: str
    """The sentence of the abstract that answers best, word for word."""
    marks: tuple[tuple[int, int], ...]
    """Start and end of each word of the query in ``passage``, in characters."""
    code: str | None
    """Address of the code that abstract or comment give; null without."""
    venue: str | None
    """Venue that accepted or published it, as its comment says; null without."""


@dataclass(frozen=True)
class Facet:
    """A value that a search can be narrowed to, and how many papers that leaves."""

    field: Literal["topic", "technique", "theme", "category", "year"]
    value: str
    """What the filter of that name takes."""
    name: str
    n: int


@dataclass(frozen=True)
class SearchResult:
    """Papers found, best first unless another order is requested."""

    query: str
    total: int
    """Papers listed: the close ones and the best of the others."""
    results: tuple[FoundPaper, ...]
    reading: str
    """How the query was read, in words; empty where all of it is words to rank by."""
    as_words: str
    """The query that searches for the same text as plain words; empty where it is read so."""
    did_you_mean: str | None
    """The query with mistyped words replaced, or else with words such as "in 2025" as days; null without any. Days are
    offered only where papers of them are stored, mistyped words only where no author is asked for or no paper holds
    them."""
    n_close: int
    """Papers that are close to what was asked: all that meet its conditions, or that score at least half the best."""
    n_some_words: int
    """Further papers that hold some of the words; not all of them are listed."""
    words_in_no_paper: tuple[str, ...]
    """Words of the query that no stored paper holds, so that papers are found without them."""
    facets: tuple[Facet, ...]
    """What the close papers are about, most first; of all listed where none is close."""
    words_only_before: Week | None
    """Papers of earlier weeks have no embedding and are found by their words alone; null where all are embedded."""
    is_corrected: bool
    """Whether this is the answer to ``did_you_mean`` already, because no paper holds the mistyped words."""


@dataclass(frozen=True)
class SearchPage(SearchResult):
    """One page of the papers found."""

    next: str | None
    """Cursor of the next page, null on the last."""


@dataclass(frozen=True)
class PaperVersion:
    """A version that was harvested."""

    version: int
    submitted_at: datetime


@dataclass(frozen=True)
class PaperDetection:
    """A technique or theme found in a paper."""

    kind: TermKind
    key: str
    name: str
    level: int
    """1 mentions it, 2 adopts it, 3 is about it; for themes 1 touches it, 2 is a main contribution."""
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class TopicName:
    """A topic by id and label."""

    topic_id: int
    label: str


@dataclass(frozen=True)
class SimilarPaper(PaperLine):
    """A paper near in meaning."""

    similarity: float
    """Cosine to the paper."""


@dataclass(frozen=True)
class PaperResult(PaperLine):
    """One paper: its metadata, detections, topic and similar papers."""

    abstract: str
    categories: tuple[str, ...]
    version: int
    withdrawn: bool
    """Withdrawn papers are not counted anywhere."""
    updated_at: datetime
    comment: str | None
    doi: str | None
    journal_ref: str | None
    versions: tuple[PaperVersion, ...]
    detections: tuple[PaperDetection, ...]
    topic: TopicName | None
    """The one topic that counts it; null for none."""
    also_near: TopicName | None
    """Another topic that it is near to, or the nearest one if it has none; never counted there."""
    similar: tuple[SimilarPaper, ...]
    claims: tuple[Claim, ...] = ()
    """Numbers that the abstract states of the paper's own results."""
    code: str | None = None
    """Address of a repository that abstract or comment names."""
    venue: VenueMention | None = None
    """Venue that comment or abstract names, with its status."""
    standards: tuple[str, ...] = ()
    """Keys of the standards and rules that it names."""
    failure_modes: tuple[str, ...] = ()
    """Keys of the failure modes that it names."""


@dataclass(frozen=True)
class FoundTerm:
    """The level at which an abstract has a technique or theme."""

    level: int
    """1 mentions it, 2 adopts it, 3 is about it; for themes 1 touches it, 2 is a main contribution."""
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class FoundName:
    """A named thing in an abstract that the caller gave."""

    surface: str
    """As it first stands there."""
    kind: NameKind
    role: NameRole
    evidence: tuple[Evidence, ...]
    """Where it stands."""


@dataclass(frozen=True)
class DetectResult:
    """What is detected in one abstract that the caller gave; absent terms, standards and failure modes are left out."""

    id: str | int
    """As given."""
    techniques: Mapping[str, FoundTerm]
    """By key of the taxonomy."""
    themes: Mapping[str, FoundTerm]
    """By key of the taxonomy."""
    names: tuple[FoundName, ...]
    """In the order of the text."""
    claims: tuple[Claim, ...] = ()
    """Numbers that the abstract states of the paper's own results, in their order."""
    finding: str | None = None
    """The sentence that tells best what was found, word for word; null for an empty abstract."""
    code: str | None = None
    """Address of a repository that abstract or comment names."""
    accepted: str | None = None
    """Venue, with its year where that is stated, that has accepted or published the paper by its comment."""
    venue: VenueMention | None = None
    """Venue that comment or abstract names, with its status."""
    standards: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    """Where standards and rules are named, by key."""
    failure_modes: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    """Where failure modes are named, by key."""


# -- claims


@dataclass(frozen=True)
class ClaimShares:
    """How many papers were read, and how many of these claim something, claim a saving, and name code."""

    n: int
    n_with_claims: int
    """They state a result of their own with a number."""
    n_with_saving: int
    """They claim a saving as a factor or percentage."""
    n_with_code: int
    """They name a repository in abstract or comment."""
    share_with_saving: float | None
    """Null without papers."""
    share_with_code: float | None
    """Null without papers."""


@dataclass(frozen=True)
class ClaimCount:
    """Claims of one quantity and form."""

    quantity: ClaimQuantity
    form: ClaimForm
    n_papers: int
    n_claims: int


@dataclass(frozen=True)
class ClaimQuarter:
    """Papers of one quarter that claim a saving."""

    quarter: str
    start: date
    n: int
    """Papers read."""
    n_with_saving: int
    share: float | None
    n_weeks: int
    """Weeks of it that hold papers of the same time and categories."""
    n_weeks_in_all: int
    """Weeks that it has: thirteen or fourteen."""


@dataclass(frozen=True)
class ClaimLine:
    """One claim with its paper."""

    arxiv_id: ArxivId
    title: str
    week: Week
    quote: str
    """Words of the abstract, word for word."""
    quantity: ClaimQuantity
    form: ClaimForm
    """A factor, a relative change, a difference of levels, or a level alone."""
    value: float
    value_to: float
    """Upper end of a range, else the same."""
    unit: str
    """Of a level."""
    up_to: bool
    """Stated as a bound."""
    saving: float | None
    """How many times cheaper, where a saving is claimed: 40 % less is 1.67."""
    evidence: Evidence
    cut_before: bool
    """Whether the quote's sentence begins before it."""
    cut_after: bool
    """Whether the quote's sentence goes on after it."""
    saving_to: float | None = None
    """The larger factor where a range is given, else the same as ``saving``, which is the smaller."""


@dataclass(frozen=True)
class Claims:
    """What papers claim of their own results."""

    term: str | None
    """As given; null for all papers."""
    since: date | None
    until: date | None
    papers: ClaimShares
    """Of the papers of the term."""
    all_papers: ClaimShares
    """Of all watched papers of the same time and categories."""
    savings: tuple[SavingSummary, ...]
    """By quantity, most papers first."""
    counts: tuple[ClaimCount, ...]
    """Of all claims, by quantity and form."""
    quarters: tuple[ClaimQuarter, ...]
    """Oldest first; a quarter without papers is absent."""
    total: int
    """Claims that match the filters."""
    claims: tuple[ClaimLine, ...]
    """One page of these, newest paper first."""
    n_older_reading: int
    """Papers of the term that count as an earlier version of Papertide read them; the next run reads them again."""


@dataclass(frozen=True)
class ClaimsPage(Claims):
    """One page of claims, with the counts over all of them."""

    next: str | None
    """Cursor of the next page, null on the last."""


# -- standards and failure modes


@dataclass(frozen=True)
class RuleCount:
    """Papers of a quarter that name a standard or failure mode."""

    quarter: str
    """Such as 2026-Q2."""
    k: int
    share: float | None
    """Of the papers read of the quarter; null without any."""


@dataclass(frozen=True)
class RuleLine:
    """A standard or failure mode, and how many papers name it."""

    kind: RuleKind
    key: str
    name: str
    term: str
    """What lists of papers are asked for: ``standard:gdpr``, ``failure_mode:hallucination``."""
    about: str
    """Of a standard its publisher, of a failure mode what it is."""
    url: str | None
    """Where a standard is published; null for a failure mode."""
    subjects: tuple[str, ...]
    """The subjects that it is about; empty where it is about several or others."""
    k_week: int
    """Papers of the week that name it."""
    quarters: tuple[RuleCount, ...]
    """Of every quarter with papers, oldest first."""


@dataclass(frozen=True)
class SubjectLine:
    """A subject that several rules ask for, where they do, and how many papers name an entry about it."""

    name: str
    eu_ai_act: str
    nist_ai_rmf: str
    iso_42001: str
    standards: tuple[str, ...]
    """Keys of the standards about it."""
    failure_modes: tuple[str, ...]
    """Keys of the failure modes about it."""
    k_week: int
    """Papers of the week that name any of these."""


@dataclass(frozen=True)
class QuarterRead:
    """The papers read of a quarter."""

    quarter: str
    start: date
    end: date
    n: int
    n_weeks: int
    """Weeks of it with papers."""
    n_weeks_in_all: int
    """Weeks that it has: thirteen or fourteen."""


@dataclass(frozen=True)
class NamingPaper(PaperLine):
    """A paper that names a standard, with its words."""

    standards: tuple[str, ...]
    """Keys."""
    words: tuple[str, ...]
    """As they stand there, each once."""


@dataclass(frozen=True)
class StandardsAndFailures:
    """Which standards and failure modes papers name: the list of a week, and counts by quarter."""

    week: Week | None
    """The newest with papers read if none was requested; null without any."""
    n: int
    """Papers read of the week."""
    papers: tuple[NamingPaper, ...]
    """All papers of the week that name a standard, newest first."""
    n_with_failure: int
    """Papers of the week that name a failure mode."""
    quarters: tuple[QuarterRead, ...]
    """Oldest first."""
    standards: tuple[RuleLine, ...]
    """Most papers first; those that none names too."""
    failure_modes: tuple[RuleLine, ...]
    subjects: tuple[SubjectLine, ...]
    """The crosswalk, in the order of the articles."""
    n_older_reading: int
    """Papers that count as an earlier version of Papertide read them; the next run reads them again."""


# -- names


@dataclass(frozen=True)
class ListedName:
    """A named thing in a list."""

    name_id: int
    """Given for good; a merge or a new tagger does not change it."""
    name: str
    kind: NameKind
    family: str
    """The same for all versions and sizes of one family."""
    n_uses: int
    """Papers that introduce or use it."""
    n_mentions: int
    """Papers that only mention it."""
    n_teams: int | None
    """Teams that use it, the introducers' left out; null where the introducing paper's authors are missing."""
    first_week: Week
    """Week of the first paper that holds it."""
    introduced_week: Week | None
    """Null where the introducing paper is not held."""
    introduced_by: ArxivId | None
    used_elsewhere_week: Week | None
    """Week of the first use by another team."""
    taken_up_week: Week | None
    """Week in which the third other team used it, at most 26 weeks after the introduction."""
    fading_week: Week | None
    """Newest week in which its use was called falling, after at least 20 uses in some half year."""
    call: NewestCall | None
    """The newest trend call of its use; null where too few papers use it."""
    own_words: str
    """What it is, in a sentence of the introducing abstract; empty where that is not held or does not say it."""


@dataclass(frozen=True)
class FirstUse:
    """How many of the things introduced in a quarter were used by another team in time."""

    kind: NameKind
    quarter: str
    """Such as 2025-Q3."""
    within_weeks: int
    n: int
    """Things introduced."""
    n_used: int
    """Of them used by another team within these weeks, as yet."""
    n_watched: int
    """Of them introduced at least so many weeks ago."""
    share: float | None
    """The share that is used in time (Kaplan-Meier); null where none was watched long enough."""
    low: float | None
    """Lower end of its 95 % interval."""
    high: float | None
    """Upper end of it."""


@dataclass(frozen=True)
class NamePage:
    """One page of named things."""

    total: int
    next: str | None
    """Cursor of the next page, null on the last."""
    newest_week: Week | None
    """The newest closed week that is held; what is new is of this week."""
    names: tuple[ListedName, ...]


@dataclass(frozen=True)
class NameEventLine:
    """A dated event in the life of a named thing."""

    week: Week
    kind: NameEventKind
    arxiv_id: ArxivId | None
    """The paper by which it happened; null for calls and decisions."""
    detail: str
    retracted: bool
    """Whether the papers do not support it any more."""


@dataclass(frozen=True)
class RelatedName:
    """Another named thing, with a number of papers."""

    name_id: int
    name: str
    kind: NameKind
    n_papers: int


@dataclass(frozen=True)
class NameResult(ListedName):
    """One named thing: what it is, its history, its share by week, and its papers by role."""

    variants: tuple[str, ...]
    """All spellings, most frequent first."""
    confidence: float
    """Probability that it is a name."""
    kind_confidence: float
    """Probability that it is of its kind."""
    n_unknown_teams: int
    """Using papers whose authors are missing; they count for no team."""
    shown: bool
    """Whether lists show it."""
    merged_into: int | None
    events: tuple[NameEventLine, ...]
    points: tuple[TrendPoint, ...]
    """Share of the papers that introduce or use it, by week."""
    introducing: tuple[PaperLine, ...]
    using: tuple[PaperLine, ...]
    """The newest."""
    mentioning: tuple[PaperLine, ...]
    """The newest."""
    used_with: tuple[RelatedName, ...]
    """Names that most papers use together with it; ``n_papers`` are those papers."""
    versions: tuple[RelatedName, ...]
    """Other names of its family; ``n_papers`` use them."""
    same_name: tuple[RelatedName, ...]
    """Other things of the same name; ``n_papers`` use them."""


# -- topics


@dataclass(frozen=True)
class ListedTopic:
    """A topic in the list of all topics, past ones included."""

    topic_id: int
    label: str
    """The operator's name for it, where one is given."""
    area: str | None
    """The wider field; null where topics are not sorted into areas."""
    top_terms: tuple[str, ...]
    """Best first."""
    born_week: Week
    """The week in which it began: when it was found, at most one in twenty of its papers was earlier."""
    n_papers: int
    """Papers that belong to it now; each paper counts for one topic."""
    active: bool
    """Whether the newest fit has it."""
    x: float | None
    """Position on the map; null without a map."""
    y: float | None


@dataclass(frozen=True)
class TopicPage:
    """One page of topics: the active ones, largest first, then those that are no longer found."""

    total: int
    next: str | None
    """Cursor of the next page, null on the last."""
    topics: tuple[ListedTopic, ...]


@dataclass(frozen=True)
class TopicEventLine:
    """One line of a topic's history."""

    week: Week
    kind: TopicEventKind
    detail: str
    other_topic_id: int | None
    """The topic merged into or split from."""
    other_label: str | None


@dataclass(frozen=True)
class TopicTechnique:
    """How many of a topic's papers adopt a technique."""

    kind: Literal["technique"]
    key: str
    name: str
    k: int
    n: int


@dataclass(frozen=True)
class NeighbourTopic(TopicName):
    """A topic near in meaning."""

    similarity: float
    """Cosine of the centroids."""


@dataclass(frozen=True)
class TopicResult(ListedTopic):
    """One topic: its history, its share by week, its papers and its neighbours."""

    events: tuple[TopicEventLine, ...]
    """Oldest first."""
    points: tuple[TrendPoint, ...]
    techniques: tuple[TopicTechnique, ...]
    """Techniques that its papers adopt, most frequent first."""
    newest: tuple[PaperLine, ...]
    central: tuple[PaperLine, ...]
    """The papers nearest to its centroid."""
    also_near: tuple[PaperLine, ...]
    """The newest papers of other topics, or of none, that are also near to it; not counted."""
    neighbours: tuple[NeighbourTopic, ...]
    counted_since: date | None
    """The first day of the weeks in which topics are counted, where earlier papers are stored that are not embedded;
    null where all are."""


# -- digests


@dataclass(frozen=True)
class DigestLine:
    """A digest in a list."""

    week: Week
    start: date
    end: date
    headline: str
    n_papers: int
    complete: bool
    revision: int
    """1 for the first edition; each correction adds 1."""
    published_at: datetime
    first_published_at: datetime


@dataclass(frozen=True)
class DigestPage:
    """One page of digests, newest first."""

    total: int
    next: str | None
    """Cursor of the next page, null on the last."""
    digests: tuple[DigestLine, ...]


@dataclass(frozen=True)
class DigestPreview:
    """A week's digest as composed from what is stored now."""

    week: Week
    n_papers: int
    sentence: str
    revision: int | None
    """Of the newest published edition; ``None`` where the week has none."""
    published_at: datetime | None
    differences: tuple[Difference, ...]
    """Between the published edition and this one; empty where none is published."""
    n_not_analysed: int
    """Papers of the week that are not yet detected or embedded, so without techniques or topics."""


# -- doctor

CheckState = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Check:
    """One thing that Papertide needs."""

    name: str
    state: CheckState
    finding: str
    advice: str
    """What to do; empty where all is well."""


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was checked."""

    state: CheckState
    """The worst of the checks."""
    checks: tuple[Check, ...]


# -- status


@dataclass(frozen=True)
class LateCount:
    """Papers first seen after their week was complete, and how many days after its end."""

    n: int
    days_median: float | None
    days_max: float | None


@dataclass(frozen=True)
class StoredWeek:
    """Coverage of one week."""

    week: Week
    start: date
    n: int
    """Papers in the watched categories."""
    closed: bool
    complete: bool
    """Whether the count is proven complete."""
    problem: str | None
    """Why it is not complete, if a harvest found a reason."""
    n_said: int | None
    """Papers that arXiv reports for the week, withdrawn ones included; null if it gave no total."""
    tries: int
    """How often the week was requested from arXiv."""
    checked_at: datetime | None
    """When it was last requested; null for never."""
    categories: Mapping[str, int]
    """Papers by watched category; a paper listed in several counts in each."""
    late: LateCount | None
    """Null where the week was never complete."""
    after_digest: int | None
    """Papers first seen after the newest digest of the week; null where there is none."""


@dataclass(frozen=True)
class OpenWindow:
    """A harvest window that is not proven complete."""

    start: datetime
    end: datetime
    problem: str | None
    n_said: int | None
    n_held: int
    tries: int
    checked_at: datetime
    unreadable: tuple[str, ...]
    """The first 20 entries that could not be read, each with its id and problem."""
    index_gap: IndexGap | None
    """The evidence that arXiv's index is behind, if that is the problem."""


@dataclass(frozen=True)
class LateArrivalsTotal:
    """Late papers over the weeks in which they can be counted."""

    weeks: int
    n: int
    late: int
    share: float | None


@dataclass(frozen=True)
class OaiList:
    """How far one list of OAI-PMH has been read."""

    set: str
    format: str
    since: date
    """Papers submitted before this day are not read."""
    read_until: date | None
    """All changes before this day are read; null before the first whole pass."""
    n_records: int
    """Records of the newest pass."""
    finished_at: datetime | None
    """Null while the pass is under way."""
    problem: str | None
    unreadable: tuple[str, ...]
    """The first 20 records that could not be read, each with its name and problem."""


@dataclass(frozen=True)
class RequestCounts:
    """Requests to arXiv of the last 24 hours."""

    requests: int
    problems: int
    """Requests without a usable answer."""


@dataclass(frozen=True)
class ArxivRequest:
    """One request to arXiv and its outcome."""

    asked_at: datetime
    source: str
    outcome: Outcome
    status: int | None
    """HTTP status; null if no answer came."""
    seconds: float
    n_bytes: int
    problem: str | None
    url: str
    """What was asked; of a server other than arXiv's only the parameters."""


@dataclass(frozen=True)
class ArxivStatus:
    """State of the connection to arXiv."""

    closed_until: datetime | None
    """No request is sent before this time."""
    free_at: datetime | None
    """When the next request may be sent."""
    refusals_in_a_row: int
    last_day: RequestCounts
    answers: tuple[ArxivRequest, ...]
    """The newest five."""
    problems: tuple[ArxivRequest, ...]
    """The newest five without a usable answer."""


@dataclass(frozen=True)
class ServiceHealth:
    """What a monitoring system watches."""

    newest_week: Week | None
    """The newest week with papers."""
    newest_digest_at: datetime | None
    """When the digest of the newest week that has one was last published."""
    last_successes: Mapping[str, datetime]
    """When each job last succeeded."""
    arxiv_refusals: int
    """Refusals by arXiv since its last good answer."""
    mails_waiting: int
    """Mails that wait to be sent."""
    oldest_mail_since: datetime | None
    """Since when the oldest of them waits."""


@dataclass(frozen=True)
class Coverage:
    """Which papers are stored, what is proven complete, and the state of the connection to arXiv."""

    papers: int
    """Papers stored."""
    weeks: tuple[StoredWeek, ...]
    """Every week from the first stored to the last, in order."""
    open_windows: tuple[OpenWindow, ...]
    late_arrivals: LateArrivalsTotal | None
    """Null if there is no such week."""
    lists: tuple[OaiList, ...]
    arxiv: ArxivStatus


@dataclass(frozen=True)
class EmbeddingStatus:
    """Papers with and without a vector of the model in use."""

    model: str | None
    """Model and number type; null before the first vector."""
    n: int
    missing: int
    """Papers of the embedded weeks without a vector."""
    since: Week
    """The first embedded week; papers before it are counted, but have no vector."""


@dataclass(frozen=True)
class TopicModelStatus:
    """The newest topic fit."""

    topic_model_id: int
    fitted_week: Week
    """The newest week in the fit."""
    fitted_at: datetime
    n_papers: int
    n_topics: int


@dataclass(frozen=True)
class RunLine:
    """One line of the run ledger."""

    job: str
    period: str
    state: str
    """``running``, ``done``, ``failed``, ``waiting``, ``stopped`` or ``given up``."""
    started_at: datetime
    finished_at: datetime | None
    message: str


@dataclass(frozen=True)
class TroubledRun:
    """A job that failed and is not done."""

    job: str
    period: str
    state: str
    """``failed`` or ``given up``."""
    n_tries: int
    next_try_at: datetime | None
    message: str


@dataclass(frozen=True)
class DriftWeek:
    """How well a week's papers fit the topics."""

    n: int
    unassigned: float
    """Share of papers below the floor of every topic; title and nearest papers give some of them a topic."""
    similarity: float
    """Mean cosine to the nearest topic."""
    centroid_shift: float
    """How far the week's papers of a topic lie from its centre, around 0 by chance."""
    embedding_shift: float
    """How far the mean of all vectors has moved, in standard errors, around 1 by chance."""
    fitted: bool
    """Whether the week was in the fit."""


@dataclass(frozen=True)
class Status(Coverage):
    """What is stored, what is complete, what ran, what is due and what drifts; public."""

    history: CountedHistory
    """How far back weeks are counted."""
    embeddings: EmbeddingStatus
    topic_model: TopicModelStatus | None
    """Null before the first fit."""
    digests: tuple[Week, ...]
    """Weeks with a published digest."""
    runs: tuple[RunLine, ...]
    """The newest ten."""
    troubled: tuple[TroubledRun, ...]
    due: tuple[str, ...]
    """What a run would do now, in words."""
    drift: Mapping[str, DriftWeek]
    """By week; empty before the first fit."""


@dataclass(frozen=True)
class TroubleDetail:
    """What went wrong in a job, for the operator alone: it may name files."""

    job: str
    period: str
    detail: str


@dataclass(frozen=True)
class MailStatus:
    """Counts of mail subscribers, for the operator."""

    readers: Mapping[str, int]
    """By state."""
    left_alone: Mapping[str, int]
    """Suppressed addresses by reason."""
    issues: Mapping[str, Mapping[str, int]]
    """Deliveries by state, for each of the newest issues."""


@dataclass(frozen=True)
class OperatorStatus(Status):
    """The status with what only the operator may see."""

    trouble_details: tuple[TroubleDetail, ...]
    mail: MailStatus


# -- scans


@dataclass(frozen=True)
class PaperName:
    """A named thing that a paper introduces or uses."""

    name_id: int
    name: str
    role: NameRole


@dataclass(frozen=True)
class ScannedPaper(PaperLine):
    """A paper that a scan shows next, and why."""

    abstract: str
    choice: Choice
    """As one of the best, or drawn at random from the pool or from the papers outside it."""
    in_pool: bool
    near: ArxivId | None
    """The seed or kept paper that is nearest; null if there is none yet."""
    near_title: str | None
    similarity: float | None
    """Cosine with it."""
    topic_id: int | None
    topic: str | None
    terms: tuple[str, ...]
    """Names of the techniques and themes that the paper adopts."""
    claims: tuple[Claim, ...]
    """Numbers that the abstract states of the paper's own results."""
    names: tuple[PaperName, ...]
    """The named things that it introduces, first, or uses."""
    code: str | None
    """Address of a repository that abstract or comment names."""
    mutes: tuple[str, ...]
    """What could be muted because of the paper, as ``KIND:KEY``."""


@dataclass(frozen=True)
class DecidedPaper:
    """A paper that a scan showed, and the reader's verdict."""

    arxiv_id: ArxivId
    title: str
    verdict: Verdict


@dataclass(frozen=True)
class ScanResult:
    """A scan: what comes next, what was seen, and what is known of the papers that were not.

    The pool are the papers above the calibrated line at the start of the scan, the rest are all others. Muted papers
    are in neither.
    """

    scan_id: int
    since: date
    until: date
    has: tuple[str, ...]
    """What every paper of it has, in words; empty for all papers of these days."""
    categories: tuple[str, ...]
    """Every paper of it is listed under one of these; empty for all."""
    author: str
    """Every paper of it is by somebody of this name; empty for all."""
    n_papers: int
    n_decided: int
    n_kept: int
    n_from_others: int
    """Those of the decisions that other scans of the reader showed; they count here too."""
    n_undecided: int
    n_muted: int
    n_left_out: int
    """Papers of these days that other scans decided, where this one leaves those out."""
    looks_for: tuple[str, ...]
    """The searches, and topics by label, that it was started for."""
    n_seeds: int
    """The papers that it was started for."""
    first_seed: str | None
    """The title of the first of them; null if there are none."""
    n_kept_elsewhere: int
    """Papers kept in other scans; this one looks for papers like them too, unless it leaves them out."""
    pool_size: int
    pool_decided: int
    pool_kept: int
    pool_low: int
    """Papers of the pool that the reader would keep, at least. With the next, an interval (95 %, at all times)."""
    pool_high: int
    target: float
    """The share of these that must surely be seen before the scan says that the pool is."""
    is_seen: bool
    n_more_draws: int | None
    """Further random draws from the pool, none of them kept, that would show it; null if no number would."""
    n_more_papers: int | None
    """About how many further papers, none of them kept, bring that many draws; null if no number would."""
    draw_share: float
    """The share of random draws from the pool among the next papers; 0 if the best come first."""
    rest_size: int
    rest_kept: int
    rest_draws: int
    """Random draws from the rest so far."""
    rest_holding: int | None
    """Papers of the rest, not decided yet, that hold all words of a search of the scan; null if it has none."""
    rest_share_at_most: float
    """The share of the rest that the reader would keep, at most (95 %, exact binomial); 1 where nothing is known."""
    next_rest_bound: float | None
    """The next lower bound worth telling; null where a draw was kept, or at the lowest."""
    n_more_rest_draws: int | None
    """The draws from the rest, none of them kept, that would show it."""
    last: DecidedPaper | None
    """The paper of the last verdict, which can be taken back; null before the first."""
    papers: tuple[ScannedPaper, ...]
    """The next papers; empty once all are decided."""
