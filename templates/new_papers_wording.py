"""The English of what is new for a search, topic or name: how the threshold was set, and what was left out."""

from __future__ import annotations

from domain.issues_and_deliveries import Issue
from domain.personal_digest import FollowedPapers, ScoreThreshold
from domain.subscription import MAX_PER_WEEK, Frequency
from templates.links import MailLinks
from templates.number_text import percent, plural


def threshold_text(threshold: ScoreThreshold) -> str:
    """How a threshold was set, as a sentence."""
    wanted = "all near the best" if threshold.per_week is None else f"about {threshold.per_week} a week"
    if threshold.first_week is None or threshold.last_week is None:
        return f"Set to {wanted}; every paper found is listed, because no earlier week is stored to set a score on."
    weeks = f"{threshold.first_week} to {threshold.last_week}"
    if threshold.score is None:
        return f"Set to {wanted}; every paper found is listed, because {weeks} had no more than that."
    score = f"papers with a score of at least {threshold.score:.2f}"
    if threshold.per_week is not None:
        return f"Set to {wanted}: {score}, as {weeks} had on average."
    share = "half" if threshold.share_of_best == 0.5 else percent(threshold.share_of_best, 0)
    return (
        f"Set to {wanted}: {score}, {share} {'' if share == 'half' else 'of '}the best of {weeks}, which had about "
        f"{threshold.n_per_week:.{0 if threshold.n_per_week >= 9.5 else 1}f} such papers a week."
    )


def new_papers_text(of: FollowedPapers, frequency: Frequency) -> str:
    """How many papers are new for a search, topic or name, how its threshold was set, and what was left out."""
    period = "week" if frequency == "weekly" else "month"
    is_name = of.follow.kind == "name"
    if of.threshold is None and not is_name:
        return f"No paper of this {period} is stored that could be compared."
    does = f" that {'introduces or uses' if of.n_new == 1 else 'introduce or use'} it" if is_name else ""
    n_new = plural(of.n_new, "new paper") if of.n_new else "No new papers"
    order = ", best first" if of.n_new > 1 and not is_name else ""
    sentences = [f"{n_new} this {period}{does}{order}."]
    if of.n_elsewhere:
        are = "is" if of.n_elsewhere == 1 else "are"
        sentences.append(f"{of.n_elsewhere:,} of them {are} listed under something else you follow.")
    if of.n_left_out:
        sentences.append(f"{of.n_left_out:,} of them did not fit into this mail.")
    if of.threshold is not None:
        sentences.append(threshold_text(of.threshold))
    if of.n_below:
        sentences.append(f"{plural(of.n_below, 'more paper')} scored less.")
    if of.n_sent_before:
        sentences.append(f"{plural(of.n_sent_before, 'paper')} you have been sent before.")
    if of.n_decided:
        left_out = (
            "was left out because you kept or skipped it"
            if of.n_decided == 1
            else ("were left out because you kept or skipped them")
        )
        sentences.append(f"{plural(of.n_decided, 'more paper')} {left_out} in a scan.")
    return " ".join(sentences)


def feed_text(threshold: ScoreThreshold | None, *, n_below: int, n_left_out: int) -> str:
    """How a feed's papers were chosen, what was left out, and how to change that."""
    if threshold is None:
        return "No paper of the last weeks is stored."
    sentences = [threshold_text(threshold)]
    if n_below:
        sentences.append(f"{plural(n_below, 'more paper')} of these weeks scored less.")
    if n_left_out:
        sentences.append(f"The {plural(n_left_out, 'oldest new paper')} did not fit.")
    sentences.append(f"Add per_week=20 to this feed's address for about 20 a week, or any number up to {MAX_PER_WEEK}.")
    return " ".join(sentences)


def new_papers_url(of: FollowedPapers, issue: Issue, links: MailLinks) -> str:
    """The page with all papers of the issue's weeks that a saved search finds, or that introduce or use a name."""
    weeks = issue.weeks
    if of.follow.kind == "name":
        days = {"since": weeks[0].monday, "until": weeks[-1].sunday}
        return links.with_query("/papers", {"term": of.follow.what, **days})
    return links.with_query("/search", {"q": of.follow.key, "since": weeks[0].monday, "until": weeks[-1].sunday})
