"""What a terminal gets when a title holds control characters."""

from __future__ import annotations

import io
import sys

import pytest
import typer

from service.cli.safe_terminal import make_terminal_safe

TITLE = "A \x1b]0;owned\x07title \x1b[2J\x9b31m\rhidden\nnext\tline ümlaut 𝛼"


class Terminal(io.StringIO):
    """Text output that says whether it is a terminal."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_gets_no_control_characters_and_a_file_gets_all(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    terminal = Terminal(is_terminal)
    monkeypatch.setattr(sys, "stdout", terminal)
    make_terminal_safe()
    sys.stdout.write(f"{TITLE}\n")
    sys.stdout.write(TITLE)
    sys.stdout.flush()
    shown = "A ]0;ownedtitle [2J31mhidden\nnext\tline ümlaut 𝛼"
    assert terminal.getvalue() == (f"{shown}\n{shown}" if is_terminal else f"{TITLE}\n{TITLE}")


def test_typer_prints_to_the_safe_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(True)
    monkeypatch.setattr(sys, "stdout", terminal)
    make_terminal_safe()
    typer.echo("a\x1bb")
    assert terminal.getvalue() == "ab\n"
