"""Attacks on the web service from eight networks, and what other readers notice meanwhile.

    python -m benchmarks.attacks --data FOLDER [--seconds 60] [--before CHECKOUT --before-data FOLDER] [--only NAME ...]

Starts ``papertide up --only-web`` as a process of its own on a copy of a database that ``benchmarks.service`` built,
and tries each attack for a while. Requests come over loopback: those of attackers and readers through a trusted
proxy's header, those that attack connections from eight addresses of the loopback network. Meanwhile four readers ask
for cached pages, two send forms, and one asks for a search and a chart that nobody has asked for, every two seconds.

With ``--before`` another checkout is attacked in the same way first; its database has its own schema. Exit status 1
where a bar is missed.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import multiprocessing
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np

from benchmarks.service import LAST_WEEK, NOW

NETWORKS = [f"203.0.113.{n}" for n in range(1, 9)]
DIRECT = [f"127.0.1.{n}" for n in range(1, 9)]
READERS = [f"198.51.100.{n}" for n in range(1, 5)]
HONEST = "192.0.2.7"
CACHED_MS = 200
HONEST_S = 2.0
HONEST_SHARE = 0.95
MEMORY_MB = 64 + 192
"""What the service may grow beyond its size when ready: the caches of pages and of numbers."""
WORDS = (
    "adaptive agents alignment attention audio benchmark caching causal clinical code compression context contrastive "
    "control curriculum decoding depth diffusion distillation driving embedding ensemble evaluation federated feedback "
    "flow fusion generation graph grounding inference instruction kernel knowledge latent learning long memory meta "
    "mixture motion multimodal navigation noise online optimization planning policy pretraining privacy proteins "
    "pruning quantization reasoning recommendation rendering retrieval reward robotics robust routing safety scaling "
    "segmentation sparse speech state steering streaming tabular tokens tracking translation uncertainty video vision"
).split()
PRIVATE = re.compile(rb"[\w.+-]+@[\w-]+\.[\w.-]+|(?<![\w/.:<])/(?:home|root|tmp|var|usr|work|etc|opt|srv)/[\w./-]+")
"""A mail address or a path of the machine."""


# -- the service


class Service:
    """A checkout's ``papertide up --only-web`` as a process, with its limits as they are by default."""

    def __init__(self, checkout: Path, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        is_old = not (checkout / "papertide").is_dir()
        environment = os.environ | {
            "PYTHONPATH": str(checkout),
            "PAPERTIDE_DATA_DIR": str(data),
            "PAPERTIDE_NOW": NOW.isoformat(),
            "PAPERTIDE_SERVICE__TRUSTED_PROXIES": "127.0.0.1",
            "PAPERTIDE_SERVICE__BASE_URL": "https://papertide.example",
        }
        command = [sys.executable, "-m", "service.cli" if is_old else "papertide", "up", "--only-web"]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port)], env=environment, cwd=checkout, stdout=self._log, stderr=self._log
        )

    def wait_until_ready(self) -> None:
        """Wait for the papers and the model, and for the pages that are cached ahead."""
        end = time.monotonic() + 300
        while self.get("/readyz")[0] != 200:
            if time.monotonic() > end or self._process.poll() is not None:
                self._log.seek(0)
                sys.exit(f"the service does not start: {self._log.read().decode()[-2000:]}")
            time.sleep(0.5)

    def get(self, path: str, network: str = HONEST) -> tuple[int, bytes]:
        """Status and body of an answer; status 0 if there is none."""
        return Client(self.port, network).ask("GET", path)[:2]

    def resident_mb(self) -> tuple[float, float]:
        """Resident memory now and at its highest, in MB of 1,000,000 bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        by_name = dict(line.split(":", 1) for line in status.splitlines())
        now, most = (int(by_name[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
        return now, most

    def forget_highest_memory(self) -> None:
        """Begin to note the highest memory again."""
        with suppress(OSError):
            Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")

    def log(self) -> bytes:
        """What the service has written."""
        self._log.seek(0)
        return self._log.read()

    def stop(self) -> None:
        """End the process."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()


class Client:
    """One connection of one network."""

    def __init__(self, port: int, network: str, timeout_s: float = 30.0) -> None:
        self._port, self._network, self._timeout_s = port, network, timeout_s
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes, float]:
        """Status, body and seconds; status 0 for no answer."""
        headers = {"X-Forwarded-For": self._network, "Host": "papertide.example"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout_s)
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read(), time.perf_counter() - began
        except (OSError, http.client.HTTPException):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return 0, b"", time.perf_counter() - began


