"""Reads every page, feed, mail and JSON of a data folder's weeks for numbers and words that contradict each other.

    python -m tools.find_contradictions DATA_DIR [--week 2026-W25 ...]

Four kinds of contradiction are looked for:

- *verdict*: a word beside an interval that says something else, in text or in JSON;
- *span*: a change or a curve over more weeks than the digest has on record;
- *list*: a number that differs from the list of papers behind it, or from its own share;
- *count*: two counts of one thing: page, text, mail, feed, home page, JSON and the API's totals.

One line for each is printed, then how much was read. The exit status is 1 if anything was found.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from domain.detections import ADOPTS, MENTIONS
from domain.digest import Digest, DigestEdition, Share, TermLine
from domain.issues_and_deliveries import Issue
from domain.personal_digest import PersonalPart
from domain.subscription import Preferences
from domain.week import Week
from runtime.cached_context import CachedContext
from runtime.service_settings import ServiceSettings
from runtime.settings import Settings
from store.digests import newest_digest, published_weeks
from templates.digest_pages import digest_files
from templates.links import MailLinks
from templates.mail_rendering import MailUrls, issue_frame, render_issue
from templates.number_text import percent, plural

_NUMBER = r"[+\u2212-]?\d+(?:\.\d+)?"
_UP, _DOWN, _NONE = ("rising", "emerging", "up"), ("falling", "cooling", "down"), ("within noise",)
_VERDICT = re.compile(
    rf"\b(?P<word>{'|'.join((*_UP, *_DOWN, *_NONE, 'moved, as a year before'))})\b[,: (]*"
    rf"(?P<size>{_NUMBER}) points[,: (]*(?P<low>{_NUMBER}) to (?P<high>{_NUMBER})"
)
_SPANS = (
    re.compile(r"\b(?:over|in) (?P<weeks>\d+) weeks\b"),
    re.compile(r"\bin the (?P<weeks>\d+) weeks on record\b"),
    re.compile(r"\b(?:over|in|pace of|of) (?:the last |the )?(?P<half>half a year|half year)\b"),
    re.compile(r"\b(?P<weeks>\d+) weeks (?=Change\b|as a table\b)"),
)
_TAG, _NOT_TEXT = re.compile(r"<[^>]+>"), re.compile(r"<(style|script|title|desc)\b.*?</\1>", re.DOTALL)
_PAPERS = re.compile(r'<ol class="abstracts">.*?</ol>', re.DOTALL)
"""Papers of a list: an abstract may say "over 7 weeks" of anything."""


@dataclass(frozen=True)
class Contradiction:
    """Where two things contradict each other, of which kind, and how."""

    where: str
    kind: str
    words: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}: {self.words}"


def text_of(document: str) -> str:
    """The words of a page, mail or text, on one line, without lists of abstracts."""
    if document.lstrip().startswith("<"):
        document = unescape(_TAG.sub(" ", _NOT_TEXT.sub(" ", _PAPERS.sub(" ", document))))
    return " ".join(document.split())


def in_text(where: str, text: str, *, n_weeks: int) -> Iterator[Contradiction]:
    """Verdicts beside another interval, and spans longer than the ``n_weeks`` on record, in the words of a document."""
    for match in _VERDICT.finditer(text):
        low, high = (float(match[end].replace("\u2212", "-")) for end in ("low", "high"))
        if not _agree(match["word"], low, high):
            yield Contradiction(where, "verdict", match[0])
    for pattern in _SPANS:
        for match in pattern.finditer(text):
            named = match.groupdict()
            if (26 if named.get("half") else int(named["weeks"])) > n_weeks:
                yield Contradiction(where, "span", f"{match[0]}, of {n_weeks} weeks on record")


def _agree(word: str, low: float, high: float) -> bool:
    if word in _UP or word in _DOWN:
        return low > 0 if word in _UP else high < 0
    return low <= 0 <= high if word in (*_NONE, "steady") else not low <= 0 <= high


def in_json(where: str, value: Any, *, n_weeks: int) -> Iterator[Contradiction]:
    """Verdicts beside another interval, spans and shares in a JSON document, wherever they stand."""
    if isinstance(value, list):
        for element in value:
            yield from in_json(where, element, n_weeks=n_weeks)
    if not isinstance(value, dict):
        return
    for name, member in value.items():
        yield from in_json(f"{where} {name}", member, n_weeks=n_weeks)
    change = value.get("change") if "change" in value else value
    verdict = value.get("verdict")
    if verdict and verdict != "unknown" and change and change.get("low") is not None:
        if not _agree(verdict, change["low"], change["high"]):
            yield Contradiction(where, "verdict", f"{verdict}, {change['low']} to {change['high']}")
        if not change["low"] <= change["difference"] <= change["high"]:
            yield Contradiction(where, "verdict", f"{change['difference']} outside its interval")
    if value.get("first_week") and value.get("last_week"):
        span = Week.parse(value["first_week"]).weeks_until(Week.parse(value["last_week"])) + 1
        if span > n_weeks:
            yield Contradiction(where, "span", f"{span} weeks, of {n_weeks} on record")
    if {"k", "n", "share", "low", "high"} <= value.keys() and value["share"] is not None:
        is_possible = value["k"] <= value["n"] and value["low"] <= value["share"] <= value["high"]
        # A share corrected for the detector's error keeps the counts that it corrects.
        is_quotient = where.endswith(" corrected") or abs(value["share"] * value["n"] - value["k"]) < 1e-3 * value["n"]
        if not (is_possible and is_quotient):
            yield Contradiction(where, "list", f"{value['k']} of {value['n']} is {value['share']}")


def in_edition(edition: DigestEdition) -> Iterator[Contradiction]:
    """Numbers of a digest that differ from the lists behind them."""
    digest, where = edition.digest, str(edition.digest.week)
    lists = {papers.slug: papers.papers for papers in edition.paper_lists}

    def same(name: str, number: int, n_listed: int) -> Iterator[Contradiction]:
        if number != n_listed:
            yield Contradiction(f"{where} {name}", "list", f"{number} counted, {n_listed} listed")

    n = digest.headline.n_papers
    yield from same("all papers", n, len(lists["all-papers"]))
    for line in (*digest.techniques, *digest.themes):
        levels = Counter(p.level for p in lists[line.slug])
        yield from same(line.slug, line.adopts.k, sum(k for level, k in levels.items() if level >= ADOPTS))
        yield from same(f"{line.slug} mentions", line.mentions.k, levels[MENTIONS])
        yield from same(f"{line.slug} of", line.adopts.n, n)
        if line.series:
            yield from same(f"{line.slug} curve", line.series[-1].k, line.adopts.k)
        for place in line.where:
            in_topic = sum(p.topic_id == place.topic_id and p.level >= ADOPTS for p in lists[line.slug])
            yield from same(f"{line.slug} in topic {place.topic_id}", place.k, in_topic)
    counted = {topic.slug: topic.share for topic in digest.all_topics}
    for topic in digest.topics:
        counted.setdefault(topic.slug, topic.share)
        yield from same(f"{topic.slug} twice", topic.share.k, counted[topic.slug].k)
        if topic.series:
            yield from same(f"{topic.slug} curve", topic.series[-1].k, topic.share.k)
    for slug, share in counted.items():
        yield from same(slug, share.k, len(lists.get(slug, ())))
    practice = digest.in_practice
    if practice is not None and practice.n == n:
        main = {line.slug: line.adopts.k for line in digest.themes}
        for theme in practice.themes:
            yield from same(f"{theme.slug} read", theme.n, main[theme.slug])
    assigned = digest.topic_coverage.assigned
    if digest.topic_coverage.n_topics:
        yield from same("topics", assigned.k, sum(share.k for share in counted.values()))
        yield from same("no topic", assigned.n - assigned.k, len(lists["no-topic"]))


def in_documents(digest: Digest, documents: Mapping[str, str]) -> Iterator[Contradiction]:
    """Numbers of a digest that its page, text or mail shows otherwise, or not at all."""
    for name, text in documents.items():
        where = f"{digest.week} {name}"

        def shows(words: str, where: str = where, text: str = text) -> Iterator[Contradiction]:
            if " ".join(words.split()) not in text:
                yield Contradiction(where, "count", f"does not show {' '.join(words.split())!r}")

        yield from shows(text_of(digest.headline.sentence))
        yield from shows(plural(digest.headline.n_papers, "paper"))
        is_mail = name.startswith("mail")
        lines: list[tuple[str, Share]] = [
            (line.name, line.adopts) for line in (*digest.techniques, *digest.themes) if not is_mail or line.is_called
        ]
        lines += [(topic.label, topic.share) for topic in digest.topics if topic.status != "unproven"]
        for called, share in lines:
            yield from shows(called)
            yield from shows(f"{share.k:,} of {share.n:,}")
            if share.share == share.share:
                yield from shows(percent(share.share))


def documents_of(edition: DigestEdition, files: Mapping[str, str]) -> dict[str, str]:
    """The words of a digest's page, list pages and text, which are in its ``files``, and of its mail."""
    week = edition.digest.week
    documents = {name: content for name, content in files.items() if not name.endswith(".json")}
    frame = issue_frame(Issue("weekly", week), [edition], links=MailLinks("https://papertide.example"))
    urls = MailUrls("https://papertide.example/m", "https://papertide.example/u")
    mail_html, mail_text = render_issue(
        frame, PersonalPart(), Preferences(), address="reader@papertide.example", urls=urls
    )
    return {name: text_of(text) for name, text in {**documents, "mail": mail_html, "mail text": mail_text}.items()}


