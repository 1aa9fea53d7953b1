"""The YAML reader: the core schema of YAML 1.2, lines of every path, errors with their place."""

from __future__ import annotations

import pytest

from planner.errors import InputError
from planner.yaml_text import read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("010", 10),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("~", None),
        ("true", True),
        ("-7", -7),
        ("'7'", "7"),
    ],
)
def test_scalars_mean_what_people_expect(text: str, value: object) -> None:
    data, _ = read_yaml(f"key: {text}\n", "test")
    assert data == {"key": value}
    assert type(data["key"]) is type(value)


def test_lines_of_every_path() -> None:
    _, lines = read_yaml("a: 1\nb:\n  c: [1,\n    2]\n", "test")
    assert lines[("a",)] == 1
    assert lines[("b", "c")] == 3
    assert lines[("b", "c", 1)] == 4


def test_an_anchor_may_be_used_twice_beside_itself() -> None:
    data, _ = read_yaml("a: &one {x: 1}\nb: *one\n", "test")
    assert data == {"a": {"x": 1}, "b": {"x": 1}}


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("a: [1, 2", "test line 1 column"),
        ("a: 1\n--- \nb: 2\n", "single document"),
        ("a: !!python/object:os.system {}\n", "could not determine a constructor"),
        ("a: \x07\n", "not readable YAML"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_says_where(text: str, fragment: str) -> None:
    with pytest.raises(InputError) as caught:
        read_yaml(text, "test")
    assert fragment in str(caught.value)


def test_aliases_of_aliases_do_not_grow_without_end() -> None:
    """Nine lines that stand for a thousand million values."""
    text = "a0: &a0 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
    )
    with pytest.raises(InputError, match="more than 1,000,000 values"):
        read_yaml(text, "bomb.yaml")
