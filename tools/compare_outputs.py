"""Show that two versions of Papertide give the same outputs for the same stored papers.

python -m tools.compare_outputs dump CHECKOUT DATA_DIR OUT     write every output of that checkout's code into OUT
python -m tools.compare_outputs diff OUT_A OUT_B               list what differs; exit status 1 where anything does
python -m tools.compare_outputs diff --numbers OUT_A OUT_B     the same, but words may differ

A refactoring is checked with one dump of the code before it, one of the code after it, and a diff::

    python -m tools.compare_outputs dump ../before data /tmp/before
    python -m tools.compare_outputs dump ../after data /tmp/after --like /tmp/before
    python -m tools.compare_outputs diff /tmp/before /tmp/after

The tool knows Papertide from outside only, by its command line and over HTTP, so both checkouts may name their
modules as they like: ``-m papertide`` is run where ``papertide/__main__.py`` exists, else ``-m service.cli``.
The checkout's ``.venv/bin/python`` runs it, with the checkout first on ``PYTHONPATH``; the tool stops if any package
of the checkout would be imported from elsewhere.

What a dump does
----------------
It works on two copies of DATA_DIR, never on DATA_DIR itself. A ``papertide.toml`` in DATA_DIR holds the settings that
the data was made with; the variables in ``_SETTINGS`` win over it. The clock stands still, 36 hours after the end of
the last week held (``--now`` for another instant). No network but loopback is used.

======================  ==============================================================================================
folder of OUT           holds
======================  ==============================================================================================
``cli/``                standard output of each reading command; ``NAME.err`` where it failed or wrote to standard
                        error
``mail/``               previews of issues: ``.html`` and ``.txt`` parts, ``.eml`` files taken apart
``web/``                one body for each address; ``web/responses.txt`` has their status and headers,
                        ``web/urls.txt`` the addresses, which ``--like`` reads
``subscription/``       a reader's way through forms, confirmation, own page, delivery and leaving: pages and mails
``write/``              the digest files that ``digest --week`` writes, ``export``, and (without ``--quick``) topics
                        that are refitted
======================  ==============================================================================================

Addresses come from a list that covers every page and form of answer, from the OpenAPI document (each parameter in
turn), and from the links of the pages found so far, four levels deep. Of addresses that differ only in numbers and
names at most ``_MAX_PER_SHAPE`` are fetched, chosen by a hash, so that one more link on a page changes little.

A dump takes some minutes of a processor; ``--quick`` takes a third of that: a quarter of the commands, the listed and
described addresses alone, and no fit. ``diff --part FULL QUICK`` does not count what only the full dump has, nor
compares the two lists of addresses.

What is random by nature is replaced before it is written; ``_NORMALISED`` is the whole list.

What ``--numbers`` compares
---------------------------
JSON by field names, numbers, booleans, nulls, and texts without blanks that hold a digit (ids, weeks, days,
addresses). Pages and feeds by their sequence of numbers, links and ids, text by its numbers and addresses. Pictures
by their presence, because words are drawn in them.
"""

from __future__ import annotations

import argparse
import email
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import unified_diff
from email.message import Message
from email.policy import default as email_policy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

BASE_URL = "https://papertide.example"
"""What links in feeds and mails begin with, so that the port is in none of them."""

_SETTINGS = {
    "PAPERTIDE_SERVICE__BASE_URL": BASE_URL,
    "PAPERTIDE_SERVICE__REQUESTS_PER_MINUTE": "0",
    "PAPERTIDE_SERVICE__QUERY_S": "0",  # on a busy machine a limit would be met now and then
    "PAPERTIDE_MAIL__RATE_PER_S": "1000",
}

_NORMALISED: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("tokens in addresses", re.compile(r"(/subscriptions/[a-z]+/)[A-Za-z0-9_-]{32}(?![A-Za-z0-9_-])"), r"\1TOKEN"),
    ("random part of a Message-ID", re.compile(r"<[0-9a-f]{32}(\.digest)?@"), r"<KEY\1@"),
    ("message keys in a reader's data", re.compile(r'("message_key": ")[0-9a-f]{32}"'), r'\1KEY"'),
    ("MIME boundaries", re.compile(r"=_[0-9a-f]{32}"), "=_BOUNDARY"),
    (
        "requests to arXiv in the last 24 hours of the wall clock",
        re.compile(r'"last_day": ?\{[^}]*\}'),
        '"last_day": {}',
    ),
    ("the same in words", re.compile(r"(arXiv, last 24 hours: ).*"), r"\1N"),
    ("how the program was started", re.compile(r"python -m (?:service\.cli|papertide)\b"), "papertide"),
)
"""Name, pattern and replacement of what is random by nature or follows the wall clock, which jobs are timed by.

Replaced as well: the folders of copy and checkout by ``DATA`` and ``CHECKOUT``, the address of the web service by
``HOST``, and instants between the beginning of the dump and now by ``NOW``. Stored instants stay.
"""

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)?")

_METRICS_OF_A_RUN = re.compile(r"^(?:(?:papertide_request|process_|python_)\S*|\S*_created(?:\{.*\})?) .*\n", re.M)
"""Lines of ``/metrics`` that count this very run; they are left out."""

_MAX_URLS = 600
_MAX_PER_SHAPE = 14
_MAX_LEVELS = 4
_READY_S = 300.0
_HEADERS_LEFT_OUT = frozenset({"date", "etag", "content-length", "server"})
"""The ETag and the length follow from the body, which is compared, and may hold what is normalised."""

_LISTS_OF_ADDRESSES = frozenset({"web/responses.txt", "web/urls.txt"})
"""Files that hold other lines in a quick dump."""

_MAX_ONLY_IN_ONE = 60
"""Files that only one dump has, of which more than this are only counted."""