class Service:
    """The folder's web service, in this process."""

    def __init__(self, context: CachedContext) -> None:
        from fastapi.testclient import TestClient

        from service.web.app import make_app

        self._client = TestClient(make_app(context.settings, context), raise_server_exceptions=False)
        self.n_read = 0

    def text(self, address: str) -> str:
        """The body at an address.

        Raises
        ------
        RuntimeError
            If the answer is not 200.
        """
        answer = self._client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
        self.n_read += 1
        return answer.text

    def json(self, address: str) -> Any:
        """The JSON at an address."""
        return json.loads(self.text(address))

    def listed(self, address: str, name: str) -> Iterator[Any]:
        """Everything that a list of the API holds, page by page."""
        cursor = ""
        while cursor is not None:
            page = self.json(f"{address}?limit=100&cursor={cursor}")
            yield from page[name]
            cursor = page["next"]


def in_service(service: Service, digests: Sequence[Digest]) -> Iterator[Contradiction]:
    """Contradictions of what the web service shows, among itself and with the digests; the newest comes last."""
    newest = digests[-1]
    n_weeks = len({p.start for line in newest.techniques for p in line.series if p.n})
    topics = [topic.topic_id for topic in newest.all_topics]
    terms = [f"{line.kind}:{line.key}" for line in (*newest.techniques, *newest.themes)]
    pages = ["/", "/digests", "/calls", "/topics", "/methods", *(f"/topics/{topic_id}" for topic_id in topics[:40])]
    pages += [f"/trends?term={term}" for term in terms]
    for address in pages:
        yield from in_text(address, text_of(service.text(address)), n_weeks=n_weeks)
    for address in [f"/api/v1/trends?term={term}" for term in terms]:
        yield from in_json(address, service.json(address), n_weeks=n_weeks)
    heads = list(service.listed("/api/v1/digests", "digests"))
    feed, home = service.json("/feeds/digests.json"), text_of(service.text("/"))
    atom = service.text("/feeds/digests.atom")  # the headline is an entry's title
    for digest in digests:
        sentence = " ".join(digest.headline.sentence.split())
        listed = [f"{head['headline']} {head['n_papers']}" for head in heads if head["week"] == str(digest.week)]
        if [" ".join(words.split()) for words in listed] != [f"{sentence} {digest.headline.n_papers}"]:
            yield Contradiction(f"/api/v1/digests {digest.week}", "count", f"{listed} is not {sentence!r}")
        for where, text in (("JSON Feed", json.dumps(feed, ensure_ascii=False)), ("Atom", atom)):
            if sentence not in " ".join(unescape(text).split()):
                yield Contradiction(f"{where} {digest.week}", "count", f"does not have {sentence!r}")
        address = f"/api/v1/calls?week={digest.week}"
        yield from in_json(address, calls := service.json(address), n_weeks=n_weeks)
        yield from _other_calls(address, calls["calls"], digest)
    if " ".join(newest.headline.sentence.split()) not in home:
        yield Contradiction("/", "count", "has another headline than the newest digest")
    yield from _api_totals(service, newest)


