"""uvicorn's HTTP protocol with limits on headers, time and connections.

uvicorn closes a connection that is idle between two requests. It sets no limit on the time before or within a request,
nor, with httptools, on the size of its headers.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from asyncio import TimerHandle
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.web.rate_limit import network_of

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class ConnectionLimits:
    """What a client may do with a connection, and how many there may be."""

    headers_s: float = 10.0
    """Time until the headers of a request are complete, from the connection or the request's first byte on."""
    body_s: float = 15.0
    """Time until the body of a request is complete."""
    reading_s: float = 30.0
    """How long a client may leave a response unread."""
    n_header_bytes: int = 16_384
    """Bytes of the address and headers of a request."""
    n_headers: int = 100
    """Headers of a request."""
    n_pipelined: int = 16
    """Requests that wait on one connection for the one before."""
    n_connections: int = 500
    """Connections in all. One more ends the one that has been without a complete request for the longest."""
    n_per_network: int = 64
    """Connections of one network."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection. Beyond a limit it is answered where that is possible, and closed.

    Attributes
    ----------
    limits : all limits.
    proxies : networks that may have any number of connections.
    """

    limits = ConnectionLimits()
    proxies: tuple[_Network, ...] = ()

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._deadline: TimerHandle | None = None
        self._reading: TimerHandle | None = None
        self._in_headers = True
        self._n_complete = 0
        self._n_header_bytes = 0
        self._n_unparsed = 0
        self._refusal = b""
        self.network = ""
        self.waits_since = time.monotonic()

    @property
    def is_waiting(self) -> bool:
        """Whether the connection is without a complete request that is still to be answered."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    # -- connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection, unless the network has too many."""
        super().connection_made(transport)
        others = [one for one in self.connections if isinstance(one, LimitedProtocol) and one is not self]
        address = self.client[0] if self.client else ""
        self.network = network_of(address)
        n_others = sum(one.network == self.network for one in others)
        if n_others >= self.limits.n_per_network and not self._is_proxy(address):
            self._refuse(429, "too many connections from your network")
            return
        if len(others) >= self.limits.n_connections:
            waiting = [one for one in others if one.is_waiting]
            if not waiting:
                self._refuse(503, "too many connections")
                return
            min(waiting, key=lambda one: one.waits_since).transport.abort()
        self._set_deadline(self.limits.headers_s, self.transport.close)

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.proxies)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._end_deadline()
        self._end_reading()
        super().connection_lost(exc)

    # -- requests

    def data_received(self, data: bytes) -> None:
        """Read a part of a request, up to the limits."""
        if self.parser is None or self.transport.is_closing():
            return
        n_complete = self._n_complete
        if self._in_headers and self._deadline is None:  # the first bytes after a response
            self._set_deadline(self.limits.headers_s, lambda: self._refuse(408, "the headers took too long"))
        super().data_received(data)
        if not self._in_headers or self._n_complete > n_complete:
            self._n_unparsed = 0
            return
        self._n_unparsed += len(data)
        if self._n_unparsed > self.limits.n_header_bytes and not self.transport.is_closing():
            self._refuse(431, "the headers are too long")

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._n_header_bytes = 0
        if len(self.pipeline) >= self.limits.n_pipelined:
            self._reject(429, "too many requests at once on one connection")

    def on_url(self, url: bytes) -> None:
        """Keep a part of the address."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """Wait for the body, and begin to answer."""
        self._in_headers = False
        self._set_deadline(self.limits.body_s, lambda: self._refuse(408, "the body took too long"))
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is complete; the next one begins with headers."""
        self._in_headers = True
        self._n_complete += 1
        self._end_deadline()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self.waits_since = time.monotonic()
        super().on_response_complete()

    def _count(self, n_bytes: int) -> None:
        self._n_header_bytes += n_bytes
        if self._n_header_bytes > self.limits.n_header_bytes or len(self.headers) > self.limits.n_headers:
            self._reject(431, "the headers are too long")

    def _reject(self, status: int, message: str) -> None:
        """Stop the parser, which then answers with ``send_400_response``."""
        self._refusal = _response(status, message)
        raise ValueError(message)

    def send_400_response(self, msg: str) -> None:
        """Answer a request that the parser or a limit rejects, and close."""
        if self.transport.is_closing():
            return
        self._write_and_close(self._refusal or _response(400, msg))

    def _refuse(self, status: int, message: str) -> None:
        self._write_and_close(_response(status, message))

    def _write_and_close(self, response: bytes) -> None:
        """Send the response, unless another one has begun."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(response)
            if self.cycle is not None:
                self.cycle.disconnected = True
                self.cycle.message_event.set()
        self.transport.close()

    # -- responses

    def pause_writing(self) -> None:
        """The client reads slowly, or not at all."""
        super().pause_writing()
        if self._reading is None:
            self._reading = self.loop.call_later(self.limits.reading_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read."""
        self._end_reading()
        super().resume_writing()

    # -- timers

    def _set_deadline(self, seconds: float, end: Callable[[], None]) -> None:
        self._end_deadline()
        self._deadline = self.loop.call_later(seconds, end)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None


def limited_protocol(limits: ConnectionLimits, proxies: Iterable[str] = ()) -> type[LimitedProtocol]:
    """The protocol with these limits."""
    return type(
        "LimitedProtocol", (LimitedProtocol,), {"limits": limits, "proxies": tuple(map(ipaddress.ip_network, proxies))}
    )


_PHRASES = {
    400: "Bad Request",
    408: "Request Timeout",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
}


def _response(status: int, message: str) -> bytes:
    body = f"{message}\n".encode()
    head = (
        f"HTTP/1.1 {status} {_PHRASES.get(status, 'Service Unavailable')}\r\n"
        f"content-type: text/plain; charset=utf-8\r\ncontent-length: {len(body)}\r\n"
        "x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
