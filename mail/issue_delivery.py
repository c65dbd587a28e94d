"""Sends each issue once to each of its readers.

    published digests -> issues due -> readers (decided once) -> compose -> claim -> send -> outcome

``store/deliveries.py`` has the states, and the rule for crashes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analysis.digest.personal import FollowedName, IssueMaterial, PersonalComposer
from domain.detections import ADOPTS, Term
from domain.digest import Digest
from domain.errors import DeliveryError, MailServerUnavailable, UsageError
from domain.issues_and_deliveries import Delivery, Issue, issues_of
from domain.mail_message import MailMessage
from domain.mail_transport import Transport
from domain.paper_query import ALL_PAPERS, PaperQuery
from domain.personal_digest import PersonalPart
from domain.progress import Progress
from domain.subscription import Subscriber, TokenPurpose
from domain.week import Week, weeks_before
from mail.unreachable_readers import suppress_unreachable
from store.claims import findings_of
from store.database import Database
from store.deliveries import (
    Claim,
    any_accepted,
    claim_delivery,
    deliveries_due,
    mark_handing,
    mark_refused,
    mark_sent,
    mark_uncertain,
    papers_sent_to,
    previous_issue_planned_at,
)
from store.name_ledger_reading import papers_of_name, standing_name
from store.papers import papers_of_week, papers_seen_after
from store.reading_records import papers_decided_by
from store.topics import StoredTopicModel
from store.trend_calls import calls_of_week
from store.weekly import weekly_counts, weekly_totals
from templates.mail_rendering import IssueFrame, MailUrls, render_issue

_BATCH = 50
N_WEEKS_LATE = 4
"""Papers of so many weeks before an issue are new in it, if they came after the issue before."""
_FIRST_WAIT_MIN, _LONGEST_WAIT_MIN = 5, 360


def wait_after(n_tries: int) -> timedelta:
    """How long to wait after ``n_tries`` failures: 5 minutes, doubled each time, at most 6 hours."""
    return timedelta(minutes=min(_FIRST_WAIT_MIN << min(max(n_tries, 1) - 1, 20), _LONGEST_WAIT_MIN))


def due_issues(published: Sequence[Week], planned: Collection[str]) -> list[Issue]:
    """Issues whose readers must be decided now, in order.

    For a new installation only the newest week's: nobody wants the past year in one morning. Later every week with a
    digest since the last one that was sent; an older digest that is made later is not mailed.
    """
    weekly = [Week.parse(name) for name in planned if "W" in name]
    weeks = sorted(published)
    # The last sent week stays in: a crash may have come between its issue and its month's.
    weeks = [w for w in weeks if w >= max(weekly)] if weekly else weeks[-1:]
    return [issue for w in weeks for issue in issues_of(w) if str(issue) not in planned]


def issue_material(
    db: Database,
    issue: Issue,
    digest: Digest,
    *,
    categories: Sequence[str],
    terms: Sequence[Term],
    model: StoredTopicModel | None,
) -> IssueMaterial:
    """Everything that the personal parts of an issue are composed from.

    A paper that moderation held back comes after its week's issue, so the next issue has it.
    """
    weeks = issue.weeks
    counts: dict[tuple[str, str], dict[Week, int]] = {}
    table = weekly_counts(db)
    for kind, key, at, level, k in zip(
        *(table[name].tolist() for name in ("kind", "key", "week_start", "level", "k")), strict=True
    ):
        if level >= ADOPTS:
            of = counts.setdefault((kind, key), {})
            of[Week(at.date())] = of.get(Week(at.date()), 0) + k
    for category in categories:
        counts["category", category] = _by_week(db, categories, PaperQuery(categories=(category,)))
    papers = [p for week in weeks for p in papers_of_week(db, week, categories)]
    planned_at = previous_issue_planned_at(db, issue)
    if planned_at is not None:
        papers += papers_seen_after(db, weeks_before(weeks[0], N_WEEKS_LATE), categories, planned_at)
    return IssueMaterial(
        issue=issue,
        digest=digest,
        papers={p.arxiv_id: p for p in papers},
        names={
            **{(t.kind, t.key): t.name for t in terms},
            **{("topic", str(t.topic_id)): t.label for t in (model.topics if model else ())},
            **{("category", category): category for category in categories},
        },
        counts=counts,
        totals=_by_week(db, categories, ALL_PAPERS),
        calls={
            (call.kind, call.key): call
            for of_names in (False, True)
            for call in calls_of_week(db, digest.week, of_names=of_names)
        },
        findings=findings_of(db, [p.arxiv_id for p in papers]),
    )


def followed_name(db: Database, key: str, *, categories: Sequence[str]) -> FollowedName | None:
    """What the ledger knows of a followed named thing, or of what it was merged into.

    ``None`` if there is no name of this key, or the operator ignores it.
    """
    number = key.removeprefix("#")
    found = standing_name(db, int(number)) if number.isascii() and number.isdecimal() and len(number) < 10 else None
    if found is None or found.is_ignored:
        return None
    papers = papers_of_name(db, found.name_id, categories)
    return FollowedName(
        name_id=found.name_id,
        name=found.surface,
        introducing=tuple(arxiv_id for arxiv_id, role, _ in papers if role == "introduces"),
        using=tuple(arxiv_id for arxiv_id, role, _ in papers if role == "uses"),
        counts=Counter(week for _, role, week in papers if role != "mentions"),
    )


def _by_week(db: Database, categories: Sequence[str], query: PaperQuery) -> dict[Week, int]:
    totals = weekly_totals(db, categories, query)
    return {Week(at.date()): n for at, n in zip(totals["week_start"].tolist(), totals["n"].tolist(), strict=True) if n}


@dataclass(frozen=True)
class DeliveryContext:
    """Everything that sending needs besides the issue.

    ``urls`` gives the links for a pair of tokens, to manage and to unsubscribe. ``wait`` blocks until the next mail
    may be sent.
    """

    db: Database
    transport: Transport
    urls: Callable[[str, str], MailUrls]
    max_tries: int
    clock: Callable[[], datetime]
    new_token: Callable[[], str]
    wait: Callable[[], None]


def deliver_issue(
    context: DeliveryContext, frame: IssueFrame, composer: PersonalComposer, *, n_readers: int
) -> Iterator[Progress]:
    """Send an issue to all readers who are due now; yields after each mail whose outcome is stored.

    Raises
    ------
    MailServerUnavailable
        If the server takes no mail at all now; the remaining mails stay due.
    """
    issue, after, n_done, refusal = str(frame.issue), 0, 0, ""
    while batch := deliveries_due(context.db, issue, now=context.clock(), limit=_BATCH, after=after):
        for delivery, reader in batch:
            after = delivery.delivery_id
            refusal = _deliver(context, frame, composer, delivery, reader) or refusal
            n_done += 1
            yield Progress("delivery", n_done, max(n_readers, n_done), "mails")
    if refusal and not any_accepted(context.db, issue):
        message = f"the mail server has refused issue {issue} for every reader; its last reply: {refusal}"
        raise MailServerUnavailable(message, public=message)


def issue_message(
    frame: IssueFrame,
    personal: PersonalPart,
    reader: Subscriber,
    *,
    message_key: str,
    urls: MailUrls,
) -> MailMessage:
    """One reader's mail."""
    html, text = render_issue(frame, personal, reader.preferences, address=reader.address, urls=urls)
    return MailMessage(
        to=reader.address,
        subject=frame.subject,
        text=text,
        html=html,
        pictures=frame.pictures if html else (),
        message_key=message_key,
        unsubscribe_url=urls.unsubscribe,
    )