# -- readers, in a process of their own


@dataclass
class Noticed:
    """What readers noticed: seconds and status of each answer, by kind."""

    cached: list[tuple[float, int]] = field(default_factory=list)
    form: list[tuple[float, int]] = field(default_factory=list)
    honest: list[tuple[float, int]] = field(default_factory=list)


def _readers(port: int, seconds: float, seed: int, result: Any) -> None:
    noticed, end = Noticed(), time.monotonic() + seconds
    rng = random.Random(seed)

    def repeat(every_s: float, ask: Callable[[int], tuple[float, int]], kept: list[tuple[float, int]]) -> None:
        for n in itertools.count():
            began = time.monotonic()
            if began >= end:
                return
            kept.append(ask(n))
            time.sleep(max(0.0, every_s - (time.monotonic() - began)))

    def timed(client: Client, method: str, path: str, body: str | None = None) -> tuple[float, int]:
        status, _, took_s = client.ask(method, path, body)
        return took_s, status

    def unseen(n: int) -> str:
        words = " ".join(rng.sample(WORDS, 3))
        if n % 2:
            return "/search?" + urlencode({"q": words})
        return "/trends?" + urlencode(
            [("term", f"text:{word}") for word in rng.sample(WORDS, 2)] + [("since", _day(rng))]
        )

    threads = []
    for number, network in enumerate(READERS):
        client = Client(port, network)
        path = "/" if number % 2 else f"/digests/{LAST_WEEK}"
        cached = (lambda _, client=client, path=path: timed(client, "GET", path), noticed.cached)
        threads.append(threading.Thread(target=repeat, args=(0.3, *cached)))
    for network in READERS[:2]:
        client = Client(port, network)
        form = (lambda _, client=client: timed(client, "POST", "/subscribe", "address=nobody"), noticed.form)
        threads.append(threading.Thread(target=repeat, args=(4.0, *form)))
    client = Client(port, HONEST)
    honest = (lambda n: timed(client, "GET", unseen(n)), noticed.honest)
    threads.append(threading.Thread(target=repeat, args=(2.0, *honest)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.put(noticed)


def _day(rng: random.Random) -> str:
    return f"2025-{rng.randint(7, 12):02d}-{rng.randint(1, 28):02d}"


# -- attackers

Attack = Callable[[int, int, float, str], Counter[str]]
"""Attacks a port, with a seed, for so many seconds, from a network; gives the answers by status."""


def _requesting(paths: Callable[[random.Random], str]) -> Attack:
    """Ask without a pause, on two connections."""

    def attack(port: int, seed: int, seconds: float, network: str) -> Counter[str]:
        answers: Counter[str] = Counter()
        end = time.monotonic() + seconds

        def one(n: int) -> None:
            rng, client = random.Random(f"{seed}-{network}-{n}"), Client(port, network, seconds + 30)
            while time.monotonic() < end:
                status, _, _ = client.ask("GET", paths(rng))
                answers[str(status or "none")] += 1
                if status in (0, 429, 503):  # as fast as a client that wants answers would
                    time.sleep(0.2)

        _together([lambda n=n: one(n) for n in range(2)])
        return answers

    return attack


def _together(works: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _prefixes(rng: random.Random) -> str:
    terms = ["text:" + " OR ".join(f"{a}*" for a in rng.sample("abcdefghijklmnoprstuvw", 4)) for _ in range(8)]
    return "/api/v1/trends?" + urlencode([("term", term) for term in terms])


def _long_prefixes(rng: random.Random) -> str:
    terms = ["text:" + " OR ".join(f"{w[:3]}*" for w in rng.sample(WORDS, 3)) for _ in range(8)]
    return "/api/v1/trends?" + urlencode([("term", term) for term in terms])


def _common_words(rng: random.Random) -> str:
    return "/papers?" + urlencode({"term": "text:the OR of OR " + rng.choice(WORDS), "since": _day(rng)})


def _searches(rng: random.Random) -> str:
    return "/search?" + urlencode({"q": " ".join(rng.sample(WORDS, 12))})


def _meanings(rng: random.Random) -> str:
    terms = ["meaning:" + " ".join(rng.sample(WORDS, 5)) for _ in range(8)]
    return "/trends?" + urlencode([("term", term) for term in terms])


def _pictures(rng: random.Random) -> str:
    return "/trends.png?" + urlencode([("term", f"text:{w}") for w in rng.sample(WORDS, 3)])


def _junk(rng: random.Random) -> str:
    return f"/status?x={rng.random()}"


def _long_junk(rng: random.Random) -> str:
    return "/methods?" + "x" * rng.randint(1, 9) + "=" + quote(rng.randbytes(20_000).hex())


def _long_known(rng: random.Random) -> str:
    return "/api/v1/topics?limit=100&cursor=" + str(rng.randrange(10**8))


def _lists(rng: random.Random) -> str:
    key = rng.choice(("llm", "diffusion", "transformer", "rl", "gnn", "compression", "ssm"))
    return f"/digests/{LAST_WEEK}/technique-{key}"


def _connecting(send: Callable[[socket.socket, random.Random], None], n: int) -> Attack:
    """Hold ``n`` connections from an address, and open closed ones again."""

    def attack(port: int, seed: int, seconds: float, network: str) -> Counter[str]:
        answers: Counter[str] = Counter()
        source = DIRECT[NETWORKS.index(network)]
        end, rng = time.monotonic() + seconds, random.Random(f"{seed}-{network}")
        held: list[socket.socket] = []
        while time.monotonic() < end:
            while len(held) < n and time.monotonic() < end:
                with suppress(OSError):
                    one = socket.create_connection(("127.0.0.1", port), timeout=2, source_address=(source, 0))
                    one.settimeout(0.5)
                    held.append(one)
                    answers["connected"] += 1
                time.sleep(0.005)
            for one in list(held):
                try:
                    send(one, rng)
                    one.setblocking(False)
                    if not one.recv(1):
                        raise OSError
                except (BlockingIOError, TimeoutError):
                    one.settimeout(0.5)
                except OSError:
                    answers["closed"] += 1
                    one.close()
                    held.remove(one)
            time.sleep(0.5)
        for one in held:
            one.close()
        return answers

    return attack


def _idle(_: socket.socket, __: random.Random) -> None:
    return


def _slow_headers(one: socket.socket, _: random.Random) -> None:
    one.sendall(b"GET / HTTP/1.1\r\nHost: papertide.example\r\n" if not _has_begun(one) else b"X-A: b\r\n")


def _slow_form(one: socket.socket, _: random.Random) -> None:
    head = b"POST /subscribe HTTP/1.1\r\nHost: papertide.example\r\nContent-Length: 60000\r\n\r\n"
    one.sendall(head if not _has_begun(one) else b"a")


_BEGUN: set[int] = set()


def _has_begun(one: socket.socket) -> bool:
    key = one.getsockname()[1] << 8 | int(one.getsockname()[0].rpartition(".")[2])
    known = key in _BEGUN
    _BEGUN.add(key)
    return known


def _many_headers(port: int, seed: int, seconds: float, network: str) -> Counter[str]:
    """30 MB of small headers on one connection, again and again."""
    answers: Counter[str] = Counter()
    source, end = DIRECT[NETWORKS.index(network)], time.monotonic() + seconds
    part = b"".join(b"X-%d: y\r\n" % n for n in range(20_000))
    while time.monotonic() < end:
        try:
            with closing(socket.create_connection(("127.0.0.1", port), 5, source_address=(source, 0))) as one:
                one.sendall(b"GET / HTTP/1.1\r\nHost: papertide.example\r\n")
                for _ in range(30_000_000 // len(part)):
                    one.sendall(part)
            answers["taken"] += 1
        except OSError:
            answers["closed"] += 1
        time.sleep(0.2)
    return answers


ATTACKS: dict[str, Attack] = {
    "charts of short prefixes": _requesting(_prefixes),
    "charts of 24 prefixes": _requesting(_long_prefixes),
    "charts by meaning": _requesting(_meanings),
    "searches of twelve words": _requesting(_searches),
    "lists of common words": _requesting(_common_words),
    "pictures of charts": _requesting(_pictures),
    "lists behind a digest": _requesting(_lists),
    "unknown parameters": _requesting(_junk),
    "long unknown parameters": _requesting(_long_junk),
    "known parameters, never twice": _requesting(_long_known),
    "idle connections": _connecting(_idle, 60),
    "slow headers": _connecting(_slow_headers, 60),
    "slow forms": _connecting(_slow_form, 60),
    "30 MB of headers": _many_headers,
}


def _attacker(name: str, port: int, seed: int, seconds: float, result: Any) -> None:
    answers: Counter[str] = Counter()
    attack, lock = ATTACKS[name], threading.Lock()

    def one(network: str) -> None:
        found = attack(port, seed, seconds, network)
        with lock:
            answers.update(found)

    _together([lambda network=network: one(network) for network in NETWORKS])
    result.put(answers)


# -- one attack, and its line


@dataclass
class Outcome:
    """What an attack did."""

    answers: Counter[str]
    noticed: Noticed
    n_expensive: float | None
    memory_mb: tuple[float, float]
    before_mb: float

    @property
    def cached_ms(self) -> float:
        """The 95th percentile of cached pages, in milliseconds."""
        return _p95_ms(self.noticed.cached)

    @property
    def missed(self) -> list[str]:
        """The bars that were missed."""
        tries, missed = self.noticed.honest, []
        if self.cached_ms > CACHED_MS:
            missed.append(f"cached pages {self.cached_ms:.0f} ms")
        if wrong := [status for _, status in self.noticed.cached if status != 200]:
            missed.append(f"{len(wrong)} cached pages not sent ({wrong[0]})")
        share = sum(status == 200 and took_s <= HONEST_S for took_s, status in tries) / max(1, len(tries))
        if share < HONEST_SHARE:
            missed.append(f"honest reader served in {share:.2f}")
        if any(status == 429 for _, status in tries):
            missed.append("honest reader got 429")
        if self.n_expensive is not None and self.n_expensive >= max(2, os.cpu_count() or 1):
            missed.append(f"{self.n_expensive:.0f} expensive requests at once")
        if self.memory_mb[1] - self.before_mb > MEMORY_MB:
            missed.append(f"memory +{self.memory_mb[1] - self.before_mb:.0f} MB")
        return missed

    def line(self, name: str) -> str:
        """One line of the result."""
        tries = self.noticed.honest
        served = sum(status == 200 and took_s <= HONEST_S for took_s, status in tries)
        answers = ", ".join(f"{n:,} x {status}" for status, n in sorted(self.answers.items()))
        expensive = "?" if self.n_expensive is None else f"{self.n_expensive:.0f}"
        verdict = "met" if not self.missed else "MISSED: " + "; ".join(self.missed)
        return (
            f"  {name:<32}cached p95 {self.cached_ms:>6.0f} ms   form p95 {_p95_ms(self.noticed.form):>6.0f} ms   "
            f"honest {served}/{len(tries)} (p95 {_p95_ms(tries):>6.0f} ms)   expensive at once {expensive}   "
            f"memory {self.before_mb:.0f} to {self.memory_mb[1]:.0f} MB   {verdict}\n      answers: {answers}"
        )


def _p95_ms(answers: Sequence[tuple[float, int]]) -> float:
    return float(np.percentile([1000 * took_s for took_s, _ in answers], 95)) if answers else float("nan")


def try_attack(service: Service, name: str, seconds: float, seed: int) -> Outcome:
    """Attack while readers read."""
    fork = multiprocessing.get_context("fork")
    attacked, noticed = fork.Queue(), fork.Queue()
    service.forget_highest_memory()
    before_mb = service.resident_mb()[0]
    processes = [
        fork.Process(target=_attacker, args=(name, service.port, seed, seconds, attacked)),
        fork.Process(target=_readers, args=(service.port, seconds, seed, noticed)),
    ]
    for process in processes:
        process.start()
    end, most = time.monotonic() + seconds, None
    while time.monotonic() < end:
        time.sleep(1.0)
        running = _running(service.get("/metrics", "192.0.2.8")[1])
        most = running if most is None else max(most, running or 0.0)
    outcome = Outcome(
        attacked.get(timeout=seconds + 120), noticed.get(timeout=seconds + 120), most, service.resident_mb(), before_mb
    )
    for process in processes:
        process.join(10)
    return outcome


def _running(metrics: bytes) -> float | None:
    found = re.search(rb'^papertide_pages_made\{pool="expensive",state="running"\} (\S+)', metrics, re.MULTILINE)
    return float(found[1]) if found else None


# -- a held database, and what an outsider learns


def try_held_database(service: Service, data: Path, seconds: float) -> list[str]:
    """Hold the database as a writer, and send forms and ask for pages meanwhile; gives what was missed."""
    writer = sqlite3.connect(data / "papertide.sqlite", isolation_level=None, timeout=30)
    writer.execute("BEGIN IMMEDIATE")
    forms: list[tuple[float, int]] = []
    pages: list[tuple[float, int]] = []

    def send(n: int) -> None:
        status, _, took_s = Client(service.port, f"198.51.100.{10 + n}").ask(
            "POST", "/subscribe", urlencode({"address": f"reader{n}@papertide.example"})
        )
        forms.append((took_s, status))

    senders = [threading.Thread(target=send, args=(n,)) for n in range(20)]
    for sender in senders:
        sender.start()
    reader, end = Client(service.port, READERS[0]), time.monotonic() + min(seconds, 20)
    while time.monotonic() < end or any(sender.is_alive() for sender in senders):
        status, _, took_s = reader.ask("GET", "/")
        pages.append((took_s, status))
        time.sleep(0.3)
    writer.execute("ROLLBACK")
    writer.close()
    statuses = Counter(status for _, status in forms)
    missed = [f"cached pages {_p95_ms(pages):.0f} ms"] if _p95_ms(pages) > CACHED_MS else []
    missed += ["pages not sent"] if any(status != 200 for _, status in pages) else []
    missed += [f"forms waited {_p95_ms(forms):.0f} ms"] if _p95_ms(forms) > 8_000 else []
    verdict = "met" if not missed else "MISSED: " + "; ".join(missed)
    name = "a writer holds the database"
    print(
        f"  {name:<32}cached p95 {_p95_ms(pages):>6.0f} ms   form p95 {_p95_ms(forms):>6.0f} ms"
        f"   forms: {dict(statuses)}   {verdict}",
        flush=True,
    )
    return missed


def try_disclosure(service: Service) -> list[str]:
    """Look for addresses and paths in what an outsider can read, and for foreign hosts in answers."""
    missed: list[str] = []
    for path in ("/status", "/api/v1/status", "/metrics", "/about", "/api/v1/openapi.json", "/no/such/page"):
        found = {match.decode() for match in PRIVATE.findall(service.get(path)[1])}
        found -= {"papertide@papertide.example"}
        missed += [f"{path} shows {one}" for one in sorted(found)]
    for host in ("evil.example", "papertide.example"):
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        connection.request("GET", "/digests/", headers={"Host": host})
        answer = connection.getresponse()
        if "evil" in (answer.getheader("Location") or "") or b"evil" in answer.read():
            missed.append("/digests/ repeats a foreign host")
    log = {match.decode() for match in PRIVATE.findall(service.log())}
    missed += [f"the log shows {one}" for one in sorted(log) if "@" in one]
    verdict = "nothing: met" if not missed else "MISSED: " + "; ".join(missed)
    print(f"  {'what an outsider learns':<32}{verdict}", flush=True)
    return missed


def attack_checkout(checkout: Path, data: Path, names: Sequence[str], seconds: float) -> bool:
    """All attacks on one checkout; whether a bar was missed."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "data"
        shutil.copytree(data, copy)
        service = Service(checkout, copy)
        missed = False
        try:
            service.wait_until_ready()
            for path in ("/", f"/digests/{LAST_WEEK}", "/methods", "/status", "/subscribe"):
                service.get(path)
            time.sleep(20)
            print(
                f"load of the machine {os.getloadavg()[0]:.1f}; {service.resident_mb()[0]:.0f} MB when ready",
                flush=True,
            )
            for seed, name in enumerate(names):
                outcome = try_attack(service, name, seconds, seed)
                print(outcome.line(name), flush=True)
                missed |= bool(outcome.missed)
                time.sleep(min(seconds, 15))  # connections that were left end
            missed |= bool(try_held_database(service, copy, seconds))
            missed |= bool(try_disclosure(service))
        finally:
            service.stop()
    return missed


def main() -> None:
    """Attack before and after, print, and judge."""
    parser = argparse.ArgumentParser(description="Attacks on the web service from eight networks.")
    parser.add_argument("--data", type=Path, required=True, help="folder of a database that benchmarks.service built")
    parser.add_argument("--seconds", type=float, default=60, help="how long each attack lasts")
    parser.add_argument("--before", type=Path, help="another checkout, attacked first")
    parser.add_argument("--before-data", type=Path, help="its database; by default --data")
    parser.add_argument("--only", nargs="+", choices=sorted(ATTACKS), help="only these attacks")
    options = parser.parse_args()
    names = [name for name in ATTACKS if not options.only or name in options.only]
    print(
        f"{len(NETWORKS)} networks, {options.seconds:.0f} s each, {os.cpu_count()} cores; bars: cached pages p95 "
        f"{CACHED_MS} ms, none refused; honest reader in {HONEST_S:.0f} s in {HONEST_SHARE}; +{MEMORY_MB} MB"
    )
    if options.before:
        print(f"before: {options.before}")
        attack_checkout(options.before.resolve(), options.before_data or options.data, names, options.seconds)
        print("after:")
    sys.exit(attack_checkout(Path.cwd(), options.data, names, options.seconds))


if __name__ == "__main__":
    main()
