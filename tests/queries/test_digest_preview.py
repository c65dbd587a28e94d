"""A digest composed from what is stored, against the published one."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import UsageError
from queries.digest_preview import preview_digest
from runtime.context import AppContext
from store.topics import set_topic_name
from tests.service.web.conftest import LAST_WEEK, make_context


def test_a_preview_says_what_differs_and_writes_nothing(tmp_path: Path) -> None:
    writer = make_context(tmp_path)
    with AppContext(writer.settings, read_only=True) as reader:
        same = preview_digest(reader, LAST_WEEK)
        assert (same.revision, same.differences, same.n_not_analysed) == (1, (), 0)
        set_topic_name(writer.db, 1, "pictures from noise", week=LAST_WEEK)
        renamed = preview_digest(reader, LAST_WEEK)
        assert renamed.revision == 1
        assert all(difference.now == "pictures from noise" for difference in renamed.differences)
        assert "all_topics[topic-1].label" in {difference.path for difference in renamed.differences}

        unpublished = preview_digest(reader, LAST_WEEK.plus(-1))
        assert (unpublished.revision, unpublished.published_at, unpublished.differences) == (None, None, ())
        with pytest.raises(UsageError, match="is not closed"):
            preview_digest(reader, LAST_WEEK.plus(1))
    writer.close()
