"""A trial of a technique as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from domain.paper import ArxivId
from domain.technique_trial import TechniqueTrial, TrialEstimate, TrialPaper, TrialStratum
from templates.marked_text import readable

_STRATA: Mapping[TrialStratum, str] = {
    "clear_hit": "counted as adopting, higher half of the scores",
    "close_hit": "counted as adopting, lower half of the scores",
    "mention": "counted as mentioning",
    "net_only": "only in the loose net: the words in another meaning, excluded or apart",
}


def trial_lines(trial: TechniqueTrial) -> Iterator[str]:
    """What a technique finds: counts, failed examples, hits and near misses with their evidence."""
    yield f"{trial.name} ({trial.key}): {trial.definition}"
    for text in trial.failed_examples:
        yield f"  an example of the file does not hold: “{' '.join(text.split())}”"
    yield f"{trial.n_papers:,} stored papers, of which"
    for name, size in trial.sizes.items():
        yield f"  {size:>7,}  {_STRATA[name]}"
    for heading, papers in (("Hits", trial.hits), ("Near misses", trial.near_misses)):
        if papers:
            yield f"{heading}, none of which is among the papers to judge:"
        for paper in papers:
            yield from paper_lines(paper)


def paper_lines(paper: TrialPaper) -> Iterator[str]:
    """A paper with its evidence."""
    words = ", ".join(f"“{word}”" for word in paper.evidence[:4])
    yield f"  {paper.arxiv_id}  {readable(paper.title)}"
    yield f"      {words}: {readable(paper.quote)}" if words else "      its words stand apart"


def question(number: int, n_questions: int, paper: TrialPaper) -> str:
    """One paper to judge, without a word on how it is counted."""
    quote = f"\n     {readable(paper.quote)}" if paper.quote else ""
    return f"{number:>2}/{n_questions} {paper.arxiv_id} {readable(paper.title)}{quote}\n     adopts it?"


def questions_text(trial: TechniqueTrial) -> str:
    """What is asked of each paper."""
    return (
        f"Does each of these {len(trial.drawn) + len(trial.chosen)} papers adopt it, that is, run on it or study it,"
        " and not only mention or compare it?"
    )


def estimate_lines(trial: TechniqueTrial, estimate: TrialEstimate) -> Iterator[str]:
    """Precision and recall with intervals, what they rest on, and the papers that are counted wrong."""
    for name, value, low, high in (
        ("precision", estimate.precision, estimate.precision_low, estimate.precision_high),
        ("recall within the net", estimate.recall, estimate.recall_low, estimate.recall_high),
    ):
        found = "unknown" if value is None else f"{value:.2f}"
        yield f"{name}: {found}, 95 % interval {low:.2f} to {high:.2f}"
    yield (
        f"from {estimate.n_drawn} papers drawn at random within {sum(1 for n in trial.sizes.values() if n)} strata"
        f" ({estimate.n_right_drawn} counted right); so few leave intervals as wide as these, and what the net does not"
        " hold is unknown"
    )
    if estimate.n_chosen:
        yield (
            f"of the {estimate.n_chosen} papers nearest the border, {estimate.n_right_chosen} are counted right; they"
            " were not drawn at random and count in no figure"
        )
    if estimate.wrong:
        yield "Counted wrong:"
    for paper in estimate.wrong:
        yield from paper_lines(paper)
        yield f"      {_STRATA[paper.stratum]}"


def answers_file(trial: TechniqueTrial, answers: Mapping[ArxivId, bool], estimate: TrialEstimate) -> str:
    """The judgements by identifier, without texts, as ``--answers`` reads them.

    The last column is how many papers each one stands for; 0 for those that were not drawn at random.
    """
    lines = [
        f"# {trial.key}: precision {_number(estimate.precision)} ({estimate.precision_low:.3f} to"
        f" {estimate.precision_high:.3f}), recall within the net {_number(estimate.recall)}"
        f" ({estimate.recall_low:.3f} to {estimate.recall_high:.3f})",
        "# identifier, answer, stratum, papers that it stands for",
    ]
    for papers, is_drawn in ((trial.drawn, True), (trial.chosen, False)):
        for paper in papers:
            n_drawn = sum(other.stratum == paper.stratum for other in trial.drawn)
            weight = trial.sizes[paper.stratum] / n_drawn if is_drawn else 0.0
            answer = "yes" if answers[paper.arxiv_id] else "no"
            lines.append(f"{paper.arxiv_id}\t{answer}\t{paper.stratum}\t{weight:.3f}")
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
