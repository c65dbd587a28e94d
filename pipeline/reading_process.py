"""A process that reads papers: it finds techniques, themes, names and claims in them.

Reading holds Python's interpreter lock. Beside the web service, a thread that reads for an hour would slow every page,
so long work reads in a process of its own, at a lower priority.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from analysis.applications.domain_finder import DomainFinder, load_domains
from analysis.claims.claim_reader import default_reader
from analysis.claims.standards_and_failure_modes import RuleFinder, load_named_rules
from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy
from analysis.names.tagger import NameTagger
from domain.detections import PaperDetections
from domain.errors import PapertideError
from domain.name_mention import NameMention
from domain.paper import Paper
from domain.paper_claims import PaperClaims
from ingest.stop_request import ended_by_stop
from pipeline.claims import claims_of
from runtime.settings import Settings

_NICENESS = 10
_Kind = Literal["detections", "names", "claims"]


@dataclass(frozen=True)
class _RemoteTagger:
    """The packaged tagger, which works in the process."""

    tagger_id: str
    process: ReadingProcess

    def tag_texts(self, texts: Sequence[tuple[str, str]]) -> list[tuple[NameMention, ...]]:
        """The names in each title and abstract."""
        found: list[tuple[NameMention, ...]] = self.process.answer("names", texts)
        return found


class ReadingProcess:
    """Reads papers with the taxonomy and the lists that the settings name; a context manager that ends the process.

    The process also ends when the one that started it does, however that ends.
    """

    def __init__(self, settings: Settings) -> None:
        start = get_context("spawn")  # a forked copy would hold locks of this process's threads
        self._connection, far_end = start.Pipe()
        files = (settings.taxonomy, settings.standards, settings.failure_modes, settings.application_domains)
        self._process = start.Process(target=_serve, args=(far_end, *files), name="reading", daemon=True)
        self._process.start()
        far_end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.join()

    def detections(self, papers: Sequence[Paper]) -> list[PaperDetections]:
        """The techniques and themes of each paper."""
        found: list[PaperDetections] = self.answer("detections", papers)
        return found

    def claims(self, papers: Sequence[Paper]) -> list[PaperClaims]:
        """What is read in each paper."""
        found: list[PaperClaims] = self.answer("claims", papers)
        return found

    def tagger(self, tagger_id: str) -> _RemoteTagger:
        """The packaged tagger, whose id is given."""
        return _RemoteTagger(tagger_id, self)

    def answer(self, kind: _Kind, question: Any) -> Any:
        """What the process answers.

        Raises
        ------
        PapertideError
            If it failed or has ended.
        Stopped
            If a stop is asked for meanwhile.
        """
        try:
            self._connection.send((kind, list(question)))
            answer, problem = ended_by_stop(self._connection.recv)
        except (EOFError, OSError) as error:
            raise PapertideError(_ENDED, public=_ENDED) from error
        if problem:
            raise PapertideError(f"reading papers failed: {problem}")
        return answer


_ENDED = "the process that reads papers has ended"


def _serve(
    connection: Connection,
    taxonomy: Path | None,
    standards: Path | None,
    failure_modes: Path | None,
    application_domains: Path | None,
) -> None:
    """Answer until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C reaches both processes; the other one ends this one
    with suppress(OSError):
        os.nice(_NICENESS)
    parts: dict[str, Callable[[Any], Any]] = {}
    make: dict[str, Callable[[], Callable[[Any], Any]]] = {
        "detections": lambda: Detector(load_taxonomy(taxonomy)).detect,
        "names": lambda: NameTagger().tag_texts,
        "claims": lambda: partial(
            _all_claims,
            RuleFinder(load_named_rules(standards, failure_modes)),
            DomainFinder(load_domains(application_domains)),
        ),
    }
    while True:
        try:
            kind, question = connection.recv()
        except (EOFError, OSError):
            return
        try:
            if kind not in parts:
                parts[kind] = make[kind]()
            answer: Any = (parts[kind](question), "")
        except Exception as error:  # noqa: BLE001 - the other process raises it
            answer = (None, f"{type(error).__name__}: {error}")
        try:
            connection.send(answer)
        except OSError:
            return


def _all_claims(finder: RuleFinder, domains: DomainFinder, papers: Sequence[Paper]) -> list[PaperClaims]:
    return [claims_of(default_reader(), finder, domains, paper) for paper in papers]
