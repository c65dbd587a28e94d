"""Redaction of mail addresses and absolute paths in text for logs and the public."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[^\s<>@\"'(),;:]+@(?:[\w-]+(?:\.[\w-]+)+|localhost|\[[^\]\s]*\])", re.IGNORECASE)
_PATH = re.compile(r"(?:sqlite|file):/\S*|(?<![\w:/.\\])(?:~|[A-Za-z]:)?[/\\]{1,2}[^\s/\\'\"<>]{2}[^\s'\"<>]*")


def redact_addresses(text: str) -> str:
    """The text with mail addresses replaced by ``[address]``."""
    return _ADDRESS.sub("[address]", text)


def redact_private(text: str) -> str:
    """The text with mail addresses and absolute paths replaced; web addresses stay.

    Examples
    --------
    >>> redact_private("<ada@example.org> in '/srv/papertide/mail', see https://arxiv.org/abs/2606.00001")
    "<[address]> in '[path]', see https://arxiv.org/abs/2606.00001"
    """
    return _PATH.sub("[path]", redact_addresses(text))
