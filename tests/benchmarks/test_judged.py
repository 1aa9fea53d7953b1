"""What a calibration judges: windows against their percentile, and pools with nothing to rescue them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from planner.plan import ProvisioningPlan
from planner.queueing import PoolService, deadline_meet_rate
from planner.replay.decisions import Observation
from planner.replay.engine import replay
from planner.replay.losses import with_losses
from planner.replay.planned import Planned
from planner.replay.supplies import supply_of_plan
from tests.benchmarks.judged import (
    Bare,
    Judged,
    promised_at_top,
    promised_in_time,
    requests_at_top,
)
from tests.planner.plan_case import FUNCTION, plan_data

if TYPE_CHECKING:
    from planner.replay.requests import Requests
    from planner.replay.results import Replayed
    from planner.replay.supply import Supply

EDGES = [0.0, 3600.0, 7200.0]


def judged(arrived: list[float], in_time: list[float], percentile: float = 0.95) -> Judged:
    return Judged(percentile, np.array(arrived), np.array(in_time), np.full(len(arrived), 0.97))


def plan_of(data: dict[str, Any]) -> ProvisioningPlan:
    return ProvisioningPlan.model_validate(data)


def test_a_short_window_among_good_ones_shows() -> None:
    """One of ten windows five points short leaves the class above its percentile."""
    found = judged([1000.0] * 10, [990.0] * 9 + [900.0])
    assert not found.is_defect
    assert found.found_share == pytest.approx(0.981)
    assert found.promised_share == pytest.approx(0.97)
    assert (found.short_windows, found.surely_short_windows) == (0.1, 0.1)
    assert found.worst == (0.9, 1000.0)


def test_few_requests_miss_by_chance() -> None:
    """9 of 10 in time is short of 95 %, but no proof: as few come of an honest 94.5 % in four windows of ten."""
    found = judged([10.0, 10.0], [9.0, 10.0])
    assert (found.short_windows, found.surely_short_windows) == (0.5, 0.0)


@pytest.mark.parametrize(("in_time", "is_defect"), [(946.0, False), (944.0, True)])
def test_half_a_point_below_the_percentile_is_a_defect(in_time: float, is_defect: bool) -> None:
    assert judged([1000.0], [in_time]).is_defect == is_defect


def test_what_chance_does_is_told_by_the_windows_not_by_the_number_of_requests() -> None:
    """Half of forty windows at .99 and half at .93 have .96, known to one point only however many requests they hold."""
    mixed = np.random.default_rng(0).permutation(np.repeat([0.99, 0.93], 20))
    for requests in (1e3, 1e6):
        arrived = np.full(40, requests)
        one = Judged(0.95, arrived, mixed * arrived, np.full(40, 0.95))
        assert 0.01 < one.chance_share < 0.03
        assert one.is_sure == (one.found_share - 0.945 > one.chance_share)
    steady = judged([1000.0] * 40, [946.0] * 20 + [944.0] * 20)
    assert not steady.is_sure
    assert judged([1000.0] * 40, [951.0] * 20 + [949.0] * 20).is_sure


def test_chance_takes_the_share_no_further_than_told() -> None:
    """Of 2000 trials of forty windows, of shares of their own, about two lie further below the truth."""
    rng = np.random.default_rng(0)
    arrived = np.full(40, 100.0)
    beyond = 0
    for _ in range(2000):
        in_time = 100.0 - 20.0 * rng.random(40) * (1 + rng.random(40))
        one = Judged(0.95, arrived, in_time, arrived)
        beyond += one.found_share + one.chance_share < 0.85
    assert beyond <= 6


def test_one_window_tells_nothing_of_chance() -> None:
    assert not judged([1000.0], [1000.0]).is_sure


def test_windows_without_requests_say_nothing() -> None:
    found = judged([0.0, 100.0], [0.0, 99.0])
    assert (found.short_windows, found.requests_a_window, found.worst) == (0.0, 100.0, (0.99, 100.0))
    nothing = judged([0.0], [0.0])
    assert np.isnan([nothing.found_share, nothing.short_windows, nothing.worst[0]]).all()
    assert not nothing.is_defect


def test_what_a_window_does_not_serve_is_promised_to_nobody() -> None:
    """Requests of a window that promises no rate count as late on both sides."""
    data = plan_data()
    data["windows"][1]["expected"]["classes"]["lax"] |= {"served_share": 0.0, "deadline_meet_rate": None}
    assert promised_in_time(plan_of(data)).tolist() == [[0.99, 0.99], [0.99, 0.0]]


def test_the_capacity_model_promises_by_the_load_of_the_top_level() -> None:
    """Machines of 50 ms: 8 strict and 2 lax requests/s on two of them, then on three."""
    promised, full = promised_at_top(plan_of(plan_data()))
    service = PoolService(0.05, 0.05)
    rates = [float(deadline_meet_rate(service, count, 10.0, 0.2)) for count in (2, 3)]
    assert promised[0].tolist() == pytest.approx(rates, rel=1e-9)
    assert full[0].tolist() == pytest.approx([10 / 24, 10 / 36])


def test_bare_pools_get_the_top_level_and_no_help() -> None:
    """Two machines of 180 ms are busy nine tenths of the time: the plan lets late requests yield, bare pools do not."""
    data = plan_data()
    for window in data["windows"]:
        window["late_to"] = {"lax": FUNCTION}
        window["groups"][0]["service"] |= {"mean_ms": 180.0, "quantile_ms": 180.0}
    for one, part in zip(data["problem"]["classes"], (8, 3), strict=True):
        one["share"] = part / 11
    plan = plan_of(data)
    supply = with_losses(supply_of_plan(plan), 0.0)
    requests = requests_at_top(plan, {"web": 1.0})
    with_help, bare = (run(policy, plan, supply, requests) for policy in (Planned, Bare))
    assert (bare.arrived / 3600.0).ravel().tolist() == pytest.approx([8.0, 8.0, 3.0, 3.0], rel=0.05)
    assert bare.served[1, 1].sum() / bare.arrived[1].sum() == pytest.approx(1 / 3, abs=1e-3)  # as planned
    assert bare.in_time[:, 0].sum() < 0.9 * with_help.in_time[:, 0].sum()
    routes = (
        Bare(plan, supply)
        .decide(Observation(0.0, 1.0, np.zeros((2, 0)), {}, {}, {}, {}, np.zeros(2), {}))
        .routes
    )
    assert all(
        one.overflow is None and not one.late_yields and not one.by_deadline for one in routes.values()
    )


def run(policy: type[Planned], plan: ProvisioningPlan, supply: Supply, requests: Requests) -> Replayed:
    return replay(policy(plan, supply), supply, requests, seed=0, window_edge_s=EDGES)
