"""MailService: plans, composes and sends every mail."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from analysis.digest.personal import PersonalComposer
from analysis.search.search_query import embedded_texts
from domain.digest import DigestEdition
from domain.errors import PostponedError, UsageError
from domain.issues_and_deliveries import Issue
from domain.mail_message import MailMessage
from domain.mail_transport import Transport
from domain.progress import Progress
from domain.subscription import Preferences, Subscriber, TokenPurpose, sanitized_line
from domain.week import Week
from mail.confirmations import ConfirmationContext, answer_requests
from mail.issue_delivery import (
    DeliveryContext,
    deliver_issue,
    due_issues,
    followed_name,
    issue_material,
    issue_message,
)
from mail.open_transport import open_transport
from mail.send_rate import SendRate
from runtime.lease import held_lease
from store.deliveries import open_deliveries, open_issues, plan_issue, planned_issues, recover_after_crash
from store.digests import newest_digest, published_weeks
from store.saved_searches import add_query_vectors, followed_searches, query_vectors
from templates.digest_wording import EnglishPersonalWording
from templates.links import Links, MailLinks
from templates.mail_notice_wording import operator_notice
from templates.mail_rendering import IssueFrame, MailUrls, Notice, issue_frame, render_notice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.search.semantic_search import PaperSearch
    from runtime.context import AppContext

DELIVERY_LEASE = "delivery"
CONFIRMATIONS_LEASE = "letters"  # the stored name: a process of an older version may hold the lease
_VECTOR_BATCH = 256
LINK_PATHS: dict[TokenPurpose, str] = {
    "confirm": "/subscriptions/confirm",
    "manage": "/subscriptions/manage",
    "unsubscribe": "/subscriptions/unsubscribe",
    "block": "/subscriptions/block",
}


def new_token() -> str:
    """192 random bits for a link, safe in a URL."""
    return secrets.token_urlsafe(24)


def new_key() -> str:
    """The random part of a Message-ID; lower-case, because some servers change the case when they quote it."""
    return secrets.token_hex(16)


class MailService:
    """Plans, composes and sends issues, confirmations and notices.

    Parameters
    ----------
    context : the application context.
    transport : opens a transport; by default the one that the settings name.
    random_token, random_key : make the tokens of links and the keys of Message-IDs; a simulation passes its own.
    sleep : waits between mails, to keep the settings' rate.
    """

    def __init__(
        self,
        context: AppContext,
        *,
        transport: Callable[[], Transport] | None = None,
        random_token: Callable[[], str] = new_token,
        random_key: Callable[[], str] = new_key,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.context = context
        self._transport = transport or (
            lambda: open_transport(context.settings.mail, context.settings.data_dir / "mail")
        )
        self._new_token = random_token
        self._new_key = random_key
        self._send_rate = SendRate(context.settings.mail.rate_per_s, sleep=sleep)

    def url(self, purpose: TokenPurpose, token: str) -> str:
        """The address of the page for a token."""
        return f"{self.context.settings.service.address}{LINK_PATHS[purpose]}/{token}"

    # -- issues

    def due_issues(self) -> list[str]:
        """Issues whose readers must be decided or whose mails are not all sent, oldest first."""
        context = self.context
        planned = planned_issues(context.db)
        due = [str(i) for i in due_issues(self._deliverable_weeks(planned), planned)]
        return list(dict.fromkeys([*open_issues(context.db), *due]))

    def newest_issue(self) -> Issue | None:
        """The weekly issue of the newest digest; ``None`` if there is no digest."""
        weeks = published_weeks(self.context.db)
        return Issue("weekly", weeks[-1]) if weeks else None

    def _deliverable_weeks(self, planned: dict[str, int]) -> list[Week]:
        """Weeks whose digest is complete, or has waited for completeness for as long as the settings say."""
        context = self.context
        weeks = published_weeks(context.db)
        done = [Week.parse(name) for name in planned if "W" in name]
        newest = [w for w in weeks if not done or w >= max(done)][-60:]
        max_wait = timedelta(hours=context.settings.schedule.deliver_incomplete_after_h)
        ready = []
        for week in newest:
            published = newest_digest(context.db, week)
            is_complete = published is not None and published.edition.digest.completeness.complete
            if not is_complete and context.now() < week.closes_at + max_wait:
                break  # later weeks wait too: issues are sent in order
            ready.append(week)
        return ready

    def deliver(self, issue_name: str) -> Iterator[Progress]:
        """Decide an issue's readers, unless that is done, and send its due mails.

        Raises
        ------
        PostponedError
            If some mails must be tried again later.
        MailServerUnavailable
            If the server takes no mail at all now.
        """
        context, issue = self.context, Issue.parse(issue_name)
        plan_issue(context.db, issue, new_key=self._new_key, now=context.now())
        transport = self._transport()
        try:
            recover_after_crash(context.db, resend_is_safe=transport.is_idempotent, now=context.now())
            n_open, _ = open_deliveries(context.db, issue_name)
            if n_open:
                frame, composer = self.frame(issue), self.composer(issue)
                delivery = DeliveryContext(
                    db=context.db,
                    transport=transport,
                    urls=self._urls,
                    max_tries=context.settings.mail.max_tries,
                    clock=context.now,
                    new_token=self._new_token,
                    wait=self._send_rate.wait,
                )
                yield from deliver_issue(delivery, frame, composer, n_readers=n_open)
        finally:
            transport.close()
        n_left, at = open_deliveries(context.db, issue_name)
        if n_left:
            soon = context.now() + timedelta(minutes=1)
            raise PostponedError("some mails will be tried again later", until=max(at or soon, soon))
        yield Progress("delivery", 1, 1, "issues", f"issue {issue_name}: no mail is left to send")

    def _urls(self, manage: str, unsubscribe: str) -> MailUrls:
        return MailUrls(manage=self.url("manage", manage), unsubscribe=self.url("unsubscribe", unsubscribe))

    def frame(self, issue: Issue) -> IssueFrame:
        """The part of an issue that all its mails share.

        Raises
        ------
        UsageError
            If the issue's last week has no digest.
        """
        editions = self.editions(issue)
        with_digest = {edition.digest.week for edition in editions}
        missing = [week for week in issue.weeks if week not in with_digest]
        return issue_frame(issue, editions, links=self.links(), missing_weeks=missing)

    def editions(self, issue: Issue) -> list[DigestEdition]:
        """The digests of an issue's weeks, oldest first.

        Raises
        ------
        UsageError
            If the issue's last week has none.
        """
        found = {week: newest_digest(self.context.db, week) for week in issue.weeks}
        if found[issue.last_week] is None:
            raise UsageError(f"{issue.last_week} has no digest, so issue {issue} cannot be sent")
        return [published.edition for published in found.values() if published is not None]

    def links(self) -> Links:
        """Absolute links, as mails need them."""
        return MailLinks(self.context.settings.service.address)

    def composer(self, issue: Issue) -> PersonalComposer:
        """The composer of the personal parts of an issue."""
        context = self.context
        published = newest_digest(context.db, issue.last_week)
        if published is None:
            raise UsageError(f"{issue.last_week} has no digest, so issue {issue} cannot be sent")
        material = issue_material(
            context.db,
            issue,
            published.edition.digest,
            categories=context.settings.categories,
            terms=context.detector.taxonomy.terms,
            model=context.topic_model,
        )
        return PersonalComposer(
            material,
            context.settings.personal,
            self._paper_search,
            lambda key: followed_name(context.db, key, categories=context.settings.categories),
            EnglishPersonalWording(),
            min_similarity=context.settings.service.min_similarity,
        )

    def _paper_search(self) -> PaperSearch:
        """The search over all papers; the vectors of saved searches are stored, so most mails need no model."""
        model_id = self.context.query_model_id
        if model_id is None:
            return self.context.paper_search
        self._embed_saved_searches(model_id)

        def vectors_of(texts: Sequence[str]) -> NDArray[np.float32]:
            stored = query_vectors(self.context.db, model_id, texts)
            if any(text not in stored for text in texts):
                return self.context.encoder.encode_queries(texts)
            return np.stack([stored[text] for text in texts])

        return self.context.paper_search_by(vectors_of)

    def _embed_saved_searches(self, model_id: str) -> None:
        """Embed the texts of saved searches that have no vector yet; the model is loaded only if there are any."""
        texts = embedded_texts(followed_searches(self.context.db))
        for start in range(0, len(texts), _VECTOR_BATCH):
            chunk = texts[start : start + _VECTOR_BATCH]
            known = query_vectors(self.context.db, model_id, chunk)
            new = [text for text in chunk if text not in known]
            if new:
                vectors = self.context.encoder.encode_queries(new)
                add_query_vectors(self.context.db, model_id, dict(zip(new, vectors, strict=True)))

    def preview(self, issue: Issue, preferences: Preferences) -> MailMessage:
        """The mail that a reader with these preferences would get; its links to manage and unsubscribe do not work."""
        now = self.context.now()
        reader = Subscriber(0, "reader@example.org", "active", preferences, now, now, now)
        composer = self.composer(issue)
        return issue_message(
            self.frame(issue),
            composer.compose(preferences.follows, sent_before=()),
            reader,
            message_key=self._new_key(),
            urls=self._urls("preview", "preview"),
        )

    # -- confirmations and notices

    def answer_requests(self) -> Iterator[Progress]:
        """Reply to the requests from the subscription form.

        Raises
        ------
        BusyError
            If another process is replying now.
        """
        transport = self._transport()
        try:
            with held_lease(self.context.db, CONFIRMATIONS_LEASE, clock=self.context.clock) as guarded:
                confirmations = ConfirmationContext(
                    db=self.context.db,
                    transport=transport,
                    url=self.url,
                    clock=self.context.now,
                    new_token=self._new_token,
                    new_key=self._new_key,
                    wait=self._send_rate.wait,
                )
                yield from guarded(answer_requests(confirmations))
        finally:
            transport.close()

    def send_notice(self, address: str, notice: Notice) -> str:
        """Send a notice at once; returns its message key."""
        html, text = render_notice(notice)
        key = self._new_key()
        return self.send(MailMessage(to=address, subject=notice.subject, text=text, html=html, message_key=key))

    def send(self, message: MailMessage) -> str:
        """Send one mail at once; returns its message key."""
        transport = self._transport()
        try:
            transport.send(message, now=self.context.now(), before_commit=lambda: True)
        finally:
            transport.close()
        return message.message_key

    def notify_operator(self, subject: str, message: str) -> None:
        """Mail the operator, if the settings name one."""
        operator = self.context.settings.mail.operator
        if operator:
            self.send_notice(operator, operator_notice(sanitized_line(subject), sanitized_line(message)))