_TERMS = ("diffusion", "llm", "transformer", "gnn", "rl", "rag", "agents", "peft")
_THEMES = ("efficiency", "evaluation", "data_governance", "deployment", "security", "application")
_QUERY = "quantization of large language models below 4 bits"
_QUERIES = (_QUERY, "causal inference", "diffusion", "zzzz qqqq xxxx")
_FOLLOWS = (
    "technique:diffusion",
    "technique:llm",
    "theme:efficiency",
    "search:uncertainty of neural networks",
)
_ABSTRACTS = (
    ("a", "Latent diffusion models for speech", "We train a latent diffusion model. Transformers are compared."),
    ("b", "Heat diffusion on graphs", "We study heat diffusion on graphs and diffusion MRI, without any model."),
    ("c", "LoRA for large language models", "We fine-tune an LLM with LoRA, at 4-bit quantization, on one GPU."),
    ("d", "Graph neural networks", "A GNN with message passing predicts molecules; we release a benchmark."),
    ("e", "Retrieval-augmented generation", "Our RAG system with agents is deployed in production at a hospital."),
    ("f", "", ""),
    ("g", "Größe und „Anführung“ <b>&amp;", "Attention $\\alpha$-weights: jailbreak attacks on VLMs & privacy."),
)


class ToolError(Exception):
    """What stops the tool; its message is for whoever runs it."""


# -- the program, from outside


@dataclass(frozen=True)
class Program:
    """The code of a checkout with one data folder and one clock.

    ``now`` is an instant as the settings write it, ``None`` for the wall clock.
    """

    checkout: Path
    data_dir: Path
    now: str | None = None

    @property
    def python(self) -> str:
        """The checkout's interpreter."""
        return str(self.checkout / ".venv" / "bin" / "python")

    @property
    def module(self) -> str:
        """What ``python -m`` runs."""
        return "papertide" if (self.checkout / "papertide" / "__main__.py").exists() else "service.cli"

    @property
    def environment(self) -> dict[str, str]:
        """Variables of its process: nothing of ours reaches its settings but what is meant to."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        fixed = {"PYTHONPATH": str(self.checkout), "LANG": "C.UTF-8", "TZ": "UTC", "COLUMNS": "100", "NO_COLOR": "1"}
        # One thread adds floating-point numbers in one order.
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        clock = {"PAPERTIDE_NOW": self.now} if self.now else {}
        return kept | fixed | threads | _SETTINGS | clock

    def command(self, *arguments: str) -> list[str]:
        """A command as it is typed."""
        config = self.data_dir / "papertide.toml"
        return [
            self.python,
            "-m",
            self.module,
            "--config",
            str(config),
            "--data-dir",
            str(self.data_dir),
            *arguments,
        ]

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        return subprocess.run(  # noqa: S603 - the checkout's own interpreter, chosen by whoever runs the tool
            self.command(*arguments),
            cwd=self.checkout,
            env=self.environment,
            input=given.encode(),
            capture_output=True,
            check=False,
        )

    def answer(self, *arguments: str) -> Any:
        """The JSON that a command prints.

        Raises
        ------
        ToolError
            If it fails: nothing can be dumped without it.
        """
        ended = self.run(*arguments)
        if ended.returncode:
            raise ToolError(f"{' '.join(arguments)} failed: {ended.stderr.decode(errors='replace').strip()}")
        return json.loads(ended.stdout)

    def require_own_code(self) -> None:
        """Stop if a package of the checkout would be imported from elsewhere, such as an editable install.

        Raises
        ------
        ToolError
        """
        names = sorted(p.parent.name for p in self.checkout.glob("*/__init__.py"))
        code = (
            "import importlib.util, json, sys\n"
            "specs = {name: importlib.util.find_spec(name) for name in sys.argv[1:]}\n"
            "print(json.dumps({name: spec and spec.origin for name, spec in specs.items()}))"
        )
        found = subprocess.run(  # noqa: S603 - as above
            [self.python, "-c", code, *names, self.module],
            cwd=self.data_dir,  # not the checkout: what `-m` adds to the path must not be needed
            env=self.environment,
            capture_output=True,
            check=False,
        )
        if found.returncode:
            raise ToolError(f"{self.checkout} cannot be run: {found.stderr.decode(errors='replace').strip()}")
        for name, origin in json.loads(found.stdout).items():
            if origin is None or not Path(origin).is_relative_to(self.checkout):
                raise ToolError(f"{name} would be imported from {origin}, not from {self.checkout}")


@dataclass
class Dump:
    """A folder of outputs, normalised as they are written."""

    folder: Path
    replaced: list[tuple[str, str]] = field(default_factory=list)
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    n_files: int = 0

    def write(self, name: str, content: bytes) -> None:
        """Write one output; pictures stay as they are."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._normalised(content))
        self.n_files += 1

    def _normalised(self, content: bytes) -> bytes:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return content
        for found, name in self.replaced:
            text = text.replace(found, name)
        for _, pattern, replacement in _NORMALISED:
            text = pattern.sub(replacement, text)
        return _INSTANT.sub(self._instant, text).encode()

    def _instant(self, found: re.Match[str]) -> str:
        try:
            at = datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00")
        except ValueError:  # numbers that only look like one
            return found[0]
        return "NOW" if self.began_at <= at <= datetime.now(UTC) else found[0]

    def command(self, program: Program, name: str, *arguments: str, given: str = "") -> bytes:
        """Run a command and write what it printed; returns its standard output."""
        ended = program.run(*arguments, given=given)
        self.write(name, ended.stdout)
        if ended.returncode or ended.stderr:
            message = f"exit status {ended.returncode}\n".encode() + ended.stderr
            self.write(f"{name}.err", message)
        return ended.stdout

    def folder_of(self, source: Path, name: str) -> None:
        """Copy all files of a folder."""
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            self.write(f"{name}/{path.relative_to(source)}", path.read_bytes())

    def mail(self, name: str, content: bytes) -> str:
        """Write a mail taken apart, its parts decoded; returns its text.

        Encoded lines break at other places where a random token stands in them, so they are not compared as sent.
        """
        message = email.message_from_bytes(content, policy=email_policy)
        head = content.partition(b"\r\n\r\n")[0]
        structure, text = [head.decode(errors="replace"), ""], ""
        for number, part in enumerate(message.walk()):
            inside = "; ".join(f"{key}: {value}" for key, value in part.items()) if number else ""
            structure.append(f"part {number}: {part.get_content_type()}  {inside}")
            if part.is_multipart():
                continue
            suffix = {"text/plain": "txt", "text/html": "html", "image/png": "png"}.get(part.get_content_type(), "bin")
            body = _payload(part)
            self.write(f"{name}.{number}.{suffix}", body)
            if suffix == "txt":
                text = body.decode(errors="replace")
        self.write(f"{name}.headers.txt", "\n".join(structure).encode())
        return text


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


# -- what is stored


