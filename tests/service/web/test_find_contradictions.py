"""Nothing that the service shows of a small database contradicts itself; what is planted is found."""

from __future__ import annotations

from dataclasses import replace

from runtime.cached_context import CachedContext
from store.digests import newest_digest
from templates.digest_pages import digest_files
from tests.service.web.conftest import LAST_WEEK
from tools.find_contradictions import contradictions, documents_of, in_documents, in_edition


def test_no_page_feed_mail_or_json_contradicts_another(context: CachedContext) -> None:
    found, read = contradictions(context)
    assert [str(one) for one in found] == []
    assert read.startswith("1 digests: ")


def test_a_number_that_differs_from_its_list_or_its_page_is_found(context: CachedContext) -> None:
    published = newest_digest(context.db, LAST_WEEK)
    assert published is not None
    edition, digest = published.edition, published.edition.digest
    line = digest.techniques[0]
    wrong = replace(line, adopts=replace(line.adopts, k=line.adopts.k + 1))
    changed = replace(edition, digest=replace(digest, techniques=(wrong, *digest.techniques[1:])))
    assert {one.kind for one in in_edition(changed)} == {"list"}
    page = f"{LAST_WEEK}.html"
    documents = {page: documents_of(edition, digest_files(edition))[page]}
    assert list(in_documents(digest, documents)) == []
    assert {one.kind for one in in_documents(changed.digest, documents)} == {"count"}
