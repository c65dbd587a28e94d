"""Formulas as MathML, for pages: those that plain text cannot say."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from templates.escaping import escaped, printable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_TAGS = frozenset(
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts "
    "mprescripts mtable mtr mtd mstyle mpadded mphantom menclose none".split()
)
_ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnspan display displaystyle fence form linethickness lspace mathvariant "
    "maxsize minsize rowspan rspace scriptlevel separator stretchy symmetric width".split()
)
_N_CHILDREN = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
_VALUE = re.compile(r"[\w.+% -]{1,20}")


@lru_cache(maxsize=4096)
def mathml(source: str) -> Markup | None:
    r"""A formula, without its dollars, as a ``<math>`` element with its TeX; ``None`` if it cannot be read.

    The TeX is untrusted: only known elements and attributes are written, and every text is escaped. A command that is
    unknown, sets a link, a class or a style makes the whole formula unreadable.
    """
    from latex2mathml.converter import convert_to_element  # takes 0.1 s to import, rarely needed

    try:
        element = convert_to_element(source)
        inner = Markup("").join(_written(child) for child in element)
    except Exception:  # noqa: BLE001 - a parser of untrusted text fails in many ways; the TeX is shown then
        return None
    tex = printable(source)
    annotation = Markup('<annotation encoding="application/x-tex">{}</annotation>').format(tex)
    return Markup('<math alttext="{}"><semantics>{}{}</semantics></math>').format(tex, inner, annotation)


def _written(element: Element) -> Markup:
    """The element as MathML.

    Raises
    ------
    ValueError
        If it is not one that a page may show.
    """
    tag = element.tag
    if tag not in _TAGS or not {"href", "class", "style", "id"}.isdisjoint(element.attrib):
        raise ValueError(f"<{tag}> with {sorted(element.attrib)} is not shown")
    if len(element) != _N_CHILDREN.get(tag, len(element)):
        raise ValueError(f"<{tag}> has {len(element)} parts")
    text = html.unescape(element.text or "")
    if "\\" in text:
        raise ValueError(f"unknown command {text!r}")
    attributes = Markup("").join(
        Markup(' {}="{}"').format(name, value)
        for name, value in sorted(element.attrib.items())
        if name in _ATTRIBUTES and _VALUE.fullmatch(value)
    )
    inner = escaped(text) + Markup("").join(_written(child) for child in element)
    return Markup("<{}{}>{}</{}>").format(tag, attributes, inner, tag)
