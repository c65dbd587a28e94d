"""The HTTP session for arXiv's services: rate limit, identification, validation and retries."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
import stamina
from lxml import etree
from urllib3.exceptions import HTTPError, NewConnectionError

from domain.arxiv_rate_limit import Outcome, RequestOutcome, is_paused
from domain.errors import (
    SourceError,
    SourceFormatError,
    SourcePaused,
    SourceRejected,
    SourceUnavailable,
    SourceUnreachable,
)
from domain.public_address import without_credentials
from ingest.rate_limiter import CONNECT_TIMEOUT_S, RateLimiter
from ingest.settings import ArxivSettings
from ingest.stop_request import ended_by_stop

T = TypeVar("T")

MAX_BYTES = 128 * 2**20
"""The largest answer that is read, unpacked. A page of 2,000 papers has 10 MB; one MB of gzip can unfold to 1,000."""
_PIECE = 2**16
_PARSER_OPTIONS: dict[str, Any] = {"resolve_entities": False, "no_network": True, "huge_tree": False}


class ArxivHttpSession(requests.Session):
    """Session for one of arXiv's services that accepts only complete answers of that service.

    Parameters
    ----------
    check : called with a body and its URL; raises ``SourceFormatError`` if the body is not a complete answer, and
        ``SourceRejected`` if it is the service's error message.
    rate_limiter : by default a new one for this process.
    source : name of the service in the log of requests.
    """

    def __init__(
        self,
        settings: ArxivSettings,
        *,
        product: str,
        base_url: str,
        accept: str,
        check: Callable[[bytes, str], None],
        rate_limiter: RateLimiter | None = None,
        source: str = "api",
    ) -> None:
        super().__init__()
        self._settings = settings
        self._base_url = base_url
        self._check = check
        self._rate_limiter = rate_limiter or RateLimiter(settings)
        self._source = source
        contact = f" ({settings.contact})" if settings.contact else ""
        self._headers = {"User-Agent": f"{product}{contact}", "Accept": accept}
        self.n_requests = 0

    def get(self, url: str | bytes, **_: Any) -> requests.Response:
        """The answer to one request, once ``check`` accepts it.

        Raises
        ------
        SourceUnavailable, SourceRejected
        """
        address = url.decode() if isinstance(url, bytes) else url
        permit = self._rate_limiter.acquire()
        self.n_requests += 1
        began = time.monotonic()
        outcome = RequestOutcome(
            source=self._source,
            url=address,
            asked_at=self._rate_limiter.now(),
            outcome="unreached",
            status=None,
            seconds=0.0,
            n_bytes=0,
            problem="stopped before an answer arrived",
        )
        failure: SourceError | None = None
        try:
            response = ended_by_stop(lambda: self._send(address))
            outcome = replace(outcome, status=response.status_code, n_bytes=len(response.content))
            self._require_usable(response, address)
            outcome = replace(outcome, outcome="usable", problem=None)
        except SourceError as error:
            failure = error
            outcome = replace(
                outcome,
                outcome=_outcome_of(error),
                problem=str(error),
                retry_after_s=getattr(error, "retry_after_s", None),
            )
        finally:
            state = self._rate_limiter.release(permit, replace(outcome, seconds=time.monotonic() - began))
        if failure is None:
            return response
        if state.closed_until is not None and is_paused(state, self._rate_limiter.now()):
            raise SourcePaused(
                f"{failure}; requests are paused until {state.closed_until:%Y-%m-%d %H:%M} UTC",
                until=state.closed_until,
                url=address,
                retry_after_s=outcome.retry_after_s,
            ) from failure
        raise failure

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect: it would bypass the rate limiter."""

    def _send(self, address: str) -> requests.Response:
        """Send a request and read the answer to its end, whatever its status."""
        deadline = time.monotonic() + self._settings.answer_s
        try:
            response = super().get(
                address,
                headers=self._headers,
                timeout=(CONNECT_TIMEOUT_S, self._settings.timeout_s),
                stream=True,
            )
            with response:
                body = bytearray()
                while chunk := response.raw.read1(1 << 16, decode_content=True):
                    body += chunk
                    if len(body) > MAX_BYTES:
                        raise SourceUnavailable(
                            f"arXiv's answer has more than {MAX_BYTES // 2**20} MB unpacked", url=address
                        )
                    if time.monotonic() > deadline:  # the time-out covers silence, this a slow trickle
                        raise SourceUnavailable(
                            f"arXiv's answer took longer than {self._settings.answer_s:g} s", url=address
                        )
            response._content = bytes(body)  # what response.content returns
        except requests.exceptions.ConnectionError as error:
            kind = SourceUnreachable if _is_unreached(error) else SourceUnavailable
            raise kind(
                f"cannot reach arXiv at {without_credentials(self._base_url)}: {_cause(error)}", url=address
            ) from error
        except (requests.exceptions.RequestException, HTTPError) as error:
            raise SourceUnavailable(f"arXiv's answer broke off: {_cause(error)}", url=address) from error
        return response

    def _require_usable(self, response: requests.Response, address: str) -> None:
        if response.status_code != requests.codes.ok:
            raise self._error_of(response, address)
        try:
            self._check(response.content, address)
        except SourceFormatError as error:
            raise SourceUnavailable(str(error), url=address) from error

    def with_retries(self, request: Callable[[], T]) -> T:
        """The result of ``request``, retried after transient failures; the only place that retries.

        Raises
        ------
        SourceUnavailable
            If ``max_tries`` tries gave no complete answer, or arXiv asks for a wait above ``max_wait_s``.
        SourceRejected
            If arXiv rejects the request.
        """
        attempts = stamina.retry_context(
            on=_retry_delay(self._rate_limiter, self._settings), attempts=self._settings.max_tries, timeout=None
        )
        tries = iter(attempts)
        while True:
            attempt = ended_by_stop(lambda: next(tries))  # waits before another try
            with attempt:
                return request()

    def _error_of(self, response: requests.Response, url: str) -> SourceUnavailable | SourceRejected:
        status = response.status_code
        # arXiv also sends 406 to slow clients down; 400 and 404 mean that the request is invalid.
        if status in (406, 408, 425, 429) or status >= 500:
            wait_s = retry_after_s(response.headers.get("Retry-After"), now=datetime.now(UTC))
            return SourceUnavailable(f"arXiv answered {status}", url=url, retry_after_s=wait_s)
        if response.is_redirect:
            to = response.headers["Location"].partition("?")[0]
            return SourceRejected(
                f"arXiv has moved from {without_credentials(self._base_url)} to {to!a}: set arxiv.{self._source}_url",
                url=url,
                status=status,
            )
        try:
            self._check(response.content, url)
        except SourceRejected as error:
            return SourceRejected(str(error), url=url, status=status)
        except SourceFormatError:
            pass
        return SourceRejected(f"arXiv answered {status}", url=url, status=status)


