"""Requests that gather into one call: mean batch, wait, cold share, and which batch size wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.errors import InfeasiblePlanError
from planner.partition import PartitionQuestion, plan_partition
from planner.partition.batches import batchings, cold_share, mean_batch
from planner.queueing import cold_start_share
from solvers.batching import BufferProblem, law_of
from tests.planner.partition.tiny_models import USD_PER_CALL, USD_PER_MS, chain_of, pair

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("size", "timeout_s", "rate_rps"), [(1, 0.0, 5.0), (2, 0.1, 3.0), (4, 0.2, 10.0), (8, 0.5, 40.0)]
)
def test_the_mean_batch_is_that_of_the_law_of_a_buffer(size: int, timeout_s: float, rate_rps: float) -> None:
    problem = BufferProblem(
        d0=np.array([[-rate_rps]]),
        d1=np.array([[rate_rps]]),
        memory_mb=np.array([1024]),
        service_s=np.full((1, size), 0.1),
        usd_per_s=np.array([1e-5]),
        usd_per_call=0.0,
        billing_step_s=0.001,
        batch_size=np.array([size]),
        timeout_s=np.array([timeout_s]),
    )
    assert mean_batch(size, timeout_s, rate_rps) == pytest.approx(law_of(problem).mean_batch[0, 0], rel=1e-9)


def test_a_batch_of_two_is_joined_with_the_probability_of_an_arrival() -> None:
    assert mean_batch(2, 0.1, 5.0) == pytest.approx(2 - np.exp(-0.5))


def test_no_batch_waits_as_long_as_the_deadline(tmp_path: Path) -> None:
    question = PartitionQuestion(
        chain=chain_of(pair(), tmp_path), deadline_ms=100, rate_rps=1.0, batch=(1, 4)
    )
    found = batchings(question)
    assert {one.size for one in found} == {1, 4}
    assert all(one.timeout_s < 0.1 for one in found)


def test_requests_share_a_call_where_the_rate_fills_it(tmp_path: Path) -> None:
    """A batch of 2 takes 1.8 times as long: at 1,000 requests/s it is full at once and costs less a request."""
    question = PartitionQuestion(
        chain=chain_of(pair(cut_bytes=1000), tmp_path),
        deadline_ms=1000,
        rate_rps=1000.0,
        batch=(1, 2),
        memory_mb=(1024,),
        deployment="image",
        cold_share=0.0,
    )
    plan = plan_partition(question)
    assert plan.batch_size == 2
    assert plan.mean_batch == pytest.approx(mean_batch(2, plan.batch_timeout_ms / 1000, 1000.0))
    call_usd = (10 + 1.8 * 160) * USD_PER_MS + USD_PER_CALL
    assert plan.usd_per_request == pytest.approx(call_usd / plan.mean_batch)
    assert plan.latency_ms == pytest.approx(plan.batch_timeout_ms + 15 + 10 + 1.8 * 160)
    assert plan.usd_per_hour == pytest.approx(3600 * 1000 * plan.usd_per_request)
    (other,) = [one for one in plan.alternatives if one.name == "batches of 1"]
    assert other.usd_per_request == pytest.approx(170 * USD_PER_MS + USD_PER_CALL)
    assert any("upper estimate" in line for line in plan.warnings)


def test_requests_go_alone_where_they_are_rare(tmp_path: Path) -> None:
    chain = chain_of(pair(cut_bytes=1000), tmp_path)
    question = PartitionQuestion(
        chain=chain,
        deadline_ms=400,
        rate_rps=0.1,
        batch=(1, 8),
        memory_mb=(1024,),
        deployment="image",
        cold_share=0.0,
    )
    assert plan_partition(question).batch_size == 1


def test_the_cold_share_follows_the_rate_of_calls(tmp_path: Path) -> None:
    chain = chain_of(pair(cut_bytes=1000), tmp_path)
    question = PartitionQuestion(
        chain=chain, deadline_ms=4000, rate_rps=2.0, memory_mb=(1024,), deployment="image"
    )
    plan = plan_partition(question)
    assert plan.cold_share == pytest.approx(float(cold_start_share(2.0, 0.160, 600.0)))
    (batching,) = batchings(question)
    given = PartitionQuestion(chain=chain, deadline_ms=4000, rate_rps=2.0, cold_share=0.5)
    assert cold_share(given, batching, 1.0) == 0.5
    unknown = PartitionQuestion(chain=chain, deadline_ms=4000)
    assert cold_share(unknown, batching, 1.0) == 0.0


def test_every_batch_size_says_why_it_cannot_be(tmp_path: Path) -> None:
    question = PartitionQuestion(
        chain=chain_of(pair(), tmp_path), deadline_ms=150, rate_rps=100.0, batch=(1, 2), memory_mb=(1024,)
    )
    with pytest.raises(InfeasiblePlanError) as caught:
        plan_partition(question)
    assert [line.split(":")[0] for line in caught.value.problems] == ["batches of 1", "batches of 2"]
    assert "waiting for the batch" in caught.value.problems[1]
