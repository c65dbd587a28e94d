from __future__ import annotations

from analysis.claims.readable_text import ReadableText


def test_a_span_of_the_readable_text_leads_back_to_the_raw_one() -> None:
    raw = r"We gain $2.3\times$ at 97\% of the \emph{full} cost."
    readable = ReadableText.of(raw)
    start = readable.text.index("97%")
    assert raw[slice(*readable.raw_span(start, start + 3))] == r"97\%"
    start = readable.text.index("2.3×")
    assert raw[slice(*readable.raw_span(start, start + 4))] == r"$2.3\times$"


def test_a_text_without_tex_is_itself() -> None:
    assert ReadableText.of("plain").raw_span(1, 4) == (1, 4)
