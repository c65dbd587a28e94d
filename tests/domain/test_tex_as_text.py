r"""TeX as plain text: letters, formulas only where plain text says the same, and everything else as it was."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.tex_as_text import pieces, plain_text, with_letters

TEXISH = st.lists(
    st.sampled_from(
        [
            *r"""ab1 $\{}^_%~-`'"&<>()[]é=.""",
            "\\emph{",
            "$x^2$",
            "--",
            r"\(",
            r"\H",
            r"\c",
            r"\'",
            "\\i",
            r"\frac",
            r"\o ",
        ]
    ),
    max_size=60,
).map("".join)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (r"\'a \`e \^o \"u \~n \=a \.z", "á è ô ü ñ ā ż"),
        (r"\'{a} {\`e} {\^{o}} \H{u} \c{c} \v{r} \u{g} \k{e} \r{u} \d{o} \b{d}", "á è ô ű ç ř ğ ę ů ọ ḏ"),
        (r"\H o \v s \c C \k a", "ő š Ç ą"),
        (
            r"{\L}{\l}{\O}{\o}{\AA}{\aa}{\AE}{\ae}{\OE}{\oe}{\ss}{\DJ}{\dj}{\DH}{\dh}{\TH}{\th}{\NG}{\ng}",
            "ŁłØøÅåÆæŒœßĐđÐðÞþŊŋ",
        ),
        (r"\O rsted, Bo\v{s}\-ko, \L{}ukasz, stra\ss e", r"Ørsted, Boš\-ko, Łukasz, straße"),
        (r"Mart\'{\i}nez, Mart\'\i nez, {\i}, pa\"{\i}en, \v{\j}", "Martínez, Martínez, ı, païen, ǰ"),
        (r"Vi\d{\^e}t, Tu\'{\^a}n, L\~{\^e}", "Việt, Tuấn, Lễ"),
        ("Nguy\\~\u00ean, {\u00d6}zlem", "Nguyễn, Özlem"),
        (
            r"Cohen's \k{appa}, {\k{appa}}, \b{eta}-VAE and \r{ho}_s; \c{opyright} 2026",
            "Cohen's κ, κ, β-VAE and ρ_s; © 2026",
        ),
    ],
)
def test_accents_and_letters_of_tex_are_letters(raw: str, shown: str) -> None:
    assert plain_text(raw) == shown
    assert with_letters(raw) == shown


@pytest.mark.parametrize(
    "raw",
    [
        r"he said \"and so\" twice",
        r"C:\docs \ours{} \baseline",
        r"30\. A thorough test",
        r"\t{oo} \c{ode} \b{Co}",
        r"5''",
    ],
)
def test_what_only_looks_like_an_accent_is_left_alone(raw: str) -> None:
    assert plain_text(raw) == raw


def test_an_escaped_apostrophe_is_no_accent() -> None:
    assert plain_text(r"the model\'s error") == "the model's error"


def test_letters_are_composed_and_the_rest_of_the_tex_stays() -> None:
    raw = "Re\u0301nyi's \\emph{order} $\\'a \\alpha$ of S\\o ren, 5\\%"
    assert with_letters(raw) == "Rényi's \\emph{order} $\\'a \\alpha$ of Søren, 5\\%"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (r"$\frac{2}{n+1}$, $\frac12$, $\dfrac{a b}{c}$, $\frac{1}{2n}$", "2/(n+1), 1/2, (a b)/c, 1/(2n)"),
        (r"$\frac{1}{2}x$ and $\log\frac{1}{\delta}$ and $1 - \frac{1}{e}$", "(1/2)x and log(1/δ) and 1 - 1/e"),
        (r"$\bigl(\frac{a}{b}\bigr)^2$, $a/\frac{b}{c}$", "(a/b)², a/(b/c)"),
        (r"$\|w\|_1$, $\lVert A \rVert_F$, $D(p \,\|\, q)$, $p(x\mid y)$", "‖w‖₁, ‖A‖_F, D(p ‖ q), p(x | y)"),
        (r"$n^{3/4}$, $2^{k+1}$, $e^{-\lambda t}$, $x^{ab}$, $10^{10^5}$", "n^(3/4), 2ᵏ⁺¹, e^(-λt), x^(ab), 10^(10⁵)"),
        (r"$\sqrt{d}$, $\sqrt{2d}$, $\sqrt[4]{n}$, $\sqrt{n}x$, $1/\sqrt{T}$", "√d, √(2d), ⁴√n, √(n)x, 1/√T"),
        (r"$x_{ij}^2$, $d_{model}$, $L_{\mathrm{CE}}$, $x_{a,b}$, $x_{i_j}$", "xᵢⱼ², d_model, L_CE, x_(a,b), x_(iⱼ)"),
        (r"${a+b}^2$, $\overline{x}$, $\hat{y}_i$, $f'(x)$", "(a+b)², x̄, ŷᵢ, f′(x)"),
        (r"$\sum_{i=1}^n \frac{1}{i}$, $\max_{\theta} f$, $n\log n$", "∑ᵢ₌₁ⁿ 1/i, max_θ f, n log n"),
        (r"F$_1$, m$^2$, $90^\circ$, $5^{\text{th}}$, XLM-R$_{large}$", "F₁, m², 90°, 5ᵗʰ, XLM-R_large"),
        (r"$A \not\subseteq B$, $x \notin S$, $10{,}000$", "A ⊈ B, x ∉ S, 10,000"),
        (r"$\mathbf{W}$, $\mathbb{R}^{n \times m}$, $\mathcal{L}$, $\mathrm{NP}$", "𝐖, ℝ^(n × m), ℒ, NP"),
    ],
)
def test_a_formula_keeps_its_meaning_in_plain_text(raw: str, shown: str) -> None:
    assert plain_text(raw) == shown


@pytest.mark.parametrize(
    "raw",
    [
        r"$\binom{n}{k}$",
        r"${n \choose k}$",
        r"${a \over b}$",
        r"$\overset{d}{=}$",
        r"$\underbrace{x + y}_{z}$",
        r"$\begin{pmatrix} 1 \\ 2 \end{pmatrix}$",
        r"$\ourloss{x}$",
        r"$\widehat{AB}$",
        r"$3\sqrt[3]{n}$",
        r"$x\frac{a}{b}$",
        r"$2\frac{1}{2}$",
        r"2$\frac{1}{2}$",
        r"$\left. f \right|_0$",
        r"$\frac{1",
        r"$x_$",
    ],
)
def test_a_formula_that_plain_text_cannot_say_stays_tex(raw: str) -> None:
    assert plain_text(raw) == raw


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (
            "https://b.example/a--b~c and b.example/x--y.html, but 10--20",
            "https://b.example/a--b~c and b.example/x--y.html, but 10–20",
        ),
        (r"\url{https://b.example/a--b\_c}", "https://b.example/a--b_c"),
        ("Table~1, Gemma~3, 8~FPS, et al.~(2020)", "Table 1, Gemma 3, 8 FPS, et al. (2020)"),
        (r"$x_1$~over \textbf{VIS}~(\emph{a}), $\Delta P$~38", "x₁ over VIS (a), ΔP~38"),
        (r"metrics---\emph{this}---and, or--\textbf{that}, so---``it''", "metrics—this—and, or–that, so—“it”"),
        (r"Sequence Prediction \\ with Nets, end.\\ New", "Sequence Prediction  with Nets, end. New"),
        (
            r"\textcolor{red}{new} {\deg}C, {\lambda}opt, R\textsuperscript{2}, F\textsubscript{1}",
            "new °C, λopt, R², F₁",
        ),
        (r"3\times faster with \alpha-mixing", "3× faster with α-mixing"),
    ],
)
def test_text_around_formulas(raw: str, shown: str) -> None:
    assert plain_text(raw) == shown


@pytest.mark.parametrize(
    "raw", ["p~1e-6, 0.2~2%, x~N(0,1)", "(x, y)~P(x, y)", r"zero\-shot, and\/or", "US$30 and AU$40", "--flag and x --y"]
)
def test_what_can_be_read_in_two_ways_stays_as_it_is(raw: str) -> None:
    assert plain_text(raw) == raw


LETTERS = "abc"
OPERANDS = st.recursive(
    st.sampled_from(LETTERS),
    lambda inner: st.one_of(
        st.tuples(st.just("frac"), inner, inner),
        st.tuples(st.just("sqrt"), inner),
        st.tuples(st.just("^"), inner, inner),
        st.tuples(st.just("_"), st.sampled_from(LETTERS), inner),
        st.tuples(st.just("+"), inner, inner),
        st.tuples(st.just("*"), inner, inner),
    ),
    max_leaves=4,
)


def _tex(tree: str | tuple[str, ...]) -> str:
    """The TeX of a tree; sums under a product or exponent get brackets, as their author would write."""
    if isinstance(tree, str):
        return tree
    kind, *parts = tree
    if kind in ("frac", "sqrt"):
        return rf"\{kind}" + "".join(f"{{{_tex(part)}}}" for part in parts)
    if kind in ("^", "_"):
        base = _tex(parts[0]) if isinstance(parts[0], str) else f"({_tex(parts[0])})"
        return f"{base}{kind}{{{_tex(parts[1])}}}"
    if kind == "*":
        return "".join(f"({_tex(part)})" if part[0] == "+" else _tex(part) for part in parts)
    return "+".join(_tex(part) for part in parts)


def _skeleton(tex: str) -> str:
    """The TeX without what makes no difference: how often ``*`` nests."""
    return tex


@given(st.lists(OPERANDS, min_size=2, max_size=12))
def test_different_formulas_have_different_texts(trees: list[str | tuple[str, ...]]) -> None:
    seen: dict[str, str] = {}
    for tree in trees:
        tex = _tex(tree)
        shown = plain_text(f"${tex}$")
        assert seen.setdefault(shown, tex) == tex


@given(OPERANDS)
def test_a_formula_loses_no_letter_and_no_operator(tree: str | tuple[str, ...]) -> None:
    tex = _tex(tree)
    shown = unicodedata.normalize("NFKC", plain_text(f"${tex}$"))
    for character in LETTERS:
        assert shown.count(character) >= tex.replace(r"\frac", "").count(character)
    assert shown.count("+") == tex.count("+")
    assert shown.count("/") + shown.count(r"\frac") >= tex.count(r"\frac")
    assert shown.count("√") + shown.count(r"\sqrt") >= tex.count(r"\sqrt")


@given(OPERANDS)
def test_a_formula_in_plain_text_is_not_converted_again(tree: str | tuple[str, ...]) -> None:
    shown = plain_text(f"${_tex(tree)}$")
    assert plain_text(shown) == shown


@given(TEXISH)
def test_pieces_cover_any_text_in_order(raw: str) -> None:
    at = 0
    for piece in pieces(raw):
        assert piece.start == at < piece.end
        at = piece.end
    assert at == len(raw)


@given(TEXISH)
def test_letters_once_converted_stay(raw: str) -> None:
    once = with_letters(raw)
    assert with_letters(once) == once
