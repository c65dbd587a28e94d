"""The examples for nginx and Caddy, tried with the programs themselves over TLS of a local authority."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from domain.subscription import Preferences
from mail.service import LINK_PATHS, new_token
from runtime.cached_context import CachedContext
from runtime.context import AppContext
from service.web.app import make_app
from service.web.http_protocol import ConnectionLimits, limited_protocol
from store.subscriber_tokens import add_tokens
from store.subscribers import add_pending, confirm, subscriber_by_address
from tests.service.web.conftest import LAST_WEEK, make_context

DOCS = Path(__file__).parents[3] / "docs"
HOST = "papertide.example"
PER_MINUTE = 40
ADA = "ada@papertide.example"

pytestmark = pytest.mark.slow


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@dataclass
class Proxy:
    """A proxy in front of the service."""

    port: int
    authority: Path
    context: CachedContext

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: str | None = None,
        source: str = "127.0.0.1",
        host: str = HOST,
        **headers: str,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer over TLS."""
        trusted = ssl.create_default_context(cafile=str(self.authority))
        with socket.create_connection(("127.0.0.1", self.port), 20, (source, 0)) as plain:
            connection = http.client.HTTPConnection(host)
            connection.sock = trusted.wrap_socket(plain, server_hostname=HOST)
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if body is not None:
                sent["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def _certificate(folder: Path) -> None:
    """A local authority, and a certificate of it for the host."""
    (folder / "names").write_text(f"subjectAltName=DNS:{HOST}\n")
    commands = [
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem "
        "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign",
        f"req -newkey rsa:2048 -nodes -subj /CN={HOST} -keyout key.pem -out host.csr",
        "x509 -req -in host.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem",
    ]
    for command in commands:
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)


