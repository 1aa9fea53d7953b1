"""Memory files: what comes back is what went in, moved to the new horizon, or told why it was left unread."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import planner
from planner import memory_file
from planner.errors import InputError
from planner.memory_file import read_memory, write_memory
from planner.scenario import load_scenario
from solvers.plan_horizon import plan_horizon
from tests.solvers.tiny_problems import tiny_problem

if TYPE_CHECKING:
    from planner.scenario import Scenario
    from solvers.memory import Memory

QUICKSTART = Path(planner.__file__).parent / "data" / "quickstart" / "scenario.yaml"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(QUICKSTART)


@pytest.fixture(scope="module")
def memory(scenario: Scenario) -> Memory:
    """What a plan of two groups over the scenario's windows leaves."""
    rng = np.random.default_rng(1)
    problem = tiny_problem(
        demand_rps=rng.uniform(5, 25, (1, scenario.windows, 1)).tolist(),
        capacity_rps=[[0, 4, 9, 14, 19, 25], [0, 7, 15, 23, 31, 31]],
        options=[(0, 0), (1, 1)],
        count_max=[5, 4],
        price_usd_per_h=[1.0, 1.6],
        start_usd=[0.1, 0.2],
    )
    found = plan_horizon(problem, gap=0.02).memory
    assert found is not None
    return found


def same(one: Memory, other: Memory) -> None:
    """Fail where two memories differ."""
    assert one.options == other.options
    assert np.array_equal(one.multipliers, other.multipliers)
    assert np.array_equal(one.instances, other.instances)
    assert one.answers.keys() == other.answers.keys()
    for key, answer in one.answers.items():
        assert answer.bound_usd == other.answers[key].bound_usd
        assert np.array_equal(answer.values, other.answers[key].values)
    assert one.steps.keys() == other.steps.keys()
    assert all(np.array_equal(sizes, other.steps[key]) for key, sizes in one.steps.items())


def test_what_was_written_is_read(memory: Memory, scenario: Scenario, tmp_path: Path) -> None:
    write_memory(tmp_path / "memory.npz", memory, scenario)
    read = read_memory(tmp_path / "memory.npz", scenario)
    assert read.memory is not None
    assert len(read.digest) == 64
    same(read.memory, memory)


def test_a_later_horizon_takes_the_later_windows(memory: Memory, scenario: Scenario, tmp_path: Path) -> None:
    """Two windows on: the first two are dropped, the last one is held over those that come new."""
    write_memory(tmp_path / "memory.npz", memory, scenario)
    later = scenario.model_copy(
        update={
            "horizon": scenario.horizon.model_copy(
                update={"start": scenario.horizon.start + timedelta(seconds=2 * scenario.window_s)}
            )
        }
    )
    read = read_memory(tmp_path / "memory.npz", later).memory
    assert read is not None
    assert np.array_equal(read.instances[:, :-2], memory.instances[:, 2:])
    assert np.array_equal(read.instances[:, -1], memory.instances[:, -1])


def test_an_earlier_horizon_leaves_it_unread(memory: Memory, scenario: Scenario, tmp_path: Path) -> None:
    write_memory(tmp_path / "memory.npz", memory, scenario)
    earlier = scenario.model_copy(
        update={
            "horizon": scenario.horizon.model_copy(
                update={"start": scenario.horizon.start - timedelta(seconds=scenario.window_s)}
            )
        }
    )
    read = read_memory(tmp_path / "memory.npz", earlier)
    assert read.memory is None
    assert "windows" in read.unread


def test_another_version_leaves_it_unread(
    memory: Memory, scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_memory(tmp_path / "memory.npz", memory, scenario)
    monkeypatch.setattr(memory_file, "written_by", lambda: "inference-planner=0")
    read = read_memory(tmp_path / "memory.npz", scenario)
    assert read.memory is None
    assert "inference-planner=0" in read.unread


def test_a_file_that_is_not_there_is_an_empty_memory(scenario: Scenario, tmp_path: Path) -> None:
    read = read_memory(tmp_path / "memory.npz", scenario)
    assert read.memory is None
    assert not read.unread


def test_another_file_is_bad_input(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "memory.npz").write_text("no memory")
    with pytest.raises(InputError, match="no memory of an earlier plan"):
        read_memory(tmp_path / "memory.npz", scenario)
