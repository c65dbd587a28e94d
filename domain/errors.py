"""Every error that Papertide raises on purpose.

    PapertideError
      UsageError                  the request is invalid; the message says what is allowed
        ConfigError               a setting is missing or wrong; start-up stops
        TooManyRequests           a network has sent too many requests (.retry_after_s)
        NothingWanted             a scan was to start before anything was named to look for
      NotFound                    the requested object is not stored
      SourceError                 arXiv gave no usable answer (.url)
        SourceUnavailable         transient: time-out, 5xx, 429, an empty page (.retry_after_s)
          SourcePaused            no request may be sent before .until
          SourceUnreachable       no connection to arXiv
        SourceRejected            permanent: another 4xx, or an error entry (.status)
          ResumptionTokenExpired  an OAI-PMH list must be read again from the start
        SourceFormatError         not the expected XML
      StoreError                  the database failed
        NoDatabaseError           there is none where one was expected; a UsageError too
        QueryTimeout              a query exceeded its time limit
      BusyError                   another process holds the lease (.holder)
      OverloadedError             too many requests wait to be answered
      ModelError                  the embedding model is missing, damaged or not the expected one
      DeliveryError               a mail was refused (.permanent, .kind), or its outcome is unknown (.uncertain)
        MailServerUnavailable     the server accepts no mail at present
      PostponedError              a period cannot be finished before .until, though nothing failed
      Stopped                     the process was asked to stop
      OutputError                 a file cannot be written

Each message is one line for the person at the terminal: what is wrong, then what to do. It may contain paths of this
machine or a reader's address, so pages, logs and the public part of the run ledger show ``public`` instead.
"""

from __future__ import annotations

import math
import traceback
from datetime import datetime
from typing import Literal

from domain.redaction import redact_addresses, redact_private


class PapertideError(Exception):
    """Root of the tree above.

    Attributes
    ----------
    public : text that anybody may read: our own words, without mail addresses, paths or a mail server's reply. The
        default is the class's ``default_public``, so that a new error class publishes nothing by accident.
    detail : text for the operator only, stored in the run ledger: the message, which may contain paths. It contains
        nothing about a reader, because the ledger outlives a reader's data.
    """

    default_public = "the operation failed"

    def __init__(self, message: str = "", *, public: str = "") -> None:
        super().__init__(message)
        self.public = public or self.default_public
        self.detail = message


class UsageError(PapertideError):
    """The request is invalid."""

    default_public = "the request is invalid"

    @property
    def web_message(self) -> str:
        """The text for a web client: the message, which repeats what the client sent."""
        return str(self)


class ConfigError(UsageError):
    """A setting is missing or wrong."""

    default_public = "a setting is missing or wrong"

    @property
    def web_message(self) -> str:
        """The public text: the message contains paths, and a web client did not write the settings."""
        return self.public


class TooManyRequests(UsageError):
    """A network has sent too many requests; it may retry after ``retry_after_s``."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s

    @classmethod
    def after(cls, wait_s: float) -> TooManyRequests:
        """The error of a network that must wait ``wait_s`` seconds."""
        seconds = max(1, math.ceil(wait_s))
        return cls(f"too many requests from your network; try again in {seconds} s", retry_after_s=seconds)


class NothingWanted(UsageError):
    """A scan was to start before anything was named to look for."""


class NotFound(PapertideError):
    """The requested object is not stored."""


class SourceError(PapertideError):
    """arXiv gave no usable answer. The message is about arXiv only, so a redacted copy is public."""

    def __init__(self, message: str, *, url: str = "") -> None:
        super().__init__(message, public=redact_private(message))
        self.url = url


class SourceUnavailable(SourceError):
    """arXiv gave no usable answer now, but may later."""

    def __init__(self, message: str, *, url: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, url=url)
        self.retry_after_s = retry_after_s


class SourcePaused(SourceUnavailable):
    """No request to arXiv may be sent before ``until``."""

    def __init__(self, message: str, *, until: datetime, url: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, url=url, retry_after_s=retry_after_s)
        self.until = until


class SourceUnreachable(SourceUnavailable):
    """No connection to arXiv was made, so arXiv did not refuse the request."""


class SourceRejected(SourceError):
    """arXiv rejected the request; a retry will not help."""

    def __init__(self, message: str, *, url: str = "", status: int | None = None) -> None:
        super().__init__(message, url=url)
        self.status = status


class ResumptionTokenExpired(SourceRejected):
    """arXiv no longer accepts the resumption token of an OAI-PMH list."""


class SourceFormatError(SourceError):
    """arXiv's answer is not the expected XML."""


