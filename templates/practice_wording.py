"""What a digest says of practice: claimed savings, code, standards and failure modes, over counters only."""

from __future__ import annotations

from domain.claim import SavingSummary
from domain.digest import Digest, DigestSection, InPractice, ThemeInPractice
from templates.claim_wording import QUANTITY_NAMES, factor, factors
from templates.number_text import NO_BREAK_SPACE, agreeing, count, number_word, percent, plural

SECTION_NAMES: dict[DigestSection, str] = {
    "new": "New this week",
    "moving": "What is moving",
    "practice": "What it means in practice",
    "adoption": "Adoption",
    "reading": "How to read this",
}


def sections_of(digest: Digest) -> tuple[DigestSection, ...]:
    """The sections that a digest shows, in their order; one that it has nothing for is left out."""
    has_news = digest.new_names is not None or digest.emerging is not None
    return tuple(name for name in digest.sections if name != "new" or has_news)


def practice_by_slug(digest: Digest) -> dict[str, ThemeInPractice | None]:
    """What the papers of each theme claim and name, by the slug of its line; ``None`` where none was read."""
    found = {theme.slug: theme for theme in digest.in_practice.themes} if digest.in_practice else {}
    return {line.slug: found.get(line.slug) for line in digest.themes}


def practice_text(digest: Digest, n_findings: int = 2) -> str:
    """What the section on practice shows, with the week's counts; ``n_findings`` is how many a theme has."""
    shown = number_word(n_findings).capitalize()
    if digest.in_practice is None:
        papers = agreeing(n_findings, "paper", "papers")
        return f"{shown} {papers} of each theme. A paper counts for a theme that is one of its main contributions."
    of = digest.in_practice
    findings = agreeing(n_findings, "finding", "findings")
    return (
        f"{shown} {findings} of each theme, quoted from the abstracts, then what its papers claim. Nobody has checked "
        f"the claims. Of the week’s {plural(of.n, 'paper')}, {count(of.n_with_saving)} "
        f"{agreeing(of.n_with_saving, 'claims', 'claim')} a saving and {count(of.n_with_code)} "
        f"{agreeing(of.n_with_code, 'links', 'link')} code."
    )


def claimed_saving_text(saving: SavingSummary) -> str:
    """``speed 14, claimed 1.3× to 3.2×, median 2.1×, 3 only “up to”``."""
    parts = [f"{QUANTITY_NAMES[saving.quantity]} {count(saving.n_papers)}"]
    if saving.median is not None and saving.low_quartile is not None and saving.high_quartile is not None:
        parts.append(
            f"the middle half claimed {factors(saving.low_quartile, saving.high_quartile)}, "
            f"median {factor(saving.median)}"
        )
    if saving.n_only_up_to:
        parts.append(f"{count(saving.n_only_up_to)} only “up to”")
    return f"{parts[0]} ({'; '.join(parts[1:])})" if parts[1:] else parts[0]


def theme_savings_count(theme: ThemeInPractice) -> str:
    """How many of a theme's papers claim a saving: ``31 of 412 papers``."""
    return f"{count(theme.n_with_saving) if theme.n_with_saving else 'None'} of {plural(theme.n, 'paper')}"


def theme_savings_rest(theme: ThemeInPractice) -> str:
    """What these papers claim to save: ``claim a saving: speed 14, …``."""
    verb = "claims" if theme.n_with_saving <= 1 else "claim"
    savings = ", ".join(map(claimed_saving_text, theme.savings))
    return f"{verb} a saving{f': {savings}' if savings else ''}"


def theme_code_text(theme: ThemeInPractice, of_week: InPractice) -> str:
    """How many of a theme's papers link code, beside the share of all papers."""
    text = f"; {count(theme.n_with_code)} {agreeing(theme.n_with_code, 'links', 'link')} code"
    if not (theme.n and of_week.n):
        return text
    own, of_all = theme.n_with_code / theme.n, of_week.n_with_code / of_week.n
    return f"{text} ({percent(own, 0)}; of all papers {percent(of_all, 0)})"


def standards_text(of_week: InPractice) -> str:
    """``by 9 of 2,902 papers``."""
    return f"by {count(of_week.n_naming)} of {plural(of_week.n, 'paper')}"


def theme_in_brief(theme: ThemeInPractice | None) -> str:
    """What a theme's papers claim and name, in one line for texts and mails; empty where none was read."""
    if theme is None or not theme.n:
        return ""
    named = [
        f"{heading}: {', '.join(rule.name for rule in rules)}."
        for heading, rules in (("Standards named", theme.standards), ("Failures named", theme.failure_modes))
        if rules
    ]
    return " ".join((f"{theme_savings_count(theme)} {theme_savings_rest(theme)}.", *named))


def rules_in_brief(of_week: InPractice) -> str:
    """The standards and the failures that papers of a week name most: ``GDPR 4, HIPAA 2``."""
    named = ", ".join(f"{rule.name} {count(rule.k)}" for rule in of_week.standards)
    failures = ", ".join(f"{rule.name} {count(rule.k)}" for rule in of_week.failure_modes[:5])
    parts = [f"Standards named {standards_text(of_week)}: {named}."] if named else []
    parts += [f"Failures named most: {failures}."] if failures else []
    return " ".join(parts)


def quiet_terms_text(digest: Digest) -> str:
    """One line where no technique or theme is called to move; empty where one is, or nothing could be told."""
    lines = (*digest.techniques, *digest.themes)
    if not lines or any(line.is_called for line in lines):
        return ""
    if not any(line.call is not None and line.call.verdict != "unknown" for line in lines):
        return "It is not known yet whether techniques rise or fall: there are too few weeks or papers to tell."
    change = next((line.call.change for line in lines if line.call is not None and line.call.change is not None), None)
    weeks = f" over the {change.n_weeks}{NO_BREAK_SPACE}weeks on record" if change is not None else ""
    return f"No technique or theme clearly rose or fell{weeks}."
