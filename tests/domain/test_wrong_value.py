"""What is wrong with a value, in plain words."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.wrong_value import wrong_value


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (Literal["", "week"], "it must be 'week'"),
        (Literal["week", ""], "it must be 'week'"),
        (Literal["", "week", "month"], "it must be 'week' or 'month'"),
        (Literal["week", "", "month", "year"], "it must be 'week', 'month' or 'year'"),
        (Literal["week"], "it must be 'week'"),
        (Literal[1, 2], "it must be 1 or 2"),
    ],
)
def test_the_empty_choice_of_a_form_is_not_offered(choices: object, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter[object](choices).validate_python("zz")
    assert [wrong_value(problem) for problem in refused.value.errors()] == [message]
