"""The database schema. Comments on columns add what name and type do not say.

The migrations in ``store/migrations`` build these tables; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.types import TypeDecorator

SCHEMA_VERSION = "0027"
"""The newest migration; stated here so that an up-to-date database opens without importing Alembic."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: timezone-aware in Python, UTC in the database. SQLite alone would silently drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"instants are stored with a time zone, got {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        at: datetime = value
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_paper_id = "paper.arxiv_id"

paper = Table(
    "paper",
    metadata,
    Column("row_id", Integer, primary_key=True),  # rowid of the full-text index
    Column("arxiv_id", String(32), nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("primary_category", String(32), nullable=False),
    Column("categories", JSON, nullable=False),  # in arXiv's order; queries use paper_category
    Column("submitted_at", UtcDateTime, nullable=False),  # of version 1
    Column("updated_at", UtcDateTime, nullable=False),  # of this version
    Column("week_start", Date, nullable=False),  # Monday of submitted_at, UTC
    Column("comment", Text),
    Column("doi", Text),
    Column("journal_ref", Text),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("is_withdrawn", Boolean, nullable=False, server_default=false()),  # stays stored, but is in no count
    Column("source", String(16), nullable=False, server_default="api"),  # source of the record: api, oai, snapshot
    Column("author_parts", JSON(none_as_null=True)),  # [[keyname, forenames, suffix], ...]; null if given whole
    Column("search_title", Text),  # the words that are indexed; null if those of title
    Column("search_abstract", Text),  # the same for abstract
    Column("search_authors", Text, nullable=False, server_default=""),  # the same for authors
    Column("stems", LargeBinary),  # what searches rank by, an array of domain.packed_stems.STEM_DTYPE
    # They hold all that a count asks of a paper, which would otherwise be read with its abstract: four times as slow.
    Index("ix_paper_week_start_counted", "week_start", "arxiv_id", "is_withdrawn", "first_seen_at"),
    Index("ix_paper_submitted_at_counted", "submitted_at", "arxiv_id", "is_withdrawn", "first_seen_at", "week_start"),
    Index("ix_paper_arxiv_id_counted", "arxiv_id", "is_withdrawn", "week_start", "submitted_at"),
)

kept_value = Table(  # values that stay as they were at their first use
    "kept_value",
    metadata,
    Column("name", String(32), primary_key=True),  # feed_authority: the host in the ids of feeds
    Column("value", Text, nullable=False),
)

paper_category = Table(
    "paper_category",
    metadata,
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Column("category", String(32), primary_key=True),
    Index(None, "category", "arxiv_id"),
)

paper_version = Table(  # every known version; title and abstract of the newest are in paper
    "paper_version",
    metadata,
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

harvest_window = Table(
    "harvest_window",
    metadata,
    Column("start_at", UtcDateTime, primary_key=True),
    Column("end_at", UtcDateTime, primary_key=True),
    Column("categories", String(512), primary_key=True),  # watched categories, sorted, separated by spaces
    Column("n_said", Integer),  # null if arXiv gave no usable answer
    Column("n_got", Integer, nullable=False),
    Column("problem", Text),  # null exactly when complete
    Column("checked_at", UtcDateTime, nullable=False),
    Column("n_tries", Integer, nullable=False),
    Column("first_complete_at", UtcDateTime),  # papers of the window first seen later than this are late
    Column("unreadable", JSON, nullable=False, server_default="[]"),  # the first entries, each with its problem
    Column("gap", JSON(none_as_null=True)),  # evidence that arXiv's index is behind, if that is the problem
)

oai_harvest = Table(  # progress of reading each OAI-PMH list
    "oai_harvest",
    metadata,
    Column("set_name", String(64), primary_key=True),  # cs:cs:LG
    Column("metadata_prefix", String(16), primary_key=True),
    Column("since", Date, nullable=False),  # papers submitted earlier are stored only if already known
    Column("pass_from_date", Date, nullable=False),  # first day of changes in the newest pass
    Column("from_date", Date),  # all earlier changes are read; null before the first complete pass
    Column("token", Text),  # resumption token of the next page; expires daily
    Column("pass_began_at", UtcDateTime),  # by the server's clock; becomes from_date at the end of the pass
    Column("n_records", Integer, nullable=False),  # records read in the newest pass
    Column("n_unreadable", Integer, nullable=False, server_default="0"),  # records of the newest pass
    Column("unreadable", JSON, nullable=False, server_default="[]"),  # the first of them, with their problems
    Column("finished_at", UtcDateTime),  # null while a pass is in progress
)

request_gate = Table(  # one row: the rate limiter of all processes that share this database
    "request_gate",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(128)),  # host:pid:namespace.start:permit of the request in progress, or null
    Column("held_until", UtcDateTime),  # the holder is taken for dead after this
    Column("free_at", UtcDateTime),  # no request before this
    Column("n_refusals", Integer, nullable=False),  # consecutive
    Column("closed_until", UtcDateTime),  # requests are paused until this
)

source_answer = Table(  # log of the newest requests to arXiv, for the operator
    "source_answer",
    metadata,
    Column("answer_id", Integer, Identity(always=False), primary_key=True),
    Column("asked_at", UtcDateTime, nullable=False, index=True),
    Column("source", String(16), nullable=False),  # api, oai, rss
    Column("url", Text, nullable=False),
    Column("outcome", String(16), nullable=False),  # usable, refused, rejected, unreached
    Column("status", Integer),  # null without an answer
    Column("seconds", Float, nullable=False),
    Column("n_bytes", Integer, nullable=False),
    Column("problem", Text),  # null if the answer was usable
)

embedding = Table(
    "embedding",
    metadata,
    Column("model_id", String(128), primary_key=True),  # weights and number type: all-MiniLM-L6-v2@53aa5117/bfloat16
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian, unit length
    Index(None, "arxiv_id"),
)

detected_paper = Table(  # papers that a detector has processed, with or without detections
    "detected_paper",
    metadata,
    Column("detector_id", String(128), primary_key=True),
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Index(None, "arxiv_id"),
)

detection = Table(
    "detection",
    metadata,
    Column("detector_id", String(128), primary_key=True),
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("level", Integer, nullable=False),
    Column("evidence", JSON, nullable=False),  # [[field, start, end], ...]
    Column("strength", Float, nullable=False, server_default="0"),  # log-odds above the level's threshold
    Index(None, "arxiv_id"),
)

tagged_paper = Table(  # papers in which a tagger has looked for names
    "tagged_paper",
    metadata,
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Column("tagger_id", String(128), nullable=False),  # with the version of the rules that join spellings
    Column("people", Text, nullable=False),  # authors as analysis.names.teams.person writes them, one a line
)

name = Table(  # the ledger of named things; rows are never deleted
    "name",
    metadata,
    Column("name_id", Integer, primary_key=True),  # never reused
    Column("surface", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("family", Text, nullable=False),
    Column("variants", JSON, nullable=False),  # most frequent first
    Column("introduced_by", String(32)),  # null where that paper is not held
    Column("introduced_week", Date),
    Column("first_week", Date, nullable=False),
    Column("last_week", Date, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("kind_confidence", Float, nullable=False),
    Column("n_uses", Integer, nullable=False),  # papers that introduce or use it
    Column("n_mentions", Integer, nullable=False),  # papers that only mention it
    Column("n_teams", Integer),  # that use it, without the introducers'; null where those are unknown
    Column("n_unknown_teams", Integer, nullable=False),  # using papers without authors
    Column("used_elsewhere_week", Date),
    Column("taken_up_week", Date),
    Column("fading_week", Date),
    Column("given_surface", Text),  # this and the next three are decisions of the operator
    Column("given_kind", String(16)),
    Column("is_ignored", Boolean, nullable=False, server_default=false()),
    Column("merged_into", ForeignKey("name.name_id")),
    Index(None, "introduced_by"),
    Index(None, "n_uses"),
    Index(None, "introduced_week"),
    Index(None, "family"),
)

name_key = Table(  # what the spellings of a name have in common; several things may share one
    "name_key",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name_id", ForeignKey("name.name_id"), primary_key=True),
    Index(None, "name_id"),
)

name_mention = Table(
    "name_mention",
    metadata,
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Column("surface", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("role", String(16), nullable=False),  # introduces, uses, mentions
    Column("confidence", Float, nullable=False),
    Column("kind_confidence", Float, nullable=False),
    Column("evidence", JSON, nullable=False),  # [[field, start, end], ...]
    Column("is_heading", Boolean, nullable=False),  # whether the title begins with the name and a colon
    Column("name_id", ForeignKey("name.name_id")),  # null before the ledger has seen it, and where it is not clear
    Column("counted_role", String(16)),  # as role, but introduces only where the paper does introduce that thing
    Index(None, "key"),
    Index(None, "name_id", "arxiv_id"),
)

name_split = Table(  # papers that the operator gave to a thing of their name
    "name_split",
    metadata,
    Column("arxiv_id", String(32), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("name_id", ForeignKey("name.name_id"), nullable=False),
)

name_event = Table(
    "name_event",
    metadata,
    Column("event_id", Integer, Identity(always=False), primary_key=True),
    Column("name_id", ForeignKey("name.name_id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # a NameEventKind of domain/name_ledger.py
    Column("week", Date, nullable=False),
    Column("arxiv_id", String(32)),  # the paper by which it happened
    Column("detail", Text, nullable=False),
    Column("noted_at", UtcDateTime, nullable=False),
    Column("retracted_at", UtcDateTime),  # since when the papers do not support it any more
    Index(None, "kind", "week"),
)

stale_name_key = Table(  # keys whose mentions have changed since the ledger saw them
    "stale_name_key",
    metadata,
    Column("key", Text, primary_key=True),
)

name_basis = Table(  # one row: what the ledger was made from
    "name_basis",
    metadata,
    Column("method", String(160), primary_key=True),  # tagger and rules
    Column("categories", String(512), nullable=False),
)

read_paper = Table(  # papers whose claims were read, with or without any
    "read_paper",
    metadata,
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Column("reader_id", String(128), nullable=False),  # of claims, findings, code links, standards and failure modes
    Column("finding_start", Integer),  # characters of the abstract; null where there is no sentence
    Column("finding_end", Integer),
    Column("code", Text),  # address of a repository
)

claim = Table(
    "claim",
    metadata,
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),  # within the paper, from 0
    Column("quote_start", Integer, nullable=False),  # characters of the abstract
    Column("quote_end", Integer, nullable=False),
    Column("quantity", String(16), nullable=False),  # a ClaimQuantity of domain/claim.py
    Column("form", String(16), nullable=False),  # times, percent, points, absolute
    Column("value", Float, nullable=False),
    Column("value_to", Float, nullable=False),  # upper end of a range, else the same
    Column("unit", Text, nullable=False),
    Column("up_to", Boolean, nullable=False),
)

rule_mention = Table(  # what rules found in papers
    "rule_mention",
    metadata,
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),  # a RuleKind of domain/standards_and_failure_modes.py
    Column("key", String(64), primary_key=True),
    Column("evidence", JSON, nullable=False),  # [[field, start, end], ...]
    Index(None, "kind", "key"),
)

topic_model = Table(
    "topic_model",
    metadata,
    Column("topic_model_id", Integer, Identity(always=False), primary_key=True),
    Column("embedding_model_id", String(128), nullable=False),
    Column("fitted_week", Date, nullable=False),  # the newest closed week in the fit
    Column("fitted_at", UtcDateTime, nullable=False),
    Column("n_papers", Integer, nullable=False),
    Column("floor", Float, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("library_versions", JSON, nullable=False),
)

topic = Table(
    "topic",
    metadata,
    Column("topic_id", Integer, primary_key=True),  # given by the registry, never reused
    Column("label", Text, nullable=False),  # unique within a fit
    Column("born_week", Date, nullable=False),
    Column("given_name", Text),  # set by the operator, shown instead of the label
    Column("area", Text),  # wider field
)

fitted_topic = Table(  # the registered topic of each topic number of a model
    "fitted_topic",
    metadata,
    Column("topic_model_id", ForeignKey("topic_model.topic_model_id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("topic_id", ForeignKey("topic.topic_id"), nullable=False),
    Column("size", Integer, nullable=False),
    Column("top_terms", JSON, nullable=False),
    Column("centroid", LargeBinary, nullable=False),  # float32, little-endian, unit length
    Column("x", Float),  # map coordinate, null without a map
    Column("y", Float),
    UniqueConstraint("topic_model_id", "topic_id"),
)

map_paper = Table(  # map coordinates of a sample of papers
    "map_paper",
    metadata,
    Column("topic_model_id", ForeignKey("topic_model.topic_model_id", ondelete="CASCADE"), primary_key=True),
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Column("x", Float, nullable=False),
    Column("y", Float, nullable=False),
)

topic_event = Table(
    "topic_event",
    metadata,
    Column("event_id", Integer, Identity(always=False), primary_key=True),
    Column("topic_id", ForeignKey("topic.topic_id"), nullable=False, index=True),
    Column("topic_model_id", ForeignKey("topic_model.topic_model_id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("week", Date, nullable=False),
    Column("detail", Text, nullable=False),
    Column("other_topic_id", ForeignKey("topic.topic_id")),
)

topic_assignment = Table(
    "topic_assignment",
    metadata,
    Column("topic_model_id", ForeignKey("topic_model.topic_model_id", ondelete="CASCADE"), primary_key=True),
    Column("arxiv_id", ForeignKey(_paper_id, ondelete="CASCADE"), primary_key=True),
    Column("topic_id", ForeignKey("topic.topic_id")),  # null if below the model's similarity floor
    Column("similarity", Float, nullable=False),  # cosine to the nearest centroid
    Index(None, "arxiv_id"),
    Index(None, "topic_model_id", "topic_id"),
)

weekly_basis = Table(  # one row: what weekly_count was counted from
    "weekly_basis",
    metadata,
    Column("detector_id", String(128), primary_key=True),
    Column("topic_model_id", Integer, nullable=True),  # null before the first fit
    Column("categories", String(512), nullable=False),
    Column("is_current", Boolean, nullable=False, server_default=true()),  # false once something has changed since
    Column("counted_at", UtcDateTime),  # null if not known
)

weekly_count = Table(  # of kind paper, with an empty key: all papers, the denominator
    "weekly_count",
    metadata,
    Column("week_start", Date, primary_key=True),
    Column("category", String(32), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("k", Integer, nullable=False),
)

trend_call = Table(  # trend calls, never changed but for the mark of a wave
    "trend_call",
    metadata,
    Column("call_id", Integer, Identity(always=False), primary_key=True),
    Column("week_start", Date, nullable=False),
    Column("kind", String(16), nullable=False),  # technique, theme, topic, query
    Column("key", String(256), nullable=False),  # of a query: its text
    Column("verdict", String(16), nullable=False),  # a CallVerdict of domain/trend_calls.py
    Column("q_value", Float),
    Column("share", Float),  # of the weeks ending with the call's week
    Column("share_before", Float),  # of the first weeks considered
    Column("n", Integer, nullable=False),
    Column("first_week_start", Date),  # of the weeks of the fitted line; null where none was fitted or stored
    Column("share_first", Float),  # of the line, in that week
    Column("share_last", Float),  # of the line, in the call's week
    Column("change_low", Float),  # interval of their difference, at interval_level
    Column("change_high", Float),
    Column("interval_level", Float),
    Column("made_with", String(160), nullable=False),  # detector or topic model, and the method's version
    Column("made_at", UtcDateTime, nullable=False),
    Column("wave_venue", String(64)),  # whose wave the move is; empty if no venue's, null if not looked for
    Column("wave_k", Integer),  # the term's papers of the week that name the venue
    Column("wave_n", Integer),  # all papers of the term in the week
    Column("wave_without", String(16)),  # the verdict without the wave's papers
    Column("wave_rule", Integer),  # by which rule a wave was looked for; null if none was looked for
    UniqueConstraint("week_start", "kind", "key"),
)

trend_call_score = Table(  # outcomes of calls
    "trend_call_score",
    metadata,
    Column("call_id", ForeignKey("trend_call.call_id", ondelete="CASCADE"), primary_key=True),
    Column("horizon_weeks", Integer, primary_key=True),
    Column("held", Boolean),  # null if the following weeks do not decide it
    Column("share_after", Float),
    Column("scored_at", UtcDateTime, nullable=False),
)

emerging_list = Table(  # one list of emerging terms a week, never changed
    "emerging_list",
    metadata,
    Column("week_start", Date, primary_key=True),
    Column("recent_weeks", Integer, nullable=False),  # weeks compared, ending with this one
    Column("before_weeks", Integer, nullable=False),  # weeks before them
    Column("n", Integer, nullable=False),  # papers of the recent weeks
    Column("n_before", Integer, nullable=False),
    Column("n_tested", Integer, nullable=False),  # phrases tested
    Column("made_with", String(160), nullable=False),  # the method's version, the taxonomy and the topic model
    Column("made_at", UtcDateTime, nullable=False),
)

emerging_term = Table(  # the terms of each list
    "emerging_term",
    metadata,
    Column("week_start", ForeignKey("emerging_list.week_start", ondelete="CASCADE"), primary_key=True),
    Column("phrase", String(256), primary_key=True),  # its counted form: lower case, singular, without hyphens
    Column("place", Integer, nullable=False),  # in the list, from 0
    Column("name", String(256), nullable=False),  # as most papers write it
    Column("first_week_start", Date, nullable=False),  # of the first list that holds it
    Column("k", Integer, nullable=False),  # recent papers that hold it
    Column("k_before", Integer, nullable=False),
    Column("growth", Float),  # ratio of the two shares; null if no paper before holds it
    Column("growth_low", Float, nullable=False),  # its lower bound
    Column("n_teams", Integer, nullable=False),
    Column("neighbours", JSON, nullable=False),  # words that stand with it
    Column("papers", JSON, nullable=False),  # identifiers of the recent papers, newest first
    Column("share", Float, nullable=False),  # of the last weeks, as in trend_call
    Column("share_before", Float, nullable=False),  # of the first weeks considered
    Column("probability", Float, nullable=False),  # of being a term rather than a turn of phrase
    Index("ix_emerging_term_phrase", "phrase"),
)

emerging_score = Table(  # outcomes of listed terms
    "emerging_score",
    metadata,
    Column("week_start", Date, primary_key=True),
    Column("phrase", String(256), primary_key=True),
    Column("horizon_weeks", Integer, primary_key=True),
    Column("held", Boolean),  # null if the following weeks do not decide it
    Column("share_after", Float),
    Column("scored_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(
        ["week_start", "phrase"], ["emerging_term.week_start", "emerging_term.phrase"], ondelete="CASCADE"
    ),
)

topic_drift = Table(  # how well a week's papers fit the topics
    "topic_drift",
    metadata,
    Column("week_start", Date, primary_key=True),
    Column("topic_model_id", ForeignKey("topic_model.topic_model_id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, nullable=False),
    Column("share_unassigned", Float, nullable=False),
    Column("mean_similarity", Float, nullable=False),
    Column("centroid_shift", Float, nullable=False),  # 1 - cosine between a topic's weekly mean and its centroid
    Column("embedding_shift", Float, nullable=False),  # distance of the week's mean vector, in standard errors
)

digest = Table(
    "digest",
    metadata,
    Column("week_start", Date, primary_key=True),
    Column("revision", Integer, primary_key=True),  # from 1; a correction is a new row
    Column("content", LargeBinary, nullable=False),  # zlib of JSON: Digest and paper lists without the papers' text
    Column("published_at", UtcDateTime, nullable=False),
    Column("headline", Text, nullable=False, server_default=""),  # copied from content, as are the next two
    Column("n_papers", Integer, nullable=False, server_default="0"),
    Column("complete", Boolean, nullable=False, server_default=false()),
)

job_run = Table(
    "job_run",
    metadata,
    Column("run_id", Integer, Identity(always=False), primary_key=True),
    Column("job", String(32), nullable=False),
    Column("period", String(32), nullable=False),
    Column("state", String(16), nullable=False),  # running, done, failed, waiting, stopped, given up
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("message", Text, nullable=False),  # public: shown on the status page and in the API
    Column("n_tries", Integer, nullable=False, server_default="0"),  # consecutive failures
    Column("next_try_at", UtcDateTime),  # earliest next try; null if at once, or never
    Column("detail", Text, nullable=False, server_default=""),  # for the operator: paths, never a reader's data
    UniqueConstraint("job", "period"),
)

lease = Table(  # an expired lease, or one whose process has ended, may be taken over
    "lease",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(128), nullable=False),  # host:pid:namespace.start
    Column("expires_at", UtcDateTime, nullable=False),
)

subscriber = Table(
    "subscriber",
    metadata,
    Column("subscriber_id", Integer, Identity(always=False), primary_key=True),
    Column("address", String(254), nullable=False, unique=True),  # normalised
    Column("state", String(16), nullable=False, index=True),  # pending, active, paused, unsubscribed
    Column("frequency", String(16), nullable=False),
    Column("mail_format", String(8), nullable=False),
    Column("follows", JSON, nullable=False),  # ["technique:diffusion", "search:..."], in the reader's order
    Column("created_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),  # null before the first confirmation
    Column("changed_at", UtcDateTime, nullable=False),
)

subscriber_token = Table(  # tokens of the links in mails; the token itself is only in the mail
    "subscriber_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # sha256, hexadecimal
    Column("subscriber_id", ForeignKey("subscriber.subscriber_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("purpose", String(16), nullable=False),  # confirm, manage, unsubscribe
    Column("preferences", JSON),  # for confirm: the requested preferences
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("used_at", UtcDateTime),
)

block_link = Table(  # links that suppress a mailbox; they outlive the subscriber, so they hold no address
    "block_link",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # sha256, hexadecimal
    Column("mailbox_hash", String(64), nullable=False, index=True),  # the key of the suppression
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

subscription_request = Table(  # requests from the form; answered by mail only
    "subscription_request",
    metadata,
    Column("request_id", Integer, Identity(always=False), primary_key=True),
    Column("address", String(254), nullable=False),
    Column("mailbox", String(254), nullable=False, index=True),  # keyed hash of the address without its tag, for limits
    Column("site", String(64), nullable=False, index=True, server_default=""),  # hash of the IPv6 /48, else as network
    Column("network", String(64), nullable=False, index=True),  # keyed hash of the client's network, for limits
    Column("preferences", JSON),  # null if only a link to the own page was requested
    Column("asked_at", UtcDateTime, nullable=False, index=True),
    Column("state", String(16), nullable=False, index=True),  # waiting, handing, sent, dropped
    Column("n_tries", Integer, nullable=False),
    Column("next_try_at", UtcDateTime),
    Column("problem", Text, nullable=False),
)

suppression = Table(  # addresses that get no mail, not even a confirmation
    "suppression",
    metadata,
    Column("address_hash", String(64), primary_key=True),  # keyed hash of the normalised address, or of its mailbox
    Column("reason", String(16), nullable=False),  # bounced, complained, blocked
    Column("since", UtcDateTime, nullable=False),
)

instance_key = Table(  # one row: the key of the hashes of addresses, mailboxes and networks
    "instance_key",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("key", LargeBinary, nullable=False),  # 32 random bytes
)

mailing = Table(  # planned issues
    "mailing",
    metadata,
    Column("issue", String(16), primary_key=True),  # 2026-W25, or 2026-06
    Column("planned_at", UtcDateTime, nullable=False),
    Column("n_readers", Integer, nullable=False),
)

delivery = Table(  # one issue for one reader
    "delivery",
    metadata,
    Column("delivery_id", Integer, Identity(always=False), primary_key=True),
    Column("subscriber_id", ForeignKey("subscriber.subscriber_id", ondelete="CASCADE"), nullable=False),
    Column("issue", ForeignKey("mailing.issue"), nullable=False),
    Column("state", String(16), nullable=False),  # due, claimed, handing, sent, uncertain, failed, skipped
    Column("message_key", String(64), nullable=False, unique=True),  # of the Message-ID, the same in every try
    Column("claim_key", String(32)),  # of the newest claim; older claims are void
    Column("papers", JSON, nullable=False),  # identifiers in the personal part of the mail
    Column("n_tries", Integer, nullable=False),
    Column("next_try_at", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("problem", Text, nullable=False),
    # What the last refusal or report of a failure is about: failed, passing, other; empty if there is none.
    Column("failure", String(16), nullable=False, server_default=""),
    UniqueConstraint("subscriber_id", "issue"),
    Index(None, "issue", "state"),
)

query_vector = Table(  # vectors of saved searches
    "query_vector",
    metadata,
    Column("model_id", String(128), primary_key=True),
    Column("query", String(200), primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian, unit length
)

reader = Table(  # who decides on papers: a subscriber, or the one local reader
    "reader",
    metadata,
    Column("reader_id", Integer, Identity(always=False), primary_key=True),
    Column("key", String(32), nullable=False, unique=True),  # local, or subscriber:12
    Column("subscriber_id", ForeignKey("subscriber.subscriber_id", ondelete="CASCADE"), index=True),  # null: local
    Column("made_at", UtcDateTime, nullable=False),
)

_reader_id = "reader.reader_id"

scan = Table(  # a reader's passage through the papers of some days
    "scan",
    metadata,
    Column("scan_id", Integer, Identity(always=False), primary_key=True),
    Column("reader_id", ForeignKey(_reader_id, ondelete="CASCADE"), nullable=False, index=True),
    Column("since", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("follows", JSON, nullable=False),  # ["search:...", "topic:12"]
    Column("has", JSON, nullable=False, server_default="[]"),  # ["fact:code"]: facets that every paper has
    Column("seeds", JSON, nullable=False),  # identifiers
    Column("pool", JSON, nullable=False),  # identifiers of the papers above the line at the start
    Column("seed", Integer, nullable=False),  # of the order of random draws
    Column("started_at", UtcDateTime, nullable=False),
    Column("leaves_out_others", Boolean, nullable=False, server_default=false()),  # what other scans decided
    Column("categories", JSON, nullable=False, server_default="[]"),  # papers listed under any of them; [] for all
    Column("author", String(200), nullable=False, server_default=""),  # papers by whom; '' for all
)

paper_decision = Table(
    "paper_decision",
    metadata,
    Column("decision_id", Integer, Identity(always=False), primary_key=True),
    Column("reader_id", ForeignKey(_reader_id, ondelete="CASCADE"), nullable=False),
    Column("arxiv_id", String(32), nullable=False),
    Column("scan_id", ForeignKey("scan.scan_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("verdict", String(16), nullable=False),  # keep, skip, undecided
    Column("choice", String(8), nullable=False),  # how it was shown: best, or drawn from the pool or the rest
    Column("decided_at", UtcDateTime, nullable=False),
    UniqueConstraint("reader_id", "arxiv_id"),
)

reader_mute = Table(
    "reader_mute",
    metadata,
    Column("reader_id", ForeignKey(_reader_id, ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("muted_at", UtcDateTime, nullable=False),
)

reader_seed = Table(  # papers that a reader named as what they look for
    "reader_seed",
    metadata,
    Column("reader_id", ForeignKey(_reader_id, ondelete="CASCADE"), primary_key=True),
    Column("arxiv_id", String(32), primary_key=True),
    Column("added_at", UtcDateTime, nullable=False),
)

collection = Table(
    "collection",
    metadata,
    Column("collection_id", Integer, Identity(always=False), primary_key=True),
    Column("reader_id", ForeignKey(_reader_id, ondelete="CASCADE"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    UniqueConstraint("reader_id", "name"),
)

collection_paper = Table(
    "collection_paper",
    metadata,
    Column("collection_id", ForeignKey("collection.collection_id", ondelete="CASCADE"), primary_key=True),
    Column("arxiv_id", String(32), primary_key=True),
    Column("note", Text, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
)