def _other_calls(where: str, calls: Sequence[Mapping[str, Any]], digest: Digest) -> Iterator[Contradiction]:
    verdicts = {(call["kind"], call["key"]): call["verdict"] for call in calls}
    lines = [(line.kind, line.key, line.call) for line in (*digest.techniques, *digest.themes)]
    lines += [("topic", str(topic.topic_id), topic.call) for topic in digest.topics]
    for kind, key, call in lines:
        if call is not None and verdicts.get((kind, key), call.verdict) != call.verdict:
            yield Contradiction(where, "verdict", f"{kind} {key}: {verdicts[kind, key]} and {call.verdict}")


def _api_totals(service: Service, digest: Digest) -> Iterator[Contradiction]:
    """Totals of the API's lists beside the newest digest's counts, which they should equal as long as nothing came."""
    during = f"since={digest.week.monday}&until={digest.week.sunday}&limit=1"
    wanted = {f"/api/v1/papers?{during}": digest.headline.n_papers}
    for line in (*digest.techniques, *digest.themes):
        wanted[f"/api/v1/papers?term={line.kind}:{line.key}&{during}"] = line.adopts.k
    for topic in digest.all_topics:
        wanted[f"/api/v1/papers?topic={topic.topic_id}&{during}"] = topic.share.k
    if (practice := digest.in_practice) is not None:
        for rule in (*practice.standards, *practice.failure_modes):
            wanted[f"/api/v1/papers?term={rule.term}&{during}"] = rule.k
    for address, number in wanted.items():
        if (total := service.json(address)["total"]) != number:
            yield Contradiction(address, "count", f"{total}, in the digest {number}")
    for topic in digest.all_topics:
        n_papers = service.json(f"/api/v1/topics/{topic.topic_id}")["n_papers"]
        total = service.json(f"/api/v1/papers?topic={topic.topic_id}&limit=1")["total"]
        if n_papers != total:
            yield Contradiction(f"/api/v1/topics/{topic.topic_id}", "count", f"{n_papers}, listed {total}")
    for listed in service.listed("/api/v1/topics", "topics"):
        total = service.json(f"/api/v1/papers?topic={listed['topic_id']}&limit=1")["total"]
        if listed["n_papers"] != total:
            yield Contradiction(
                f"/api/v1/topics {listed['topic_id']}", "count", f"{listed['n_papers']}, listed {total}"
            )


