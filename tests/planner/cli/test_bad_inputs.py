"""Broken traces, price lists and profiles named by a sound scenario: exit 2, one message, nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.planner.cli.conftest import TINY, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., Outcome]

BAD = Path(__file__).parents[2] / "data" / "bad"
TRACE = "web: {generator: poisson, seed: 1, start: 2026-11-16T00:00:00Z, duration: 7d, interval: 5min, mean_rps: 20}"
FILES = [
    *sorted(file for file in (BAD / "trace").glob("*.csv") if file.name != "per_second_mixed_order.csv"),
    *sorted((BAD / "catalog").glob("price_*.csv")),
    *sorted((BAD / "profile").glob("service_times_*.csv")),
]


def scenario_with(file: Path) -> str:
    text = TINY.read_text()
    match file.parent.name:
        case "trace":
            assert TRACE in text
            return text.replace(TRACE, f"web: {{file: {file}, timezone: America/New_York}}")
        case "catalog":
            return f"{text}  prices: [bundled, {file}]\n"
        case _:
            return f"{text}models: {{profiles: [bundled, {file}]}}\n"


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_broken_file_exits_2_and_is_named(planner: Command, tmp_path: Path, file: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(scenario_with(file))
    done = planner("plan", scenario, "-o", tmp_path / "plan.json")
    assert (done.code, done.out) == (2, "")
    assert file.name in done.err or file.stem in done.err
    assert "Traceback" not in done.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["scenario.yaml"]


def test_broken_files_of_every_kind_are_told_together(planner: Command, tmp_path: Path) -> None:
    text = TINY.read_text().replace(TRACE, f"web: {{file: {BAD / 'trace' / 'negative_count.csv'}}}")
    text += f"  prices: [bundled, {BAD / 'catalog' / 'price_zero.csv'}]\n"
    text += f"models: {{profiles: [bundled, {BAD / 'profile' / 'service_times_batch_zero.csv'}]}}\n"
    (tmp_path / "scenario.yaml").write_text(text)
    done = planner("validate", tmp_path / "scenario.yaml")
    assert (done.code, done.out) == (2, "")
    for name in ("negative_count.csv", "price_zero.csv", "service_times_batch_zero.csv"):
        assert name in done.err
