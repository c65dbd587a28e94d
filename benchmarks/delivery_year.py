"""A year of mail in minutes: every confirmed reader has each issue exactly once, nobody else has any.

    python -m benchmarks.delivery_year                      52 weeks, 50 readers at any time
    python -m benchmarks.delivery_year --weeks 8 --seed 7

A real mail server (aiosmtpd) on loopback refuses, hangs up, keeps silent before and after a mail; the process that
delivers is killed (SIGKILL, by itself, at a place that the seed chooses) before, while and after it hands a mail
over. Readers join, leave, pause, come back and change what they get, also while an issue is on its way. The clock is
injected. Deliveries of which nobody knows are settled as an operator would: by the mail server's own record.

What arrived is counted by the server, from recipient and subject, and compared with what a model of the readers says
that should have. The same seed gives the same year: its fingerprint is that of the server's record, line by line.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import re
import signal
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy
from analysis.sentence_encoder import EmbeddingSettings
from benchmarks.smtp_server import serve_mail
from domain.embeddings import Embeddings
from domain.harvest import HarvestedWindow
from domain.issues_and_deliveries import Issue, issues_of
from domain.mail_message import MailMessage
from domain.mail_transport import Transport
from domain.subscription import Follow, Preferences
from domain.week import Week
from ingest.harvest import plan_harvest, window_of
from mail.service import MailService
from mail.smtp_transport import SmtpTransport
from mail.subscriptions import confirm_subscription, request_mail
from pipeline import stages
from runtime.context import AppContext
from runtime.mail_settings import MailSettings
from runtime.settings import Settings
from sample.corpus import make_corpus
from scheduler.job_list import jobs_of
from scheduler.run_due_jobs import run_due
from store.deliveries import delivery_counts, resolve_uncertain, uncertain_deliveries
from store.embeddings import add_embeddings
from store.job_runs import reopen_run
from store.papers import apply_harvest
from store.saved_searches import add_query_vectors
from store.subscribers import (
    change_preferences,
    change_state,
    delete_subscriber,
    subscriber_by_address,
    subscriber_export,
    subscribers,
)

LAST_WEEK = Week.parse("2026-W25")
PAPERS_PER_WEEK = 30
N_DIMS = 16
WAIT_S = 3.0
"""How long the sender waits for a silent server. A server that is only slow must never be taken for one, or two years
of one seed would differ; so this is long, and silences are few."""
BEFORE_THE_MAIL = {"4xx": 0.04, "silent before": 0.003, "hung up before": 0.017, "421": 0.005}
AFTER_THE_MAIL = {
    "4xx": 0.03,
    "silent after, lost": 0.0015,
    "silent after, kept": 0.0015,
    "hung up after, lost": 0.01,
    "hung up after, kept": 0.01,
}
"""What the server does instead of taking a mail, and how likely it is; of lost or kept the sender cannot know."""
WEIGHTS = b"no model reads anything here: the vectors are drawn"
SEARCHES = ("diffusion models of images", "graph networks", "quantized language models", "bandits with <b>markup</b>")


# -- the mail server, in a process of its own


class MoodyServer:
    """Takes most mails; what it does with which is decided by the seed, the mail and the try."""

    def __init__(self, seed: int, record: Path) -> None:
        self._seed = seed
        self._record = record
        self._tries: Counter[str] = Counter()

    def _mood(self, what: str) -> float:
        self._tries[what] += 1
        text = f"{self._seed} {what} {self._tries[what]}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32

    def _fate(self, what: str, chances: dict[str, float]) -> str:
        """One of these, each as likely as it says, or ``taken``."""
        mood = self._mood(what)
        for fate, chance in chances.items():
            if mood < chance:
                return fate
            mood -= chance
        return "taken"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address.startswith("nobody"):
            self._note(kind="5xx")
            return "550 5.1.1 nobody has this address"
        fate = self._fate(f"rcpt {address}", BEFORE_THE_MAIL)
        if fate == "taken":
            envelope.rcpt_tos.append(address)
            return "250 OK"
        self._note(kind=fate)
        if fate == "silent before":
            await asyncio.sleep(2 * WAIT_S)
        elif fate == "hung up before":
            server.transport.close()
        return "421 4.3.2 closing" if fate == "421" else "451 4.3.0 try again later"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        fate = self._fate(f"data {envelope.rcpt_tos[0]}", AFTER_THE_MAIL)
        if fate != "taken":
            self._note(kind=fate)
        if fate == "4xx":
            return "451 4.3.0 try again later"
        if not fate.endswith("lost"):
            message = message_from_bytes(envelope.content)
            issue = re.search(r"\[(\d{4}-W?\d{2})\]", _decoded(message["Subject"]))
            found = issue[1] if issue else ""
            self._note(kind="mail", to=envelope.rcpt_tos[0], issue=found, message_id=message["Message-ID"])
        if fate.startswith("silent"):
            await asyncio.sleep(2 * WAIT_S)
        elif fate.startswith("hung up"):
            server.transport.close()
        return "250 OK"

    def _note(self, **what: str) -> None:
        with self._record.open("a") as file:
            file.write(json.dumps(what) + "\n")


def _decoded(header: str) -> str:
    from email.header import decode_header, make_header

    return str(make_header(decode_header(header)))


# -- the sender, in processes that die


class DyingTransport:
    """SMTP, until the step at which this process kills itself."""

    is_idempotent = False

    def __init__(self, inner: Transport, kill_at: int) -> None:
        self._inner = inner
        self._left = kill_at

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def send(self, mail: MailMessage, *, now: datetime, before_commit: Callable[[], bool]) -> bool:
        self._step()

        def dying() -> bool:
            self._step()
            handed = before_commit()
            self._step()
            return handed

        sent = self._inner.send(mail, now=now, before_commit=dying)
        self._step()
        return sent

    def close(self) -> None:
        self._inner.close()


class Numbers:
    """Tokens and keys that the seed repeats."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def __call__(self) -> str:
        return f"{self._random.getrandbits(192):048x}"