def parse_xml(body: bytes, url: str, kind: str) -> etree._Element:
    """The root of an XML answer, parsed without entities or network; ``kind`` names the expected format.

    Raises
    ------
    SourceFormatError
        If the body is malformed or truncated.
    """
    try:
        # In pieces, because the parser goes on to the end of what it is given after an error that nothing can mend.
        parser = etree.XMLParser(**_PARSER_OPTIONS)
        for start in range(0, len(body), _PIECE):
            parser.feed(body[start : start + _PIECE])
            # After some errors the parser raises nothing and takes the next piece for a new document.
            for error in parser.feed_error_log.filter_from_fatals():
                problem = f"{error.message}, line {error.line}, column {error.column}"
                raise SourceFormatError(f"arXiv's answer is not complete {kind} ({problem})", url=url)
        return parser.close()
    except etree.XMLSyntaxError as error:
        raise SourceFormatError(f"arXiv's answer is not complete {kind} ({error})", url=url) from error


def retry_after_s(value: str | None, *, now: datetime) -> float | None:
    """A ``Retry-After`` header in seconds, from a number or a date (RFC 9110); ``None`` if it is neither."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())


def _retry_delay(rate_limiter: RateLimiter, settings: ArxivSettings) -> Callable[[Exception], bool | float]:
    """The back-off hook for stamina: seconds to wait before another try, ``False`` for no further try.

    The wait doubles from the delay between requests, and is at least what the rate limiter requires.
    """
    tries = itertools.count(1)

    def wait(error: Exception) -> bool | float:
        if not isinstance(error, SourceUnavailable) or isinstance(error, SourcePaused):
            return False
        doubling_s: float = min(settings.max_wait_s, settings.delay_s * 2 ** min(next(tries), 20))
        return max(doubling_s, rate_limiter.wait_s())

    return wait


def _outcome_of(error: SourceError) -> Outcome:
    if isinstance(error, SourceUnreachable):
        return "unreached"
    # A blocked client gets 401 or 403 for every request.
    if isinstance(error, SourceRejected) and error.status not in (401, 403):
        return "rejected"
    return "refused"


def _is_unreached(error: requests.exceptions.ConnectionError) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _cause(error: BaseException) -> str:
    """The innermost cause in a few words; urllib3 nests exceptions four deep."""
    text = str(error)
    for words in ("Connection refused", "Name or service not known", "timed out", "reset by peer"):
        if words in text:
            return words.lower()
    return type(error).__name__
