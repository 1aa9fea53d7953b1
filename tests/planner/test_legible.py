"""Texts from elsewhere, shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.cli.failures import tell
from planner.legible import legible

if TYPE_CHECKING:
    import pytest


def test_controls_are_written_out_and_the_rest_stays() -> None:
    assert legible("\x1b[2J \x07 \x9b \u202e") == r"\x1b[2J \x07 \x9b \u202e"
    assert legible("é 日本 🚀\ttab\nline") == "é 日本 🚀\ttab\nline"


def test_no_error_message_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell("CreateGroup: \x1b[2Jdone", 1) == 1
    assert capsys.readouterr().err == "planner: CreateGroup: \\x1b[2Jdone\n"
