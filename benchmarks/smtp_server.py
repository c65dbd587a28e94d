"""An SMTP server in a process of its own, for benchmarks that send."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from typing import Any


def serve_mail(handler: Callable[[], Any], port: int) -> int:
    """Start the server in a child, with what ``handler`` makes there; its process id once it answers.

    Raises
    ------
    RuntimeError
        If it does not answer within ten seconds.
    """
    pid = os.fork()
    if pid == 0:
        from aiosmtpd.controller import Controller

        Controller(handler(), hostname="127.0.0.1", port=port).start()
        while os.getppid() != 1:
            time.sleep(0.5)
        os._exit(0)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return pid
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the mail server did not start")
