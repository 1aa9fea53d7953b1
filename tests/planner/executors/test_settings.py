"""Deployment settings that are wrong are told in words, with the line and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planner.errors import InputError
from planner.executors.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

AWS = "{account: '123456789012', subnets: {us-east-1a: subnet-0a1b2c3d}, models: {}}"


def problems(folder: Path, text: str) -> list[str]:
    path = folder / "s.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_settings(path)
    return [one.removeprefix(str(path)) for one in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ": the document is empty; it must be a mapping of keys."),
        (
            "version: 1\nservice: shop shop\n",
            " line 2: service is 'shop shop'; it must be small letters, digits and - between them, a letter first, at most 32.",
        ),
        (
            f"version: 1\nservice: shop\naws: {AWS}\n".replace("'", ""),
            " line 3: aws.account is 123456789012, a number; it must be text: put it in quotes.",
        ),
        (
            f"version: 1\nservice: shop\naws: {AWS}\n".replace("12'", "'"),
            " line 3: aws.account is '1234567890'; it must be 12 digits.",
        ),
        (
            f"version: 1\nservice: shop\naws: {AWS}\n".replace("subnet-", "front-"),
            " line 3: aws.subnets.us-east-1a is 'front-0a1b2c3d'; it must be an id such as subnet-0a1b2c3d.",
        ),
        ("version: 1\nservice: [shop]\n", " line 2: service is ['shop']; it must be text."),
    ],
)
def test_what_is_wrong_is_told_in_words(tmp_path: Path, text: str, told: str) -> None:
    assert problems(tmp_path, text) == [told]
