"""Papers that a reader names: identifiers, addresses, DOIs, and files of reference managers."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import UsageError
from domain.paper import ArxivId, pasted_names
from domain.reading import MAX_SEEDS
from domain.subscription import sanitized_line
from runtime.context import AppContext
from store.papers import ids_named, ids_titled, known_papers
from store.reading_records import add_seeds

MAX_SEED_BYTES = 2_000_000


@dataclass(frozen=True)
class Reference:
    """A paper as a file or a line names it: by identifier or DOI, else by title."""

    shown: str
    names: tuple[tuple[str, str], ...]
    title: str


@dataclass(frozen=True)
class NamedPapers:
    """What was found of the papers that a reader named, and what was not.

    ``found`` are identifiers with titles, ``missing`` the references that no stored paper matches, as they were given.
    """

    found: tuple[tuple[ArxivId, str], ...]
    missing: tuple[str, ...]


def papers_named(context: AppContext, text: str) -> NamedPapers:
    """The stored papers that a text names: lines of identifiers, addresses or DOIs, or BibTeX, RIS or CSL-JSON.

    A reference without an identifier is looked for by its title, which must be that of exactly one paper.

    Raises
    ------
    UsageError
        If the text is too long, names nothing, or is a file that cannot be read.
    """
    if len(text.encode(errors="replace")) > MAX_SEED_BYTES:
        raise UsageError(f"the references are longer than {MAX_SEED_BYTES:,} bytes; give them in parts")
    references = list(_references(text))
    if not references:
        raise UsageError("no papers are named; give arXiv identifiers, addresses, DOIs, BibTeX, RIS or CSL-JSON")
    if len(references) > MAX_SEEDS:
        raise UsageError(f"{len(references):,} references are too many; give at most {MAX_SEEDS:,}")
    ids = [ArxivId(name) for r in references for kind, name in r.names if kind == "id"]
    dois = [name for r in references for kind, name in r.names if kind == "doi"]
    papers = dict(known_papers(context.db, [*ids, *ids_named(context.db, [("doi", doi) for doi in dois])]))
    by_doi = {p.doi.lower(): p.arxiv_id for p in papers.values() if p.doi}
    by_title = ids_titled(context.db, {r.title for r in references if r.title})
    found: dict[ArxivId, None] = {}
    missing: list[str] = []
    for reference in references:
        named = [by_doi.get(name) if kind == "doi" else ArxivId(name) for kind, name in reference.names]
        stored = [i for i in named if i in papers]
        titled = by_title.get(reference.title.lower(), [])
        if stored or len(titled) == 1:
            found[(stored or titled)[0]] = None
        else:
            missing.append(reference.shown)
    papers |= known_papers(context.db, [i for i in found if i not in papers])
    return NamedPapers(tuple((i, papers[i].title) for i in found), tuple(missing))


def name_seeds(context: AppContext, reader_id: int, text: str) -> NamedPapers:
    """Store the papers that a text names as a reader's seeds.

    Raises
    ------
    UsageError
        As ``papers_named``, and if they are too many.
    """
    named = papers_named(context, text)
    add_seeds(context.db, reader_id, [arxiv_id for arxiv_id, _ in named.found], now=context.now())
    return named


def _references(text: str) -> Iterator[Reference]:
    start = text.lstrip("\ufeff \t\r\n")
    if start[:1] in ("[", "{"):
        yield from _csl(start)
    elif re.search(r"^\s*@\w+\s*[{(]", text, re.MULTILINE):
        yield from _bibtex(text)
    elif re.match(r"TY  ?-", start):
        yield from _ris(start)
    else:
        for line in text.splitlines():
            if shown := sanitized_line(line)[:300]:
                names = pasted_names(line)
                if len(names) > 1:
                    yield from (Reference(name, ((kind, name),), "") for kind, name in names)
                else:
                    yield Reference(shown, names, "" if names else shown)


def _csl(text: str) -> Iterator[Reference]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"this begins like CSL-JSON but cannot be read: {sanitized_line(str(error))[:200]}") from error
    items = read.get("items", [read]) if isinstance(read, dict) else read
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UsageError("this begins like CSL-JSON but is no list of references")
    for item in items:
        yield _reference(item, ("DOI", "number", "URL", "archive_location", "id", "note"))


def _bibtex(text: str) -> Iterator[Reference]:
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.middlewares import (
        NormalizeFieldKeys,
        RemoveEnclosingMiddleware,
        ResolveStringReferencesMiddleware,
    )

    library = parse_string(
        text, parse_stack=[ResolveStringReferencesMiddleware(), RemoveEnclosingMiddleware(), NormalizeFieldKeys()]
    )
    for entry in library.entries:
        fields = {name: str(field.value) for name, field in entry.fields_dict.items()}
        fields["title"] = re.sub(r"[{}]", "", fields.get("title", ""))
        yield _reference(
            fields | {"key": entry.key},
            ("eprint", "doi", "url", "arxivid", "journal", "note", "howpublished", "key"),
        )
    for block in library.failed_blocks:
        yield Reference(sanitized_line(block.raw or "an entry that cannot be read")[:120], (), "")


def _ris(text: str) -> Iterator[Reference]:
    import rispy

    try:
        records: list[Mapping[str, Any]] = rispy.load(io.StringIO(text))
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise UsageError(f"this begins like RIS but cannot be read: {sanitized_line(str(error))[:200]}") from error
    for record in records:
        title = record.get("title") or record.get("primary_title") or ""
        yield _reference({**record, "title": title}, ("doi", "number", "urls", "id", "journal_name"))


def _reference(fields: Mapping[str, Any], where: tuple[str, ...]) -> Reference:
    """A record's identifiers, from the fields in which programs put them, and its title."""
    names: dict[tuple[str, str], None] = {}
    for field in where:
        value = fields.get(field)
        for text in value if isinstance(value, list) else [value]:
            if text:
                names |= dict.fromkeys(_names_in(str(text)))
    shown = sanitized_line(str(fields.get("title") or next((name for _, name in names), "a reference without a title")))
    return Reference(shown[:300], tuple(names), sanitized_line(str(fields.get("title") or ""))[:500])


def _names_in(text: str) -> tuple[tuple[str, str], ...]:
    whole = pasted_names(text)
    if whole or len(text) > 500:
        return whole
    # Such as "arXiv preprint arXiv:1706.03762" in a journal's place.
    return tuple(name for word in re.findall(r"arxiv:\s*[\w./-]+", text, re.IGNORECASE) for name in pasted_names(word))
