"""The columns of every table that the Python face returns."""

from __future__ import annotations

from collections.abc import Mapping

from domain.weekly_table_schemas import Column, TableSchema

_SHARE = (
    Column("k", "int64", "papers that match"),
    Column("n", "int64", "papers in the categories, the denominator"),
    Column("share", "float64", "k / n in [0, 1]; NaN where it is not known"),
    Column("low", "float64", "lower end of the 95 % interval"),
    Column("high", "float64", "upper end of the 95 % interval"),
)

TRENDS = TableSchema(
    "trends",
    (
        Column("term", "str", "key of a technique or theme, label of a topic, or the words without their prefix"),
        Column("kind", "str", "technique, theme, topic, text, exact, meaning or name"),
        Column("start", "datetime64[us]", "first day of the period, UTC, without zone"),
        Column("end", "datetime64[us]", "last day of the period"),
        *_SHARE,
        Column("complete", "bool", "whether every week of the period is proven complete"),
        Column("corrected", "float64", "share corrected for the detector's measured error; NaN where it is unknown"),
        Column("corrected_low", "float64", "lower end of its 95 % interval"),
        Column("corrected_high", "float64", "upper end of its 95 % interval"),
        Column(
            "verdict",
            "str",
            "which way the term goes, the same in all its rows: that of its call (rising, falling, emerging, cooling, "
            "seasonal, steady, wave), else up, down or steady by its change tested alone; unknown without both",
        ),
        Column("difference", "float64", "change of the share that was tested; NaN where there is none"),
        Column("difference_low", "float64", "lower end of its interval"),
        Column("difference_high", "float64", "upper end of it"),
    ),
)

READINGS = TableSchema(
    "readings",
    (
        Column("asked", "str", "the term as it was given"),
        Column("kind", "str", "technique, theme, topic, text, exact, meaning or name"),
        Column("term", "str", "with the prefix that chooses this reading"),
        Column("name", "str", "its name"),
        Column("n_papers", "float64", "papers of the weeks; NaN where they were not counted"),
        Column("chosen", "bool", "whether trends takes the term for it"),
    ),
)

EMERGING = TableSchema(
    "emerging",
    (
        Column("week", "str", "week of the list, such as 2026-W20"),
        Column("term", "str", "the term to ask trends for"),
        Column("name", "str", "the term as most papers write it"),
        Column("first_week", "str", "week of the first list that holds it"),
        Column("is_new", "bool", "whether it is on a list for the first time"),
        Column("k", "int64", "papers of the recent weeks that hold it"),
        Column("n", "int64", "papers of the recent weeks"),
        Column("k_before", "int64", "papers of the weeks before that hold it"),
        Column("n_before", "int64", "papers of the weeks before"),
        Column("growth", "float64", "ratio of the two shares; NaN if no paper before holds it"),
        Column("growth_low", "float64", "lower bound of that ratio, one-sided at 95 %"),
        Column("n_teams", "int64", "teams among the recent papers"),
        Column("neighbours", "object", "list of words that most set its papers apart"),
        Column("papers", "object", "list of identifiers of the recent papers, newest first"),
        *(
            Column(f"held_{h}", "object", f"whether it held {h} weeks later; None where it is not known")
            for h in (8, 12, 26)
        ),
    ),
)

_PAPER = (
    Column("arxiv_id", "str", "arXiv identifier without version"),
    Column("title", "str", "title"),
    Column("authors", "object", "list of names"),
    Column("primary_category", "str", "primary arXiv category"),
    Column("submitted_at", "datetime64[us, UTC]", "submission of the first version"),
    Column("url", "str", "address of the abstract at arXiv"),
    Column(
        "finding", "str", "the sentence of the abstract that tells best what was found; empty if it was not read yet"
    ),
)

PAPERS = TableSchema("papers", _PAPER)

SEARCH = TableSchema(
    "search",
    (
        *_PAPER,
        Column("score", "float64", "fused rank in (0, 1]; 1 is first by meaning and by words"),
        Column("similarity", "float64", "cosine of query and paper; NaN for a paper without a vector"),
        Column("why", "object", "list of reasons in words"),
        Column("is_close", "bool", "whether it is close to what was asked, rather than holding some of the words"),
        Column("passage", "str", "the sentence of the abstract that answers best"),
        Column("code", "str", "address of its code; empty without"),
        Column("venue", "str", "venue that accepted or published it; empty without"),
    ),
)

