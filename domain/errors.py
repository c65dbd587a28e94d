"""Every error that Papertide raises on purpose.

    PapertideError
      UsageError              the caller asked for something that cannot be; says what is allowed
        ConfigError           a setting is missing or wrong; start-up stops
      SourceError             arXiv gave no usable answer (.url)
        SourceUnavailable     may pass: time-out, 5xx, 429, an empty page (.retry_after_s)
          SourceClosed        it refused so often, or asked for such a rest, that nobody asks before .until
          SourceUnreached       not a byte came from it, nor went there
        SourceRejected        will not pass: another 4xx, or an error entry (.status)
          SourceListExpired   a list cannot be gone on with, and must be begun again
        SourceFormatError     not the XML that we expect
      StoreError              the database could not do what was asked
        QueryTimeout            a question took longer than its asker may take
      BusyError               another run holds the lease (.holder)
      ModelError              the embedding model is missing, damaged or not the one expected
      DeliveryError           a mail was not accepted (.permanent, .bad_address), or nobody knows (.uncertain)
        MailServerUnavailable   no mail is accepted now

The message of each is one line for the person at the terminal: what is wrong, then what to do. It may name files of
this machine or a reader's address, so pages, logs and the public part of the run ledger show ``public`` instead.
"""

from __future__ import annotations

import re
import traceback
from datetime import datetime


class PapertideError(Exception):
    """Root of the tree above.

    Attributes
    ----------
    public : what anybody may read: our own words, without mail addresses, a mail server's text or paths. By default
        the sentence of the class, so that a new error publishes nothing by accident.
    detail : what only the operator may read, and the run ledger keeps: the message, which may name files. Nothing
        about a reader, because the ledger outlives them.
    """

    in_public = "it could not be done"

    def __init__(self, message: str = "", *, public: str = "") -> None:
        super().__init__(message)
        self.public = public or self.in_public
        self.detail = message


class UsageError(PapertideError):
    """The caller asked for something that cannot be."""

    in_public = "it cannot be done as it was asked"

    @property
    def reply(self) -> str:
        """The words for somebody who asked over the web: the message, which repeats what they typed."""
        return str(self)


class ConfigError(UsageError):
    """A setting is missing or wrong."""

    in_public = "a setting is missing or wrong"

    @property
    def reply(self) -> str:
        """The public words: the message names files, and whoever asks over the web did not write the settings."""
        return self.public


class SourceError(PapertideError):
    """arXiv gave no usable answer. Its message is about arXiv alone, so anybody may read it."""

    def __init__(self, message: str, *, url: str = "") -> None:
        super().__init__(message, public=without_private_words(message))
        self.url = url


class SourceUnavailable(SourceError):
    """arXiv gave no usable answer now, but may later."""

    def __init__(self, message: str, *, url: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, url=url)
        self.retry_after_s = retry_after_s


class SourceClosed(SourceUnavailable):
    """arXiv is left alone for some time."""

    def __init__(self, message: str, *, until: datetime, url: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, url=url, retry_after_s=retry_after_s)
        self.until = until


class SourceUnreached(SourceUnavailable):
    """Not a byte came from arXiv, nor went there: it cannot have refused us."""


class SourceRejected(SourceError):
    """arXiv refused the question itself; asking again will not help."""

    def __init__(self, message: str, *, url: str = "", status: int | None = None) -> None:
        super().__init__(message, url=url)
        self.status = status


class SourceListExpired(SourceRejected):
    """arXiv no longer knows where its list was to go on."""


class SourceFormatError(SourceError):
    """arXiv's answer is not the XML that we expect."""


class StoreError(PapertideError):
    """The database could not do what was asked."""

    in_public = "the database could not do what was asked"


class QueryTimeout(StoreError):
    """A question took longer than its asker may take; nothing is wrong with the database."""


class BusyError(PapertideError):
    """Another run holds the lease."""

    in_public = "another process is at it"

    def __init__(self, message: str, *, holder: str = "") -> None:
        super().__init__(message)
        self.holder = holder


