"""Flags as people write them, and every problem of them in one message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planner.errors import InputError
from planner.partition import Assumptions, Flags, assumptions_of, read_question
from planner.partition.reading import sizes_mb
from tests.planner.partition.tiny_models import file_of, pair

if TYPE_CHECKING:
    from pathlib import Path


def test_flags_become_a_question(tmp_path: Path) -> None:
    flags = Flags(
        slo="350ms",
        memory_mb="512, 1024-1280/128",
        rate=5.0,
        batch="1,4",
        keep_alive="20min",
        time_limit="5s",
    )
    question = read_question(str(file_of(pair(), tmp_path)), None, flags)
    assert question.deadline_ms == pytest.approx(350)
    assert question.memory_mb == (512, 1024, 1152, 1280)
    assert (question.batch, question.keep_alive_s, question.time_limit_s) == ((1, 4), 1200, 5)
    assert question.objective == "cost"
    assert list(question.inputs) == ["pair.json"]


def test_a_budget_alone_asks_for_the_least_latency(tmp_path: Path) -> None:
    file = str(file_of(pair(), tmp_path))
    assert read_question(file, None, Flags(budget=1e-5)).objective == "latency"
    assert read_question(file, None, Flags(budget=1e-5, minimise="cost")).objective == "cost"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    flags = Flags(
        slo="2",
        budget=-1.0,
        minimise="costs",
        solver="label",
        memory_mb="64",
        rate=0.0,
        batch="1,x",
        max_functions=0,
        deployment="zipp",
        tmp_mb=1,
        cold_share=2.0,
        gap=1.0,
        assume=("call_ms", "init_ms=-1", "invok_ms=3"),
    )
    with pytest.raises(InputError) as caught:
        read_question(str(tmp_path / "absent.json"), None, flags)
    text = "\n".join(caught.value.problems)
    for part in (
        "absent.json",
        "--slo",
        "--budget is -1",
        "'cost'",
        "'labels'",
        "memory_mb is 64",
        "--rate is 0",
        "'x' is no whole number",
        "--max-functions",
        "'zip'",
        "--tmp-mb",
        "--cold-share",
        "--gap",
        "has no =",
    ):
        assert part in text


def test_figures_out_of_range_and_unknown_ones_are_named() -> None:
    with pytest.raises(InputError) as caught:
        assumptions_of({"init_ms": -1.0, "invok_ms": 3.0, "network_mb_per_s": 0.0})
    assert len(caught.value.problems) == 3
    assert "Did you mean 'invoke_ms'?" in caught.value.problems[0]
    assert assumptions_of({}) == Assumptions()
    origins = {name: origin for name, _, _, origin in assumptions_of({"call_ms": 3.0}).listed()}
    assert origins.pop("call_ms") == "given by the user"
    assert all(origins.values())


@pytest.mark.parametrize("text", ["2048-1024", "1024-2048/0", "1-10240/1", "large", ""])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="--memory-mb"):
        sizes_mb(text)


def test_batches_need_a_rate_and_a_question_needs_a_limit(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_question(str(file_of(pair(), tmp_path)), None, Flags(batch="1,2"))
    assert len(caught.value.problems) == 2
    assert "--slo" in caught.value.problems[0]
    assert "--rate" in caught.value.problems[1]
