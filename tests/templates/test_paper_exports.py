"""People and teams in BibTeX, RIS and CSL-JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import rispy

from domain.author_name import AuthorName
from domain.paper import ArxivId, Paper
from templates.paper_exports import bibtex, csl, markdown, ris, table

AT = datetime(2026, 6, 16, tzinfo=UTC)


@pytest.fixture
def paper() -> Paper:
    parts = (
        AuthorName("Sample", "Bo", "Jr."),
        AuthorName("van der Example", "Ada"),
        AuthorName("Example Team"),
        AuthorName("Sample e Example", "Dora"),
    )
    return Paper(
        arxiv_id=ArxivId("2606.00001"),
        version=1,
        title=r"Tides at $\frac{1}{1-\gamma}$ & more",
        abstract="It takes 97% of $5 for foo_bar.",
        authors=tuple(name.text for name in parts),
        primary_category="cs.LG",
        categories=("cs.LG",),
        submitted_at=AT,
        updated_at=AT,
        author_parts=parts,
    )


def test_bibtex_has_particles_suffixes_teams_month_and_abstract(paper: Paper) -> None:
    entry = bibtex([paper])
    assert (
        "author = {Sample, Jr., Bo and van der Example, Ada and {Example Team} and {Sample e Example}, Dora}" in entry
    )
    assert entry.startswith("@misc{sample2026tides,")
    assert "month = jun," in entry
    assert r"abstract = {It takes 97\% of \$5 for foo\_bar.}" in entry
    assert r"title = {{Tides at $\frac{1}{1-\gamma}$ \& more}}" in entry


@pytest.mark.parametrize(
    ("raw", "in_bibtex"),
    [
        (r"An \varepsilon-greedy, 2 \times 3 {\alpha}", r"An $\varepsilon$-greedy, 2 $\times$ 3 $\alpha$"),
        (r"In R^d and \mathbb{R}", r"In R\^{}d and \textbackslash{}mathbb{R}"),
        (r"Of \textbf{tides} and Erd\H{o}s", r"Of \textbf{tides} and Erd\H{o}s"),
        (r"Reads \input{secret} and $\input{secret}$", r"Reads \textbackslash{}input{secret} and "
         r"\$\textbackslash{}input{secret}\$"),
        (r"Of $^^5cinput{secret}$", r"Of \$\^{}\^{}5cinput{secret}\$"),
        (r"Of $\InputIfFileExists{secret}$", r"Of \$\textbackslash{}InputIfFileExists{secret}\$"),
        (r"At $15%$ of $a & b$", r"At $15\%$ of $a \& b$"),
        (r"See \href{https://example.org/a_b}{our \textbf{page}}", r"See {our \textbf{page}}"),
        (r"With $\mathcal{O}(\log n), \begin{pmatrix} a & b \end{pmatrix}$",
         r"With $\mathcal{O}(\log n), \begin{pmatrix} a & b \end{pmatrix}$"),
    ],
)  # fmt: skip
def test_bibtex_has_no_command_that_plain_latex_lacks_or_must_not_run(paper: Paper, raw: str, in_bibtex: str) -> None:
    assert f"title = {{{{{in_bibtex}}}}}" in bibtex([replace(paper, title=raw)])


def test_bibtex_is_read_back_by_pybtex(paper: Paper) -> None:
    from pybtex.database import parse_string  # type: ignore[import-untyped]

    [entry] = parse_string(bibtex([paper]), "bibtex").entries.values()
    first, second, team, _ = entry.persons["author"]
    assert (first.last_names, first.lineage_names, first.first_names) == (["Sample"], ["Jr."], ["Bo"])
    assert (second.prelast_names, second.last_names) == (["van", "der"], ["Example"])
    assert team.last_names == ["{Example Team}"]


def test_ris_begins_with_its_type_and_has_family_names_first(paper: Paper) -> None:
    text = ris([paper, paper])
    assert text.startswith("TY  - UNPB")
    assert "\n1.\n" not in text
    assert "\n2.\n" not in text
    assert rispy.loads(text)[0]["authors"] == [
        "Sample, Bo, Jr.",
        "van der Example, Ada",
        "Example Team",
        "Sample e Example, Dora",
    ]
    assert "TI  - Tides at 1/(1-γ) & more" in text


def test_csl_has_family_and_given_names_and_teams_as_they_are(paper: Paper) -> None:
    [record] = json.loads(csl([paper]))
    assert record["author"] == [
        {"family": "Sample", "given": "Bo", "suffix": "Jr."},
        {"family": "van der Example", "given": "Ada"},
        {"literal": "Example Team"},
        {"family": "Sample e Example", "given": "Dora"},
    ]


def test_a_made_up_paper_is_cited_as_one_and_has_no_address(paper: Paper) -> None:
    made_up = replace(paper, arxiv_id=ArxivId("2606.90001"))
    for text in (bibtex([made_up]), ris([made_up]), csl([made_up]), markdown([(made_up, "")], "kept")):
        assert "Made-up paper of a demo, not on arXiv" in text
        assert "arxiv.org" not in text
    assert table([made_up]).splitlines()[1].endswith(",,True")
    assert table([paper]).splitlines()[1].endswith(f",{paper.url},False")