@dataclass(frozen=True)
class Stored:
    """What the questions are asked about."""

    weeks: tuple[str, ...]
    digests: tuple[str, ...]
    categories: tuple[str, ...]
    topics: tuple[tuple[int, str], ...]
    papers: tuple[str, ...]
    addresses: tuple[str, ...]
    now: str

    @property
    def months(self) -> tuple[str, ...]:
        """The months that the weeks' Thursdays lie in."""
        thursdays = [datetime.strptime(f"{week}-4", "%G-W%V-%u").replace(tzinfo=UTC) for week in self.weeks]
        return tuple(dict.fromkeys(f"{day:%Y-%m}" for day in thursdays))


def _stored(program: Program, now: str | None) -> Stored:
    status = program.answer("status", "--json")
    held = [week for week in status["weeks"] if week["n"]]
    if not held:
        raise ToolError("no paper is stored")
    monday = datetime.fromisoformat(held[-1]["start"]).replace(tzinfo=UTC)
    found = program.answer("search", "neural networks", "--limit", "40", "--json")
    return Stored(
        weeks=tuple(week["week"] for week in held),
        digests=tuple(status["digests"]),
        categories=tuple(sorted(held[-1]["categories"])),
        topics=tuple((t["topic_id"], t["label"]) for t in program.answer("topics", "list", "--json")),
        papers=tuple(r["arxiv_id"] for r in found["results"]),
        addresses=tuple(r["address"] for r in program.answer("subscribers", "list", "--json")),
        now=now or f"{monday + timedelta(days=7, hours=36):%Y-%m-%dT%H:%M:%SZ}",
    )


# -- commands


def _reading_commands(stored: Stored) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name of the output and arguments of every command that changes nothing."""
    yield from _trend_commands(stored)
    yield from _search_commands(stored)
    for name, arguments in (
        ("topics-list", ("topics", "list")),
        ("status", ("status",)),
        ("calls", ("calls",)),
        *((f"calls-{week}", ("calls", "--week", week)) for week in stored.weeks[-3:]),
        ("subscribers-list", ("subscribers", "list")),
        ("subscribers-active", ("subscribers", "list", "--state", "active")),
    ):
        yield f"{name}.txt", arguments
        yield f"{name}.json", (*arguments, "--json")
    for address in stored.addresses:
        yield f"subscribers-export-{address}.json", ("subscribers", "export", address)
    yield "calls-none.txt", ("calls", "--week", "1999-W01")
    yield "deliver-dry-run.txt", ("deliver", "--dry-run")
    yield "deliver-list.txt", ("deliver", "--list")
    yield "version.txt", ("--version",)


def _trend_commands(stored: Stored) -> Iterator[tuple[str, tuple[str, ...]]]:
    first, last = stored.categories[0], stored.categories[-1]
    middle, newest = stored.weeks[len(stored.weeks) // 2], stored.weeks[-1]
    topics = [label for _, label in stored.topics[:3]]
    variants: dict[str, tuple[str, ...]] = {
        "week": _TERMS,
        "month": (*_TERMS, "--by", "month"),
        "quarter": (*_TERMS, "--by", "quarter"),
        "year": (*_TERMS, "--by", "year"),
        "mentions": (*_TERMS, "--level", "mentions"),
        "about": (*_TERMS, "--level", "about", "--by", "month"),
        "category": (*_TERMS[:3], "--category", last),
        "categories-primary": (*_TERMS[:3], "--category", first, "--category", last, "--primary", "--by", "month"),
        "since-until": (*_TERMS[:3], "--since", middle, "--until", newest),
        "since-month": (*_TERMS[:3], "--since", stored.months[-2] if len(stored.months) > 1 else stored.months[-1]),
        "since-day": (*_TERMS[:3], "--since", newest[:4], "--until", stored.now[:10], "--by", "quarter"),
        "themes": _THEMES,
        "themes-month": (*_THEMES, "--by", "month"),
        "words": ("knowledge distillation", "text:test-time scaling", "text:Größe", "reinforcement learning"),
        "words-month": ("text:neural networks", "text:attention", "--by", "month", "--category", first),
        "meaning": ("meaning:faster inference of large models", "meaning:theory of generalization"),
        "meaning-month": ("meaning:faster inference of large models", "--by", "month", "--since", middle),
        **({"topics": tuple(topics)} if topics else {}),
        **({"topics-month": (*(f"topic:{label}" for label in topics), "--by", "month")} if topics else {}),
    }
    for name, arguments in variants.items():
        yield f"trends-{name}.json", ("trends", *arguments, "--json")
    for name in ("month", "words", "meaning-month", "topics"):
        if name in variants:
            yield f"trends-{name}.csv", ("trends", *variants[name], "--csv")
    for name in ("week", "themes-month"):
        yield f"trends-{name}.txt", ("trends", *variants[name])
    for name, arguments in (
        ("unknown-category", ("diffusion", "--category", "cs.XX", "--json")),
        ("empty-range", ("diffusion", "--since", "1999-W01", "--until", "1998", "--json")),
        ("wrong-day", ("diffusion", "--since", "yesterday", "--json")),
        ("no-such-topic", ("topic:zzzz", "--json")),
        ("json-and-csv", ("diffusion", "--json", "--csv")),
    ):
        yield f"trends-error-{name}.json", ("trends", *arguments)


def _search_commands(stored: Stored) -> Iterator[tuple[str, tuple[str, ...]]]:
    for number, query in enumerate(_QUERIES):
        yield f"search-{number}.json", ("search", query, "--json")
    yield "search.txt", ("search", _QUERY)
    yield "search.bib", ("search", _QUERY, "--limit", "100", "--bibtex")
    yield "search.ris", ("search", _QUERY, "--limit", "100", "--ris")
    yield "search-since.json", ("search", _QUERY, "--since", stored.weeks[-2], "--limit", "50", "--json")
    yield "search-category.json", ("search", _QUERY, "--category", stored.categories[-1], "--limit", "500", "--json")
    for topic_id, label in stored.topics[:1]:
        yield "search-topic.json", ("search", "learning", "--topic", label, "--json")
        yield "search-topic-number.bib", ("search", "learning", "--topic", str(topic_id), "--bibtex")
    yield "search-empty.json", ("search", "", "--json")


def _dump_commands(program: Program, stored: Stored, out: Dump, *, quick: bool) -> None:
    for name, arguments in list(_reading_commands(stored))[:: 4 if quick else 1]:
        out.command(program, f"cli/{name}", *arguments)
    lines = [json.dumps({"id": key, "title": title, "abstract": abstract}) for key, title, abstract in _ABSTRACTS]
    out.command(program, "cli/detect.jsonl", "detect", given="\n".join(lines) + "\n")
    out.command(program, "cli/detect-error.jsonl", "detect", given=f"{lines[0]}\nnot JSON\n")
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("json", "svg", "png"):
            chart = Path(folder) / f"chart.{suffix}"
            program.run("trends", *_TERMS[:3], "--out", str(chart))
            if chart.exists():
                out.write(f"cli/trends-chart.{suffix}", chart.read_bytes())


def _dump_previews(program: Program, stored: Stored, out: Dump) -> None:
    """Mails of issues as readers with different wishes would get them."""
    follows = [f"--follow={follow}" for follow in _FOLLOWS]
    follows += [f"--follow=topic:{topic_id}" for topic_id, _ in stored.topics[:2]]
    follows += [f"--follow=category:{stored.categories[-1]}"]
    variants: list[tuple[str, str, tuple[str, ...]]] = [
        ("newest", "html", ()),
        ("newest", "txt", ()),
        ("newest-follows", "eml", tuple(follows)),
        ("newest-as-text", "eml", ("--format", "text", *follows[:2])),
        ("wrong-follow", "eml", ("--follow=technique:zzzz",)),
    ]
    for issue in (*stored.digests[-2:-1], *stored.months[-2:]):
        variants.append((f"issue-{issue}", "eml", ("--issue", issue, *follows)))
    with tempfile.TemporaryDirectory() as folder:
        for name, suffix, arguments in variants:
            file = Path(folder) / f"{name}.{suffix}"
            ended = program.run("mail", "preview", "--out", str(file), *arguments)
            if not file.exists():
                message = f"exit status {ended.returncode}\n".encode() + ended.stderr
                out.write(f"mail/{name}.{suffix}.err", message)
            elif suffix == "eml":
                out.mail(f"mail/{name}.eml", file.read_bytes())
            else:
                out.write(f"mail/{name}.{suffix}", file.read_bytes())


# -- the web service


@dataclass(frozen=True)
class Reply:
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0]


class WebService:
    """``up --only-web`` on a free loopback port; stopped at the end of the ``with`` block."""

    def __init__(self, program: Program) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._command = program.command("up", "--only-web", "--host", "127.0.0.1", "--port", str(self.port))
        self._program = program

    def __enter__(self) -> WebService:
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(  # noqa: S603 - as above
            self._command,
            cwd=self._program.checkout,
            env=self._program.environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + _READY_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = self.log().decode(errors="replace")
                self.__exit__()
                raise ToolError(f"the web service does not become ready: {log.strip()}")
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def log(self) -> bytes:
        """What it has written to standard output and standard error."""
        self._log.seek(0)
        content = self._log.read()
        self._log.seek(0, os.SEEK_END)
        return content

    def _is_ready(self) -> bool:
        try:
            return self.fetch("/readyz").status == 200
        except OSError:
            return False

    def fetch(self, url: str, form: Sequence[tuple[str, str]] | None = None) -> Reply:
        """GET an address of the service, or POST a form to it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            if form is None:
                connection.request("GET", url)
            else:
                head = {"Content-Type": "application/x-www-form-urlencoded"}
                connection.request("POST", url, urlencode(form), head)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