def _deliver(
    context: DeliveryContext, frame: IssueFrame, composer: PersonalComposer, delivery: Delivery, reader: Subscriber
) -> str:
    """Send one mail; returns the public text of a refusal that may be the server's own problem, else empty."""
    tokens: dict[TokenPurpose, str] = {"manage": context.new_token(), "unsubscribe": context.new_token()}
    db = context.db
    try:
        personal = composer.compose(
            reader.preferences.follows,
            sent_before=papers_sent_to(db, reader.subscriber_id),
            decided=papers_decided_by(db, reader.subscriber_id),
        )
        message = issue_message(
            frame,
            personal,
            reader,
            message_key=delivery.message_key,
            urls=context.urls(tokens["manage"], tokens["unsubscribe"]),
        )
    except (UsageError, ValueError) as error:  # one reader's mail that cannot be composed must not hold up the others
        if claim := claim_delivery(db, delivery, address=reader.address, tokens=tokens, now=context.clock()):
            mark_refused(db, claim, problem=f"not composed: {error}", next_try_at=None, now=context.clock())
        return ""
    context.wait()
    claim = claim_delivery(db, delivery, address=reader.address, tokens=tokens, now=context.clock())
    if claim is None:
        return ""
    try:
        is_sent = context.transport.send(
            message,
            now=context.clock(),
            before_commit=lambda: mark_handing(db, claim, papers=personal.listed, now=context.clock()),
        )
    except MailServerUnavailable as error:
        mark_refused(db, claim, problem=str(error), next_try_at=context.clock(), counts=False, now=context.clock())
        raise
    except DeliveryError as error:
        return _note_failure(context, claim, delivery, reader, error)
    except ValueError as error:  # the message cannot be written as a mail
        mark_refused(db, claim, problem=str(error), next_try_at=None, now=context.clock())
    else:
        if is_sent:
            mark_sent(db, claim, now=context.clock())
    return ""


def _note_failure(
    context: DeliveryContext, claim: Claim, delivery: Delivery, reader: Subscriber, error: DeliveryError
) -> str:
    """Store how a mail failed, and suppress an address that takes no mail.

    A permanent refusal is believed only of a server that has taken this issue for another reader: one that takes none,
    such as a relay that we may not use, would end every subscription. Until then the mail is tried again, and the
    refusal's public text is returned.
    """
    db, now = context.db, context.clock()
    if error.uncertain:
        mark_uncertain(db, claim, problem=str(error), now=now)
        return ""
    n_tries = delivery.n_tries + 1
    is_believed = error.permanent and any_accepted(db, delivery.issue)
    is_over = is_believed or n_tries >= context.max_tries
    mark_refused(
        db,
        claim,
        problem=str(error),
        failure=error.kind,
        next_try_at=None if is_over else now + wait_after(n_tries),
        now=now,
    )
    if is_believed or (is_over and error.kind == "passing"):
        suppress_unreachable(db, reader, error.kind, now=now)
    return error.public if error.permanent and not is_over else ""
