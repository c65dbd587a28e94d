"""What readers do with their subscriptions, on the web and on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from domain.errors import TooManyRequests, UsageError
from domain.subscription import Follow, Preferences, Subscriber, TokenPurpose, normalised_address
from runtime.context import AppContext
from store.subscribers import (
    TokenUse,
    add_request,
    change_preferences,
    confirm_by_token,
    delete_subscriber,
    everything_about,
    move,
    requests_from,
    suppress,
    suppressed_for,
    token_use,
)

MAX_FROM_NETWORK = 10
NETWORK_WINDOW = timedelta(hours=1)
"""A network may ask for so many mails within so long, whoever they are for."""

Outcome = Literal["done", "already", "expired", "unknown"]


def checked_preferences(context: AppContext, frequency: str, mail_format: str, follows: Sequence[str]) -> Preferences:
    """Preferences as they were typed, if everything in them is there to be followed.

    Raises
    ------
    UsageError
        Naming what is not.
    """
    parsed = tuple(dict.fromkeys(Follow.parse(text) for text in follows))
    preferences = Preferences(frequency, mail_format, parsed)  # type: ignore[arg-type]  # refuses what is neither
    keys: set[tuple[str, str]] = {(t.kind, t.key) for t in context.detector.taxonomy.terms}
    model = context.topic_model
    keys |= {("topic", str(t.topic_id)) for t in (model.topics if model else ())}
    keys |= {("category", category) for category in context.settings.categories}
    for follow in parsed:
        if follow.kind != "search" and (follow.kind, follow.key) not in keys:
            known = ", ".join(key for kind, key in sorted(keys) if kind == follow.kind and kind != "topic")
            hint = f"they are {known}" if known else "`papertide topics list` lists them"
            raise UsageError(f"there is no {follow.kind} {follow.key!r} to follow; {hint}")
    return preferences


def ask_for_mail(context: AppContext, address: str, preferences: Preferences | None, *, network: str) -> None:
    """Note that somebody asks for the digest, or without preferences for the link to their page.

    What is done and how long it takes is the same for every address; a mail is the answer.

    Raises
    ------
    UsageError
        If it is no address.
    TooManyRequests
        If the network has asked for too much; for whom, does not matter.
    """
    normal, now = normalised_address(address), context.now()
    asked = requests_from(context.db, network, since=now - NETWORK_WINDOW)
    if len(asked) >= MAX_FROM_NETWORK:
        wait = int((asked[-MAX_FROM_NETWORK] + NETWORK_WINDOW - now).total_seconds()) + 1
        raise TooManyRequests(
            f"too many requests from your network; try again in {max(1, wait // 60)} minutes", retry_after_s=wait
        )
    add_request(context.db, normal, preferences, network=network, now=now)


@dataclass(frozen=True)
class OpenedLink:
    """A link that was opened: whose it is, and whether it leads anywhere."""

    outcome: Outcome
    use: TokenUse | None

    @property
    def reader(self) -> Subscriber:
        """Whose it is, where it leads somewhere."""
        if self.use is None:
            raise UsageError("this link leads nowhere")
        return self.use.subscriber


def open_link(context: AppContext, token: str, purpose: TokenPurpose) -> OpenedLink:
    """What a link leads to; nothing is changed by looking."""
    use = token_use(context.db, token, purpose, now=context.now()) if 16 <= len(token) <= 64 else None
    if use is None:
        return OpenedLink("unknown", None)
    if use.is_used and purpose == "confirm":
        # Who has left since is not told that they are subscribed.
        return OpenedLink("already" if use.subscriber.state in ("active", "paused") else "expired", use)
    return OpenedLink("expired" if use.is_expired else "done", use)


def confirm_subscription(context: AppContext, token: str) -> OpenedLink:
    """Confirm: the reader is active, with what they asked for. A second time changes nothing."""
    door = open_link(context, token, "confirm")
    if door.outcome != "done" or door.use is None:
        return door
    if suppressed_for(context.db, door.reader.address):
        return OpenedLink("expired", door.use)
    confirmed = confirm_by_token(context.db, token, door.reader.subscriber_id, door.use.preferences, now=context.now())
    return door if confirmed else OpenedLink("already", door.use)


def unsubscribe(context: AppContext, token: str) -> OpenedLink:
    """End a subscription by its link; as often as one likes."""
    door = open_link(context, token, "unsubscribe")
    if door.outcome == "done":
        move(
            context.db,
            door.reader.subscriber_id,
            to="unsubscribed",
            of=["active", "paused", "pending"],
            now=context.now(),
        )
    return door


def block(context: AppContext, token: str) -> OpenedLink:
    """Never write to the address again."""
    door = open_link(context, token, "block")
    if door.outcome == "done":
        suppress(context.db, door.reader.address, "blocked", now=context.now())
    return door


def change(context: AppContext, token: str, preferences: Preferences) -> OpenedLink:
    """Take over what a reader chose on their page."""
    door = open_link(context, token, "manage")
    if door.outcome == "done":
        change_preferences(context.db, door.reader.subscriber_id, preferences, now=context.now())
    return door


PageAction = Literal["pause", "resume", "unsubscribe", "resubscribe", "delete"]


def act(context: AppContext, token: str, action: PageAction) -> bool:
    """Pause, resume, leave, come back or be forgotten, from one's page; whether anything changed.

    Nobody comes back whose address asked to be left alone, or has not been confirmed.
    """
    door = open_link(context, token, "manage")
    if door.outcome != "done":
        return False
    number, now = door.reader.subscriber_id, context.now()
    if action == "delete":
        delete_subscriber(context.db, number)
        return True
    if action == "pause":
        return move(context.db, number, to="paused", of=["active"], now=now)
    if action == "unsubscribe":
        return move(context.db, number, to="unsubscribed", of=["active", "paused"], now=now)
    if suppressed_for(context.db, door.reader.address) is not None or door.reader.confirmed_at is None:
        return False
    return move(context.db, number, to="active", of=["paused" if action == "resume" else "unsubscribed"], now=now)


def own_data(context: AppContext, token: str) -> dict[str, Any] | None:
    """All that is stored about the reader of a page; ``None`` where the link leads nowhere."""
    door = open_link(context, token, "manage")
    if door.outcome != "done":
        return None
    return everything_about(context.db, door.reader.subscriber_id)
