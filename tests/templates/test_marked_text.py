r"""Titles and abstracts as readers see them, and evidence that still points at the right words."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.detections import Evidence
from domain.tex_as_text import pieces
from templates.marked_text import marked, readable, with_code

TEXISH = st.lists(st.sampled_from([*r"ab1 $\{}^_%~-`'&<>()[]é", "\\emph{", "$x^2$", "--", r"\("]), max_size=60).map(
    "".join
)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (r"$\mathcal{O}(n^2)$", "𝒪(n²)"),
        (r"$\mathcal{O}(T \log T)$", "𝒪(T log T)"),
        (r"$10^{-3}$ and $x_{ij}$ and $\ell_1$ and $\mathbb{R}^d$", "10⁻³ and xᵢⱼ and ℓ₁ and ℝᵈ"),
        (r"$\sim$213K clips on 256$\times$256, up to $3.1\times$", "∼213K clips on 256×256, up to 3.1×"),
        (r"$\widetilde{O}(\sqrt{T})$", "Õ(√T)"),
        (r"only \(k = 4\) steps", "only k = 4 steps"),
        (r"97\% of \textbf{Llama~2} and \emph{all {others}}", "97% of Llama 2 and all {others}"),
        (r"\href{https://a.example}{the code}", "the code"),
        ("``quoted'' 2019--2024 -- or so --- and --flag", "“quoted” 2019–2024 – or so — and --flag"),
        (r"J. M\"uller and P. Erd\'{e}s", "J. Müller and P. Erdés"),
    ],
)
def test_tex_reads_as_unicode(raw: str, shown: str) -> None:
    assert readable(raw) == shown


@pytest.mark.parametrize(
    "raw",
    [
        "It costs $39.9 and 160 minutes",
        "from $5 to $10 a month",
        "$0.10/$0.05 per call",
        "US$ and $",
        r"$\frac{1",
        r"$\binom{n}{k}$ ways",
        r"\ours{} beats \baseline",
        "about ~100 samples, a <b> tag & more",
    ],
)
def test_text_that_is_not_a_formula_is_unchanged(raw: str) -> None:
    assert readable(raw) == raw


def test_escaped_dollars_are_money() -> None:
    assert readable(r"a \$100 bill into a \$1,569 bill") == "a $100 bill into a $1,569 bill"


def test_tex_cannot_read_a_file() -> None:
    assert "root:" not in readable(r"$\input{/etc/passwd}$")


def test_evidence_is_marked_after_a_formula_changed_the_length() -> None:
    raw = r"At $\mathcal{O}(n^{2})$ cost, diffusion models & more"
    start = raw.index("diffusion models")
    evidence = [Evidence("abstract", start, start + len("diffusion models"))]
    assert marked(raw, evidence) == "At 𝒪(n²) cost, <mark>diffusion models</mark> &amp; more"


def test_evidence_that_touches_a_formula_marks_it_whole() -> None:
    raw = r"an $\alpha$-diffusion model"
    evidence = [Evidence("abstract", raw.index("lpha"), raw.index(" model"))]
    assert marked(raw, evidence) == "an <mark>α-diffusion</mark> model"


def test_overlapping_evidence_makes_one_mark() -> None:
    assert marked("latent diffusion model", [Evidence("title", 0, 16), Evidence("title", 7, 22)]) == (
        "<mark>latent diffusion model</mark>"
    )


def test_marked_text_is_escaped_inside_and_outside_the_mark() -> None:
    assert marked("<a><b>", [Evidence("title", 3, 6)]) == "&lt;a&gt;<mark>&lt;b&gt;</mark>"


@given(TEXISH)
def test_pieces_cover_the_text_in_order(raw: str) -> None:
    at = 0
    for piece in pieces(raw):
        assert piece.start == at < piece.end
        assert not piece.verbatim or piece.text == raw[piece.start : piece.end]
        at = piece.end
    assert at == len(raw)


@given(TEXISH, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=3))
def test_marks_never_change_the_text(raw: str, ends: list[tuple[int, int]]) -> None:
    spans = [Evidence("title", min(pair), min(max(pair), len(raw))) for pair in ends]
    without_marks = re.sub(r"</?mark>", "", str(marked(raw, spans)))
    without_marks = re.sub(r"<math.*?(<annotation[^>]*>)(.*?)</annotation></semantics></math>", r"$\2$", without_marks)
    assert html.unescape(without_marks) == readable(raw)


@given(st.text(alphabet=st.characters(exclude_categories=["C"], exclude_characters="$\\{}`'~-"), max_size=40))
def test_text_without_tex_is_left_alone(raw: str) -> None:
    assert readable(raw) == raw


def test_text_between_backquotes_is_code_and_nothing_else_is_markup() -> None:
    assert with_code("`a<b` & c") == "<code>a&lt;b</code> &amp; c"
    assert with_code("one ` alone <i>") == "one ` alone &lt;i&gt;"
