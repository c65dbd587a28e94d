"""One request to arXiv at a time, whatever is asked: waits, says who we are, and passes on whole answers only."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
import stamina
from lxml import etree

from domain.errors import SourceFormatError, SourceRejected, SourceUnavailable
from ingest.settings import ArxivSettings

T = TypeVar("T")

_PARSER_OPTIONS: dict[str, Any] = {"resolve_entities": False, "no_network": True, "huge_tree": False}


class ArxivSession(requests.Session):
    """Asks one of arXiv's services, and refuses every answer that is not a whole one of that service.

    ``check`` is given a body and its address and raises ``SourceFormatError`` if it is not such an answer, or
    ``SourceRejected`` if it is the service's way of refusing the question. ``sleep`` and ``clock`` (seconds,
    monotonic) keep the pause between requests; retries wait by ``stamina``.
    """

    def __init__(
        self,
        settings: ArxivSettings,
        *,
        product: str,
        base_url: str,
        accept: str,
        check: Callable[[bytes, str], None],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._base_url = base_url
        self._check = check
        self._sleep = sleep
        self._clock = clock
        self._quiet_until = 0.0
        contact = f" ({settings.contact})" if settings.contact else ""
        self._headers = {"User-Agent": f"{product}{contact}", "Accept": accept}
        self.n_requests = 0

    def get(self, url: str | bytes, **_: Any) -> requests.Response:
        """The answer to one request, if ``check`` has nothing against it.

        Raises
        ------
        SourceUnavailable, SourceRejected
        """
        address = url.decode() if isinstance(url, bytes) else url
        if (wait := self._quiet_until - self._clock()) > 0:
            self._sleep(wait)
        self.n_requests += 1
        try:
            response = super().get(
                address, headers=self._headers, timeout=(30.0, self._settings.timeout_s), allow_redirects=True
            )
            body = response.content
        except requests.exceptions.ConnectionError as error:
            raise SourceUnavailable(f"cannot reach arXiv at {self._base_url}: {_cause(error)}", url=address) from error
        except requests.exceptions.RequestException as error:
            raise SourceUnavailable(f"arXiv's answer broke off: {_cause(error)}", url=address) from error
        finally:
            # Counted from the answer, not from the question: arXiv asks for pauses, not for a pace.
            self._quiet_until = self._clock() + self._settings.delay_s
        if response.status_code != requests.codes.ok:
            raise self._refusal(response, address)
        try:
            self._check(body, address)
        except SourceFormatError as error:
            raise SourceUnavailable(str(error), url=address) from error
        return response

    def retrying(self, ask: Callable[[], T]) -> T:
        """What ``ask`` gives, tried again while arXiv may yet answer; the one place that retries.

        Raises
        ------
        SourceUnavailable
            If there was no whole answer in ``max_tries`` tries, or arXiv asks for a longer wait than we grant.
        SourceRejected
            If arXiv refuses the question.
        """
        attempts = stamina.retry_context(
            on=_wait_before_retry(self._settings), attempts=self._settings.max_tries, timeout=None
        )
        for attempt in attempts:
            with attempt:
                return ask()
        raise AssertionError("stamina returns or raises")

    def _refusal(self, response: requests.Response, url: str) -> SourceUnavailable | SourceRejected:
        status = response.status_code
        # 406 is one of arXiv's ways of slowing us down; 400 and 404 are about the question.
        if status in (406, 408, 425, 429) or status >= 500:
            wait_s = retry_after_s(response.headers.get("Retry-After"), now=datetime.now(UTC))
            return SourceUnavailable(f"arXiv answered {status}", url=url, retry_after_s=wait_s)
        try:
            self._check(response.content, url)
        except SourceRejected as error:
            return SourceRejected(str(error), url=url, status=status)
        except SourceFormatError:
            pass
        return SourceRejected(f"arXiv answered {status}", url=url, status=status)


def parse_xml(body: bytes, url: str, kind: str) -> etree._Element:
    """The root of an XML answer, read without entities, network or other tricks; ``kind`` names what was expected.

    Raises
    ------
    SourceFormatError
        If the body is not well-formed, or cut off.
    """
    try:
        return etree.fromstring(body, etree.XMLParser(**_PARSER_OPTIONS))
    except etree.XMLSyntaxError as error:
        raise SourceFormatError(f"arXiv's answer is not whole {kind} ({error})", url=url) from error


def retry_after_s(value: str | None, *, now: datetime) -> float | None:
    """A ``Retry-After`` header in seconds, from a number or a date (RFC 9110); ``None`` where it says neither."""
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


def _wait_before_retry(settings: ArxivSettings) -> Callable[[Exception], bool | float]:
    """How many seconds to wait before another try; ``False`` where there should be none.

    The wait doubles from the delay between requests; ``Retry-After`` makes it longer, never shorter, since arXiv
    sends 0 with time-outs. A wait beyond ``max_wait_s`` is not granted: the harvest ends and says so.
    """
    tries = itertools.count(1)

    def wait(error: Exception) -> bool | float:
        if not isinstance(error, SourceUnavailable):
            return False
        wait_s = max(settings.delay_s * 2 ** next(tries), error.retry_after_s or 0.0)
        return False if wait_s > settings.max_wait_s else float(wait_s)

    return wait


def _cause(error: BaseException) -> str:
    """The innermost reason in a few words: urllib3 wraps them four deep."""
    text = str(error)
    for words in ("Connection refused", "Name or service not known", "timed out", "reset by peer"):
        if words in text:
            return words.lower()
    return type(error).__name__