def _nginx(folder: Path, port: int, upstream: int) -> list[str]:
    example = (DOCS / "nginx.conf").read_text()
    for old, new in (
        ("    listen 80;\n    listen [::]:80;\n", f"    listen 127.0.0.1:{_free_port()};\n"),
        ("    listen 443 ssl http2;\n    listen [::]:443 ssl http2;\n", f"    listen 127.0.0.1:{port} ssl http2;\n"),
        ("/etc/letsencrypt/live/papertide.example/fullchain.pem", str(folder / "cert.pem")),
        ("/etc/letsencrypt/live/papertide.example/privkey.pem", str(folder / "key.pem")),
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
    ):
        assert old in example, old
        example = example.replace(old, new)
    (folder / "papertide.conf").write_text(example)
    temporary = "".join(
        f"  {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\n  access_log off;\n{temporary}  include {folder}/papertide.conf;\n}}\n"
    )
    return ["nginx", "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _caddy(folder: Path, port: int, upstream: int) -> list[str]:
    example = (DOCS / "Caddyfile").read_text()
    for old, new in (
        ("\n{\n\tservers {", f"\n{{\n\tadmin off\n\tauto_https off\n\thttp_port {_free_port()}\n\tservers {{"),
        (
            "\npapertide.example {\n",
            f"\npapertide.example:{port} {{\n\ttls {folder}/cert.pem {folder}/key.pem\n",
        ),
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
    ):
        assert old in example, old
        example = example.replace(old, new)
    (folder / "Caddyfile").write_text(example)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    if shutil.which(request.param) is None or shutil.which("openssl") is None:
        pytest.skip(f"{request.param} or openssl is not installed")
    folder = tmp_path_factory.mktemp(request.param)
    _certificate(folder)
    context = make_context(folder / "data")
    service = context.settings.service.model_copy(
        update={"requests_per_minute": PER_MINUTE, "trusted_proxies": ("127.0.0.1",), "hosts": ()}
    )
    upstream, port = _free_port(), _free_port()
    config = uvicorn.Config(
        make_app(context.settings.model_copy(update={"service": service}), context),
        port=upstream,
        http=limited_protocol(ConnectionLimits(), service.trusted_proxies),
        ws="none",
        log_level="error",
        lifespan="off",
        forwarded_allow_ips=list(service.trusted_proxies),
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    command = (_nginx if request.param == "nginx" else _caddy)(folder, port, upstream)
    environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    log = (folder / "proxy.log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        _wait_for(port, process, folder / "proxy.log")
        yield Proxy(port, folder / "ca.pem", context)
    finally:
        process.terminate()
        process.wait(20)
        log.close()
        server.should_exit = True
        thread.join(10)
        context.db.close()


def _wait_for(port: int, process: subprocess.Popen[Any], log: Path) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(log.read_text())


def test_pages_feeds_and_the_api_come_over_tls(proxy: Proxy) -> None:
    for path, media_type in (
        ("/", "text/html"),
        (f"/digests/{LAST_WEEK}", "text/html"),
        ("/feeds/digests.atom", "application/atom+xml"),
        ("/feeds/digests.json", "application/feed+json"),
        ("/api/v1/status", "application/json"),
    ):
        status, headers, body = proxy.ask("GET", path, source="127.0.2.1")
        assert status == 200, path
        assert headers["content-type"].startswith(media_type)
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["strict-transport-security"].startswith("max-age=")
        assert body
    status, headers, _ = proxy.ask("GET", "/digests", source="127.0.2.1", Accept_Encoding="gzip")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    again, _, body = proxy.ask(
        "GET", "/digests", source="127.0.2.1", If_None_Match=headers["etag"], Accept_Encoding="gzip"
    )
    assert (again, body) == (304, b"")
    status, headers, _ = proxy.ask("GET", "/digests/", source="127.0.2.1")
    assert (status, headers["location"]) == (308, "/digests")


def test_forms_are_stored_and_too_long_ones_refused(proxy: Proxy) -> None:
    address = "bob@papertide.example"
    site = {"Origin": f"https://{HOST}", "Sec_Fetch_Site": "same-origin"}
    status, _, page = proxy.ask("POST", "/subscribe", body=f"address={address}", source="127.0.2.2", **site)
    assert status == 200, page
    too_long = proxy.ask("POST", "/subscribe", body="address=" + "x" * 100_000, source="127.0.2.2", **site)
    assert too_long[0] in (413, 502), "Caddy 2.6 finds it too long only while it passes it on"


def test_one_click_unsubscribes(proxy: Proxy) -> None:
    context = AppContext(proxy.context.settings)
    now, token = context.now(), new_token()
    reader = add_pending(context.db, ADA, Preferences(), now=now)
    confirm(context.db, reader.subscriber_id, None, now=now)
    add_tokens(context.db, reader.subscriber_id, {"unsubscribe": token}, now=now)
    path = f"{LINK_PATHS['unsubscribe']}/{token}"
    status, _, _ = proxy.ask("POST", path, body="List-Unsubscribe=One-Click", source="127.0.2.3")
    assert status == 200
    stored = subscriber_by_address(context.db, ADA)
    assert stored is not None
    assert stored.state == "unsubscribed"
    context.close()


def test_limits_are_for_each_reader_whatever_they_claim_to_be(proxy: Proxy) -> None:
    statuses = [
        proxy.ask("GET", "/methods", source="127.0.2.4", X_Forwarded_For=f"192.0.2.{n}")[0] for n in range(PER_MINUTE)
    ]
    assert statuses.count(200) >= PER_MINUTE // 2
    assert 429 in statuses
    assert proxy.ask("GET", "/methods", source="127.0.2.5")[0] == 200


def test_metrics_and_other_hosts_are_not_served(proxy: Proxy) -> None:
    assert proxy.ask("GET", "/metrics", source="127.0.2.6")[0] == 404
    status, _, body = proxy.ask("GET", "/", source="127.0.2.6", host="evil.example")
    assert status == 421 or not body, "Caddy answers an unknown host with an empty page"


def test_a_form_that_comes_slowly_is_held_by_the_proxy(proxy: Proxy) -> None:
    trusted = ssl.create_default_context(cafile=str(proxy.authority))
    slow = []
    for _ in range(5):
        plain = socket.create_connection(("127.0.0.1", proxy.port), 20, ("127.0.2.7", 0))
        one = trusted.wrap_socket(plain, server_hostname=HOST)
        one.sendall(f"POST /subscribe HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9000\r\n\r\na".encode())
        slow.append(one)
    began = time.monotonic()
    assert proxy.ask("GET", "/methods", source="127.0.2.8")[0] == 200
    assert time.monotonic() - began < timedelta(seconds=10).total_seconds()
    for one in slow:
        one.close()
