"""How many personal digests a second are composed and handed over, and whether memory stays flat.

    python -m benchmarks.delivery_speed                   10,000 readers, a mail server on loopback
    python -m benchmarks.delivery_speed --readers 1000
    python -m benchmarks.delivery_speed --data FOLDER     on a copy of an installation's database, with its real papers

Beside it, in the same run, the way that is usual: every mail rendered whole and its styles inlined again, built with
``EmailMessage``, without sending.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import tempfile
import time
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from random import Random
from typing import Any

from analysis.sentence_encoder import EmbeddingSettings
from benchmarks.delivery_year import LAST_WEEK, SEARCHES, Numbers, fill_with_papers
from benchmarks.smtp_server import serve_mail
from domain.issues_and_deliveries import Issue
from domain.subscription import Follow, Preferences
from domain.week import CLOSE_LAG
from mail.issue_delivery import issue_message
from mail.message import message_bytes
from mail.service import MailService
from pipeline import stages
from runtime.context import AppContext
from runtime.mail_settings import MailSettings
from runtime.settings import Settings
from scheduler.job_list import jobs_of
from scheduler.run_due_jobs import run_due
from store.deliveries import delivery_counts
from store.digests import published_weeks
from store.subscribers import add_pending, confirm, subscribers
from templates import mail_rendering as mail_templates


class Taker:
    """Takes every mail and counts its bytes."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        return "250 OK"


def _memory_mb() -> float:
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


def _readers(context: AppContext, n: int) -> None:
    """Readers who follow two searches, a topic, a technique and a category each."""
    random = Random(1)
    model = context.topic_model
    topics = [str(t.topic_id) for t in (model.topics if model else ())]
    techniques = [t.key for t in context.detector.taxonomy.terms if t.kind == "technique"]
    for number in range(n):
        follows = [Follow("search", s) for s in random.sample(SEARCHES, 2)]
        follows += [Follow("technique", random.choice(techniques))]
        follows += [Follow("category", random.choice(context.settings.categories))]
        follows += [Follow("topic", random.choice(topics))] if topics else []
        chosen = Preferences("weekly", "html", tuple(follows))
        reader = add_pending(context.db, f"reader{number}@example.org", chosen, now=context.now())
        confirm(context.db, reader.subscriber_id, None, now=context.now())


def main() -> None:
    """Send, measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--data", type=Path, default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="papertide-delivery-") as name:
        folder = Path(name)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        server = serve_mail(Taker, port)
        try:
            _measure(folder, port, given.readers, given.data)
        finally:
            os.kill(server, signal.SIGKILL)
            os.waitpid(server, 0)


def _measure(folder: Path, port: int, n_readers: int, data: Path | None) -> None:
    mail = MailSettings(
        transport="smtp", host="127.0.0.1", port=port, security="none", sender="d@papertide.example", rate_per_s=1000
    )
    settings = Settings(data_dir=folder, now=LAST_WEEK.end_at + CLOSE_LAG, mail=mail)
    if data is None:
        settings = settings.model_copy(update={"embedding": EmbeddingSettings(model=str(folder / "model"))})
    else:
        shutil.copy(data / "papertide.sqlite", folder / "papertide.sqlite")
    context = AppContext(settings)
    if data is None:
        fill_with_papers(context, [LAST_WEEK.plus(-i) for i in range(11, -1, -1)])
        for _ in stages.publish(context, LAST_WEEK):
            pass
    week = published_weeks(context.db)[-1]
    _readers(context, n_readers)
    numbers = Numbers(1)
    mail_service = MailService(context, random_token=numbers, random_key=lambda: numbers()[:32])
    if data is not None:
        # The model reads the searches before time counts.
        mail_service.composer(Issue("weekly", week)).compose((Follow("search", "any"),), sent_before=())

    [job] = [job for job in jobs_of(mail_service) if job.name == "delivery"]
    began, n_done, marks = time.monotonic(), 0, [_memory_mb()]
    work = job.work

    def watched(period: str) -> Any:
        nonlocal n_done
        for step in work(period):
            if step.unit == "mails":
                n_done += 1
                if n_done % max(1, n_readers // 10) == 0:
                    marks.append(_memory_mb())
            yield step

    for _ in run_due(context.db, replace(job, work=watched), clock=context.now):
        pass
    took = time.monotonic() - began
    [states] = delivery_counts(context.db).values()
    print(f"{n_readers:,} readers of {week}, {context.settings.mail.transport} on loopback: {states}")
    print(f"  composed, claimed, handed over and noted: {n_done / took:.0f} a second ({took:.0f} s)")
    print(f"  memory at the start and after each tenth, MB: {' '.join(f'{m:.0f}' for m in marks)}")
    _our_way(mail_service, Issue("weekly", week), n=min(200, n_readers))
    _usual_way(mail_service, Issue("weekly", week), n=min(200, n_readers))
    context.db.close()


def _our_way(mail_service: MailService, issue: Issue, *, n: int) -> None:
    """The common part drawn once, each reader's own part for each, and the MIME tree written out."""
    frame, composer = mail_service.frame(issue), mail_service.composer(issue)
    readers = [r for r, _ in zip(subscribers(mail_service.context.db, "active"), range(n), strict=False)]
    urls = mail_templates.MailUrls("https://papertide.example/m", "https://papertide.example/u")
    began = time.monotonic()
    for reader in readers:
        yours = composer.compose(reader.preferences.follows, sent_before=())
        mail = issue_message(frame, yours, reader, message_key="k", urls=urls)
        message_bytes(mail, mail_service.context.settings.mail, now=mail_service.context.now())
    print(f"  only composed and built: {n / (time.monotonic() - began):.0f} a second")


def _usual_way(mail_service: MailService, issue: Issue, *, n: int) -> None:
    """Each mail drawn and inlined whole, and built by ``EmailMessage``; neither claimed nor sent."""
    composer, editions = mail_service.composer(issue), mail_service.editions(issue)
    readers = [r for r, _ in zip(subscribers(mail_service.context.db, "active"), range(n), strict=False)]
    n_bytes = n_html = 0
    began = time.monotonic()
    for reader in readers:
        yours = composer.compose(reader.preferences.follows, sent_before=())
        urls = mail_templates.MailUrls("https://papertide.example/m", "https://papertide.example/u")
        whole = mail_templates.issue_frame(issue, editions, links=mail_service.links())
        mail = issue_message(whole, yours, reader, message_key="k", urls=urls)
        message = EmailMessage()
        message["To"], message["Subject"] = mail.to, mail.subject
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        html = message.get_payload()[1]
        for picture in mail.pictures:
            html.add_related(picture.png, "image", "png", cid=f"<{picture.name}@papertide>")
        n_bytes += len(message.as_bytes())
        n_html = max(n_html, len(mail.html.encode()))
    took = time.monotonic() - began
    print(f"  the usual way, only composed and built: {n / took:.0f} a second; a mail has {n_bytes / n / 1000:.0f} kB")
    print(f"  the largest HTML part has {n_html / 1000:.1f} kB")


if __name__ == "__main__":
    main()
