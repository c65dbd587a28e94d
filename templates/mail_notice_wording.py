"""The English of notices: confirmations, links to subscriptions, test mails and mails to the operator."""

from __future__ import annotations

from domain.subscription import CONFIRM_LIFETIME, MANAGE_LIFETIME, SubscriberState
from templates.mail_rendering import Notice


def confirmation_notice(confirm_url: str, block_url: str) -> Notice:
    """Asks the owner of an address to confirm a subscription."""
    return Notice(
        subject="Please confirm your subscription to Papertide",
        heading="One more step",
        paragraphs=(
            "Somebody, probably you, entered this address to get the Papertide digest of machine-learning research.",
            f"We send nothing until you confirm. The link works for {CONFIRM_LIFETIME.days} days.",
        ),
        button=("Confirm the subscription", confirm_url),
        small=(
            ("If it was not you, ignore this mail and you will not hear from us.", "", ""),
            ("To make sure that nobody can sign you up again:", "Never mail this address", block_url),
        ),
    )


def manage_notice(url: str, state: SubscriberState, *, asked_to_subscribe: bool) -> Notice:
    """Brings a subscriber the link to their subscription, whether they asked for it or tried to subscribe again."""
    paused = " It is paused at the moment." if state == "paused" else ""
    first = (
        f"You asked for the Papertide digest, and you are already subscribed.{paused}"
        if asked_to_subscribe
        else f"Here is the link to your subscription.{paused}"
    )
    return Notice(
        subject="Your Papertide subscription",
        heading="Your subscription",
        paragraphs=(
            first,
            f"You can change, pause, export or delete it there. The link works for {MANAGE_LIFETIME.days} days.",
        ),
        button=("Manage my subscription", url),
        small=(("If it was not you who asked, nothing has changed.", "", ""),),
    )


def trial_notice() -> Notice:
    """Shows that mail arrives, while there is no digest to show."""
    return Notice("Papertide test mail", "It works", ("Mail from Papertide reaches this address.",))


def operator_notice(subject: str, message: str) -> Notice:
    """Tells the operator of a failure; both are single lines."""
    return Notice(f"Papertide: {subject}", subject, (message,))
