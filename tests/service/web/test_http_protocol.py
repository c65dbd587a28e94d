"""Limits of connections, tried over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import uvicorn

from service.web.http_protocol import ConnectionLimits, limited_protocol

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def _app(scope: Any, receive: Any, send: Any) -> None:
    """Read the body and answer with its length; ``/large`` with 20 MB."""
    n, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        n, more = n + len(message.get("body", b"")), message.get("more_body", False)
    body = b"x" * 20_000_000 if scope["path"] == "/large" else str(n).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def _server(proxies: tuple[str, ...] = (), **limits: Any) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    protocol = limited_protocol(ConnectionLimits(**limits), proxies)
    config = uvicorn.Config(
        _app, host="127.0.0.1", port=port, http=protocol, ws="none", log_level="error", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield port
    server.should_exit = server.force_exit = True
    thread.join(10)


def _connect(port: int, *, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0))


def _answer(client: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    received = b""
    try:
        while part := client.recv(65_536):
            received += part
    except ConnectionResetError:
        pass
    return received


def _ask(port: int, *, source: str = "127.0.0.1") -> bytes:
    with _connect(port, source=source) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return _answer(client)


def _drip(client: socket.socket, part: bytes, until: Callable[[], bool]) -> None:
    try:
        while not until():
            client.sendall(part)
            time.sleep(0.05)
    except OSError:
        pass


def test_a_connection_without_a_request_is_closed() -> None:
    with _server(headers_s=0.3) as port, _connect(port) as client:
        began = time.monotonic()
        assert _answer(client) == b""
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("begin", "part", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n", b""),
        (REQUEST, b"\r\n", b" 200 "),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", b"x", b" 408 "),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", b" 408 "),
    ],
)
def test_a_slow_request_is_ended(begin: bytes, part: bytes, status: bytes) -> None:
    with _server(headers_s=0.5, body_s=0.5) as port, _connect(port) as client:
        client.sendall(begin)
        end = time.monotonic() + 15
        sender = threading.Thread(target=_drip, args=(client, part, lambda: time.monotonic() > end), daemon=True)
        sender.start()
        answer = _answer(client)
        assert time.monotonic() < end, "it was closed"
        assert status in answer


@pytest.mark.parametrize(
    "headers",
    [
        b"X-A: b\r\n" * 500_000,
        b"X-A: " + b"b" * 4_000_000,
        b"X-A: b\r\n" * 101 + b"\r\n",
        b"X-A: " + b"b" * 17_000 + b"\r\n\r\n",
    ],
    ids=["small ones", "a long one", "101", "complete"],
)
def test_headers_are_bounded(headers: bytes) -> None:
    with _server() as port, _connect(port) as client:
        answer: list[bytes] = []
        reader = threading.Thread(target=lambda: answer.append(_answer(client)))
        reader.start()
        with suppress(OSError):
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + headers)
        reader.join(20)
        assert answer == [b""] or b" 431 " in answer[0], "the rest that is sent can hide the response"
        assert b" 200 " in _ask(port)


def test_headers_within_the_bounds_and_a_large_body_are_read() -> None:
    with _server() as port, _connect(port) as client:
        body = b"x" * 200_000
        head = b"POST / HTTP/1.1\r\nHost: x\r\nX-A: " + b"b" * 12_000 + b"\r\n"
        client.sendall(head + b"Connection: close\r\nContent-Length: 200000\r\n\r\n" + body)
        assert _answer(client).endswith(b"\r\n\r\n200000")


def test_requests_one_after_another_and_at_once() -> None:
    with _server(n_pipelined=4) as port:
        with _connect(port) as client:
            for _ in range(3):
                client.sendall(REQUEST)
                answer = b""
                while not answer.endswith(b"\r\n\r\n0"):
                    answer += client.recv(65_536)
                assert b" 200 " in answer
            client.sendall(REQUEST * 2 + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert _answer(client).count(b" 200 ") == 3
        with _connect(port) as client:
            client.sendall(REQUEST * 1_000)
            assert _answer(client).count(b" 200 ") <= 6


def test_a_network_has_so_many_connections_and_a_proxy_any_number() -> None:
    with _server(n_per_network=3, proxies=("127.0.0.9",)) as port:
        held = [_connect(port, source="127.0.0.2") for _ in range(3)]
        time.sleep(0.1)
        assert b" 429 " in _ask(port, source="127.0.0.2")
        assert b" 200 " in _ask(port, source="127.0.0.3")
        held += [_connect(port, source="127.0.0.9") for _ in range(6)]
        assert b" 200 " in _ask(port, source="127.0.0.9")
        for client in held:
            client.close()


def test_when_all_connections_are_taken_the_one_that_waits_longest_makes_room() -> None:
    with _server(n_connections=4) as port:
        held = [_connect(port, source=f"127.0.0.{n}") for n in range(2, 6)]
        held[1].sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        time.sleep(0.1)
        assert b" 200 " in _ask(port)
        assert _answer(held[0]) == b""
        assert b" 200 " in _ask(port)
        for client in held:
            client.close()


def test_a_client_that_does_not_read_is_left() -> None:
    with _server(reading_s=0.5) as port, _connect(port) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1.5)
        assert len(_answer(client)) < 20_000_000


def test_what_is_no_http_is_answered_in_one_line() -> None:
    with _server() as port, _connect(port) as client:
        client.sendall(b"\x16\x03\x01\x02\x00 TLS\r\n\r\n")
        answer = _answer(client)
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"nosniff" in answer
