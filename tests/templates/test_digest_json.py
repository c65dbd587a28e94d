"""The JSON of every edition fits the type that describes it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.digest import DigestEdition
from domain.digest_json_record import DigestResult
from queries.json_schema import json_form
from templates.digest_json import digest_json


@pytest.mark.parametrize("name", ["believable", "odd"])
def test_a_digest_has_exactly_the_fields_that_are_described(name: str, request: pytest.FixtureRequest) -> None:
    edition: DigestEdition = request.getfixturevalue(name)
    written = digest_json(edition)
    form = json_form(DigestResult)
    TypeAdapter(form).validate_python(written)
    schema = TypeAdapter(form).json_schema(mode="serialization")
    assert list(written) == list(schema["properties"])
    of_type: dict[str, Any] = schema["$defs"]
    for line in (*written["techniques"], *written["themes"]):
        assert list(line) == list(of_type["TermLine"]["properties"])
    for line in written["topics"]:
        assert list(line) == list(of_type["TopicLine"]["properties"])