def contradictions(context: CachedContext, weeks: Sequence[Week] = ()) -> tuple[list[Contradiction], str]:
    """Everything that is found in the newest editions of some weeks, by default of all; and what was read, in words."""
    found: list[Contradiction] = []
    digests: list[Digest] = []
    n_documents = n_numbers = 0
    for week in weeks or published_weeks(context.db):
        published = newest_digest(context.db, week)
        if published is None:
            continue
        edition, digest = published.edition, published.edition.digest
        digests.append(digest)
        lines: tuple[TermLine, ...] = (*digest.techniques, *digest.themes)
        n_weeks = len({p.start for line in lines for p in line.series if p.n}) or 26
        files = digest_files(edition)
        documents = documents_of(edition, files)
        for name, text in documents.items():
            found += in_text(f"{week} {name}", text, n_weeks=n_weeks)
        found += in_json(f"{week} JSON", json.loads(files[f"{week}.json"]), n_weeks=n_weeks)
        found += in_edition(edition)
        main = (f"{week}.html", f"{week}.txt", "mail", "mail text")
        found += in_documents(digest, {name: documents[name] for name in main})
        n_documents += len(documents) + 1
        n_numbers += sum(len(re.findall(_NUMBER, text)) for text in documents.values())
    service = Service(context)
    if digests:
        found += in_service(service, digests)
    read = (
        f"{len(digests)} digests: {n_documents} files and mails with {n_numbers:,} numbers, {service.n_read} addresses"
    )
    return found, read


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is found; 1 where anything is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--week", action="append", default=[], type=Week.parse)
    given = parser.parse_args(arguments)
    no_limits = ServiceSettings(requests_per_minute=0, work_s_per_minute=0, query_s=0)
    settings = Settings(data_dir=given.data_dir, service=no_limits)
    with CachedContext(settings) as context:
        found, read = contradictions(context, given.week)
    for one in found:
        sys.stdout.write(f"{one}\n")
    sys.stdout.write(f"{len(found)} contradictions in {read}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
