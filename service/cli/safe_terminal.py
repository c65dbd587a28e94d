"""Standard output without the control characters that titles and other people's texts may hold."""

from __future__ import annotations

import sys
from typing import Any, TextIO

_UNSAFE = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


class SafeTerminal:
    """A terminal that takes text without control characters, which could move the cursor or change its title."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        """Write the text, and say that all of it was written."""
        self._terminal.write(text.translate(_UNSAFE))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._terminal, name)


def make_terminal_safe() -> None:
    """Filter what is printed if it goes to a terminal; files and other programs get every character."""
    if sys.stdout.isatty():
        sys.stdout = SafeTerminal(sys.stdout)
