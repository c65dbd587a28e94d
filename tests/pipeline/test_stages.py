"""Stages on a folder that nothing has been added to for months, as the demo's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pipeline import stages
from runtime.context import AppContext
from store.topics import newest_topic_model
from tests.service.web.conftest import LAST_WEEK, NOW, make_context


def test_weeks_without_papers_do_not_make_a_fit_old(tmp_path: Path) -> None:
    with make_context(tmp_path) as context:
        later = context.settings.model_copy(update={"now": NOW + timedelta(weeks=40)})
        with AppContext(later, db=context.db, encoder=context.encoder) as months_later:
            fitted = newest_topic_model(context.db, months_later.embedding_model_id or "")
            assert list(stages.topics(months_later, last_week=LAST_WEEK.plus(40))) == list(
                stages.topics(context, last_week=LAST_WEEK)
            )
            refitted = newest_topic_model(context.db, months_later.embedding_model_id or "")
    assert fitted is not None
    assert refitted is not None
    assert refitted.topic_model_id == fitted.topic_model_id


def test_the_newest_closed_week_is_one_that_is_stored(tmp_path: Path) -> None:
    with make_context(tmp_path) as context:
        later = context.settings.model_copy(update={"now": NOW + timedelta(weeks=40)})
        with AppContext(later, db=context.db) as months_later:
            assert stages.newest_closed_week(months_later) == stages.newest_closed_week(context) == LAST_WEEK
