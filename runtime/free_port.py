"""Whether an address and port can be listened at."""

from __future__ import annotations

import socket

from domain.errors import UsageError


def require_free(host: str, port: int) -> None:
    """Refuse an address that cannot be listened at.

    Raises
    ------
    UsageError
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise UsageError(
            f"cannot listen at {host}, port {port}: {error.strerror}; choose another with --port"
        ) from error
