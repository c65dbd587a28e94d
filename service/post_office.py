"""Mail wired together: settings, the store, the composer and a way for mails to leave."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from analysis.personal import PersonalComposer
from domain.digest import DigestEdition
from domain.errors import UsageError
from domain.subscription import Issue, Letter, Preferences, Subscriber, TokenPurpose, clean_text
from domain.week import Week
from scheduler.delivery import Mailroom, Transport, deliver_issue, due_issues, issue_material, letter_for
from scheduler.jobs import PostponedError
from scheduler.lease import held_lease
from scheduler.letters import LetterDesk, answer_requests
from scheduler.pipeline import Progress
from service.mail import Pace, open_transport
from store.deliveries import (
    add_query_vectors,
    followed_searches,
    open_issues,
    open_until,
    pick_up_after_a_crash,
    plan_issue,
    planned_issues,
    query_vectors,
)
from store.digests import newest_digest, published_weeks
from templates.links import Links
from templates.mail import IssueFrame, LetterWords, MailUrls, issue_frame, render_letter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from service.workshop import Workshop

DELIVERY_LEASE = "delivery"
LETTERS_LEASE = "letters"
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


class PostOffice:
    """Everything that is mailed goes through here.

    ``transport`` is the settings' by default, ``random_token`` and ``random_key`` are truly random; a simulation
    brings its own, to be repeatable.
    """

    def __init__(
        self,
        shop: Workshop,
        *,
        transport: Callable[[], Transport] | None = None,
        random_token: Callable[[], str] = new_token,
        random_key: Callable[[], str] = new_key,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.shop = shop
        self._transport = transport or (lambda: open_transport(shop.settings.mail, shop.settings.data_dir / "mail"))
        self._token = random_token
        self._key = random_key
        self._pace = Pace(shop.settings.mail.rate_per_s, sleep=sleep)

    def url(self, purpose: TokenPurpose, token: str) -> str:
        """The page of a token."""
        return f"{self.shop.settings.service.address}{PATHS[purpose]}/{token}"

    # -- issues

    def due_issues(self) -> list[str]:
        """Issues with something to do: readers to be decided, or mails that are open; oldest first."""
        shop = self.shop
        planned = planned_issues(shop.db)
        due = [str(i) for i in due_issues(self._deliverable_weeks(planned), planned)]
        return list(dict.fromkeys([*open_issues(shop.db), *due]))

    def _deliverable_weeks(self, planned: dict[str, int]) -> list[Week]:
        """Weeks with a digest that is whole, or that has waited for that long enough."""
        shop = self.shop
        weeks = published_weeks(shop.db)
        done = [Week.parse(name) for name in planned if "W" in name]
        newest = [w for w in weeks if not done or w >= max(done)][-60:]
        patience = timedelta(hours=shop.settings.schedule.deliver_incomplete_after_h)
        ready = []
        for week in newest:
            published = newest_digest(shop.db, week)
            is_whole = published is not None and published.edition.digest.completeness.complete
            if not is_whole and shop.now() < week.closes_at + patience:
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
        shop, issue = self.shop, Issue.parse(issue_name)
        plan_issue(shop.db, issue, new_key=self._key, now=shop.now())
        transport = self._transport()
        try:
            pick_up_after_a_crash(shop.db, handing_is_safe=transport.handing_again_is_safe, now=shop.now())
            n_open, _ = open_until(shop.db, issue_name)
            if n_open:
                frame, composer = self.frame(issue), self.composer(issue)
                room = Mailroom(
                    db=shop.db,
                    transport=transport,
                    urls=self._urls,
                    max_tries=shop.settings.mail.max_tries,
                    clock=shop.now,
                    new_token=self._token,
                    wait=self._pace.wait,
                )
                yield from deliver_issue(room, frame, composer, n_readers=n_open)
        finally:
            transport.close()
        n_left, at = open_until(shop.db, issue_name)
        if n_left:
            soon = shop.now() + timedelta(minutes=1)
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
        found = {week: newest_digest(self.shop.db, week) for week in issue.weeks}
        if found[issue.last_week] is None:
            raise UsageError(f"{issue.last_week} has no digest, so issue {issue} cannot be sent")
        return [published.edition for published in found.values() if published is not None]

    def links(self) -> Links:
        """Addresses as a mail needs them: whole ones."""
        from templates.links import MailLinks

        return MailLinks(self.shop.settings.service.address)

    def composer(self, issue: Issue) -> PersonalComposer:
        """Composes the readers' parts of an issue."""
        shop = self.shop
        published = newest_digest(shop.db, issue.last_week)
        if published is None:
            raise UsageError(f"{issue.last_week} has no digest, so issue {issue} cannot be sent")
        model_id = shop.embedding_model_id
        if model_id is not None:
            self._read_searches(model_id)
        material = issue_material(
            shop.db,
            issue,
            published.edition.digest,
            categories=shop.settings.categories,
            terms=shop.detector.taxonomy.terms,
            model=shop.topic_model,
            embedding_model_id=model_id,
        )

        @lru_cache(maxsize=_VECTORS_KEPT)
        def vector_of(query: str) -> NDArray[np.float32] | None:
            return query_vectors(shop.db, model_id, [query]).get(query) if model_id else None

        return PersonalComposer(material, shop.settings.personal, vector_of)

    def _read_searches(self, model_id: str) -> None:
        """Let the model read saved searches that it has not read; loaded only where there are some."""
        queries = followed_searches(self.shop.db)
        for start in range(0, len(queries), _VECTORS_AT_ONCE):
            chunk = queries[start : start + _VECTORS_AT_ONCE]
            known = query_vectors(self.shop.db, model_id, chunk)
            new = [q for q in chunk if q not in known]
            if new:
                vectors = self.shop.encoder.encode(new)
                add_query_vectors(self.shop.db, model_id, dict(zip(new, vectors, strict=True)))

    def preview(self, issue: Issue, preferences: Preferences) -> Letter:
        """The mail that somebody with these preferences would get; its links lead nowhere."""
        now = self.shop.now()
        reader = Subscriber(0, "reader@example.org", "active", preferences, now, now, now)
        composer = self.composer(issue)
        model_id = self.shop.embedding_model_id
        searches = preferences.of("search")
        if model_id is not None and searches:
            read = dict(zip(searches, self.shop.encoder.encode(list(searches)), strict=True))
            composer.vector_of = read.get
        return letter_for(
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
            with held_lease(self.shop.db, LETTERS_LEASE, clock=self.shop.clock) as keeping:
                desk = LetterDesk(
                    db=self.shop.db,
                    transport=transport,
                    url=self.url,
                    clock=self.shop.now,
                    new_token=self._token,
                    new_key=self._key,
                    wait=self._pace.wait,
                )
                yield from keeping(answer_requests(desk))
        finally:
            transport.close()

    def send_words(self, address: str, words: LetterWords) -> str:
        """Send a short mail at once; returns its key."""
        html, text = render_letter(words)
        key = self._key()
        return self.send(Letter(to=address, subject=words.subject, text=text, html=html, message_key=key))

    def send(self, letter: Letter) -> str:
        """Send one mail at once; returns its key."""
        transport = self._transport()
        try:
            transport.send(letter, now=self.shop.now(), handing=lambda: True)
        finally:
            transport.close()
        return letter.message_key

    def tell_operator(self, subject: str, message: str) -> None:
        """Mail the operator, if the settings name one."""
        operator = self.shop.settings.mail.operator
        if operator:
            words = LetterWords(f"Papertide: {clean_text(subject)}", clean_text(subject), (clean_text(message),))
            self.send_words(operator, words)
