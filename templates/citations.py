"""Exports papers for reference managers and spreadsheets: BibTeX, RIS, CSL-JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from domain.paper import Paper

Form = Literal["bib", "ris", "csl", "csv"]

MEDIA_TYPES: dict[Form, str] = {
    "bib": "application/x-bibtex; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "csl": "application/vnd.citationstyles.csl+json",
    "csv": "text/csv; charset=utf-8",
}
SUFFIXES: dict[Form, str] = {"bib": "bib", "ris": "ris", "csl": "json", "csv": "csv"}


def written(papers: Sequence[Paper], form: Form) -> str:
    """Papers in one of the forms."""
    return {"bib": bibtex, "ris": ris, "csl": csl, "csv": table}[form](papers)


def csl(papers: Sequence[Paper]) -> str:
    """CSL-JSON for citeproc and Zotero. Each author is one literal, because names cannot be split reliably."""
    records: list[dict[str, Any]] = [
        {
            "id": p.arxiv_id,
            "type": "article",
            "genre": "preprint",
            "title": p.title,
            "author": [{"literal": author} for author in p.authors],
            "issued": {"date-parts": [[p.submitted_at.year, p.submitted_at.month, p.submitted_at.day]]},
            "publisher": "arXiv",
            "number": f"arXiv:{p.arxiv_id}",
            "URL": p.url,
            "abstract": p.abstract,
            **({"DOI": p.doi} if p.doi else {}),
        }
        for p in papers
    ]
    return json.dumps(records, ensure_ascii=False, indent=1)


def table(papers: Sequence[Paper]) -> str:
    """CSV with a header; a text that a spreadsheet would read as a formula gets a leading apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("arxiv_id", "submitted", "primary_category", "categories", "title", "authors", "url"))
    for p in papers:
        row = (p.arxiv_id, p.submitted_at.date().isoformat(), p.primary_category, " ".join(p.categories))
        writer.writerow((*row, no_formula(p.title), no_formula("; ".join(p.authors)), p.url))
    return out.getvalue()


def no_formula(text: str) -> str:
    """The text as a table cell, with a leading apostrophe if a spreadsheet would read it as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def bibtex(papers: Sequence[Paper]) -> str:
    """BibTeX entries with arXiv's eprint fields; TeX in titles is unchanged."""
    from bibtexparser.entrypoint import write_string
    from bibtexparser.library import Library
    from bibtexparser.model import Block, Entry, Field

    entries: list[Block] = [
        Entry(
            "misc",
            key,
            [
                Field("title", f"{{{_balanced(p.title)}}}"),
                Field("author", " and ".join(_balanced(a) for a in p.authors)),
                Field("year", str(p.submitted_at.year)),
                Field("eprint", p.arxiv_id),
                Field("archiveprefix", "arXiv"),
                Field("primaryclass", p.primary_category),
                Field("url", p.url),
                *([Field("doi", _balanced(p.doi))] if p.doi else []),
            ],
        )
        for p, key in zip(papers, _keys(papers), strict=True)
    ]
    return write_string(Library(entries))


def ris(papers: Sequence[Paper]) -> str:
    """RIS records of type UNPB, which Zotero imports as preprints."""
    import rispy

    records = [
        {
            "type_of_reference": "UNPB",
            "title": p.title,
            "authors": list(p.authors),
            "abstract": p.abstract,
            "year": str(p.submitted_at.year),
            "urls": [p.url],
            "publisher": "arXiv",
            "number": f"arXiv:{p.arxiv_id}",
            **({"doi": p.doi} if p.doi else {}),
        }
        for p in papers
    ]
    text: str = rispy.dumps(records)
    return text


def _keys(papers: Sequence[Paper]) -> list[str]:
    """Keys such as ``vaswani2017attention``, with the arXiv id appended to those that would clash."""
    plain = []
    for p in papers:
        surname = re.sub(r"\W", "", p.authors[0].rsplit(" ", 1)[-1].lower()) if p.authors else "anonymous"
        word = next((w.lower() for w in re.findall(r"[A-Za-z]{4,}", p.title)), "paper")
        plain.append(f"{surname}{p.submitted_at.year}{word}")
    return [
        key if plain.count(key) == 1 else f"{key}_{p.arxiv_id.replace('/', '_')}"
        for key, p in zip(plain, papers, strict=True)
    ]


def _balanced(text: str) -> str:
    """The text, without its braces if they are unbalanced: one stray brace would break the whole file."""
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            break
    return text if depth == 0 else text.replace("{", "").replace("}", "")
