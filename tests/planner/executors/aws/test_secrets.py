"""Credentials pass through to AWS alone: no output, receipt or export repeats them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from planner.cli.app import app
from planner.errors import EXIT_DONE
from tests.planner.executors.aws.bench import machines_data

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

AT = ["--at", "2026-11-23T00:00:00Z"]
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI-K7MDENG-EXAMPLEKEY",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEXAMPLETOKEN",
}


def test_credentials_are_written_nowhere(
    deployment: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "plan.json").write_text(json.dumps(machines_data()))
    (tmp_path / "deployment.yaml").write_text(json.dumps(deployment))
    files = [str(tmp_path / "plan.json"), "--settings", str(tmp_path / "deployment.yaml"), *AT]
    told = ""
    for command, *options in (
        ("apply", "--target", "aws", "--dry-run"),
        ("apply", "--target", "aws", "--format", "table"),
        ("status", "--target", "aws"),
        ("export", "--target", "aws", "-o", str(tmp_path / "aws")),
        ("export", "--target", "terraform", "-o", str(tmp_path / "terraform")),
    ):
        result = CliRunner().invoke(app, [command, *files, *options])
        assert result.exit_code == EXIT_DONE, result.output
        told += result.output
    written = {one: one.read_text() for one in tmp_path.rglob("*") if one.is_file()}
    assert any(one.name.startswith("receipt-") for one in written)
    for secret in CREDENTIALS.values():
        assert secret not in told
        assert [one for one, text in written.items() if secret in text] == []
