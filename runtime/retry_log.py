"""Says when a request failed and how long until it is tried again."""

from __future__ import annotations

from collections.abc import Callable

import stamina
from rich.console import Console
from stamina.instrumentation import RetryDetails

from domain.errors import public_message


def log_retries(say: Callable[[str], None] | None = None) -> None:
    """Say, on standard error by default, when a request failed and how long we wait before the next try."""

    def hook(details: RetryDetails) -> None:
        line = f"{public_message(details.caused_by)}; trying again in {details.wait_for:.0f} s ({details.retry_num})"
        if say is not None:
            say(line)
        else:
            Console(stderr=True).print(line, highlight=False, markup=False, soft_wrap=True)

    stamina.instrumentation.set_on_retry_hooks([hook])
