"""Exports papers for reference managers and spreadsheets: BibTeX, RIS, CSL-JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from domain.author_name import AuthorName
from domain.paper import ArxivId, Paper, is_made_up
from domain.search_text import search_words
from domain.tex_as_text import Piece, pieces, plain_text
from templates.marked_text import in_brief

_T = TypeVar("_T")

Form = Literal["bib", "ris", "csl", "csv"]

MEDIA_TYPES: dict[Form, str] = {
    "bib": "application/x-bibtex; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "csl": "application/vnd.citationstyles.csl+json",
    "csv": "text/csv; charset=utf-8",
}
MADE_UP_PAPER = "Made-up paper of a demo, not on arXiv"
SUFFIXES: dict[Form, str] = {"bib": "bib", "ris": "ris", "csl": "json", "csv": "csv"}


def written(papers: Sequence[Paper], form: Form) -> str:
    """Papers in one of the forms."""
    return {"bib": bibtex, "ris": ris, "csl": csl, "csv": table}[form](papers)


def csl(papers: Sequence[Paper]) -> str:
    """CSL-JSON for citeproc and Zotero: people as family and given name, teams as one literal; TeX as plain text."""
    records: list[dict[str, Any]] = [
        {
            "id": p.arxiv_id,
            "type": "article",
            "genre": "preprint",
            "title": plain_text(p.title),
            "author": [_csl_name(name) for name in p.author_names],
            "issued": {"date-parts": [[p.submitted_at.year, p.submitted_at.month, p.submitted_at.day]]},
            **(
                {"note": MADE_UP_PAPER}
                if is_made_up(p.arxiv_id)
                else {"publisher": "arXiv", "number": f"arXiv:{p.arxiv_id}", "URL": p.url}
            ),
            "abstract": plain_text(p.abstract),
            **({"DOI": p.doi} if p.doi else {}),
        }
        for p in papers
    ]
    return json.dumps(records, ensure_ascii=False, indent=1)


def _csl_name(name: AuthorName) -> dict[str, str]:
    if not name.forenames:
        return {"literal": name.keyname}
    suffix = {"suffix": name.suffix} if name.suffix else {}
    return {"family": name.keyname, "given": name.forenames, **suffix}


def table(papers: Sequence[Paper]) -> str:
    """CSV with a header; a text that a spreadsheet would read as a formula gets a leading apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("arxiv_id", "submitted", "primary_category", "categories", "title", "authors", "url", "made_up"))
    for p in papers:
        row = (p.arxiv_id, p.submitted_at.date().isoformat(), p.primary_category, " ".join(p.categories))
        named = (no_formula(plain_text(p.title)), no_formula("; ".join(p.authors)))
        made_up = is_made_up(p.arxiv_id)
        writer.writerow((*row, *named, "" if made_up else p.url, made_up))
    return out.getvalue()


def markdown(
    papers: Sequence[tuple[Paper, str]], title: str, findings: Mapping[ArxivId, str | None] = MappingProxyType({})
) -> str:
    """Papers with findings and notes as Markdown, under a heading; nothing in it is read as a link or as HTML."""
    lines = [f"# {_markdown_text(title)}", ""]
    for p, note in papers:
        authors = _markdown_text(", ".join(p.authors))
        title_text = _markdown_text(plain_text(p.title))
        cited = f"{title_text}. {MADE_UP_PAPER}" if is_made_up(p.arxiv_id) else f"[{title_text}]({p.url})"
        lines.append(f"- {cited}. {authors}, {p.submitted_at.year}.")
        if finding := findings.get(p.arxiv_id):
            lines.append(f"  “{_markdown_text(in_brief(finding))}”")
        lines += [f"  {_markdown_text(line)}" for line in note.splitlines() if line.strip()]
    return "\n".join(lines) + "\n"


