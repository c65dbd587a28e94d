"""The address of a paper's code or models at a repository host, as its abstract or comment gives it."""

from __future__ import annotations

import re

_HOSTS = re.compile(
    r"(?:(?<=[\s({\[<:;,'\"|])|^|(?<=https://)|(?<=http://)|(?<=www\.)|(?<=//))(?:https?://)?(?:www\.)?(?P<host>"
    r"github\.com|gitlab(?:\.[a-z0-9-]+)*\.[a-z]{2,}|bitbucket\.org|codeberg\.org|gitee\.com|"
    r"git\.[a-z0-9.-]+\.[a-z]{2,}|"
    r"github\.[a-z0-9-]+\.[a-z]{2,}|sourceforge\.net|anonymous\.4open\.science|huggingface\.co|hf\.co|"
    r"zenodo\.org|doi\.org/10\.5281|modelscope\.cn|gin\.g-node\.org|osf\.io"
    r")/(?P<path>[^\s{}<>\"'|]+)",
    re.IGNORECASE,
)
_TEX_ESCAPES = re.compile(r"\\([_%#&~])(?:\{\})?|\$(?=[^$]{0,3}\$)|\\(?:_|textunderscore)\s?")
_BROKEN_LINE = re.compile(r"((?:github\.com|gitlab\.com|huggingface\.co)/(?:[\w.-]+/)?)\s+(?=[\w.-]*[/_-][\w.-]*)")
_AFTER = ".,;:!?)]}>'\"”’»*`$\\"
_RANK = {"huggingface.co": 1, "hf.co": 1, "modelscope.cn": 1, "zenodo.org": 2, "doi.org/10.5281": 2, "osf.io": 2}
_PAGE = 3
_NOT_A_REPOSITORY = re.compile(
    r"(?:about|blog|topics|features|pricing|papers?|spaces/?$|login|join|search|trending|docs|datasets)(?:/|$|\?)", re.I
)
_PAGE_WITH_CODE = re.compile(
    r"\b(?:code|codes|codebase|implementation)\b"
    r"(?!\s+(?:agent|complet|edit|generat|intelligence|language|llm|mix|model|reason|repair|review|search|summar|"
    r"switch|translat|understand))"
    r"(?:(?!https?:)[^.!?]){0,120}?(?:\bat|\bon|\bhere|\bpage|\bwebsite|:)(?:(?!https?:)[^.!?\w]){0,12}"
    r"https?://(?P<address>[^\s{}<>\"'|]+)",
    re.IGNORECASE,
)
_NO_PAGE_OF_CODE = re.compile(r"(?:www\.)?(?:arxiv\.org|(?:dx\.)?doi\.org|openreview\.net|youtu\.?be)", re.I)


def code_link(abstract: str, comment: str | None = None) -> str | None:
    """The address of a repository that a paper names, ``None`` if it names none.

    Of several, one at a host of code comes before one of models or of archives, and the abstract before the comment.
    Another page, such as a project's at ``github.io``, counts last, and only where the sentence says that it has the
    code. A data set alone is no code.

    Examples
    --------
    >>> code_link(r"Code: \\url{https://github.com/a-b/c\\_d}.")
    'https://github.com/a-b/c_d'
    >>> code_link("See https://foo.github.io/bar", "Models at huggingface.co/org/model, 9 pages")
    'https://huggingface.co/org/model'
    >>> code_link("Our code and data are released at https://foo.github.io/bar.")
    'https://foo.github.io/bar'
    >>> code_link("We mine GitHub and compare with GitLab.") is None
    True
    """
    found: list[tuple[int, int, str]] = []
    for text in (abstract, comment or ""):
        if "." not in text or "/" not in text:
            continue
        text = _BROKEN_LINE.sub(r"\1", _TEX_ESCAPES.sub(lambda match: match[1] or "_", text))
        for match in _HOSTS.finditer(text):
            host, path = match["host"].lower(), _trimmed(match["path"])
            if not path or _NOT_A_REPOSITORY.match(path):
                continue
            found.append((_RANK.get(host, 0), len(found), f"https://{host}/{path}"))
        for match in _PAGE_WITH_CODE.finditer(text):
            address = _trimmed(match["address"])
            if not _HOSTS.match(address) and not _NO_PAGE_OF_CODE.match(address):
                found.append((_PAGE, len(found), f"https://{address}"))
    return min(found)[2] if found else None


def _trimmed(path: str) -> str:
    """The path without what the sentence puts around it."""
    for cut in ("](", ")(", "}{", "),", ").", "\\"):
        path = path.split(cut, 1)[0]
    while path and path[-1] in _AFTER:
        if path[-1] == ")" and path.count("(") >= path.count(")"):
            break
        path = path[:-1]
    return path.strip("/").removesuffix(".git")