def _settings(folder: Path, port: int, now: datetime) -> Settings:
    mail = MailSettings(
        transport="smtp",
        host="127.0.0.1",
        port=port,
        security="none",
        sender="digest@papertide.example",
        rate_per_s=1000,
        timeout_s=WAIT_S,
        end_timeout_s=WAIT_S,
        max_tries=12,
    )
    return Settings(data_dir=folder, now=now, mail=mail, embedding=EmbeddingSettings(model=str(folder / "model")))


def _context(settings: Settings) -> AppContext:
    """An application context whose detector is read once for all days and children."""
    return AppContext(settings, detector=_detector())


@cache
def _detector() -> Detector:
    return Detector(load_taxonomy(None))


def _deliver_in_a_child(settings: Settings, seed: int, kill_at: int) -> bool:
    """Deliver what is due in a process of its own; whether it lived to the end."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            context, numbers = _context(settings), Numbers(seed)
            mail_service = MailService(
                context,
                transport=lambda: DyingTransport(SmtpTransport(settings.mail), kill_at),
                random_token=numbers,
                random_key=lambda: numbers()[:32],
            )
            [job] = [job for job in jobs_of(mail_service) if job.name == "delivery"]
            for _ in run_due(context.db, job, clock=context.now):
                pass
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise RuntimeError("the sender failed, rather than being killed")
    return os.WIFEXITED(status)


# -- the year


@dataclass
class Year:
    """What happened, and what should have arrived."""

    expected: set[tuple[str, str]] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    fingerprint: str = ""


def fill_with_papers(context: AppContext, weeks: list[Week]) -> None:
    """Papers of every week with vectors that mean nothing: what is mailed is not what is tested here."""
    db, random = context.db, np.random.default_rng(1)
    (context.settings.data_dir / "model").mkdir()
    (context.settings.data_dir / "model" / "model.safetensors").write_bytes(WEIGHTS)
    model_id = f"model@{hashlib.sha256(WEIGHTS).hexdigest()[:8]}/float32"
    corpus = make_corpus(last_week=weeks[-1], n_weeks=len(weeks), papers_per_week=PAPERS_PER_WEEK)
    for week in weeks:
        papers = [p for p in corpus.papers if p.week == week]
        seen_at = week.closes_at
        came = HarvestedWindow(window_of(week), context.settings.categories, tuple(papers), len(papers), None, seen_at)
        apply_harvest(db, plan_harvest(papers, {}), came, seen_at=seen_at)
        vectors = random.normal(size=(len(papers), N_DIMS)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        add_embeddings(db, Embeddings(tuple(p.arxiv_id for p in papers), vectors, model_id))
    vectors = random.normal(size=(len(SEARCHES), N_DIMS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    add_query_vectors(db, model_id, dict(zip(SEARCHES, vectors, strict=True)))
    for _ in stages.detect(context):
        pass
    for _ in stages.tables(context):
        pass


class Readers:
    """A model of who reads, kept apart from the database and told the same."""

    def __init__(self, context: AppContext, random: Random, n_readers: int) -> None:
        self.context, self._random, self._n = context, random, n_readers
        self.active: dict[str, str] = {}
        self.paused: dict[str, str] = {}
        self._number = 0

    def _preferences(self) -> Preferences:
        random = self._random
        follows = [Follow("search", s) for s in random.sample(SEARCHES, random.randrange(3))]
        follows += [Follow("technique", "diffusion")] * random.randrange(2)
        frequency = "monthly" if random.random() < 0.2 else "weekly"
        return Preferences(frequency, "text" if random.random() < 0.2 else "html", tuple(follows))  # type: ignore[arg-type]

    def live_a_week(
        self, mail_service: MailService, confirm_link: Callable[[str], str | None], counts: Counter[str]
    ) -> None:
        """Join, leave, pause, come back, change; through the links that people use."""
        db, now, random = self.context.db, mail_service.context.now(), self._random
        while len(self.active) < self._n:
            self._number += 1
            kind = "nobody" if random.random() < 0.1 else "reader"
            address, chosen = f"{kind}{self._number}@example.org", self._preferences()
            request_mail(mail_service.context, address, chosen, network=f"network {self._number}")
            for _ in mail_service.answer_requests():
                pass
            token = confirm_link(address)
            if token is None or random.random() < 0.1:
                counts["asked and never confirmed"] += 1
                continue
            if confirm_subscription(mail_service.context, token).outcome != "done":
                raise RuntimeError(f"{address} could not confirm")
            self.active[address] = chosen.frequency
            counts["joined"] += 1
        for address in sorted(self.active):
            reader = subscriber_by_address(db, address)
            if reader is None:
                raise RuntimeError(f"{address} is lost")
            dice = random.random()
            if dice < 0.01:
                change_state(db, reader.subscriber_id, to="unsubscribed", of=["active"], now=now)
                del self.active[address]
                counts["left"] += 1
            elif dice < 0.015:
                delete_subscriber(db, reader.subscriber_id)
                del self.active[address]
                counts["deleted themselves"] += 1
            elif dice < 0.035:
                change_state(db, reader.subscriber_id, to="paused", of=["active"], now=now)
                self.paused[address] = self.active.pop(address)
                counts["paused"] += 1
            elif dice < 0.06:
                chosen = self._preferences()
                change_preferences(db, reader.subscriber_id, chosen, now=now)
                self.active[address] = chosen.frequency
                counts["changed"] += 1
        for address in sorted(self.paused):
            if random.random() < 0.3:
                reader = subscriber_by_address(db, address)
                if reader is not None and change_state(db, reader.subscriber_id, to="active", of=["paused"], now=now):
                    self.active[address] = self.paused[address]
                    counts["came back"] += 1
                del self.paused[address]

    def one_goes(self, context: AppContext) -> str | None:
        """One reader pauses or leaves; who, if there is anybody."""
        there = sorted(address for address in self.active if not address.startswith("nobody"))
        if not there:
            return None
        address = self._random.choice(there)
        reader = subscriber_by_address(context.db, address)
        if reader is None:
            raise RuntimeError(f"{address} is lost")
        pauses = self._random.random() < 0.5
        change_state(
            context.db,
            reader.subscriber_id,
            to="paused" if pauses else "unsubscribed",
            of=["active"],
            now=context.now(),
        )
        frequency = self.active.pop(address)
        if pauses:
            self.paused[address] = frequency
        return address


class _ConfirmationMails:
    """Answers to the form arrive at once, so that the model knows whom to expect."""

    is_idempotent = True

    def __init__(self) -> None:
        self.by_address: dict[str, str] = {}

    def send(self, mail: MailMessage, *, now: datetime, before_commit: Callable[[], bool]) -> bool:
        found = re.search(r"/confirm/([\w-]+)", mail.text)
        if found and mail.to not in self.by_address:
            self.by_address[mail.to] = found[1]
        return True

    def close(self) -> None:
        pass


def simulate(folder: Path, *, n_weeks: int, n_readers: int, seed: int) -> Year:
    """Live through the weeks; returns what happened, what arrived being compared with what should have.

    Raises
    ------
    AssertionError
        If somebody has an issue twice, not at all, or without having asked.
    """
    random, year = Random(seed), Year()
    weeks = [LAST_WEEK.plus(-i) for i in range(n_weeks - 1, -1, -1)]
    record = folder / "server.jsonl"
    record.touch()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    context = _context(_settings(folder, port, weeks[-1].closes_at))
    fill_with_papers(context, weeks)
    context.db.close()
    server = serve_mail(lambda: MoodyServer(seed, record), port)
    try:
        readers = Readers(context, random, n_readers)
        messages = _ConfirmationMails()
        for number, week in enumerate(weeks):
            _week(folder, port, week, number, readers, messages, random, year, record, seed)
    finally:
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)
    _compare(year, record)
    _compare_papers(year, context)
    return year


def _week(
    folder: Path,
    port: int,
    week: Week,
    number: int,
    readers: Readers,
    messages: _ConfirmationMails,
    random: Random,
    year: Year,
    record: Path,
    seed: int,
) -> None:
    now = week.closes_at
    context = _context(_settings(folder, port, now))
    numbers = Numbers(seed * 1000 + number)
    mail_service = MailService(
        context,
        transport=lambda: messages,
        random_token=numbers,
        random_key=lambda: numbers()[:32],
        sleep=lambda _: None,
    )
    readers.context = context  # the same readers, another day
    readers.live_a_week(mail_service, lambda address: messages.by_address.get(address), year.counts)
    for _ in stages.publish(context, week):
        pass
    for issue in issues_of(week):
        for address, frequency in readers.active.items():
            if frequency == issue.frequency and not address.startswith("nobody"):
                year.expected.add((address, str(issue)))
    if number == 0:
        mail_service.preview(issues_of(week)[0], Preferences())  # templates are read once, not by every child
    context.db.close()
    for attempt in range(60):
        settings = _settings(folder, port, now + timedelta(hours=attempt))
        n_steps = 4 * len(readers.active) if attempt == 0 else 8  # few mails are left for later tries
        kill_at = random.randrange(1, n_steps) if random.random() < 0.45 else 0
        lived = _deliver_in_a_child(settings, seed * 100_000 + number * 100 + attempt, kill_at)
        year.counts["killed"] += not lived
        today = _context(settings)
        mails = [line for line in _lines(record) if line["kind"] == "mail"]
        if random.random() < 0.2:
            _leave_on_the_way(readers, today, week, {(m["to"], m["issue"]) for m in mails}, year)
        if not lived:
            today.db.close()
            continue
        ids = {mail["message_id"] for mail in mails}
        for delivery, _ in uncertain_deliveries(today.db):
            did_arrive = f"<{delivery.message_key}.digest@papertide.example>" in ids
            resolve_uncertain(today.db, delivery.delivery_id, arrived=did_arrive, now=today.now())
            year.counts["settled by the server's record"] += 1
            if not did_arrive:
                reopen_run(today.db, "delivery", delivery.issue)
        is_open = bool(MailService(today).due_issues())
        counts = delivery_counts(today.db)
        today.db.close()
        if not is_open:
            break
    else:
        raise AssertionError(f"{week} was not delivered within 60 rounds: {counts[str(Issue('weekly', week))]}")
    gone = [a for a in readers.active if a.startswith("nobody")]
    for address in gone:  # refused for good, so left alone
        del readers.active[address]


def _leave_on_the_way(
    readers: Readers, today: AppContext, week: Week, arrived: set[tuple[str, str]], year: Year
) -> None:
    """Somebody pauses or leaves while an issue is on its way: who does not have it yet must not get it."""
    address = readers.one_goes(today)
    if address is None:
        return
    for issue in issues_of(week):
        key = (address, str(issue))
        if key in year.expected and key not in arrived:
            year.expected.remove(key)
            year.counts["left or paused before the issue reached them"] += 1


def _lines(record: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in record.read_text().splitlines()]


def _compare(year: Year, record: Path) -> None:
    got: Counter[tuple[str, str]] = Counter()
    for line in _lines(record):
        if line["kind"] == "mail":
            got[line["to"], line["issue"]] += 1
        else:
            year.counts[f"server: {line['kind']}"] += 1
    year.counts["mails that arrived"] = sum(got.values())
    twice = sorted(key for key, n in got.items() if n > 1)
    missing = sorted(year.expected - got.keys())
    extra = sorted(got.keys() - year.expected)
    year.fingerprint = hashlib.sha256(record.read_bytes()).hexdigest()[:16]
    year.counts["twice"], year.counts["missing"], year.counts["not asked for"] = len(twice), len(missing), len(extra)
    if twice or missing or extra:
        raise AssertionError(f"twice {twice[:3]}, missing {missing[:3]}, not asked for {extra[:3]}; {year.counts}")


def _compare_papers(year: Year, closed: AppContext) -> None:
    """No paper was ever sent to a reader twice."""
    context = _context(closed.settings)
    for reader in subscribers(context.db):
        sent = [p for d in subscriber_export(context.db, reader.subscriber_id)["deliveries"] for p in d["papers"]]
        year.counts["papers in personal parts"] += len(sent)
        if len(sent) != len(set(sent)):
            raise AssertionError(f"{reader.address} was sent a paper twice")
    context.db.close()


def main() -> None:
    """Live through a year and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="papertide-year-") as folder:
        year = simulate(Path(folder), n_weeks=given.weeks, n_readers=given.readers, seed=given.seed)
    print(f"{given.weeks} weeks, {given.readers} readers, seed {given.seed}: {time.monotonic() - began:.0f} s")
    for name, n in sorted(year.counts.items()):
        print(f"  {n:>6,}  {name}")
    print(f"  {len(year.expected):>6,}  issues that readers should have, each of which arrived exactly once")
    print(f"  fingerprint of the server's record: {year.fingerprint}")


if __name__ == "__main__":
    main()
