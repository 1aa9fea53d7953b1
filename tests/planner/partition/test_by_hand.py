"""Partitions worked out on paper: cost, latency and what each function receives and sends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from planner.errors import InfeasiblePlanError, InputError
from planner.partition import (
    PartitionQuestion,
    assumptions_of,
    partition_bytes,
    partition_frontier,
    plan_partition,
)
from tests.planner.partition.tiny_models import USD_PER_CALL, USD_PER_MS, branched, chain_of, pair

if TYPE_CHECKING:
    from pathlib import Path

SIZES = (1024, 2048)
HOP_MS = 4e6 / 75e6 * 1000  # 3 MB as base64 over 75 MB/s: 53.3 ms on either side


def test_a_package_too_large_for_one_function_is_cut(tmp_path: Path) -> None:
    """120 + 200 MiB do not fit 250: two functions, 10 + 100 + 53.3 ms and 10 + 53.3 + 60 ms, billed 164 and 124."""
    plan = plan_partition(
        PartitionQuestion(chain=chain_of(pair(), tmp_path), deadline_ms=2000, memory_mb=SIZES)
    )
    first, second = plan.segments
    assert [one.memory_mb for one in plan.segments] == [1024, 1024]
    assert (first.billed_ms, second.billed_ms) == (164, 124)
    assert plan.usd_per_request == pytest.approx(288 * USD_PER_MS + 2 * USD_PER_CALL)
    assert plan.latency_ms == pytest.approx(2 * (15 + 10) + 160 + 2 * HOP_MS)
    assert (first.sends.via, first.sends.bytes, first.sends.ms) == (
        "payload",
        3_000_000,
        pytest.approx(HOP_MS),
    )
    assert second.receives == first.sends
    assert (first.receives.via, second.sends.via) == ("caller", "caller")
    assert first.compute_ms == pytest.approx(100)
    assert first.package_mib == pytest.approx(220)
    assert first.memory_used_mib == pytest.approx(256 + 2 * 100 + (1000 + 3_000_000) / 2**20)
    assert [one.feasible for one in plan.alternatives] == [False, True]
    assert plan.alternatives[0].reason == "pair in one function needs 320 MiB of package, and 250 is allowed"
    assert plan.alternatives[1].usd_per_request == pytest.approx(plan.usd_per_request)


def test_a_tight_deadline_buys_memory_where_it_saves_most(tmp_path: Path) -> None:
    """280 ms: 36.7 ms less; the first function at 2,048 MB saves 50 ms, the second only 30."""
    plan = plan_partition(
        PartitionQuestion(chain=chain_of(pair(), tmp_path), deadline_ms=280, memory_mb=SIZES)
    )
    assert [one.memory_mb for one in plan.segments] == [2048, 1024]
    assert plan.usd_per_request == pytest.approx((2 * 114 + 124) * USD_PER_MS + 2 * USD_PER_CALL)
    assert plan.latency_ms == pytest.approx(316.6667 - 50, abs=1e-3)


def test_a_tensor_larger_than_a_payload_goes_through_the_store(tmp_path: Path) -> None:
    """6 MB are 8 MB as base64: written and read in 200 + 70.6 ms each, for a PUT and a GET."""
    chain = chain_of(pair(cut_bytes=6_000_000), tmp_path)
    plan = plan_partition(PartitionQuestion(chain=chain, deadline_ms=2000, memory_mb=(1024,)))
    store_ms = 200 + 6 / 85 * 1000
    assert {plan.segments[0].sends.via, plan.segments[1].receives.via} == {"store"}
    assert plan.segments[0].sends.ms == pytest.approx(store_ms)
    assert plan.latency_ms == pytest.approx(50 + 160 + 2 * store_ms)
    billed = 381 + 341  # 10 + 100 + 270.6 and 10 + 270.6 + 60
    assert plan.usd_per_request == pytest.approx(billed * USD_PER_MS + 2 * USD_PER_CALL + 5.4e-6)


def test_an_image_holds_it_all_and_cutting_never_pays(tmp_path: Path) -> None:
    question = PartitionQuestion(
        chain=chain_of(pair(), tmp_path), deadline_ms=2000, memory_mb=SIZES, deployment="image"
    )
    plan = plan_partition(question)
    assert len(plan.segments) == 1
    assert plan.usd_per_request == pytest.approx(170 * USD_PER_MS + USD_PER_CALL)
    assert plan.latency_ms == pytest.approx(185)
    assert plan.alternatives[0].usd_per_request == plan.usd_per_request
    assert plan.alternatives[1].functions == 2
    assert plan.alternatives[1].usd_per_request == pytest.approx(288 * USD_PER_MS + 2 * USD_PER_CALL)


def test_weights_fetched_to_the_disk_leave_the_package(tmp_path: Path) -> None:
    """200 MiB on 1,024 MB of disk: one function; a cold call fetches them (200 ms + 85 MB/s) and loads them (96 MiB/s)."""
    question = PartitionQuestion(
        chain=chain_of(pair(), tmp_path), deadline_ms=9000, memory_mb=(1024,), tmp_mb=1024, cold_share=0.25
    )
    plan = plan_partition(question)
    assert [one.package_mib for one in plan.segments] == [120]
    load_ms = 200 / 96 * 1000 + 200 * 2**20 / 85e6 * 1000
    cold_ms = 170 + 500 + 200 + load_ms
    assert plan.segments[0].load_ms == pytest.approx(load_ms)
    assert plan.cold_latency_ms == pytest.approx(15 + cold_ms)
    assert plan.latency_ms == pytest.approx(15 + 0.75 * 170 + 0.25 * cold_ms)
    per_ms = USD_PER_MS + 0.5 * 0.0000000309 / 1000  # 512 MB of disk above the free 512
    billed_ms = 0.75 * 170 + 0.25 * -(-cold_ms // 1)
    assert plan.usd_per_request == pytest.approx(billed_ms * per_ms + USD_PER_CALL + 0.25 * 0.4e-6)


def test_least_latency_within_a_budget_takes_the_larger_memory(tmp_path: Path) -> None:
    question = PartitionQuestion(
        chain=chain_of(pair(), tmp_path), budget_usd=1e-5, memory_mb=SIZES, deployment="image"
    )
    plan = plan_partition(question)
    assert (plan.limits.minimise, plan.segments[0].memory_mb) == ("latency", 2048)
    assert plan.latency_ms == pytest.approx(15 + 10 + 80)
    tight = plan_partition(replace(question, budget_usd=170 * USD_PER_MS + 1.01 * USD_PER_CALL))
    assert tight.segments[0].memory_mb == 1024


def test_branches_run_beside_each_other_where_that_is_quicker(tmp_path: Path) -> None:
    """100 kB payloads take 1.33 ms. Forked: 1.33 + (15 + 10 + 1.33 + 100 + 1.33) + 1.33 + 5 = 135.33 in place of 205 ms."""
    chain = chain_of(branched(), tmp_path)
    plan = plan_partition(PartitionQuestion(chain=chain, budget_usd=1e-4, memory_mb=(1024,)))
    assert len(plan.segments) == 1
    segment = plan.segments[0]
    (worker,) = segment.workers
    assert (worker.first_layer, worker.last_layer, worker.memory_mb) == ("right", "right", 1024)
    assert plan.latency_ms == pytest.approx(15 + 10 + 10 + 135 + 1 / 3)
    assert worker.billed_ms == 113
    assert worker.usd == pytest.approx(113 * USD_PER_MS + USD_PER_CALL)
    assert plan.usd_per_request == pytest.approx((156 + 113) * USD_PER_MS + 2 * USD_PER_CALL)
    assert segment.package_mib == pytest.approx(120 + 12)
    assert plan.alternatives[0].functions == 1
    assert plan.alternatives[0].latency_ms == pytest.approx(15 + 10 + 215)


def test_branches_stay_together_where_cost_counts_or_the_network_is_slow(tmp_path: Path) -> None:
    chain = chain_of(branched(), tmp_path)
    cheap = plan_partition(PartitionQuestion(chain=chain, deadline_ms=2000, memory_mb=(1024,)))
    assert cheap.segments[0].workers == ()
    assert cheap.usd_per_request == pytest.approx(225 * USD_PER_MS + USD_PER_CALL)
    slow = assumptions_of({"network_mb_per_s": 1.0})
    still = plan_partition(
        PartitionQuestion(chain=chain, budget_usd=1e-4, memory_mb=(1024,), assumptions=slow)
    )
    assert still.segments[0].workers == ()


def test_the_quadratic_program_says_that_it_has_no_branches(tmp_path: Path) -> None:
    pytest.importorskip("pyscipopt")
    question = PartitionQuestion(
        chain=chain_of(branched(), tmp_path), budget_usd=1e-4, memory_mb=(1024,), solver="scip"
    )
    plan = plan_partition(question)
    assert plan.latency_ms == pytest.approx(15 + 10 + 215)
    assert any("no parallel branches" in line for line in plan.warnings)


def test_all_cold_functions_and_their_workers_start_one_after_another(tmp_path: Path) -> None:
    """Coordinator: 500 + 12 MiB at 96 MiB/s; its worker 500 + 20 MiB more, in the cold latency as in the price."""
    chain = chain_of(branched(), tmp_path)
    question = PartitionQuestion(chain=chain, budget_usd=1e-4, memory_mb=(1024,), cold_share=0.001)
    plan = plan_partition(question)
    warm_ms, start_ms = 170 + 1 / 3, 1000 + 32 / 96 * 1000
    assert len(plan.segments[0].workers) == 1
    assert plan.cold_latency_ms == pytest.approx(warm_ms + start_ms)
    assert plan.latency_ms == pytest.approx(warm_ms + 0.001 * start_ms)


def test_the_frontier_is_of_optima_each_cheaper_and_slower_than_the_last(tmp_path: Path) -> None:
    chain = chain_of(pair(), tmp_path)
    found = partition_frontier(PartitionQuestion(chain=chain, deadline_ms=2000, memory_mb=SIZES), points=6)
    memories = [tuple(one.memory_mb for one in plan.segments) for plan in found]
    assert memories == [(2048, 2048), (2048, 1024), (1024, 1024)]
    assert [round(plan.latency_ms, 2) for plan in found] == [236.67, 266.67, 316.67]
    costs = [plan.usd_per_request for plan in found]
    assert costs == sorted(costs, reverse=True)


def test_no_partition_names_the_limit_and_by_how_much(tmp_path: Path) -> None:
    chain = chain_of(pair(param_mib=140.0), tmp_path)
    with pytest.raises(InfeasiblePlanError, match=r"pair, block 'first'.*260.*250"):
        plan_partition(PartitionQuestion(chain=chain, deadline_ms=2000, memory_mb=SIZES))
    small = chain_of(pair(), tmp_path)
    with pytest.raises(InfeasiblePlanError, match=r"least latency.*236\.667"):
        plan_partition(PartitionQuestion(chain=small, deadline_ms=200, memory_mb=SIZES))
    with pytest.raises(InfeasiblePlanError, match="max_functions is 1"):
        plan_partition(PartitionQuestion(chain=small, deadline_ms=2000, memory_mb=SIZES, max_functions=1))


def test_sizes_that_the_provider_has_not_are_all_named(tmp_path: Path) -> None:
    question = PartitionQuestion(
        chain=chain_of(pair(), tmp_path), deadline_ms=2000, memory_mb=(64, 1024, 20480)
    )
    with pytest.raises(InputError) as caught:
        plan_partition(question)
    assert len(caught.value.problems) == 2


def test_the_same_question_gives_the_same_bytes(tmp_path: Path) -> None:
    question = PartitionQuestion(chain=chain_of(pair(), tmp_path), deadline_ms=2000)
    assert partition_bytes(plan_partition(question)) == partition_bytes(plan_partition(question))