def _markdown_text(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", " ".join(text.split()))


def no_formula(text: str) -> str:
    """The text as a table cell, with a leading apostrophe if a spreadsheet would read it as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def bibtex(papers: Sequence[Paper]) -> str:
    """BibTeX entries with arXiv's eprint fields; TeX stays TeX, and what TeX would read as a command is escaped."""
    from bibtexparser.entrypoint import write_string
    from bibtexparser.library import Library
    from bibtexparser.model import Block, Entry, Field

    entries: list[Block] = [
        Entry(
            "misc",
            key,
            [
                Field("title", f"{{{_tex(p.title)}}}"),
                Field("author", " and ".join(_bibtex_name(name) for name in p.author_names)),
                Field("year", str(p.submitted_at.year)),
                Field("month", _MONTHS[p.submitted_at.month - 1]),
                *_bibtex_source(p, Field),
                *([Field("doi", _balanced(p.doi))] if p.doi else []),
                Field("abstract", _tex(p.abstract)),
            ],
        )
        for p, key in zip(papers, _keys(papers), strict=True)
    ]
    # Months are macros, which the writer would enclose like any other value.
    return re.sub(r"^(\s*month = )\{([a-z]{3})\}", r"\1\2", write_string(Library(entries)), flags=re.MULTILINE)


def _bibtex_source(p: Paper, field: Callable[[str, str], _T]) -> list[_T]:
    """Where the paper is; a made-up one is nowhere."""
    if is_made_up(p.arxiv_id):
        return [field("note", MADE_UP_PAPER)]
    return [
        field("eprint", p.arxiv_id),
        field("archiveprefix", "arXiv"),
        field("primaryclass", p.primary_category),
        field("url", p.url),
    ]


_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def _bibtex_name(name: AuthorName) -> str:
    """The name as BibTeX reads it: "van Example, Jr., Ada"; in braces where it is one whole."""
    family = _tex(name.keyname)
    words = name.keyname.split()
    # BibTeX would take the words up to the last one in lower case for particles.
    first_capital = next((i for i, word in enumerate(words) if not word[:1].islower()), len(words))
    is_whole = any(word[:1].islower() for word in words[first_capital:]) or " and " in f" {name.keyname.lower()} "
    if not name.forenames:
        return f"{{{family}}}" if len(words) > 1 or is_whole else family
    parts = [f"{{{family}}}" if is_whole else family, _tex(name.suffix), _tex(name.forenames)]
    return ", ".join(filter(None, parts))


_IN_TEXT = re.compile(r"\\([A-Za-z]+)|(?<!\\)[&%#_$^]")
_NEEDS_PACKAGE = re.compile(r"\\(?:href|url|textcolor|uline)(?![A-Za-z])")
_DEFINES = frozenset("def newcommand newenvironment DeclareMathOperator href style class unicode verb".split())


@lru_cache(maxsize=1)
def _formula_commands() -> frozenset[str]:
    """What may stand in a formula: the commands and symbols that our MathML is made from, less those that define."""
    from latex2mathml import commands, symbols_parser

    known = (v for v in vars(commands).values() if isinstance(v, (str, tuple, list, dict, set, frozenset)))
    texts = (
        text for value in known for text in ([value] if isinstance(value, str) else value) if isinstance(text, str)
    )
    return frozenset(text[1:] for text in (*texts, *symbols_parser.SYMBOLS) if text[:1] == "\\") - _DEFINES


def _tex(raw: str) -> str:
    """The text for a TeX file: TeX that is understood stays, everything else is written so that it prints as it is.

    A command that could read a file, define another or change how TeX reads is not understood.
    """
    return _balanced("".join(_tex_of(piece, raw[piece.start : piece.end]) for piece in pieces(raw)))


def _tex_of(piece: Piece, source: str) -> str:
    if piece.verbatim:
        return _IN_TEXT.sub(_as_printed, piece.text)
    if piece.kind.startswith("formula"):
        is_known = "^^" not in source and _formula_commands().issuperset(re.findall(r"\\([A-Za-z]+)", source))
        if not is_known:
            return _IN_TEXT.sub(_as_printed, source)
        return re.sub(r"(?<!\\)[%#]" if r"\begin" in source else r"(?<!\\)[%#&]", r"\\\g<0>", source)
    if piece.kind == "opening" and _NEEDS_PACKAGE.match(source):
        return "{"
    return f"${source.strip('{}')}$" if piece.needs_formula else source


def _as_printed(found: re.Match[str]) -> str:
    if found[1]:
        return rf"\textbackslash{{}}{found[1]}"
    return r"\^{}" if found[0] == "^" else f"\\{found[0]}"


def ris(papers: Sequence[Paper]) -> str:
    """RIS records of type UNPB, which Zotero imports as preprints."""
    import rispy

    records = [
        {
            "type_of_reference": "UNPB",
            "title": plain_text(p.title),
            "authors": [_ris_name(name) for name in p.author_names],
            "abstract": plain_text(p.abstract),
            "year": str(p.submitted_at.year),
            **(
                {"notes": [MADE_UP_PAPER]}
                if is_made_up(p.arxiv_id)
                else {"urls": [p.url], "publisher": "arXiv", "number": f"arXiv:{p.arxiv_id}"}
            ),
            **({"doi": p.doi} if p.doi else {}),
        }
        for p in papers
    ]

    class Writer(rispy.RisWriter):  # type: ignore[misc]  # rispy has no types
        def set_header(self, count: int) -> str:  # noqa: ARG002 - a number before each record is no part of the format
            return ""

    text: str = rispy.dumps(records, implementation=Writer)
    return text


def _ris_name(name: AuthorName) -> str:
    """The name as RIS has it, "van Example, Ada, Jr."; a team as it is."""
    return ", ".join(filter(None, (name.keyname, name.forenames, name.suffix)))


def _keys(papers: Sequence[Paper]) -> list[str]:
    """Keys such as ``vaswani2017attention``, with the arXiv id appended to those that would clash."""
    plain = []
    for p in papers:
        surname = _surname(p.author_names[0]) if p.authors else "anonymous"
        word = next((w for w in search_words(p.title) if re.fullmatch(r"[a-z]{4,}", w)), "paper")
        plain.append(f"{surname}{p.submitted_at.year}{word}")
    return [
        key if plain.count(key) == 1 else f"{key}_{p.arxiv_id.replace('/', '_')}"
        for key, p in zip(plain, papers, strict=True)
    ]


def _surname(name: AuthorName) -> str:
    """The last word of a family name, or the first telling word of a team's, in plain letters."""
    if not name.forenames:
        words = [word for word in search_words(name.keyname) if word not in ("the", "team")]
        return words[0] if words else "anonymous"
    words = search_words(name.keyname.split()[-1])
    return "".join(words) or "anonymous"


def _balanced(text: str) -> str:
    """The text, without its braces if they are unbalanced: one stray brace would break the whole file."""
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            break
    return text if depth == 0 else text.replace("{", "").replace("}", "")
