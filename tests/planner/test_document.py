"""Sentences about a document's mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from planner.document import Document, check
from planner.errors import InputError
from planner.scenario.quantities import Name


class Labelled(Document):
    name: Name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("web shop", "is 'web shop'; it must be letters, digits, ., _ and -, a letter or digit first."),
        (7, "is 7, a number; it must be text: put it in quotes."),
        (None, "is empty; it must be text."),
    ],
)
def test_a_text_that_does_not_fit_is_told_in_words(name: Any, told: str) -> None:
    with pytest.raises(InputError) as caught:
        check(Labelled, {"name": name}, source="x.yaml")
    assert caught.value.problems == (f"x.yaml: name {told}",)
