"""Addresses that requests went to, as they may be shown: without credentials, and without an operator's servers."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

_QUERY_API = ("search_query", "id_list", "start", "max_results", "sortBy", "sortOrder")
_OAI = ("verb", "metadataPrefix", "set", "from", "until", "resumptionToken", "identifier")
_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"']*[^\s<>\"'.,;:)]", re.IGNORECASE)


def without_credentials(url: str) -> str:
    """An address without user, password and parameters, for messages to the operator.

    Examples
    --------
    >>> without_credentials("http://user:secret@mirror.example:81/api/query?key=secret")
    'http://mirror.example:81/api/query'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def public_request(url: str) -> str:
    """What was asked of arXiv: at arXiv itself with the address, at another server only its protocol's parameters.

    Examples
    --------
    >>> public_request("https://export.arxiv.org/api/query?search_query=cat:cs.LG&start=0")
    'https://export.arxiv.org/api/query?search_query=cat%3Acs.LG&start=0'
    >>> public_request("http://user:secret@mirror.example:81/query?key=secret&verb=Identify")
    '?verb=Identify'
    """
    parts = urlsplit(url)
    asked = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name in (*_QUERY_API, *_OAI)])
    return f"{without_credentials(url) if _is_arxiv(url) else ''}?{asked}"


def without_servers(text: str) -> str:
    """A message without the addresses of servers other than arXiv's.

    Examples
    --------
    >>> without_servers("cannot reach arXiv at http://10.0.0.7/api/query: connection refused")
    'cannot reach arXiv at its configured address: connection refused'
    """
    return _ADDRESS.sub(
        lambda found: without_credentials(found[0]) if _is_arxiv(found[0]) else "its configured address", text
    )


def _is_arxiv(url: str) -> bool:
    host = (urlsplit(url).hostname or "").lower()
    return host == "arxiv.org" or host.endswith(".arxiv.org")