TOPICS = TableSchema(
    "topics",
    (
        Column("topic_id", "int64", "identifier that survives every refit"),
        Column("label", "str", "label, or the operator's name for it"),
        Column("area", "str", "wider field; empty where topics are not grouped"),
        Column("top_terms", "object", "list of terms, best first"),
        Column("born_week", "str", "week in which it began, with at most one in twenty of its papers earlier"),
        Column("n_papers", "int64", "papers that belong to it now; each paper counts for one topic"),
    ),
)

NAMES = TableSchema(
    "names",
    (
        Column("name_id", "int64", "identifier, given for good"),
        Column("name", "str", "the name, or the operator's for it"),
        Column("kind", "str", "benchmark, dataset, model, method or tool"),
        Column("family", "str", "the same for all versions and sizes of one family"),
        Column("n_uses", "int64", "papers that introduce or use it"),
        Column("n_mentions", "int64", "papers that only mention it"),
        Column("n_teams", "float64", "teams that use it, the introducers' left out; NaN where those are unknown"),
        Column("first_week", "str", "week of the first paper that holds it, such as 2026-W20"),
        Column("introduced_week", "str", "week of its introducing paper; empty where that is not held"),
        Column("introduced_by", "str", "arXiv identifier of that paper; empty where it is not held"),
        Column("used_elsewhere_week", "str", "week of the first use by another team; empty without one"),
        Column("taken_up_week", "str", "week in which it was taken up; empty if it was not"),
        Column("fading_week", "str", "newest week in which it was fading; empty without one"),
        Column("call", "str", "the newest trend call of its use; empty without one"),
        Column("own_words", "str", "what it is, in a sentence of its introducing paper; empty without one"),
    ),
)

DIGEST = TableSchema(
    "digest",
    (
        Column("kind", "str", "technique, theme or topic"),
        Column("key", "str", "key in the taxonomy, or the topic's id"),
        Column("name", "str", "name on the page"),
        *_SHARE,
        Column("difference", "float64", "change of the share over the weeks of the call; NaN where it is not known"),
        Column("difference_low", "float64", "lower end of its interval, adjusted for all terms tested"),
        Column("difference_high", "float64", "upper end of it"),
        Column(
            "call", "str", "rising, falling, emerging, cooling, seasonal, steady, wave or unknown; empty without a call"
        ),
    ),
)

DETECTIONS = TableSchema(
    "detections",
    (
        Column("row", "int64", "position of the text in the input, from 0"),
        Column("kind", "str", "technique or theme"),
        Column("key", "str", "key in the taxonomy"),
        Column("level", "int64", "1 mentions, 2 adopts, 3 is about it; of a theme 1 touched, 2 main contribution"),
        Column("evidence", "object", "list of the words that show it"),
    ),
)

CLAIMS = TableSchema(
    "claims",
    (
        Column("arxiv_id", "str", "identifier"),
        Column("title", "str", "title of the paper"),
        Column("week", "str", "such as 2026-W25"),
        Column("quote", "str", "words of the abstract, word for word"),
        Column("quantity", "str", "speed, memory, compute, energy, money, parameters, data, quality or other"),
        Column("form", "str", "times, percent, points or absolute"),
        Column("value", "float64", "the number, or the lower end of a range"),
        Column("value_to", "float64", "the upper end of a range, else the same"),
        Column("unit", "str", "of a level, else empty"),
        Column("up_to", "bool", "whether it is stated as a bound"),
        Column("saving", "float64", "how many times cheaper; NaN where no saving is claimed"),
        Column("saving_to", "float64", "the larger factor where a range is given, else the same"),
    ),
)

