"""What must never be public or in the log: readers' addresses, mail servers' replies, paths of the machine."""

from __future__ import annotations

import logging
import socket
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from fastapi.testclient import TestClient

from domain.arxiv_rate_limit import RequestOutcome
from domain.errors import ConfigError, ModelError
from domain.subscription import Preferences
from ingest.settings import ArxivSettings
from mail.service import MailService
from queries.status import trouble_details
from runtime.cached_context import CachedContext
from runtime.mail_settings import MailSettings
from runtime.schedule_settings import ScheduleSettings
from scheduler.scheduler import Scheduler, run_once
from service.web.app import make_app
from service.web.server import _without_traceback
from store.arxiv_rate_limit import StoredLimiterState
from store.backup import back_up
from store.deliveries import refused_deliveries
from store.job_runs import finish_run, newest_runs, start_run
from store.subscribers import add_pending, confirm, delete_subscriber, subscriber_by_address

ADA = "ada.lovelace@example.org"
REPLY = f"550 5.1.1 <{ADA}>: Recipient address rejected: User unknown; see /var/log/maillog"


class Refusing:
    """A mail server that has no Ada, and says so with her address."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address == ADA:
            return REPLY
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        return "250 OK"


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        free = int(listening.getsockname()[1])
    controller = Controller(Refusing(), hostname="127.0.0.1", port=free)
    controller.start()
    yield free
    controller.stop()


@pytest.fixture
def own(context: CachedContext, tmp_path: Path, port: int) -> Iterator[CachedContext]:
    """A copy of the small database whose mail goes to the server, and several of whose jobs must fail."""
    back_up(context.db, tmp_path / "papertide.sqlite")
    (tmp_path / "backups").write_text("in the way of the folder")
    settings = context.settings.model_copy(
        update={
            "data_dir": tmp_path,
            "now": context.settings.now + timedelta(days=3),  # type: ignore[operator]
            "arxiv": ArxivSettings(api_url="http://127.0.0.1:9/api/query", max_tries=1, delay_s=0),
            "schedule": ScheduleSettings(harvest="", changes=""),
            "mail": MailSettings(
                transport="smtp",
                host="127.0.0.1",
                port=port,
                security="none",
                sender="digest@papertide.example",
                bounce_folder=tmp_path / "no" / "reports",
            ),
        }
    )
    with CachedContext(settings, encoder=context.encoder) as own:
        yield own


def _reader(context: CachedContext, address: str) -> int:
    reader = add_pending(context.db, address, Preferences(), now=context.now())
    confirm(context.db, reader.subscriber_id, None, now=context.now())
    return reader.subscriber_id


def _client(context: CachedContext) -> TestClient:
    return TestClient(make_app(context.settings, context), raise_server_exceptions=False)


def _published(context: CachedContext) -> str:
    """Everything that says how the service fares, as anybody gets it."""
    client = _client(context)
    pages = [client.get(address) for address in ("/status", "/api/v1/status", "/metrics", "/", "/readyz")]
    assert [page.status_code for page in pages[:4]] == [200, 200, 200, 200]
    return "\n".join(page.text for page in pages).replace(str(context.embedding_model_id), "the model")


def _logged(caplog: pytest.LogCaptureFixture) -> str:
    format_ = logging.Formatter("%(name)s %(message)s").format  # with tracebacks, as a log file has them
    return "\n".join(format_(r) for r in caplog.records if r.name.startswith(("papertide", "service")))


@pytest.mark.parametrize("others", [[], ["ben@example.org"]])
def test_neither_pages_nor_log_name_a_reader_whom_the_mail_server_refuses_or_a_path_of_a_failed_job(
    own: CachedContext, tmp_path: Path, caplog: pytest.LogCaptureFixture, others: list[str]
) -> None:
    for address in (*others, ADA):
        _reader(own, address)
    with caplog.at_level(logging.INFO):
        ended = {e.job: e for e in run_once(MailService(own, sleep=lambda _: None))}
    assert ended["delivery"].state == ("done" if others else "failed")
    assert (ended["bounces"].state, ended["backup"].state) == ("failed", "failed")
    logged, published = _logged(caplog), _published(own)
    if not others:
        assert "the mail server refuses a recipient (550 5.1.1)" in ended["delivery"].message
        assert ended["delivery"].message in logged
        assert ended["delivery"].message in published.replace("\u200b", "")
    for text in (logged, published):
        assert "@" not in text
        assert str(tmp_path) not in text
        assert "unknown" not in text.lower()
        assert "maillog" not in text
    # The operator still learns it, on the terminal.
    details = {d.job: d.detail for d in trouble_details(own)}
    assert str(tmp_path / "no" / "reports") in details["bounces"]
    assert "@" not in str(details)
    [(refused, address)] = refused_deliveries(own.db, limit=10)
    assert (refused.problem, address) == (f"the mail server refuses a recipient: {REPLY}", ADA)


def test_nothing_in_the_database_names_a_reader_who_was_refused_and_then_removed(
    own: CachedContext, tmp_path: Path
) -> None:
    _reader(own, ADA)
    for _ in run_once(MailService(own, sleep=lambda _: None)):
        pass
    reader = subscriber_by_address(own.db, ADA)
    assert reader is not None
    delete_subscriber(own.db, reader.subscriber_id)
    with sqlite3.connect(tmp_path / "papertide.sqlite") as connection:
        assert "lovelace" not in "\n".join(line.lower() for line in connection.iterdump())


def test_an_error_that_nobody_foresaw_is_public_and_logged_by_its_type_alone(
    own: CachedContext, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ValueError(f"{ADA} in /srv/papertide")

    client = _client(own)
    settings, own.settings = own.settings, None  # type: ignore[assignment]  # whatever is asked now fails
    with caplog.at_level(logging.INFO):
        Scheduler._check(_Checks(), "confirmations", broken)  # type: ignore[arg-type]
        assert client.get("/status").status_code == 500
    own.settings = settings
    logged = _logged(caplog)
    assert "confirmations failed: ValueError at tests.service.web.test_privacy:" in logged
    assert "/status failed: AttributeError at " in logged
    assert "@" not in logged
    assert "/srv" not in logged
    assert ".py" not in logged


class _Checks:
    """As much of a scheduler as a look needs."""

    def __init__(self) -> None:
        import threading

        self._stop = threading.Event()
        self._busy = {"confirmations": threading.Lock()}


@pytest.mark.parametrize("error", [ConfigError, ModelError])
@pytest.mark.parametrize("address", ["/trends?term=diffusion", "/api/v1/trends?term=diffusion"])
def test_a_file_that_has_gone_is_not_named_to_who_asks_over_the_web(
    own: CachedContext, caplog: pytest.LogCaptureFixture, error: type[Exception], address: str
) -> None:
    class Gone:
        def __getattr__(self, name: str) -> Any:
            raise error("taxonomy /srv/papertide/terms.toml: cannot be read")

    own = CachedContext(own.settings, db=own.db, encoder=own.encoder, detector=Gone())  # type: ignore[arg-type]
    with caplog.at_level(logging.INFO):
        answered = _client(own).get(address)
    assert answered.status_code == 503
    assert "/srv" not in answered.text + _logged(caplog)


def test_the_address_of_an_own_source_of_papers_is_not_published(own: CachedContext) -> None:
    address = "http://user:s3cret@mirror.internal:8807/api/query"
    outcome = RequestOutcome(
        source="api",
        url=f"{address}?key=T0KEN&search_query=cat:cs.LG&start=0",
        asked_at=own.now(),
        outcome="unreached",
        status=None,
        seconds=0.1,
        n_bytes=0,
        problem=f"cannot reach arXiv at {address}?key=T0KEN: connection refused",
    )
    StoredLimiterState(own.db).change(lambda state: state, outcome)
    published = _published(own)
    for secret in ("s3cret", "mirror.internal", "8807", "T0KEN"):
        assert secret not in published
    assert "?search_query=cat%3Acs.LG&start=0" in published
    assert "cannot reach arXiv at its configured address: connection refused" in published


def test_the_web_servers_own_log_has_no_traceback() -> None:
    try:
        raise ValueError(ADA)
    except ValueError as error:
        line = logging.LogRecord("uvicorn.error", logging.ERROR, __file__, 1, "Exception in %s\n", ("ASGI",), None)
        line.exc_info = (type(error), error, error.__traceback__)
    assert _without_traceback(line)
    assert logging.Formatter().format(line).startswith("Exception in ASGI: ValueError at ")


def test_the_ledger_takes_out_what_a_caller_forgot(own: CachedContext) -> None:
    start_run(own.db, "test", "1", now=own.now())
    words = f"{ADA} in '/srv/papertide/x', see https://arxiv.org/abs/2606.00001"
    finish_run(own.db, "test", "1", state="failed", message=words, detail=words, now=own.now())
    [run] = [r for r in newest_runs(own.db, 50) if r.job == "test"]
    assert run.message == "[address] in '[path]', see https://arxiv.org/abs/2606.00001"
    assert run.detail == "[address] in '/srv/papertide/x', see https://arxiv.org/abs/2606.00001"
