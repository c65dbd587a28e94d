"""The reading queue of the web service under load: its pages, and what storing a verdict takes.

    python -m benchmarks.scanning_speed --data FOLDER [--shared ../shared] [--seconds 30]

``FOLDER`` holds a database that ``benchmarks.service`` built. Scans and verdicts are added to it, so give a copy. Each
of 8 connections begins a scan of the newest week for words of a title, and then asks for the next paper, keeps one in
ten and skips the others, as fast as it is answered. Printed are the times of the queue and of verdicts, in turn.
"""

from __future__ import annotations

import argparse
import http.client
import random
import re
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.service import AHEAD_S, LAST_WEEK, N_CONNECTIONS, Service, line, queries, read_papers

_HIDDEN = re.compile(r'name="(paper|choice)" value="([^"]*)"')
_TARGETS_MS = {"queue": 150, "verdict": 50}


class Reader(threading.Thread):
    """One scan, read by one connection until ``end``."""

    def __init__(self, port: int, number: int, words: str, seconds: float) -> None:
        super().__init__()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._rng, self._seconds = random.Random(number), seconds
        self.times: dict[str, list[float]] = {"queue": [], "verdict": []}
        self.wrong = 0
        begun = self._post("/scan", {"action": "start", "for": words, "since": str(LAST_WEEK)})
        self._scan = begun[1]
        if begun[0] != 303:
            raise SystemExit(f"a scan could not begin: the service answered {begun[0]}")

    def _post(self, path: str, form: dict[str, str]) -> tuple[int, str]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        self._connection.request("POST", path, urlencode(form), headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Location") or ""

    def _queue(self) -> tuple[int, str]:
        self._connection.request("GET", self._scan)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode()

    def run(self) -> None:
        """Ask for the next paper and decide it, again and again."""
        end = time.perf_counter() + self._seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            status, page = self._queue()
            shown = time.perf_counter()
            self.times["queue"].append(1000 * (shown - began))
            hidden = dict(_HIDDEN.findall(page)[:2])
            if status != 200 or hidden.keys() != {"paper", "choice"}:
                self.wrong += 1
                continue
            action = "keep" if self._rng.random() < 0.1 else "skip"
            began = time.perf_counter()
            status, _ = self._post(self._scan, {**hidden, "action": action})
            self.times["verdict"].append(1000 * (time.perf_counter() - began))
            self.wrong += status != 303


def main() -> None:
    """Start the service, begin the scans, read, print."""
    parser = argparse.ArgumentParser(description="The reading queue under load.")
    parser.add_argument("--data", type=Path, required=True, help="folder of a copy of a database of benchmarks.service")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with arxiv/")
    parser.add_argument("--seconds", type=float, default=30, help="how long the scans are read")
    options = parser.parse_args()
    words = queries(list(read_papers(options.shared / "arxiv" / "recent")), 5)
    service = Service(options.data)
    try:
        print(f"ready after {service.until('/readyz'):.1f} s; {AHEAD_S} s for what is drawn ahead", flush=True)
        time.sleep(AHEAD_S)
        readers = [Reader(service.port, number, next(words), options.seconds) for number in range(N_CONNECTIONS)]
        began, cpu_s = time.perf_counter(), service.cpu_s()
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        took = time.perf_counter() - began
        wrong = sum(reader.wrong for reader in readers)
        for kind, target in _TARGETS_MS.items():
            times = [one for reader in readers for one in reader.times[kind]]
            print(line(kind, times, took, target=target, wrong=wrong))
        n_papers = sum(len(reader.times["queue"]) for reader in readers)
        print(f"  {1000 * (service.cpu_s() - cpu_s) / n_papers:.1f} ms of processor for a page and its verdict")
    finally:
        service.stop()


if __name__ == "__main__":
    main()