class ModelError(PapertideError):
    """The embedding model is missing, damaged or not the one expected."""

    in_public = "the embedding model cannot be loaded"


class DeliveryError(PapertideError):
    """A mail was not accepted.

    ``permanent``: this mail will not be taken later either; ``bad_address`` where that is because nobody has the
    address. ``uncertain``: the connection broke after the mail was handed over and before the answer, so nobody
    knows; it must not be sent again without asking.

    The message may hold the server's reply, which often repeats the reader's address. It belongs into the row of the
    delivery, which is deleted with its reader. ``detail`` is therefore empty unless the error is about no reader.
    """

    in_public = "the mail server did not take a mail"

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        bad_address: bool = False,
        uncertain: bool = False,
        public: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message, public=public)
        self.detail = detail
        self.permanent = permanent
        self.bad_address = bad_address
        self.uncertain = uncertain


class MailServerUnavailable(DeliveryError):
    """No mail is accepted now, whoever it is for."""

    in_public = "the mail server takes no mail now"


def public_words(error: BaseException) -> str:
    """What anybody may read about an error: the name of its type, where it is none of ours.

    Examples
    --------
    >>> public_words(ConfigError("taxonomy /home/ada/terms.toml: cannot be read"))
    'a setting is missing or wrong'
    >>> public_words(ValueError("ada@example.org"))
    'ValueError'
    """
    return error.public if isinstance(error, PapertideError) else type(error).__name__


def private_words(error: BaseException) -> str:
    """What the operator may read about an error besides: files, but nothing about a reader."""
    return without_addresses(error.detail) if isinstance(error, PapertideError) else raised_at(error)


def raised_at(error: BaseException) -> str:
    """An error's type and the lines that led to it, innermost first, for the log.

    A traceback would print the error's message, and the folders that the code lies in.

    Examples
    --------
    >>> try:
    ...     int("ada@example.org")
    ... except ValueError as error:
    ...     raised_at(error).startswith("ValueError at ")
    True
    """
    frames = [
        f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    return f"{type(error).__name__} at {' < '.join(reversed(frames[-_N_FRAMES:])) or 'an unknown place'}"


_N_FRAMES = 8
_ADDRESS = re.compile(r"[^\s<>@\"'(),;:]+@(?:[\w-]+(?:\.[\w-]+)+|localhost|\[[^\]\s]*\])", re.IGNORECASE)
_PATH = re.compile(r"(?:sqlite|file):/\S*|(?<![\w:/.\\])(?:~|[A-Za-z]:)?[/\\]{1,2}[^\s/\\'\"<>]{2}[^\s'\"<>]*")


def without_addresses(text: str) -> str:
    """Text with its mail addresses taken out."""
    return _ADDRESS.sub("[address]", text)


def without_private_words(text: str) -> str:
    """Text with mail addresses and absolute paths taken out; addresses on the web stay.

    Examples
    --------
    >>> without_private_words("<ada@example.org> in '/srv/papertide/mail', see https://arxiv.org/abs/2606.00001")
    "<[address]> in '[path]', see https://arxiv.org/abs/2606.00001"
    """
    return _PATH.sub("[path]", without_addresses(text))


class PostponedError(PapertideError):
    """A period cannot be finished yet, without anything having failed: it is looked at again at ``until``."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message, public=message)
        self.until = until


class StopRequested(PapertideError):
    """The process is to end: what is finished is stored, the rest is still due."""

    in_public = "stopped as asked"


class NotFound(PapertideError):
    """What was asked for is not held."""


class OutputError(PapertideError):
    """A file cannot be written."""

    in_public = "a file cannot be written"


class Stopped(PapertideError):
    """The process was asked to end; what is finished is stored."""

    in_public = "stopped as asked"


class TooManyRequests(UsageError):
    """A network has asked for too much; it may ask again after ``retry_after_s``."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
