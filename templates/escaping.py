"""Text made safe to show: without characters that a page or a terminal would interpret, and escaped for HTML."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

# Terminal escapes, and marks that reverse the direction of text, must not reach a page.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """The text without control characters that a page or a terminal would interpret.

    Examples
    --------
    >>> printable("\\x1b[31mred")
    '[31mred'
    """
    return _UNPRINTABLE.sub("", text)


def escaped(text: str) -> Markup:
    """The text as HTML, printable and escaped.

    Examples
    --------
    >>> escaped("\\x1b<b>")
    Markup('&lt;b&gt;')
    """
    return escape(printable(text))


def shown(value: object) -> object:
    """A value as a template shows it: text is printable, and HTML is left alone, because it is made of such text."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
