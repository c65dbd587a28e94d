"""Papers for reference managers: BibTeX and RIS."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.paper import Paper


def bibtex(papers: Sequence[Paper]) -> str:
    """BibTeX entries, TeX in titles kept, with arXiv's eprint fields."""
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
    """RIS records of type UNPB, as Zotero takes preprints."""
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
    """``vaswani2017attention``, with the identifier behind it where two would be the same."""
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
    """The text, without its braces where they do not pair: one stray brace would swallow the file."""
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            break
    return text if depth == 0 else text.replace("{", "").replace("}", "")
