"""schemathesis against the API: no server error, no answer that the OpenAPI document does not describe.

    python -m benchmarks.api_fuzz [--requests 5000] [--seed 7]

Serves a small database of made-up papers on a free port, lets schemathesis ask it from the OpenAPI document (examples,
coverage of every parameter's bounds, and random values), and counts. Exit status 1 where anything was found.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.request import urlopen

import uvicorn

from service.web.app import make_app
from tests.service.web.conftest import make_context


def main() -> None:
    """Serve, ask, count."""
    parser = argparse.ArgumentParser(description="schemathesis against the API.")
    parser.add_argument("--requests", type=int, default=5_000, help="at least so many")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        context = make_context(Path(folder))
        app = make_app(context.settings, context)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
        threading.Thread(target=server.run, daemon=True).start()
        while not server.started:
            time.sleep(0.02)
        began, failed, seed = time.perf_counter(), 0, options.seed
        while (n := _answered(port)) < options.requests:
            failed |= _schemathesis(port, seed)
            seed += 1
            if _answered(port) == n:
                sys.exit("schemathesis asked nothing")
        seconds = time.perf_counter() - began
        print(f"{_answered(port):,} requests to /api/v1 in {seconds:.0f} s, by status: {_by_status(port)}")
        server.should_exit = True
        context.db.close()
    print("something was found, see above" if failed else "no server error, no undocumented answer")
    sys.exit(failed)


def _schemathesis(port: int, seed: int) -> int:
    address = f"http://127.0.0.1:{port}/api/v1/openapi.json"
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    command = [
        "--checks",
        checks,
        "--seed",
        str(seed),
        "--max-examples",
        "100",
        "--phases",
        "examples,coverage,fuzzing",
    ]
    schemathesis = Path(sys.executable).with_name("schemathesis")
    return int(subprocess.run([schemathesis, "run", address, *command, "--no-color"]).returncode != 0)


def _counts(port: int) -> list[tuple[str, int]]:
    with urlopen(f"http://127.0.0.1:{port}/metrics") as metrics:
        lines = metrics.read().decode().splitlines()
    found = [line for line in lines if line.startswith("papertide_requests_total{")]
    api = [line for line in found if 'route="/api/v1' in line or 'route="unknown"' in line]
    return [(line.partition('status="')[2][:3], int(float(line.rpartition(" ")[2]))) for line in api]


def _answered(port: int) -> int:
    return sum(n for _, n in _counts(port))


def _by_status(port: int) -> dict[str, int]:
    by_status: dict[str, int] = {}
    for status, n in _counts(port):
        by_status[status] = by_status.get(status, 0) + n
    return dict(sorted(by_status.items()))


if __name__ == "__main__":
    main()