class StoreError(PapertideError):
    """The database failed."""

    default_public = "the database failed"


class NoDatabaseError(StoreError, UsageError):
    """There is no database where one was expected; most likely the folder is mistyped, which is wrong use."""


class QueryTimeout(StoreError):
    """A query exceeded its time limit; the database itself is sound."""


class BusyError(PapertideError):
    """Another process holds the lease."""

    default_public = "another process is doing this"

    def __init__(self, message: str, *, holder: str = "") -> None:
        super().__init__(message)
        self.holder = holder


class OverloadedError(PapertideError):
    """Too many requests wait to be answered."""

    default_public = "the service is busy; try again in a minute"

    def __init__(self) -> None:
        super().__init__(self.default_public)


class ModelError(PapertideError):
    """The embedding model is missing, damaged or not the expected one."""

    default_public = "the embedding model cannot be loaded"


FailureKind = Literal["failed", "passing", "other"]
"""What a mail's failure is about: ``failed`` if the address takes no mail; ``passing`` if it may take the next one, as
when its mailbox is full; ``other`` if the failure is about our mail, our sender, a policy or the connection."""


class DeliveryError(PapertideError):
    """A mail was not accepted.

    The message may contain the server's reply, which often repeats the reader's address. It is stored in the row of
    the delivery, which is deleted with its reader. ``detail`` is therefore empty unless the error is about no reader.

    Attributes
    ----------
    permanent : the server will not accept this mail later either.
    kind : what the failure is about, see ``FailureKind``.
    uncertain : the connection broke between handing the mail over and the server's answer. The mail may have been
        accepted, so only the operator may decide to send it again.
    """

    default_public = "the mail server did not accept a mail"

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        kind: FailureKind = "other",
        uncertain: bool = False,
        public: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message, public=public)
        self.detail = detail
        self.permanent = permanent
        self.kind = kind
        self.uncertain = uncertain


class MailServerUnavailable(DeliveryError):
    """The server accepts no mail at present, for any address."""

    default_public = "the mail server accepts no mail at present"


class PostponedError(PapertideError):
    """A period cannot be finished yet, though nothing failed; it is tried again at ``until``."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message, public=message)
        self.until = until


class Stopped(PapertideError):
    """The process was asked to stop. What is finished is stored; the rest is still due."""

    default_public = "stopped on request"


class OutputError(PapertideError):
    """A file cannot be written."""

    default_public = "a file cannot be written"


def public_message(error: BaseException) -> str:
    """The text about an error that anybody may read; the type's name if the error is not ours.

    Examples
    --------
    >>> public_message(ConfigError("taxonomy /home/ada/terms.toml: cannot be read"))
    'a setting is missing or wrong'
    >>> public_message(ValueError("ada@example.org"))
    'ValueError'
    """
    return error.public if isinstance(error, PapertideError) else type(error).__name__


def private_detail(error: BaseException) -> str:
    """Further text about an error for the operator: may contain paths, but nothing about a reader."""
    return redact_addresses(error.detail) if isinstance(error, PapertideError) else error_location(error)


def error_location(error: BaseException) -> str:
    """An error's type and the lines that led to it, innermost first, for the log.

    A traceback would also print the error's message and the folders of the code.

    Examples
    --------
    >>> try:
    ...     int("ada@example.org")
    ... except ValueError as error:
    ...     error_location(error).startswith("ValueError at ")
    True
    """
    frames = [
        f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    return f"{type(error).__name__} at {' < '.join(reversed(frames[-_N_FRAMES:])) or 'an unknown place'}"


_N_FRAMES = 8
