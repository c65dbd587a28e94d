"""One request to arXiv at a time, whatever is asked: takes its turn, says who we are, passes on whole answers only."""

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

from domain.errors import (
    SourceClosed,
    SourceError,
    SourceFormatError,
    SourceRejected,
    SourceUnavailable,
    SourceUnreached,
)
from domain.rate_limit import Outcome, RequestOutcome, is_paused
from ingest.rate_limiter import CONNECT_S, RateLimiter
from ingest.settings import ArxivSettings

T = TypeVar("T")

_PARSER_OPTIONS: dict[str, Any] = {"resolve_entities": False, "no_network": True, "huge_tree": False}


class ArxivHttpSession(requests.Session):
    """Asks one of arXiv's services, and refuses every answer that is not a whole one of that service.

    ``check`` is given a body and its address and raises ``SourceFormatError`` if it is not such an answer, or
    ``SourceRejected`` if it is the service's way of refusing the question. ``gate`` keeps the pause between requests,
    its own where none is given; ``source`` is what the gate's memory calls the service.
    """

    def __init__(
        self,
        settings: ArxivSettings,
        *,
        product: str,
        base_url: str,
        accept: str,
        check: Callable[[bytes, str], None],
        gate: RateLimiter | None = None,
        source: str = "api",
    ) -> None:
        super().__init__()
        self._settings = settings
        self._base_url = base_url
        self._check = check
        self._gate = gate or RateLimiter(settings)
        self._source = source
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
        turn = self._gate.enter()
        self.n_requests += 1
        began = time.monotonic()
        answer = RequestOutcome(
            self._source, address, self._gate.now(), "unreached", None, 0.0, 0, "stopped before an answer came"
        )
        failure: SourceError | None = None
        try:
            response = self._ask(address)
            answer = replace(answer, status=response.status_code, n_bytes=len(response.content))
            self._judge(response, address)
            answer = replace(answer, outcome="usable", problem=None)
        except SourceError as error:
            failure = error
            answer = replace(
                answer,
                outcome=_outcome_of(error),
                problem=str(error),
                retry_after_s=getattr(error, "retry_after_s", None),
            )
        finally:
            state = self._gate.leave(turn, replace(answer, seconds=time.monotonic() - began))
        if failure is None:
            return response
        if state.closed_until is not None and is_paused(state, self._gate.now()):
            raise SourceClosed(
                f"{failure}; arXiv is not asked again before {state.closed_until:%Y-%m-%d %H:%M} UTC",
                until=state.closed_until,
                url=address,
                retry_after_s=answer.retry_after_s,
            ) from failure
        raise failure

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: a request that follows an answer would not have waited for its turn."""

    def _ask(self, address: str) -> requests.Response:
        """Whatever answer comes, read to its end."""
        deadline = time.monotonic() + self._settings.answer_s
        try:
            response = super().get(
                address,
                headers=self._headers,
                timeout=(CONNECT_S, self._settings.timeout_s),
                stream=True,
            )
            with response:
                body = bytearray()
                while chunk := response.raw.read1(1 << 16, decode_content=True):
                    body += chunk
                    if time.monotonic() > deadline:  # a time-out is for silence; this is for an answer that trickles
                        raise SourceUnavailable(
                            f"arXiv's answer took longer than {self._settings.answer_s:g} s", url=address
                        )
            response._content = bytes(body)  # where everybody looks for it who does not read a stream
        except requests.exceptions.ConnectionError as error:
            kind = SourceUnreached if _is_unreached(error) else SourceUnavailable
            raise kind(f"cannot reach arXiv at {self._base_url}: {_cause(error)}", url=address) from error
        except (requests.exceptions.RequestException, HTTPError) as error:
            raise SourceUnavailable(f"arXiv's answer broke off: {_cause(error)}", url=address) from error
        return response

    def _judge(self, response: requests.Response, address: str) -> None:
        if response.status_code != requests.codes.ok:
            raise self._refusal(response, address)
        try:
            self._check(response.content, address)
        except SourceFormatError as error:
            raise SourceUnavailable(str(error), url=address) from error

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
            on=_wait_before_retry(self._gate, self._settings), attempts=self._settings.max_tries, timeout=None
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
        if response.is_redirect:
            to = response.headers["Location"].partition("?")[0]
            return SourceRejected(
                f"arXiv has moved from {self._base_url} to {to!a}: set arxiv.{self._source}_url", url=url, status=status
            )
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


def _wait_before_retry(gate: RateLimiter, settings: ArxivSettings) -> Callable[[Exception], bool | float]:
    """How many seconds to wait before another try; ``False`` where there should be none.

    The gate knows what arXiv asked for. Where arXiv was not reached at all, the wait doubles from the delay between
    requests.
    """
    tries = itertools.count(1)

    def wait(error: Exception) -> bool | float:
        if not isinstance(error, SourceUnavailable) or isinstance(error, SourceClosed):
            return False
        doubling_s: float = min(settings.max_wait_s, settings.delay_s * 2 ** min(next(tries), 20))
        return max(doubling_s, gate.wait_s())

    return wait


def _outcome_of(error: SourceError) -> Outcome:
    if isinstance(error, SourceUnreached):
        return "unreached"
    # 401 and 403 are what a client gets that is blocked, whatever it asks.
    if isinstance(error, SourceRejected) and error.status not in (401, 403):
        return "rejected"
    return "refused"


def _is_unreached(error: requests.exceptions.ConnectionError) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _cause(error: BaseException) -> str:
    """The innermost reason in a few words: urllib3 wraps them four deep."""
    text = str(error)
    for words in ("Connection refused", "Name or service not known", "timed out", "reset by peer"):
        if words in text:
            return words.lower()
    return type(error).__name__