CARD = TableSchema(
    "card",
    (
        Column("section", "str", "papers, places, stated, themes, evaluated_on, runs_on, standards or failure_modes"),
        Column("kind", "str", "of what is counted: technique, theme, topic, name, domain, standard, ..."),
        Column("key", "str", "its key; the id of a named thing"),
        Column("name", "str", "what it is called"),
        Column("k", "int64", "papers of the card's term that have it"),
        Column("n", "int64", "papers of the card's term; of places the papers of the place"),
        Column("k_all", "int64", "papers that have it, of all; of places those of the term elsewhere"),
        Column("n_all", "int64", "all papers; of places all papers elsewhere"),
        Column("share", "float64", "k / n; NaN where n is too small"),
        Column("ratio", "float64", "shrunk ratio of the share to that elsewhere; NaN where none is given"),
        Column("ratio_low", "float64", "lower end of its 95 % interval"),
        Column("ratio_high", "float64", "upper end of its 95 % interval"),
        Column("comparison", "str", "more, less, same or few; of places rising, falling or empty"),
    ),
)

CALLS = TableSchema(
    "calls",
    (
        Column("week", "str", "week of the call, such as 2026-W20"),
        Column("kind", "str", "technique, theme, topic, or query for the words of a watched term"),
        Column("key", "str", "key of a technique or theme, identifier of a topic, or the words"),
        Column("name", "str", "what it is called"),
        Column("verdict", "str", "rising, falling, emerging, cooling, seasonal, steady, unknown or wave"),
        Column("called", "str", "the verdict that the record keeps and scores, with the papers of a venue's wave"),
        Column("venue", "str", "venue whose wave the move is; empty where it is none's"),
        Column("difference", "float64", "fitted change of the share; NaN where the verdict is unknown"),
        Column("difference_low", "float64", "lower end of its interval"),
        Column("difference_high", "float64", "upper end of its interval"),
        Column("q_value", "float64", "p-value adjusted for everything tested that week; NaN where it is unknown"),
        Column("share", "float64", "share of the four weeks that end with the call's"),
        Column("share_before", "float64", "share of the first weeks tested"),
        Column("n", "int64", "papers of the four weeks"),
        Column("late", "bool", "whether it was made long after its week, so that it is not in the record"),
        *(
            Column(f"held_{h}", "object", f"whether it held {h} weeks later; None where it is not known")
            for h in (8, 12, 26)
        ),
    ),
)

STANDARDS = TableSchema(
    "standards",
    (
        Column("kind", "str", "standard or failure_mode"),
        Column("key", "str", "its key"),
        Column("name", "str", "what it is called"),
        Column("quarter", "str", "such as 2026-Q2"),
        Column("k", "int64", "papers of the quarter that name it"),
        Column("n", "int64", "papers read of the quarter"),
        Column("n_weeks", "int64", "weeks of the quarter with papers"),
        Column("n_weeks_in_all", "int64", "weeks that the quarter has"),
    ),
)

WEEKS = TableSchema(
    "weeks",
    (
        Column("week", "str", "such as 2026-W25"),
        Column("start", "datetime64[us]", "its Monday, UTC, without zone"),
        Column("n", "int64", "papers in the watched categories"),
        Column("closed", "bool", "whether all papers of the week have been announced"),
        Column("complete", "bool", "whether its count is proven"),
        Column("embedded", "bool", "whether every paper held has a vector; the same for all rows"),
        Column("has_digest", "bool", "whether its digest is published"),
    ),
)

LEFT_OUT: Mapping[str, frozenset[str]] = {
    "trends": frozenset(
        {
            "name",
            "change_points",
            "call",
            "asked",
            "phrases",
            "readings",
            "unknown",
            "meaning",
            "counted_since",
        }
    ),
    "search": frozenset({"marks"}),
    "topics": frozenset({"active", "x", "y"}),
    "detections": frozenset({"names", "claims", "finding", "code", "accepted", "venue", "standards", "failure_modes"}),
    "digest": frozenset(
        {
            "slug",
            "definition",
            "measured",
            "mentions",
            "against_last_year",
            "series",
            "papers",
            "where",
            "more_than_usual",
            "corrected",
            "wave",
            "top_terms",
            "status",
            "born_week",
        }
    ),
    "weeks": frozenset({"problem", "n_said", "tries", "checked_at", "categories", "late", "after_digest"}),
}
"""By table, the fields of a query's result that have no column: values with parts of their own, and details."""

ALL = (
    TRENDS,
    READINGS,
    SEARCH,
    PAPERS,
    TOPICS,
    NAMES,
    CALLS,
    EMERGING,
    DIGEST,
    DETECTIONS,
    CLAIMS,
    STANDARDS,
    CARD,
    WEEKS,
)
