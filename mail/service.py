"""Mail wired together: settings, the store, the composer and a way for mails to leave."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from analysis.digest.personal import PersonalComposer
from domain.digest import DigestEdition
from domain.errors import PostponedError, UsageError
from domain.mail import Transport
from domain.progress import Progress
from domain.subscription import Issue, MailMessage, Preferences, Subscriber, TokenPurpose, clean_text
from domain.week import Week
from mail.confirmations import ConfirmationContext, answer_requests
from mail.issues import DeliveryContext, deliver_issue, due_issues, issue_material, issue_message
from mail.transport import SendRate, open_transport
from runtime.lease import held_lease
from store.deliveries import open_issues, open_until, pick_up_after_a_crash, plan_issue, planned_issues
from store.digests import newest_digest, published_weeks
from store.saved_searches import add_query_vectors, followed_searches, query_vectors
from templates.links import Links
from templates.mail_content import IssueFrame, MailUrls, Notice, issue_frame, render_notice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from runtime.context import AppContext

DELIVERY_LEASE = "delivery"
CONFIRMATIONS_LEASE = "letters"
_VECTORS_AT_ONCE = 256
_VECTORS_KEPT = 4_096
PATHS: dict[TokenPurpose, str] = {
    "confirm": "/subscriptions/confirm",
    "manage": "/subscriptions/manage",
    "unsubscribe": "/subscriptions/unsubscribe",
    "block": "/subscriptions/block",
}


def new_token() -> str:
    """192 bits that nobody can guess, as they stand in an address."""
    return secrets.token_urlsafe(24)


def new_key() -> str:
    """The random part of a Message-ID: lower-case, since some servers change the case of what they repeat."""
    return secrets.token_hex(16)


class MailService:
    """Everything that is mailed goes through here.

    ``transport`` is the settings' by default, ``random_token`` and ``random_key`` are truly random; a simulation
    brings its own, to be repeatable.
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
        self._token = random_token
        self._key = random_key
        self._pace = SendRate(context.settings.mail.rate_per_s, sleep=sleep)

    def url(self, purpose: TokenPurpose, token: str) -> str:
        """The page of a token."""
        return f"{self.context.settings.service.address}{PATHS[purpose]}/{token}"

    # -- issues

    def due_issues(self) -> list[str]:
        """Issues with something to do: readers to be decided, or mails that are open; oldest first."""
        context = self.context
        planned = planned_issues(context.db)
        due = [str(i) for i in due_issues(self._deliverable_weeks(planned), planned)]
        return list(dict.fromkeys([*open_issues(context.db), *due]))

    def _deliverable_weeks(self, planned: dict[str, int]) -> list[Week]:
        """Weeks with a digest that is whole, or that has waited for that long enough."""
        context = self.context
        weeks = published_weeks(context.db)
        done = [Week.parse(name) for name in planned if "W" in name]
        newest = [w for w in weeks if not done or w >= max(done)][-60:]
        patience = timedelta(hours=context.settings.schedule.deliver_incomplete_after_h)
        ready = []
        for week in newest:
            published = newest_digest(context.db, week)
            is_whole = published is not None and published.edition.digest.completeness.complete
            if not is_whole and context.now() < week.closes_at + patience:
                break  # the weeks after it wait too: issues go out in order
            ready.append(week)
        return ready

    def deliver(self, issue_name: str) -> Iterator[Progress]:
        """Decide an issue's readers, if that was not done, and send what is due of it.

        Raises
        ------
        PostponedError
            If mails are left that may be tried later.
        MailServerUnavailable
            If no mail is taken now.
        """
        context, issue = self.context, Issue.parse(issue_name)
        plan_issue(context.db, issue, new_key=self._key, now=context.now())
        transport = self._transport()
        try:
            pick_up_after_a_crash(context.db, handing_is_safe=transport.handing_again_is_safe, now=context.now())
            n_open, _ = open_until(context.db, issue_name)
            if n_open:
                frame, composer = self.frame(issue), self.composer(issue)
                room = DeliveryContext(
                    db=context.db,
                    transport=transport,
                    urls=self._urls,
                    max_tries=context.settings.mail.max_tries,
                    clock=context.now,
                    new_token=self._token,
                    wait=self._pace.wait,
                )
                yield from deliver_issue(room, frame, composer, n_readers=n_open)
        finally:
            transport.close()
        n_left, at = open_until(context.db, issue_name)
        if n_left:
            soon = context.now() + timedelta(minutes=1)
            raise PostponedError("some mails are tried again later", until=max(at or soon, soon))
        yield Progress("delivery", 1, 1, "issues", f"issue {issue_name}: every mail has come to its end")

    def _urls(self, manage: str, unsubscribe: str) -> MailUrls:
        return MailUrls(manage=self.url("manage", manage), unsubscribe=self.url("unsubscribe", unsubscribe))

    def frame(self, issue: Issue) -> IssueFrame:
        """What all mails of an issue share.

        Raises
        ------
        UsageError
            If the issue's last week has no digest.
        """
        editions = self.editions(issue)
        held = {edition.digest.week for edition in editions}
        missing = [week for week in issue.weeks if week not in held]
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
        """Addresses as a mail needs them: whole ones."""
        from templates.links import MailLinks

        return MailLinks(self.context.settings.service.address)

    def composer(self, issue: Issue) -> PersonalComposer:
        """Composes the readers' parts of an issue."""
        context = self.context
        published = newest_digest(context.db, issue.last_week)
        if published is None:
            raise UsageError(f"{issue.last_week} has no digest, so issue {issue} cannot be sent")
        model_id = context.embedding_model_id
        if model_id is not None:
            self._read_searches(model_id)
        material = issue_material(
            context.db,
            issue,
            published.edition.digest,
            categories=context.settings.categories,
            terms=context.detector.taxonomy.terms,
            model=context.topic_model,
            embedding_model_id=model_id,
        )

        @lru_cache(maxsize=_VECTORS_KEPT)
        def vector_of(query: str) -> NDArray[np.float32] | None:
            return query_vectors(context.db, model_id, [query]).get(query) if model_id else None

        return PersonalComposer(material, context.settings.personal, vector_of)

    def _read_searches(self, model_id: str) -> None:
        """Let the model read saved searches that it has not read; loaded only where there are some."""
        queries = followed_searches(self.context.db)
        for start in range(0, len(queries), _VECTORS_AT_ONCE):
            chunk = queries[start : start + _VECTORS_AT_ONCE]
            known = query_vectors(self.context.db, model_id, chunk)
            new = [q for q in chunk if q not in known]
            if new:
                vectors = self.context.encoder.encode(new)
                add_query_vectors(self.context.db, model_id, dict(zip(new, vectors, strict=True)))

    def preview(self, issue: Issue, preferences: Preferences) -> MailMessage:
        """The mail that somebody with these preferences would get; its links lead nowhere."""
        now = self.context.now()
        reader = Subscriber(0, "reader@example.org", "active", preferences, now, now, now)
        composer = self.composer(issue)
        model_id = self.context.embedding_model_id
        searches = preferences.of("search")
        if model_id is not None and searches:
            read = dict(zip(searches, self.context.encoder.encode(list(searches)), strict=True))
            composer.vector_of = read.get
        return issue_message(
            self.frame(issue),
            composer.compose(preferences.follows, sent_before=()),
            reader,
            message_key=self._key(),
            urls=self._urls("preview", "preview"),
        )

    # -- answers and messages

    def answer_requests(self) -> Iterator[Progress]:
        """Answer what was typed into the form; nothing where another process is at it."""
        transport = self._transport()
        try:
            with held_lease(self.context.db, CONFIRMATIONS_LEASE, clock=self.context.clock) as keeping:
                desk = ConfirmationContext(
                    db=self.context.db,
                    transport=transport,
                    url=self.url,
                    clock=self.context.now,
                    new_token=self._token,
                    new_key=self._key,
                    wait=self._pace.wait,
                )
                yield from keeping(answer_requests(desk))
        finally:
            transport.close()

    def send_words(self, address: str, words: Notice) -> str:
        """Send a short mail at once; returns its key."""
        html, text = render_notice(words)
        key = self._key()
        return self.send(MailMessage(to=address, subject=words.subject, text=text, html=html, message_key=key))

    def send(self, letter: MailMessage) -> str:
        """Send one mail at once; returns its key."""
        transport = self._transport()
        try:
            transport.send(letter, now=self.context.now(), handing=lambda: True)
        finally:
            transport.close()
        return letter.message_key

    def tell_operator(self, subject: str, message: str) -> None:
        """Mail the operator, if the settings name one."""
        operator = self.context.settings.mail.operator
        if operator:
            words = Notice(f"Papertide: {clean_text(subject)}", clean_text(subject), (clean_text(message),))
            self.send_words(operator, words)
