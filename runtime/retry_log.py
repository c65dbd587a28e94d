"""Reports failed requests and when they are tried again."""

from __future__ import annotations

from collections.abc import Callable

import stamina
from rich.console import Console
from stamina.instrumentation import RetryDetails

from domain.errors import public_message


def log_retries(write: Callable[[str], None] | None = None) -> None:
    """Report each failed request and the wait before the next try; on standard error by default."""

    def hook(details: RetryDetails) -> None:
        line = f"{public_message(details.caused_by)}; trying again in {details.wait_for:.0f} s ({details.retry_num})"
        if write is not None:
            write(line)
        else:
            Console(stderr=True).print(line, highlight=False, markup=False, soft_wrap=True)

    stamina.instrumentation.set_on_retry_hooks([hook])