class _Marks(HTMLParser):
    """Links, ids and numbers of a page in their order, and its links for following."""

    _WORDS = frozenset({"class", "style", "title", "alt", "content", "placeholder", "aria-label", "aria-description"})
    _LINKS = frozenset({"href", "src", "action"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.marks: list[str] = []
        self._inside_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside_script = tag in ("script", "style")
        for name, value in attrs:
            if value is None or name in self._WORDS:
                continue
            if name in self._LINKS:
                self.marks.append(f"{name} {_STATIC_FILE.sub('/static/FILE', value)}")
                if name != "action":
                    self.links.append(value)
            elif name in ("id", "name", "for"):
                self.marks.append(f"{name} {value}")
            else:
                self.marks.extend(f"{name} {number}" for number in _numbers(value))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside_script = False

    def handle_data(self, data: str) -> None:
        if not self._inside_script:
            self.marks.extend(_text_marks(data))


_STATIC_FILE = re.compile(r"/static/\S+")
_TEXT_MARK = re.compile(r"(?:https?|tag|mailto|urn):[^\s<>\"”]+|\d[\d,]*(?:\.\d+)*")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)*")


def _numbers(text: str) -> list[str]:
    return [number.replace(",", "") for number in _NUMBER.findall(text)]


def _text_marks(text: str) -> list[str]:
    found = _TEXT_MARK.findall(text)
    return [mark.rstrip(".,;:)") if ":" in mark else mark.strip(",").replace(",", "") for mark in found]


def _parsed(text: str) -> _Marks:
    marks = _Marks()
    marks.feed(text)
    marks.close()
    return marks


def _asked(path: str, *parameters: tuple[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path


def _seeds(stored: Stored) -> Iterator[str]:
    """Addresses that must be fetched, whether or not a page leads to them."""
    yield from (
        "/",
        "/digests",
        "/topics",
        "/trends",
        "/search",
        "/papers",
        "/methods",
        "/calls",
        "/claims",
        "/status",
        "/about",
    )
    yield from ("/api", "/subscribe", "/healthz", "/readyz", "/robots.txt", "/favicon.ico", "/static/icon.svg")
    yield from ("/openapi.json", "/api/v1/openapi.json", "/feeds/digests.atom", "/feeds/digests.json")
    first, last, newest = stored.categories[0], stored.categories[-1], stored.weeks[-1]
    for week in stored.digests[-3:]:
        yield from (f"/digests/{week}{ending}" for ending in ("", ".txt", ".json", "/revisions/1"))
        yield from (f"/digests/{week}/technique-diffusion", f"/api/v1/digests/{week}")
    for sort in ("name", "newest", "recent"):
        yield f"/topics?sort={sort}"
    yield "/topics?q=learning"
    for topic_id, label in stored.topics[:12]:
        yield from (f"/topics/{topic_id}", f"/api/v1/topics/{topic_id}")
        yield from (f"/feeds/topics/{topic_id}.atom", f"/feeds/topics/{topic_id}.json")
        yield _asked("/papers", ("topic", str(topic_id)), ("since", newest))
        yield _asked("/search", ("q", "learning"), ("topic", label))
    terms = tuple(("term", term) for term in _TERMS[:4])
    trend_questions: tuple[tuple[tuple[str, str], ...], ...] = (
        terms,
        (*terms, ("by", "month")),
        (*terms, ("by", "quarter"), ("level", "mentions")),
        (*terms, ("level", "about")),
        (*terms, ("category", first), ("category", last), ("primary", "true")),
        (*terms, ("since", stored.weeks[-9:][0]), ("until", newest)),
        (("term", "text:neural networks"), ("term", "meaning:faster inference of large models"), ("by", "month")),
        tuple(("term", theme) for theme in _THEMES),
        tuple(("term", f"topic:{label}") for _, label in stored.topics[:3]),
    )
    for question in trend_questions:
        yield from (_asked(f"/trends{ending}", *question) for ending in ("", ".json", ".csv", ".svg"))
        yield _asked("/api/v1/trends", *question)
    yield _asked("/trends.png", *terms)
    yield _asked("/trends", *terms, ("measure", "count"))
    yield _asked("/trends", *terms, ("add", "graph theory"), ("as", "meaning"))
    for query in _QUERIES:
        yield from (_asked(path, ("q", query)) for path in ("/search", "/api/v1/search", "/feeds/search.atom"))
    for form in ("bib", "ris", "csl", "csv"):
        yield _asked(f"/search.{form}", ("q", _QUERY))
        yield _asked(f"/papers.{form}", ("term", "diffusion"), ("since", newest))
        yield f"/papers/{stored.papers[0]}.{form}"
    yield _asked("/search", ("q", _QUERY), ("sort", "newest"), ("since", newest), ("term", "llm"), ("level", "about"))
    yield _asked("/feeds/search.json", ("q", _QUERY), ("category", last))
    yield _asked("/papers", ("term", "text:attention"), ("limit", "50"), ("cursor", "50"))
    yield _asked("/api/v1/papers", ("term", "diffusion"), ("since", newest), ("until", newest), ("limit", "100"))
    yield from (f"/calls?week={week}" for week in stored.weeks[-2:])
    yield from (f"/api/v1/calls?week={week}" for week in stored.weeks[-2:])
    for arxiv_id in stored.papers:
        yield f"/api/v1/papers/{arxiv_id}"
    yield from (f"/papers/{arxiv_id}" for arxiv_id in stored.papers[:10])
    # What is refused, as a page and as JSON.
    yield from ("/nothing", "/api/v1/nothing", "/topics/999999", "/api/v1/topics/999999", "/digests/1999-W01")
    yield from ("/digests/never", "/api/v1/digests/1999-W01", "/papers/9912.99999", "/api/v1/papers/9912.99999")
    yield from ("/api/v1/trends", "/api/v1/trends?term=diffusion&by=day", "/api/v1/search?q=", "/papers?since=xx")
    yield from ("/trends?term=diffusion&category=cs.XX", "/api/v1/papers?term=zzzz", "/static/none.css")
    yield from (f"/subscriptions/{page}/never" for page in ("confirm", "manage", "unsubscribe", "block"))


def _described(document: Mapping[str, Any], stored: Stored) -> Iterator[str]:
    """Addresses of every GET route that an OpenAPI document describes: plain, and with each parameter in turn."""
    known = {
        "week": stored.digests[-1] if stored.digests else stored.weeks[-1],
        "topic_id": str(stored.topics[0][0]) if stored.topics else "1",
        "arxiv_id": stored.papers[0],
        "topic": str(stored.topics[0][0]) if stored.topics else "1",
        "since": stored.weeks[-3:][0],
        "until": stored.weeks[-1],
        "category": stored.categories[-1],
        "primary": "true",
        "limit": "7",
        "cursor": "5",
        "q": _QUERY,
        "term": "diffusion",
    }
    for path, operations in sorted(document["paths"].items()):
        if "get" not in operations:
            continue
        parameters = operations["get"].get("parameters", ())
        filled = path
        for name in re.findall(r"\{(\w+)\}", path):
            filled = filled.replace(f"{{{name}}}", known.get(name, "1"))
        always = [
            (p["name"], known.get(p["name"], "1")) for p in parameters if p["in"] == "query" and p.get("required")
        ]
        if any(p["name"] == "term" for p in parameters) and not always:
            always = [("term", "diffusion")]
        yield _asked(filled, *always)
        for p in parameters:
            if p["in"] != "query" or p["name"] in dict(always):
                continue
            schema = p["schema"]
            values = schema.get("enum") or [known.get(p["name"], "1")]
            for value in values:
                yield _asked(filled, *always, (p["name"], str(value)))


def _links_of(url: str, reply: Reply) -> Iterator[str]:
    """Addresses of this service that an answer leads to."""
    if reply.media_type not in ("text/html", "application/atom+xml", "image/svg+xml"):
        return
    for link in _parsed(reply.body.decode(errors="replace")).links:
        link = link.partition("#")[0]
        if link.startswith(BASE_URL):
            link = link.removeprefix(BASE_URL) or "/"
        if link.startswith("?"):
            link = urlsplit(url).path + link
        if link.startswith("/") and not link.startswith("//"):
            yield quote(link, safe="/?&=%:+-_.~,;!*'()")


def _shape(url: str) -> str:
    """Addresses of one shape are drawn by the same code.

    Examples
    --------
    >>> _shape("/papers/2606.01846") == _shape("/papers/2606.00001")
    True
    >>> _shape("/papers?term=a&since=b") == _shape("/papers?term=a")
    False
    """
    parts = urlsplit(url)
    path = re.sub(r"\d+", "0", parts.path)
    path = re.sub(r"(?<=/)([a-z]+)-[^/]+$", r"\1-", path)
    names = Counter(pair.partition("=")[0] for pair in parts.query.split("&"))
    return f"{path}?{'&'.join(sorted(names))}"


def _file_of(url: str, media_type: str) -> str:
    """Where the body of an address is written."""
    suffix = {
        "text/html": "html",
        "application/json": "json",
        "application/feed+json": "json",
        "application/vnd.citationstyles.csl+json": "json",
        "application/atom+xml": "xml",
        "image/svg+xml": "svg",
        "image/png": "png",
        "text/csv": "csv",
        "text/css": "css",
        "text/javascript": "js",
    }.get(media_type, "txt")
    parts = urlsplit(url)
    room = parts.path.strip("/").partition("/")[0].partition(".")[0] or "home"
    readable = re.sub(r"[^A-Za-z0-9.=-]+", "_", url.strip("/"))[:90] or "home"
    mark = hashlib.sha256(url.encode()).hexdigest()[:8]
    return f"web/{room}/{readable}-{mark}.{suffix}"


def _crawl(service: WebService, stored: Stored, n_levels: int) -> Iterator[tuple[str, Reply]]:
    """Every address that is fetched, with its answer."""
    fetched: dict[str, Reply] = {}
    n_of_shape: Counter[str] = Counter()

    def ask(url: str) -> Iterator[tuple[str, Reply]]:
        if url not in fetched:
            fetched[url] = service.fetch(url)
            n_of_shape[_shape(url)] += 1
            yield url, fetched[url]

    for url in _seeds(stored):
        yield from ask(url)
    for url in ("/openapi.json", "/api/v1/openapi.json"):
        if fetched[url].status == 200:
            for described in _described(json.loads(fetched[url].body), stored):
                yield from ask(described)
    level = list(fetched)
    for _ in range(n_levels):
        found = {link for url in level for link in _links_of(url, fetched[url])} - set(fetched)
        level = []
        # In the order of a hash: a sample over all of them that hardly changes when one more link appears.
        for url in sorted(found, key=lambda link: hashlib.sha256(link.encode()).hexdigest()):
            if n_of_shape[_shape(url)] < _MAX_PER_SHAPE and len(fetched) < _MAX_URLS:
                yield from ask(url)
                level.append(url)


def _dump_web(
    service: WebService, stored: Stored, like: Path | None, out: Dump, *, n_levels: int
) -> list[dict[str, str]]:
    """Fetch and write every address; returns the papers that the API told of, as ``detect`` reads them."""
    if like is not None:
        urls = (like / "web" / "urls.txt").read_text().splitlines()
        replies: Iterable[tuple[str, Reply]] = ((url, service.fetch(url)) for url in urls)
    else:
        replies = _crawl(service, stored, n_levels)
    asked, answers, papers = [], [], []
    for url, reply in replies:
        asked.append(url)
        file = _file_of(url, reply.media_type)
        out.write(file, reply.body)
        headers = sorted((k, v) for k, v in reply.headers.items() if k not in _HEADERS_LEFT_OUT)
        answers.append(f"{reply.status} {url}\n" + "".join(f"    {name}: {value}\n" for name, value in headers))
        if url.startswith("/api/v1/papers/") and reply.status == 200:
            paper = json.loads(reply.body)
            if {"arxiv_id", "title", "abstract"} <= set(paper):
                papers.append({"id": paper["arxiv_id"], "title": paper["title"], "abstract": paper["abstract"]})
    out.write("web/responses.txt", "".join(answers).encode())
    out.write("web/urls.txt", ("\n".join(asked) + "\n").encode())
    metrics = service.fetch("/metrics").body.decode()
    out.write("web/metrics.txt", _METRICS_OF_A_RUN.sub("", metrics).encode())
    return papers


# -- a reader's way


class _Reader:
    """Somebody who subscribes, confirms, changes what they follow, gets an issue and leaves."""

    def __init__(self, program: Program, service: WebService, out: Dump) -> None:
        self._program = program
        self._service = service
        self._out = out
        self._n_steps = 0
        self._seen = set(self._mails())
        self._links: dict[str, str] = {}

    def _mails(self) -> list[Path]:
        return sorted((self._program.data_dir / "mail").glob("*.eml"))

    def _name(self, step: str) -> str:
        self._n_steps += 1
        return f"subscription/{self._n_steps:02}-{step}"

    def page(self, step: str, url: str | None, form: Sequence[tuple[str, str]] | None = None) -> None:
        """Fetch a page or send a form."""
        name = self._name(step)
        if url is None:
            self._out.write(f"{name}.missing.txt", b"no mail held a link for this step\n")
            return
        reply = self._service.fetch(url, form)
        headers = sorted((k, v) for k, v in reply.headers.items() if k not in _HEADERS_LEFT_OUT)
        self._out.write(f"{name}.{'json' if reply.media_type == 'application/json' else 'html'}", reply.body)
        text = f"{reply.status}\n" + "".join(f"{key}: {value}\n" for key, value in headers)
        self._out.write(f"{name}.headers.txt", text.encode())

    def command(self, step: str, *arguments: str) -> None:
        """Run a command, and write the mails that it sent."""
        name = self._name(step)
        self._out.command(self._program, f"{name}.{'json' if '--json' in arguments else 'txt'}", *arguments)
        new = [file for file in self._mails() if file not in self._seen]
        self._seen.update(new)
        mails = [(email.message_from_bytes(file.read_bytes()), file.read_bytes()) for file in new]
        mails.sort(key=lambda mail: (str(mail[0]["To"]), str(mail[0]["Subject"])))
        for number, (message, content) in enumerate(mails):
            text = self._out.mail(f"{name}-mail-{number}-{message['To']}", content)
            whole = f"{text}\n{message['List-Unsubscribe']}"
            for purpose, token in re.findall(re.escape(BASE_URL) + r"/\S*?([a-z]+)/([A-Za-z0-9_-]{20,})", whole):
                self._links[f"{message['To']} {purpose}"] = self._path(whole, token)

    @staticmethod
    def _path(text: str, token: str) -> str:
        found = re.search(re.escape(BASE_URL) + r"(/\S*?" + re.escape(token) + ")", text)
        return found[1] if found else ""

    def link(self, address: str, purpose: str) -> str | None:
        """The newest link that a mail to the address held."""
        return self._links.get(f"{address} {purpose}")


def _dump_subscription(program: Program, service: WebService, stored: Stored, out: Dump) -> None:
    zoe, yan = "zoe@example.org", "yan@example.org"
    reader = _Reader(program, service, out)
    choices = [("frequency", "weekly"), ("format", "html"), ("searches", "graph neural networks\nlow-bit inference")]
    choices += [("follow", follow) for follow in _FOLLOWS[:3]]
    reader.page("subscribe-wrong", "/subscribe", [("address", "nobody"), *choices])
    reader.page("subscribe-unknown-follow", "/subscribe", [("address", zoe), ("follow", "technique:zzzz")])
    reader.page("subscribe", "/subscribe", [("address", zoe), *choices])
    # Adding somebody on the command line answers what was typed into forms as well.
    reader.command("add", "subscribers", "add", yan, "--format", "text", "--follow", "technique:llm")
    for address, name in ((zoe, "zoe"), (yan, "yan")):
        reader.page(f"confirm-{name}", reader.link(address, "confirm"))
        reader.page(f"confirmed-{name}", reader.link(address, "confirm"), [])
    reader.page("confirmed-again", reader.link(zoe, "confirm"), [])
    reader.page("block", reader.link(zoe, "block"))
    reader.page("link", "/subscriptions/link", [("address", zoe)])
    reader.command("add-another", "subscribers", "add", "xi@example.org", "--frequency", "monthly")
    own = reader.link(zoe, "manage")
    reader.page("own", own)
    reader.page("own-data", own and f"{own}/data.json")
    topics = [("follow", f"topic:{topic_id}") for topic_id, _ in stored.topics[:2]]
    reader.page("own-changed", own, [*choices[:2], *topics, ("searches", "causal inference")])
    reader.page("own-refused", own, [*choices[:2], ("follow", "category:cs.XX")])
    for action in ("pause", "resume"):
        reader.page(f"own-{action}", own, [("action", action)])
    reader.command("deliver-dry-run", "deliver", "--dry-run")
    reader.command("deliver", "deliver")
    reader.command("deliver-again", "deliver")
    reader.command("test-mail", "mail", "test", "wes@example.org", "--follow", "theme:efficiency")
    reader.page("own-after", own)
    reader.page("leave", reader.link(zoe, "unsubscribe"))
    reader.page("leave-one-click", reader.link(zoe, "unsubscribe"), [("List-Unsubscribe", "One-Click")])
    reader.page("own-left", own)
    reader.command("list", "subscribers", "list", "--json")
    reader.command("export", "subscribers", "export", zoe)
    reader.command("pause", "subscribers", "pause", yan)
    reader.command("remove", "subscribers", "remove", yan, "--block")
    reader.command("add-blocked", "subscribers", "add", yan)
    reader.command("allow", "subscribers", "allow", yan)
    reader.command("status", "status", "--json")
    reader.page("block-now", reader.link(zoe, "block"), [])
    reader.page("own-deleted", own, [("action", "delete")])


# -- commands that write


def _dump_writing(program: Program, stored: Stored, out: Dump, *, with_fit: bool) -> None:
    """Digest files and exports; with ``with_fit`` topics are refitted and the newest digest is composed from them."""
    weeks = list(dict.fromkeys([*stored.weeks[-3:], *stored.digests[-3:]]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        out.replaced.append((str(folder), "FOLDER"))
        for week in weeks:
            out.command(program, f"write/digest-{week}.txt", "digest", "--week", week, "--out", str(folder / "digests"))
        out.folder_of(folder / "digests", "write/digests")
        out.command(program, "write/digest-not-held.txt", "digest", "--week", "1999-W01")
        out.command(program, "write/export.txt", "export", str(folder / "export"))
        out.folder_of(folder / "export", "write/export")
        if not with_fit:
            return
        out.command(program, "write/topics-fit.txt", "topics", "fit")
        out.command(program, "write/topics-after-fit.json", "topics", "list", "--json")
        refit = folder / "refit"
        out.command(program, "write/digest-after-fit.txt", "digest", "--week", weeks[-1], "--out", str(refit))
        out.folder_of(refit, "write/digests-after-fit")
        for topic_id, _ in stored.topics[:1]:
            out.command(program, "write/rename.txt", "topics", "rename", str(topic_id), "Another name")
        out.command(program, "write/topics-at-end.json", "topics", "list", "--json")
        out.command(program, "write/calls-at-end.json", "calls", "--json")
        out.command(program, "write/status-at-end.json", "status", "--json")


# -- dump


def dump(checkout: Path, data_dir: Path, out: Path, *, now: str | None, like: Path | None, quick: bool) -> int:
    """Write every output of the checkout's code for a data folder; returns how many files were written.

    Raises
    ------
    ToolError
    """
    checkout, data_dir = checkout.resolve(), data_dir.resolve()
    if out.exists() and any(out.iterdir()):
        raise ToolError(f"{out} is not empty")
    if not (checkout / ".venv" / "bin" / "python").exists():
        raise ToolError(f"{checkout} has no .venv/bin/python")
    with tempfile.TemporaryDirectory(prefix="compare-outputs-") as scratch:
        copies = [Path(scratch) / name for name in ("read", "write")]
        for copy in copies:
            shutil.copytree(data_dir, copy)
            (copy / "papertide.toml").touch()  # or one in the checkout would be read
        found = Dump(out, [(str(copy), "DATA") for copy in copies] + [(str(checkout), "CHECKOUT")])
        Program(checkout, copies[0]).require_own_code()
        stored = _stored(Program(checkout, copies[0]), now)
        reading, writing = (Program(checkout, copy, stored.now) for copy in copies)
        _say(f"{checkout} with {data_dir}: {len(stored.weeks)} weeks, now is {stored.now}")
        _timed("commands", found, lambda: _dump_commands(reading, stored, found, quick=quick))
        _timed("previews of mails", found, lambda: _dump_previews(reading, stored, found))
        with WebService(reading) as service:
            found.replaced.append((f"127.0.0.1:{service.port}", "HOST"))
            papers: list[dict[str, str]] = []
            _timed(
                "web",
                found,
                lambda: papers.extend(_dump_web(service, stored, like, found, n_levels=0 if quick else _MAX_LEVELS)),
            )
            given = "".join(json.dumps(paper) + "\n" for paper in papers)
            found.command(reading, "cli/detect-papers.jsonl", "detect", given=given)
            _timed("subscription", found, lambda: _dump_subscription(reading, service, stored, found))
            found.write("web/log.txt", service.log())
        _timed("writing commands", found, lambda: _dump_writing(writing, stored, found, with_fit=not quick))
    return found.n_files


def _timed(what: str, out: Dump, do: Callable[[], None]) -> None:
    began, n_before = time.monotonic(), out.n_files
    do()
    _say(f"{what}: {out.n_files - n_before} files in {time.monotonic() - began:.0f} s")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


# -- diff


def compared(path: Path, *, numbers: bool) -> list[str]:
    """Lines that stand for an output: equal for two outputs exactly where these count as the same.

    JSON is laid out over lines, so that a difference can be shown; a file that is not text is one line with its hash.
    """
    content = path.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ["a picture"] if numbers else [f"{len(content)} bytes, {hashlib.sha256(content).hexdigest()}"]
    if path.suffix in (".json", ".jsonl") and text.strip():
        try:
            lines = text.splitlines() if path.suffix == ".jsonl" else [text]
            values = [json.loads(line) for line in lines]
        except ValueError:
            pass
        else:
            if numbers:
                return [mark for value in values for mark in _json_marks(value, "")]
            # The text itself as well: the same value may be written in two ways.
            whole = f"sha256 {hashlib.sha256(content).hexdigest()}"
            return [*(line for v in values for line in json.dumps(v, ensure_ascii=False, indent=1).splitlines()), whole]
    if not numbers:
        return text.splitlines(keepends=True)
    if path.suffix in (".html", ".xml", ".svg"):
        return _parsed(text).marks
    if path.suffix in (".css", ".js"):
        return []
    return _text_marks(text)


def _json_marks(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _json_marks(value[key], f"{at}.{key}")
        if not value:
            yield f"{at} {{}}"
    elif isinstance(value, list):
        yield f"{at} [{len(value)}]"
        for one in value:
            yield from _json_marks(one, f"{at}[]")
    elif isinstance(value, str):
        is_id = any(c.isdigit() for c in value) and not re.search(r"\s", value)
        yield f"{at} {_STATIC_FILE.sub('/static/FILE', value)}" if is_id else f"{at} text"
    else:
        yield f"{at} {json.dumps(value)}"


def diff(one: Path, other: Path, *, numbers: bool, part: bool, n_lines: int) -> int:
    """Print what differs between two dumps; returns how many files do, those that only one has included.

    With ``part`` the second is a quick dump, and what only the first has does not count.

    Raises
    ------
    ToolError
        If a folder is not a dump.
    """
    for folder in (one, other):
        if not folder.is_dir() or not any(folder.iterdir()):
            raise ToolError(f"{folder} holds no dump")
    files = [{str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} for folder in (one, other)]
    for here, name in ((files[0] - files[1], one), (files[1] - files[0], other)):
        if part and name == one:
            continue
        for path in sorted(here)[:_MAX_ONLY_IN_ONE]:
            _say(f"only in {name}: {path}")
        if len(here) > _MAX_ONLY_IN_ONE:
            _say(f"only in {name}: {len(here) - _MAX_ONLY_IN_ONE} files more")
    differing = 0
    lists = _LISTS_OF_ADDRESSES if part else frozenset()
    for path in sorted((files[0] & files[1]) - lists):
        if (one / path).read_bytes() == (other / path).read_bytes():
            continue
        was, is_ = (compared(folder / path, numbers=numbers) for folder in (one, other))
        if was == is_:
            continue
        differing += 1
        _say(f"differs: {path}")
        for line in _differing_lines(was, is_, n_lines):
            _say(f"    {line}")
    n_same = len(files[0] & files[1]) - differing
    n_only = [len(files[0] - files[1]), len(files[1] - files[0])]
    _say(f"{n_same} files the same, {differing} differ, {n_only[0]} only in {one}, {n_only[1]} only in {other}")
    return differing + (n_only[1] if part else sum(n_only))


def _differing_lines(was: Sequence[str], is_: Sequence[str], n_lines: int) -> Iterator[str]:
    """The first lines taken away and added, each cut to what stands around its first difference."""
    first = next(
        (i for i, pair in enumerate(zip(was, is_, strict=False)) if pair[0] != pair[1]), min(len(was), len(is_))
    )
    # Enough after the first difference; to align whole pages line by line takes minutes.
    near = [[line.rstrip("\r\n") for line in lines[first : first + 400]] for lines in (was, is_)]
    if near[0] == near[1]:
        yield "ends of lines differ"
        return
    changed = [
        line for line in unified_diff(near[0], near[1], n=0, lineterm="") if line[:3] not in ("---", "+++", "@@ ")
    ]
    taken, added = ([line[1:] for line in changed if line[0] == sign] for sign in "-+")
    at = 0
    if taken and added:
        pairs = zip(taken[0], added[0], strict=False)
        at = next((i for i, pair in enumerate(pairs) if pair[0] != pair[1]), min(len(taken[0]), len(added[0])))
    begin = max(0, at - 60)
    yield f"line {first + 1}:"
    for sign, lines in (("-", taken), ("+", added)):
        for line in lines[:n_lines]:
            yield f"{sign} {'…' * (begin > 0)}{line[begin : begin + 180]}"
        if len(lines) > n_lines:
            yield f"{sign} and {len(lines) - n_lines} lines more"


# -- the tool's own command line


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was typed; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.compare_outputs", description=(__doc__ or "").split("\n")[0])
    actions = parser.add_subparsers(dest="action", required=True)
    dumping = actions.add_parser("dump", help="write every output of a checkout's code")
    dumping.add_argument("checkout", type=Path)
    dumping.add_argument("data_dir", type=Path)
    dumping.add_argument("out", type=Path)
    dumping.add_argument("--now", help="the present, such as 2026-06-23T12:00:00Z")
    dumping.add_argument("--like", type=Path, help="a dump whose list of web addresses is fetched again")
    dumping.add_argument("--quick", action="store_true", help="a part: fewer commands, no links followed, no fit")
    diffing = actions.add_parser("diff", help="list what differs between two dumps")
    diffing.add_argument("out_a", type=Path)
    diffing.add_argument("out_b", type=Path)
    diffing.add_argument("--numbers", action="store_true", help="compare numbers, ids, links and field names only")
    diffing.add_argument(
        "--part", action="store_true", help="OUT_B is a quick dump: what only OUT_A has does not count"
    )
    diffing.add_argument("--lines", type=int, default=3, help="differing lines shown of each file; 3 by default")
    typed = parser.parse_args(arguments)
    try:
        if typed.action == "dump":
            out = typed.out
            n = dump(typed.checkout, typed.data_dir, out, now=typed.now, like=typed.like, quick=typed.quick)
            _say(f"{n} files in {out}")
            return 0
        return int(diff(typed.out_a, typed.out_b, numbers=typed.numbers, part=typed.part, n_lines=typed.lines) > 0)
    except (ToolError, OSError) as error:
        sys.stderr.write(f"compare_outputs: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
