"""Pools filled to their stated capacity: what is too great by a hundredth shows, and chance does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from planner.plan import ProvisioningPlan
from planner.queueing import PoolService, capacity_rps
from planner.replay.losses import with_losses
from planner.replay.supplies import supply_of_plan
from tests.benchmarks.filled import each_alone, fill, machines_of, pools_alone
from tests.planner.plan_case import GROUP, plan_data

if TYPE_CHECKING:
    from planner.replay.supply import Supply
    from tests.benchmarks.judged import Judged

EDGES = np.array([0.0, 3600.0, 7200.0])
PERCENTILE, DEADLINE_S, MEAN_S = 0.95, 1.0, 0.08


def filled(data: dict[str, Any]) -> tuple[ProvisioningPlan, Supply, Judged, int]:
    plan = ProvisioningPlan.model_validate(data)
    ((supply, requests),) = each_alone(*pools_alone(plan, with_losses(supply_of_plan(plan), 0.0)))
    judged, runs = fill(plan, supply, requests, EDGES)
    return plan, supply, judged, len(runs)


@pytest.mark.parametrize(("machine_rps", "is_defect"), [(12.0, False), (19.9, True)])
def test_filled_pools_tell_a_capacity_that_is_too_great(machine_rps: float, is_defect: bool) -> None:
    """Two and three machines of 50 ms are all but overloaded at 19.9 requests/s each, and keep 200 ms at 12."""
    data = plan_data()
    for window in data["windows"]:
        window["groups"][0]["capacity_rps"] = machine_rps * window["groups"][0]["count"]
    plan, supply, judged, draws = filled(data)
    assert [one.name for one in supply.classes] == [GROUP]
    assert machines_of(plan, GROUP).tolist() == [2, 3]
    expected = [2 * machine_rps * 3600, 3 * machine_rps * 3600] * draws
    assert judged.arrived.tolist() == pytest.approx(expected)
    assert judged.is_sure
    assert judged.is_defect == is_defect


@pytest.mark.parametrize(("factor", "is_defect"), [(0.99, False), (1.01, True)])
def test_a_busy_pool_tells_one_per_cent_below_its_capacity_from_one_above(
    factor: float, is_defect: bool
) -> None:
    """Two and three machines of 80 ms inside 1 s are busy 96 % of the time at capacity, which is exact for equal calls."""
    service = PoolService(MEAN_S, MEAN_S)
    data = plan_data()
    for window in data["windows"]:
        group = window["groups"][0]
        group["tier"] = {"deadline_ms": 1000.0 * DEADLINE_S, "percentile": PERCENTILE}
        group["service"] |= {"mean_ms": 1000.0 * MEAN_S, "quantile_ms": 1000.0 * MEAN_S}
        group["capacity_rps"] = factor * float(
            capacity_rps(service, [group["count"]], DEADLINE_S, PERCENTILE)[0]
        )
    _, _, judged, _ = filled(data)
    assert judged.is_sure
    assert judged.is_defect == is_defect
