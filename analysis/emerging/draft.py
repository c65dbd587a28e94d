"""A technique of the taxonomy from an emerging term: its words, and the phrases in which they mean something else."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.emerging.phrases import content_words, folded
from analysis.names.plain_tex import without_tex
from domain.paper import Paper

MIN_ALIAS_PAPERS = 2
MIN_EXCLUDED_PAPERS = 2
MAIN_SHARE = 0.05
"""A category with this share of the term's papers is one of its own."""
N_EXAMPLES = 3

_NOT_KEY = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class TechniqueDraft:
    """An entry of the taxonomy to be read and changed by the operator.

    ``strong`` are the term and its abbreviations, ``exclude`` longer phrases around it that only papers of other
    categories hold, and ``matches`` titles that hold it. ``n_papers`` papers were read.
    """

    key: str
    name: str
    strong: tuple[str, ...]
    exclude: tuple[str, ...]
    matches: tuple[str, ...]
    n_papers: int


def draft_technique(name: str, papers: Sequence[Paper]) -> TechniqueDraft:
    """A technique that counts the papers of a term.

    Parameters
    ----------
    name : the term as it is written.
    papers : all papers that hold it.
    """
    pattern = re.compile(
        r"(?<!\w)" + r"[\s-]+".join(re.escape(part) for part in re.split(r"[\s-]+", name)) + r"s?(?!\w)",
        re.IGNORECASE,
    )
    texts = [(without_tex(f"{p.title}. {p.abstract}"), p.primary_category) for p in papers]
    n_of_category = Counter(category for _, category in texts)
    own = {category for category, n in n_of_category.items() if n >= MAIN_SHARE * len(papers)}
    key = _NOT_KEY.sub("_", folded(name)).strip("_")
    return TechniqueDraft(
        key=key if key[:1].isalpha() else f"t_{key}",
        name=name[:1].upper() + name[1:],
        strong=(name, *_abbreviations(pattern, [text for text, _ in texts], name)),
        exclude=_phrases_elsewhere(pattern, texts, own),
        matches=tuple(p.title for p in papers if pattern.search(p.title))[:N_EXAMPLES],
        n_papers=len(papers),
    )


def _abbreviations(pattern: re.Pattern[str], texts: Sequence[str], name: str) -> list[str]:
    """What stands in brackets behind the term and begins as the term does (Schwartz and Hearst 2003)."""
    behind = re.compile(pattern.pattern + r"\s*\(([A-Z][\w-]{1,11})\)", re.IGNORECASE)
    found: Counter[str] = Counter()
    for text in texts:
        found.update({short.removesuffix("s") for short in behind.findall(text)})
    first = name[:1].lower()
    return [
        short
        for short, n in found.most_common()
        if n >= MIN_ALIAS_PAPERS and short[0].lower() == first and any(c.isupper() for c in short)
    ]


def _phrases_elsewhere(pattern: re.Pattern[str], texts: Sequence[tuple[str, str]], own: set[str]) -> tuple[str, ...]:
    """The term with a word before or behind it, where no paper of its own categories has both together."""
    categories: dict[str, list[str]] = defaultdict(list)
    for text, category in texts:
        found = set()
        for match in pattern.finditer(text):
            before = content_words(text[max(0, match.start() - 40) : match.start()])
            behind = content_words(text[match.end() : match.end() + 40])
            written = " ".join(match.group().lower().split())
            found |= {f"{before[-1]} {written}"} if before and before[-1] else set()
            found |= {f"{written} {behind[0]}"} if behind and behind[0] else set()
        for phrase in found:
            categories[phrase].append(category)
    chosen = [
        (len(of), phrase)
        for phrase, of in categories.items()
        if len(of) >= MIN_EXCLUDED_PAPERS and not own.intersection(of)
    ]
    return tuple(phrase for _, phrase in sorted(chosen, key=lambda pair: (-pair[0], pair[1])))
