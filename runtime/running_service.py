"""The web service that is running on a data folder, for commands on the same machine that would rather ask than load.

The service writes its address into a file of the folder. A command asks only where database, settings that numbers
depend on, and version are its own; otherwise, and whenever the service does not answer, it computes the answer itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from domain.errors import OutputError, UsageError
from runtime.atomic_write import write_whole

if TYPE_CHECKING:
    from runtime.settings import Settings

TIMEOUT_S = 15.0
"""How long an answer may take; by then the command could have loaded everything itself."""
_ELSEWHERE = {"service", "mail", "schedule", "personal"}
"""Groups of settings that change no answer to a command."""
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - what a service may listen at, not what is bound here


@contextmanager
def announced(settings: Settings) -> Iterator[None]:
    """Let commands find the service that runs in the ``with`` block."""
    file = _file(settings)
    service = settings.service
    host = "127.0.0.1" if service.host in _EVERYWHERE else service.host
    written = json.dumps({"host": host, "port": service.port, "answers_as": _identity(settings)}).encode()
    with suppress(OutputError):  # the folder may only be read; then nobody asks
        if service.port:
            write_whole(file, written, mode=0o600)
    try:
        yield
    finally:
        with suppress(OSError):
            if file.read_bytes() == written:  # another service may have started since
                file.unlink()


def with_address_of_service(settings: Settings) -> Settings:
    """The settings, with the port of the running service: without ``base_url``, links in mails begin with it."""
    announcement = None if settings.service.base_url else _announcement(settings)
    if announcement is None:
        return settings
    service = settings.service.model_copy(update={"host": announcement[0], "port": announcement[1]})
    return settings.model_copy(update={"service": service})


def ask(settings: Settings, path: str, parameters: Sequence[tuple[str, object]]) -> Any | None:
    """What the running service answers at a path of its API; ``None`` where none runs or it cannot answer now.

    Raises
    ------
    UsageError
        If the service says that the question is wrong.
    """
    announcement = _announcement(settings)
    if announcement is None:
        return None
    host, port = announcement
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        ready = connection.getresponse()
        ready.read()
        if ready.status != 200:  # it is still loading what the command would have to wait for
            return None
        given = [(name, value) for name, value in parameters if value is not None]
        connection.request("GET", f"{path}?{urlencode(given)}", headers={"Accept": "application/json"})
        response = connection.getresponse()
        body = json.loads(response.read())
        if response.status == 422 and body["error"]["code"] == "cannot_be_answered":
            raise UsageError(body["error"]["message"])
        return body if response.status == 200 else None
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def _announcement(settings: Settings) -> tuple[str, int] | None:
    """Host and port of the service that said it runs on the same data."""
    try:
        written = json.loads(_file(settings).read_bytes())
        host, port, answers_as = str(written["host"]), int(written["port"]), written["answers_as"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (host, port) if answers_as == _identity(settings) else None


def _file(settings: Settings) -> Path:
    return settings.data_dir / "service.json"


def _identity(settings: Settings) -> str:
    """What the numbers of an answer depend on, hashed: it names the database, whose address may hold a password."""
    from importlib.metadata import version

    own = settings.model_dump(mode="json", exclude=_ELSEWHERE | {"database_url", "data_dir"})
    whole = {
        "version": version("papertide"),
        "data_dir": str(settings.data_dir.resolve()),
        "database_url": settings.database_url.get_secret_value(),
        "settings": own,
        "min_similarity": settings.service.min_similarity,
    }
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
