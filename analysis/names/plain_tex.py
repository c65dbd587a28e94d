"""Text without its TeX, with the way back to the offsets of the text as stored."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

_GREEK = dict(
    zip(
        "alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi "
        "varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega infty".split(),
        "αβγδεεζηθικλμνξπρστφφχψωΓΔΘΛΞΠΣΦΨΩ∞",
        strict=True,
    )
)
_MARKUP = re.compile(
    r"\\(?:text(?:bf|it|tt|sc|sf|rm|md|up|superscript|subscript)?|emph|math(?:bf|it|tt|sf|rm|cal|bb|frak|scr)|"
    r"underline|operatorname|mbox|boldsymbol|bm|rm|bf|it|tt|sc|sf|em|xspace|ensuremath|hbox|href\{[^{}]*\})(?![A-Za-z])"
    r"[ ]?"
    r"|\\(?P<greek>[A-Za-z]+)(?![A-Za-z])"
    r"|\\(?P<escaped>[%&_#$ ])"
    r"|[{}$]"
    r"|(?<=[A-Za-z\d$}])[_^](?=[{\w\\])"
)
_HAS_TEX = re.compile(r"[\\${}^]")


@dataclass(frozen=True)
class PlainText:
    """A text without TeX. ``offsets[i]`` is where character ``i`` stands in the raw text; ``None`` where all agree."""

    raw: str
    text: str
    offsets: Sequence[int] | None

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the raw text of characters ``start`` to ``end`` of the plain text.

        A group or formula that opens within the span is closed within it, and a formula around all of it is included.
        """
        if self.offsets is None:
            return start, end
        raw = self.raw
        first, last = self.offsets[start], self.offsets[end - 1] + 1
        if raw[last - 1] == "\\":  # Greek stands where its command begins
            while last < len(raw) and raw[last].isalpha():
                last += 1
        depth = raw.count("{", first, last) - raw.count("}", first, last)
        in_formula = raw.count("$", first, last) % 2 == 1
        while last < len(raw) and ((depth > 0 and raw[last] == "}") or (in_formula and raw[last] == "$")):
            depth -= raw[last] == "}"
            in_formula = in_formula and raw[last] != "$"
            last += 1
        if first and raw[first - 1] == "$" and (in_formula or raw[last : last + 1] == "$"):
            last += not in_formula
            first -= 1
        return first, last

    def surface(self, start: int, end: int) -> str:
        """The characters as they stand in the raw text, or without TeX where markup begins or ends within them."""
        first, last = self.raw_span(start, end)
        raw = self.raw[first:last]
        whole = raw.count("{") == raw.count("}") and raw.find("}") >= raw.find("{") and raw.count("$") % 2 == 0
        return raw if whole else self.text[start:end]


def plain_text(raw: str) -> PlainText:
    """The text without TeX markup: the words inside of commands stay, Greek commands become one character.

    Examples
    --------
    >>> plain_text(r"On \\textsc{Foo}Net and $\\tau^2$-bench").text
    'On FooNet and τ2-bench'
    """
    if not _HAS_TEX.search(raw):
        return PlainText(raw, raw, None)
    kept: list[str] = []
    offsets = array("q")
    at = 0
    for match in _MARKUP.finditer(raw):
        start = match.start()
        kept.append(raw[at:start])
        offsets.extend(range(at, start))
        at = match.end()
        if greek := match["greek"]:
            character = _GREEK.get(greek)
            # Other commands (\\times, \\log) separate words, as a sign would.
            kept.append(character or "×")
            offsets.append(start)
        elif escaped := match["escaped"]:
            kept.append(escaped)
            offsets.append(start + 1)
    kept.append(raw[at:])
    offsets.extend(range(at, len(raw)))
    return PlainText(raw, "".join(kept), offsets)


def without_tex(raw: str) -> str:
    """The text without TeX markup."""
    return plain_text(raw).text
