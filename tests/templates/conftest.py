"""Editions to draw: a believable week, and one in which everything odd happens at once.

The titles and abstracts are invented. The numbers follow smooth curves, so that a golden file only changes when
the drawing does.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.claim import SavingSummary
from domain.detections import Evidence, TermKind
from domain.digest import (
    Change,
    Completeness,
    DetectedPaper,
    Digest,
    DigestEdition,
    EmergingLine,
    EmergingTerms,
    Headline,
    InPractice,
    ListedPaper,
    MovingName,
    NamedRule,
    NameLine,
    NewNames,
    PaperList,
    Provenance,
    Share,
    SharePoint,
    TermLine,
    ThemeInPractice,
    TopicAdoption,
    TopicCount,
    TopicCoverage,
    TopicLine,
    TopicStatus,
    Verdict,
)
from domain.name_mention import NameKind
from domain.paper import ArxivId
from domain.trend_calls import CallKind, CallVerdict, FittedChange, TrendCall
from domain.week import Week

WEEK = Week(date(2026, 6, 15))
N_PAPERS = 2902
NAN = math.nan
NO_SHARE = Share(0, 0, NAN, NAN, NAN)
NOT_HELD = Change(None, (), NAN, NAN, NAN, NAN, "unknown")


def wilson(k: int, n: int) -> Share:
    """A share with a plain sampling interval: these editions need plausible numbers, not the product's own."""
    if n == 0:
        return NO_SHARE
    z, p = 1.96, k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Share(k, n, p, max(0.0, middle - half), min(1.0, middle + half))


