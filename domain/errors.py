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

The message of each is one line for the person at the terminal: what is wrong, then what to do.
"""

from __future__ import annotations

from datetime import datetime


class PapertideError(Exception):
    """Root of the tree above."""


class UsageError(PapertideError):
    """The caller asked for something that cannot be."""


class ConfigError(UsageError):
    """A setting is missing or wrong."""


class SourceError(PapertideError):
    """arXiv gave no usable answer."""

    def __init__(self, message: str, *, url: str = "") -> None:
        super().__init__(message)
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


class QueryTimeout(StoreError):
    """A question took longer than its asker may take; nothing is wrong with the database."""


class BusyError(PapertideError):
    """Another run holds the lease."""

    def __init__(self, message: str, *, holder: str = "") -> None:
        super().__init__(message)
        self.holder = holder


class ModelError(PapertideError):
    """The embedding model is missing, damaged or not the one expected."""


class DeliveryError(PapertideError):
    """A mail was not accepted.

    ``permanent``: this mail will not be taken later either; ``bad_address`` where that is because nobody has the
    address. ``uncertain``: the connection broke after the mail was handed over and before the answer, so nobody
    knows; it must not be sent again without asking.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, bad_address: bool = False, uncertain: bool = False
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.bad_address = bad_address
        self.uncertain = uncertain


class MailServerUnavailable(DeliveryError):
    """No mail is accepted now, whoever it is for."""