def series_to(
    share: float,
    growth: float,
    *,
    last: Week = WEEK,
    n_weeks: int = 26,
    gaps: Sequence[int] = (),
    incomplete: Sequence[int] = (),
) -> tuple[SharePoint, ...]:
    """Weekly shares that end near ``share``, ``growth`` times what they began with, with a little ripple."""
    points = []
    level = 1 / growth + (1 - 1 / growth) / (1 + math.exp(-9 * 0.38))
    for i in range(n_weeks):
        week = last.plus(i - n_weeks + 1)
        n = (
            0
            if i in gaps
            else N_PAPERS + (round(260 * math.sin(i / 3.1)) - (N_PAPERS // 2 if i == 1 else 0)) * (i < n_weeks - 1)
        )
        done = i / max(n_weeks - 1, 1)
        ripple = 1 + 0.045 * math.sin(1.9 * i + 50 * share) * (i < n_weeks - 1)
        expected = share / level * (1 / growth + (1 - 1 / growth) / (1 + math.exp(-9 * (done - 0.62)))) * ripple
        of = wilson(round(n * expected), n)
        complete = bool(n) and i not in incomplete
        points.append(SharePoint(week.monday, week.sunday, of.k, of.n, of.share, of.low, of.high, complete))
    return tuple(points)


def year_before(now: Share, before: float) -> Change:
    """The change of a share from the same time a year before, with the verdict of its interval."""
    n = N_PAPERS * 3
    baseline = wilson(round(before * n), n)
    half = 2.8 * math.sqrt(now.share * (1 - now.share) / now.n + before * (1 - before) / n)
    difference = now.share - baseline.share
    weeks = tuple(WEEK.plus(i) for i in (-53, -52, -51))
    verdict: Verdict = "up" if difference > half else "down" if difference < -half else "steady"
    q_value = 0.41 if verdict == "steady" else 0.004
    low, high = difference - half, difference + half
    return Change(baseline, weeks, difference, low, high, q_value, verdict, now, (WEEK,), 0.995)


def call_of(
    kind: CallKind, key: str, share: float, growth: float, *, verdict: CallVerdict | None = None, week: Week = WEEK
) -> TrendCall:
    """The call of a term whose share grew by a factor over 26 weeks; by default with the verdict of its interval."""
    difference = share - share / growth
    half = 3.2 * math.sqrt(2 * share * (1 - share) / (N_PAPERS * 8))
    moves: CallVerdict = "steady" if abs(difference) < half else "rising" if difference > 0 else "falling"
    if verdict is not None and (moves == "steady") != (verdict == "steady"):
        half = abs(difference) * (1.4 if verdict == "steady" else 0.7)
    ends = difference - half, difference + half
    change = FittedChange(week.plus(-25), week, share / growth, share, difference, *ends, 0.997)
    q_value = 0.41 if (verdict or moves) == "steady" else 0.004
    return TrendCall(week, kind, key, verdict or moves, q_value, share * 0.98, share / growth * 1.1, 11608, change)


def paper(number: int, title: str, authors: str, category: str, reason: str = "") -> ListedPaper:
    finding = f"Our tests show that {title} is $2.3\\times$ faster."
    return ListedPaper(ArxivId(f"2606.{number:05d}"), title, authors, category, reason, finding)


def practice_of(slugs: Sequence[str]) -> InPractice:
    """What a week's papers claim and name: one theme has everything, others have little, the last has no paper."""
    speed = SavingSummary("speed", 14, 3, 6, 2.1, 1.3, 3.2)
    memory = SavingSummary("memory", 4, 0, 1, None, None, None)
    gdpr = NamedRule("standard", "gdpr", "GDPR", "standard:gdpr", 4)
    drift = NamedRule("failure_mode", "drift", "Drift", "failure_mode:drift", 31)
    themes = [
        ThemeInPractice(slug, 412 - n, 31, 120, (speed, memory), (gdpr,), (drift,))
        if n == 0
        else ThemeInPractice(slug, 0 if slug == slugs[-1] else n, 0, 0, (), (), ())
        for n, slug in enumerate(slugs)
    ]
    return InPractice(2902, 312, 801, 9, (speed, memory), (gdpr,), (drift,), tuple(themes))


TECHNIQUES = (
    (
        "transformer",
        "Transformers",
        "Work that runs on or studies the transformer architecture as such, not a language model as a black box.",
        0.218,
        0.94,
        0.221,
    ),
    ("llm", "Large language models", "The work uses, trains or studies an LLM.", 0.462, 1.21, 0.447),
    ("diffusion", "Diffusion models", "Generation by denoising, score or flow matching.", 0.0914, 1.36, 0.0771),
    ("ssm", "State-space models", "Mamba, S4 and their relatives.", 0.0089, 0.72, 0.0117),
    ("gnn", "Graph neural networks", "Learning by message passing on graphs.", 0.0383, 0.66, 0.0497),
    ("rl", "Reinforcement learning", "A policy is trained by reward.", 0.1342, 1.52, 0.1305),
    ("compression", "Compression", "Quantisation, pruning or distillation of a model.", 0.0572, 1.07, 0.0568),
    ("agents", "LLM agents", "A language model plans and calls tools.", 0.1123, 2.4, 0.0957),
)

THEMES = (
    ("efficiency", "Efficiency", "Less compute, memory, energy or latency.", 0.1771, 1.08, 0.1712),
    ("evaluation", "Evaluation and benchmarks", "A benchmark, metric or evaluation study.", 0.2316, 1.2, 0.2119),
    ("data_governance", "Data governance", "Consent, licences, privacy, regulation.", 0.0221, 1.1, 0.0218),
    ("deployment", "Deployment and drift", "Serving, monitoring, drift, incidents.", 0.0334, 0.9, 0.0349),
    ("security", "Security and safety", "Attacks, defences, alignment, misuse.", 0.0948, 1.3, 0.0931),
    ("application", "Application domains", "Built for one field, such as medicine.", 0.2843, 1.02, 0.2902),
)

WHERE = {
    "diffusion": (
        TopicAdoption(12, "text-to-image generation", 61, 58.25),
        TopicAdoption(31, "video diffusion with camera control", 48, 30.5),
        TopicAdoption(7, "robot policies", 17, 18.0),
    ),
    "rl": (
        TopicAdoption(44, "reasoning with verifiable rewards", 88, 85.5),
        TopicAdoption(7, "robot policies", 52, NAN),
    ),
    "efficiency": (
        TopicAdoption(3, "KV cache and attention", 71, 66.0),
        TopicAdoption(5, "quantisation of language models", 55, 57.75),
        TopicAdoption(9, "edge vision", 23, 20.0),
    ),
    "security": (
        TopicAdoption(18, "jailbreaks and prompt injection", 64, 41.25),
        TopicAdoption(20, "federated learning", 21, 22.0),
    ),
}
MORE_THAN_USUAL = {"diffusion": WHERE["diffusion"][1:2], "security": WHERE["security"][:1]}

THEME_PAPERS = {
    "efficiency": (
        paper(
            11402,
            "Half the Cache, All the Context: Streaming Eviction Below 4 Bits",
            "N. Adeyemi, L. Brandt and 3 more",
            "cs.LG",
            "a main contribution, and nearest to the middle of this week's efficiency papers",
        ),
        paper(
            12077,
            r"A $1.9\times$ Faster Decoder by Speculating on Phrases",
            "S. Ito, M. Kowalska",
            "cs.CL",
            "least like the efficiency papers of the four weeks before",
        ),
    ),
    "evaluation": (
        paper(
            10931,
            "What a Leaderboard Forgets: Re-running 61 Agent Benchmarks After a Year",
            "T. Okafor and 8 more",
            "cs.AI",
            "a main contribution, and nearest to the middle of this week's evaluation papers",
        ),
        paper(
            11744,
            "Judges That Disagree With Themselves",
            "A. Lindqvist, R. Pereira",
            "cs.CL",
            "least like last month's evaluation papers",
        ),
    ),
    "data_governance": (
        paper(12310, "Consent Ledgers for Pre-training Corpora", "H. Moreau, D. Singh", "cs.AI", "a main contribution"),
    ),
    "deployment": (
        paper(
            12518,
            "Silent Drift: Nine Months of a Clinical Model in Service",
            "E. Haddad and 5 more",
            "cs.LG",
            "a main contribution",
        ),
    ),
    "security": (
        paper(
            11265,
            "Tool Descriptions Are Attack Surface",
            "J. van Dijk, P. Rao",
            "cs.AI",
            "nearest to the middle of this week's security papers",
        ),
        paper(
            11991,
            "Unlearning That Survives Quantisation",
            "C. Marino and 2 more",
            "cs.LG",
            "least like the security papers of the four weeks before",
        ),
    ),
    "application": (
        paper(
            11850,
            "Nowcasting Hail From Phone Barometers",
            "Q. Nguyen, B. Fischer",
            "cs.LG",
            "nearest to the middle of this week's application papers",
        ),
    ),
}

TopicRow = tuple[int, str, tuple[str, ...], TopicStatus, Week, float, float, tuple[ListedPaper, ...]]

TOPICS: tuple[TopicRow, ...] = (
    (
        31,
        "agent memory and tool use",
        ("memory", "tool calls", "long horizon", "planning"),
        "rising",
        Week(date(2025, 9, 29)),
        0.0341,
        2.6,
        (
            paper(
                10418,
                "Remember Less, Act Sooner: Budgeted Memory for Tool-Using Agents",
                "M. Castellanos, Y. Zhao and 4 more",
                "cs.AI",
                "nearest to the topic's centre",
            ),
            paper(
                11623,
                "When Should an Agent Forget?",
                "K. Nakamura",
                "cs.CL",
                "furthest from last month's papers of the topic",
            ),
        ),
    ),
    (
        8,
        "video diffusion with camera control",
        ("video generation", "camera", "consistency", "diffusion"),
        "rising",
        Week(date(2025, 3, 3)),
        0.0217,
        1.9,
        (
            paper(
                10777,
                "One Shot, Many Takes: Re-filming a Scene by Flow Matching",
                "I. Petrova, G. Silva",
                "cs.CV",
                "nearest to the topic's centre",
            ),
            paper(
                12201,
                r"Video Diffusion in $\mathcal{O}(T \log T)$ by Keyframe Trees",
                "W. Chen and 6 more",
                "cs.CV",
                "adopts diffusion, which rises this week",
            ),
        ),
    ),
    (
        112,
        "reward hacking in verifiable tasks",
        ("reward hacking", "verifier", "unit tests", "RLVR"),
        "new",
        WEEK,
        0.0079,
        4.0,
        (
            paper(
                11007,
                "Passing the Tests, Missing the Point",
                "O. Berg, F. Ahmed",
                "cs.LG",
                "nearest to the new topic's centre",
            ),
            paper(
                11358,
                "A Catalogue of 340 Verifier Exploits",
                "D. Novak and 9 more",
                "cs.AI",
                "the longest list of evidence in the topic",
            ),
        ),
    ),
    (
        17,
        "graph contrastive learning",
        ("graph", "augmentation", "contrastive", "node classification"),
        "falling",
        Week(date(2024, 2, 5)),
        0.0062,
        0.5,
        (
            paper(
                12640,
                "Do Graph Augmentations Still Matter?",
                "V. Kaur, S. Lund",
                "cs.LG",
                "nearest to the topic's centre",
            ),
        ),
    ),
    (
        32,
        "video diffusion models",
        ("video", "frame"),
        "unproven",
        Week(date(2025, 9, 1)),
        0.0124,
        1.1,
        (
            paper(
                12655,
                "Frames That $\\epsilon$-Agree: Video Diffusion at Rest",
                "L. Moe",
                "cs.CV",
                "nearest to the topic's centre",
            ),
        ),
    ),
    (33, "edge vision", ("edge device", "latency"), "unproven", Week(date(2025, 1, 6)), 0.0051, 0.9, ()),
)

ABSTRACTS = (
    "We study {words} at the scale of everyday use. On six data sets the error falls by 31\\% while memory stays flat, "
    "and a simple ablation shows where the gain comes from.",
    "Although much has been written about {words}, little is known about why they fail. We give a bound of "
    "$O(\\sqrt{{T}})$ and confirm it on three tasks.",
    "A short negative result: {words} do no better than a tuned baseline once the budget of \\$40 is the same.",
)


def name_line(name_id: int, name: str, kind: NameKind, own_words: str, number: int) -> NameLine:
    """A name that one paper introduces this week."""
    introduced = paper(number, f"{name}: a paper", "Ada Example", "cs.LG")
    return NameLine(name_id, name, kind, own_words, WEEK, 1, 0, (introduced,))


def detected(number: int, words: str, level: int, topic_id: int | None = None) -> DetectedPaper:
    """A paper with the words of a term in title and abstract, and the evidence that points at them."""
    title = f"{('Rethinking', 'Scaling', 'A Closer Look at')[number % 3]} {words} ({number})"
    abstract = ABSTRACTS[number % 3].format(words=words)
    in_title, in_abstract = title.index(words), abstract.index(words)
    evidence = (
        Evidence("title", in_title, in_title + len(words)),
        Evidence("abstract", in_abstract, in_abstract + len(words)),
    )
    return DetectedPaper(
        ArxivId(f"2606.{number:05d}"),
        title,
        abstract,
        "A. Writer, B. Reader",
        "cs.LG",
        level,
        evidence if level else (),
        topic_id=topic_id,
    )


def list_of(
    slug: str,
    heading: str,
    definition: str,
    words: str,
    series: tuple[SharePoint, ...],
    levels: Sequence[int],
    where: Sequence[TopicAdoption] = (),
) -> PaperList:
    topic_ids = [*(p.topic_id for p in where), None]
    papers = tuple(detected(20000 + i, words, level, topic_ids[i % len(topic_ids)]) for i, level in enumerate(levels))
    return PaperList(slug, heading, definition, papers, series, topics=tuple((p.topic_id, p.label) for p in where))


def term_line(kind: TermKind, row: tuple[str, str, str, float, float, float], *, measured: bool) -> TermLine:
    key, name, definition, share, growth, before = row
    now = wilson(round(share * N_PAPERS), N_PAPERS)
    return TermLine(
        slug=f"{kind}-{key}",
        kind=kind,
        key=key,
        name=name,
        definition=definition,
        measured=measured,
        adopts=now,
        mentions=wilson(round(share * N_PAPERS * 0.62), N_PAPERS),
        against_last_year=year_before(now, before),
        series=series_to(share, growth),
        papers=THEME_PAPERS.get(key, ()),
        where=WHERE.get(key, ()),
        more_than_usual=MORE_THAN_USUAL.get(key, ()),
        call=call_of(kind, key, share, growth),
    )


def topic_line(
    row: TopicRow,
) -> TopicLine:
    topic_id, label, top_terms, status, born, share, growth, papers = row
    now = wilson(round(share * N_PAPERS), N_PAPERS)
    verdict: CallVerdict = "steady" if status == "unproven" else "emerging" if status == "new" else status
    return TopicLine(
        slug=f"topic-{topic_id}",
        topic_id=topic_id,
        label=label,
        top_terms=top_terms,
        status=status,
        born_week=born,
        share=now,
        series=series_to(share, growth),
        papers=papers,
        call=call_of("topic", str(topic_id), share, growth, verdict=verdict),
    )


PROVENANCE = Provenance(
    papertide_version="0.1.0",
    embedding_model="all-MiniLM-L6-v2, bfloat16",
    topic_model="fit of 2026-06-01, 143 topics",
    taxonomy="2026.1",
    close_lag_hours=30.0,
    interval_level=0.95,
    false_discovery_rate=0.05,
)


@pytest.fixture
def believable() -> DigestEdition:
    """A whole week as a subscriber would get it."""
    techniques = tuple(term_line("technique", row, measured=row[0] != "agents") for row in TECHNIQUES)
    themes = tuple(term_line("theme", row, measured=True) for row in THEMES)
    topics = tuple(topic_line(row) for row in TOPICS)
    digest = Digest(
        week=WEEK,
        categories=("cs.LG", "stat.ML", "cs.CL", "cs.CV", "cs.AI", "cs.NE"),
        headline=Headline(
            sentence="LLM agents and diffusion models each gained more than a point in a week of 2,902 papers; "
            "graph neural networks kept losing ground.",
            n_papers=N_PAPERS,
            n_papers_recent=2901.0,
            moved_most="technique-agents",
            more=(
                "Introduced this week: 31 benchmarks and datasets, among them HarborBench and TideSpeech.",
                "Of 2,902 papers, 312 claim a saving, 801 link code and 9 name a law or standard.",
            ),
        ),
        completeness=Completeness(True, N_PAPERS, N_PAPERS, None, (), ()),
        techniques=techniques,
        topics=topics,
        themes=themes,
        topic_coverage=TopicCoverage(143, wilson(2377, N_PAPERS)),
        notes=("About 2 % of a week's papers arrive after it is closed, held back by moderation.",),
        provenance=PROVENANCE,
        all_topics=tuple(
            TopicCount(t.slug, t.topic_id, t.label, ("images", None)[i > 2], t.share) for i, t in enumerate(topics)
        ),
        new_names=NewNames(
            data=(
                name_line(1, "HarborBench", "benchmark", "We introduce HarborBench, 412 tasks of port logistics.", 901),
                name_line(2, "TideSpeech", "dataset", "", 902),
            ),
            n_data=31,
            models_and_tools=(),
            n_models_and_tools=0,
            taken_up=(
                replace(
                    name_line(3, "QuayEval", "benchmark", "QuayEval measures how agents recover from errors.", 903),
                    introduced_week=WEEK.plus(-9),
                    n_uses=6,
                    n_teams=4,
                ),
            ),
            n_taken_up=1,
        ),
        emerging=EmergingTerms(
            (
                emerging_line("tidal rehearsal", 904),
                replace(emerging_line("QuayClaw", 905), k_before=0, growth=None, growth_low=22.4),
            ),
            n_new=7,
            n_listed=31,
        ),
        in_practice=practice_of([line.slug for line in themes]),
        moving_names=(MovingName(3, "QuayEval", "benchmark", call_of("name", "3", 0.012, 3.0, verdict="rising")),),
    )
    lists = [
        list_of(line.slug, line.name, line.definition, line.name.lower(), line.series, (3, 2, 2, 2, 1, 1), line.where)
        for line in techniques
    ]
    lists += [
        list_of(line.slug, line.name, line.definition, line.name.lower(), line.series, (2, 2, 2, 1), line.where)
        for line in themes
    ]
    lists += [
        list_of(line.slug, line.label, "Papers nearest to this topic.", line.label, line.series, (0, 0, 0))
        for line in topics
    ]
    lists.append(list_of("all-papers", "All papers of the week", "Every paper counted.", "papers", (), (0,) * 6))
    return DigestEdition(digest, tuple(lists))


def emerging_line(name: str, number: int) -> EmergingLine:
    """A term that is new on the list, with one paper."""
    paper = ListedPaper(
        ArxivId(f"2606.{number:05d}"), f"On {name}", "Ada Example", "cs.LG", finding=f"With {name}, errors fall by 12%."
    )
    return EmergingLine(name, f"text:{name}", 24, 5, 19, 15.4, 6.8, ("harbour", "tide"), (paper,))


HOSTILE = (
    "<script>alert('title')</script> \"quoted\" & <b>bold</b> {{ 7 * 7 }} {% raw %} \x1b[31mred\x1b[0m \u202eturned"
)
LONG = "On the Unreasonable Length of Titles and What It Does to a Page: " + "very " * 105 + "long indeed"
UNBREAKABLE = "Antidisestablishmentarianism" * 12
TEX = (
    r"\emph{Fast} $\mathcal{O}(n^{2})$ Search With $\ell_1$-Balls for $5, Not $10: 97\% of \textbf{Llama} at $3\times$"
)
ARABIC = "نماذج الانتشار لتوليد النصوص العربية: دراسة تجريبية"
HEBREW_AUTHORS = "יעל כהן, דוד לוי"


@pytest.fixture
def odd() -> DigestEdition:
    """A week where little is known: gaps, no last year, too few papers, and texts that would break a page."""
    few = Share(3, 11, NAN, NAN, NAN)
    last = Week(date(2025, 12, 29))
    gappy = series_to(0.09, 1.4, last=last, gaps=(3, 4, 5, 11, 13), incomplete=(8, 20, 25))
    lone = series_to(0.05, 1.1, last=last, gaps=tuple(i for i in range(26) if i not in (6, 25)))
    nothing = series_to(0.05, 1.1, last=last, gaps=tuple(range(26)))
    now = wilson(251, 2790)
    steady = call_of("technique", "gappy", now.share, 1.02, verdict="steady", week=last)
    unknown = TrendCall(last, "technique", "few", "unknown", None, NAN, NAN, 0)
    papers = (
        paper(1, HOSTILE, "<i>Mallory</i> & Eve", "cs.CR", "because <script>reason()</script>"),
        paper(2, LONG, ", ".join(f"Author {i}" for i in range(60)), "cs.LG", "the longest title"),
        paper(3, TEX, r"J. M\"uller and 2 more", "cs.LG", "formulas & money"),
        paper(4, ARABIC, HEBREW_AUTHORS, "cs.CL", "written from right to left"),
        paper(5, UNBREAKABLE, "X", "cs.LG"),
    )

    def line(
        key: str,
        name: str,
        adopts: Share,
        call: TrendCall | None,
        series: tuple[SharePoint, ...],
        kind: TermKind = "technique",
    ) -> TermLine:
        return TermLine(
            f"{kind}-{key}",
            kind,
            key,
            name,
            "What is <counted> & why.",
            False,
            adopts,
            few,
            NOT_HELD,
            series,
            papers,
            call=call,
        )

    techniques = (
        line("gappy", "Gappy & <odd>", now, steady, gappy),
        line("few", "Too few", few, unknown, nothing),
        line("first", "First week ever", now, None, series_to(0.09, 1.0, last=last, n_weeks=1)),
        line("lone", UNBREAKABLE[:80], wilson(0, 2790), None, lone),
        line("empty", "No series", wilson(2, 2790), None, ()),
    )
    themes = (line("hostile", HOSTILE, now, steady, gappy, "theme"),)
    digest = Digest(
        week=last,
        categories=("cs.LG",),
        headline=Headline("Nothing moved by more than noise & <nobody> noticed.", 2790, NAN, None),
        completeness=Completeness(
            False,
            2790,
            None,
            "arXiv gave <no> readable answer for 2 of 7 windows",
            (WEEK.plus(-1), WEEK),
            (WEEK.plus(-22), WEEK.plus(-21), WEEK.plus(-20)),
        ),
        techniques=techniques,
        topics=(),
        themes=themes,
        topic_coverage=TopicCoverage(0, NO_SHARE),
        notes=("A note with <tags> & ampersands.",),
        provenance=PROVENANCE,
        new_names=NewNames(
            (name_line(1, HOSTILE, "model", f"{HOSTILE} {ARABIC} {UNBREAKABLE}", 901),), 1, (), 0, (), 0
        ),
        emerging=EmergingTerms((emerging_line(HOSTILE, 906),), n_new=1, n_listed=1),
        in_practice=practice_of(["theme-hostile"]),
        moving_names=(MovingName(1, HOSTILE, "model", replace(steady, verdict="rising")),),
    )
    abstract = f"{HOSTILE} {ARABIC} costs $5. We use $\\alpha$-diffusion <models> throughout, at {UNBREAKABLE}."
    at = abstract.index("diffusion")
    evidence = (Evidence("title", 0, 8), Evidence("abstract", at, at + len("diffusion <models>")))
    listed = tuple(
        DetectedPaper(p.arxiv_id, p.title, abstract, p.authors, p.primary_category, 2, evidence, finding=abstract[:120])
        for p in papers
    )
    lists = tuple(
        PaperList(line.slug, line.name, line.definition, () if line.key == "empty" else listed, line.series)
        for line in (*techniques, *themes)
    )
    return DigestEdition(digest, lists)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # Closed with its module: while a browser is open, its event loop runs in this thread, and no other can.
    playwright = pytest.importorskip("playwright.sync_api", reason="NOT TESTED in a browser: no playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("NOT TESTED in a browser: no chromium")
    with playwright.sync_playwright() as running:
        try:
            opened = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"NOT TESTED in a browser: it did not start ({error})")
        yield opened
        opened.close()
