"""What a replay may use: read from a plan alone, and from a scenario's options, of which the plan's are a part."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from planner import pipeline
from planner.errors import InputError
from planner.plan import ProvisioningPlan
from planner.queueing import capacity_rps, implied_service_s
from planner.replay.functions import UNKNOWN_COLD_S
from planner.replay.laws import GRID
from planner.replay.losses import losses_per_h
from planner.replay.option_supplies import supply_of_options
from planner.replay.supplies import supply_of_plan
from planner.scenario import load_scenario
from tests.planner.cli.conftest import TINY
from tests.planner.plan_case import FUNCTION, GROUP, buffered_plan_data, make_plan, plan_data


def test_the_plan_tells_classes_pools_rentals_and_spot_pools() -> None:
    supply = supply_of_plan(make_plan())
    strict, lax = supply.classes
    assert (strict.deadline_s, strict.percentile, strict.trace, strict.share) == (0.2, 0.98, "web", 0.5)
    assert lax.deadline_s == 1.0
    (pool,) = supply.pools
    assert (pool.name, pool.model, pool.batch, pool.replicas, pool.accuracy) == (
        GROUP,
        "resnet50",
        1,
        1,
        0.76,
    )
    assert set(pool.classes) == {"strict", "lax"}
    assert np.all(pool.laws["strict"].quantile_s == 0.05)
    on_demand, spot = supply.rentals
    assert (on_demand.id, on_demand.price_usd_per_h, on_demand.boot_s) == ("c5.xlarge/on-demand", 0.5, 180.0)
    assert on_demand.spot_pool is None
    assert spot.spot_pool == "c5.xlarge"
    (lost,) = supply.spot_pools
    assert lost.losses_per_h == pytest.approx(-math.log(0.95) / 730)
    assert supply.targets == (GROUP, FUNCTION)


def test_losses_are_those_that_the_plan_counts() -> None:
    """A fifth of the pools lost in half an hour: 1 - exp(-rate / 2) = 0.2."""
    data = plan_data()
    data["problem"]["spot"] |= {
        "exposure_s": 1800.0,
        "pools": [{"name": "c5.xlarge", "loss_share": 0.2, "source": "made up for this test"}],
        "covariance": [[0.16]],
    }
    (lost,) = supply_of_plan(ProvisioningPlan.model_validate(data)).spot_pools
    assert 1 - math.exp(-lost.losses_per_h / 2) == pytest.approx(0.2)
    assert losses_per_h(1.0, 1.0) < math.inf


def test_a_pool_of_unknown_losses_is_no_pool_without_losses() -> None:
    data = plan_data()
    for option in data["options"]:
        if option.get("pool") == "c5.xlarge":
            option["interruption_share"] = None
    with pytest.raises(InputError, match=r"how often spot pool 'c5.xlarge' is lost"):
        supply_of_plan(ProvisioningPlan.model_validate(data))


def test_functions_cost_what_the_tariff_says() -> None:
    """2,048 MB on AWS Lambda x86 in us-east-1: 2 GB at 0.0000166667 USD/GB-s, 0.20 USD per million calls."""
    (called,) = supply_of_plan(make_plan()).functions
    assert called.usd_per_s == pytest.approx(2 * 0.0000166667)
    assert called.usd_per_call == pytest.approx(2e-7)
    assert called.cold_s == 2.0
    assert called.classes == ("lax",)
    assert (called.batch, called.functions, called.billing_step_s) == (1, 1, 0.001)
    assert float(called.law.quantile_s[round(0.95 * GRID)]) == pytest.approx(0.12, rel=2e-3)


def test_a_cut_model_is_billed_by_the_call() -> None:
    data = buffered_plan_data()
    (called,) = supply_of_plan(ProvisioningPlan.model_validate(data)).functions
    (option,) = (one for one in data["options"] if one["kind"] == "function")
    assert called.functions == 2
    assert called.usd_per_s == 0.0
    assert called.usd_per_call == pytest.approx(option["usd_per_request"] * option["mean_batch"])
    assert (called.batch, called.batch_timeout_s) == (8, 0.04)


def test_calls_that_are_not_full_last_as_long_as_the_plan_says_of_their_size() -> None:
    """What is drawn is the time of a full batch; without times by size every call is drawn with the mean of all."""
    data = buffered_plan_data()
    (option,) = (one for one in data["options"] if one["kind"] == "function")
    (alike,) = supply_of_plan(ProvisioningPlan.model_validate(data)).functions
    assert alike.size_stretch == ()
    option["size_mean_ms"] = [50.0, 55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 100.0]
    option["quantiles_ms"], option["quantile_ms"] = {"1": 100.0}, 100.0
    (called,) = supply_of_plan(ProvisioningPlan.model_validate(data)).functions
    assert called.law.mean_s == pytest.approx(0.1)
    assert called.size_stretch == pytest.approx((0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 1.0))


def test_a_cold_start_that_is_not_known_is_a_long_one() -> None:
    data = plan_data()
    (option,) = (one for one in data["options"] if one["kind"] == "function")
    option["cold_start_ms"] = None
    assert supply_of_plan(ProvisioningPlan.model_validate(data)).functions[0].cold_s == UNKNOWN_COLD_S


def without_times(**changed: Any) -> ProvisioningPlan:
    """The plan of the case, its group of published capacities."""
    data = plan_data()
    for window in data["windows"]:
        window["groups"][0] |= {"capacity_mode": "linear", "service": None} | changed
    return ProvisioningPlan.model_validate(data)


def test_a_published_capacity_is_kept_by_single_requests() -> None:
    published = {"capacity_rps": 12.0, "deadline_ms": 200.0, "percentile": 0.98}
    (pool,) = supply_of_plan(without_times(published=published, batch_size=4)).pools
    assert pool.batch == 1
    assert pool.rated_rps == 12.0
    expected = implied_service_s(12.0, 0.2, 0.98)
    assert np.all(pool.laws["lax"].quantile_s == expected)


def test_rates_by_class_are_throughputs() -> None:
    (pool,) = supply_of_plan(without_times(class_rps={"strict": 10.0, "lax": 20.0})).pools
    assert pool.laws["strict"].foreseen_s == pytest.approx(0.1)
    assert pool.laws["lax"].foreseen_s == pytest.approx(0.05)
    assert pool.rated_rps == 10.0


def test_the_plan_is_replayed_on_a_part_of_the_scenario_s_options() -> None:
    """What a plan tells of itself is what its options were: same pools, laws, machines and prices."""
    scenario = load_scenario(str(TINY))
    offered = supply_of_options(scenario, pipeline.enumerate_scenario(scenario))
    planned = supply_of_plan(pipeline.plan_scenario(scenario))
    assert planned.classes == offered.classes
    pools = {one.name: one for one in offered.pools}
    for pool in planned.pools:
        twin = pools[pool.name]
        for name, law in pool.laws.items():
            np.testing.assert_allclose(law.quantile_s, twin.laws[name].quantile_s)
            assert law.foreseen_s == pytest.approx(twin.laws[name].foreseen_s)
        assert pool.rated_rps == pytest.approx(twin.rated_rps, rel=1e-6)
        assert replace(pool, laws={}, rated_rps=0.0) == replace(twin, laws={}, rated_rps=0.0)
    rentals = {one.id: one for one in offered.rentals}
    assert all(rentals[one.id] == one for one in planned.rentals)


def test_a_machine_that_bursts_leave_nothing_is_rated_by_poisson_arrivals() -> None:
    """Schemes count machines at a fixed rate each; at a rate of 0 they would have none to count."""
    options = pipeline.enumerate_scenario(load_scenario(str(TINY)))
    rigid = [one for one in options.groups if one.service is not None and not one.standby]
    calm, burst = rigid[0], replace(rigid[0], capacity_rps=np.array([0.0, 0.0, 1.0]))
    assert burst.service is not None
    wild = replace(burst, service=replace(burst.service, dispersion_index=50.0))
    found = supply_of_options(load_scenario(str(TINY)), replace(options, groups=(wild,))).pools[0].rated_rps
    assert calm.service is not None
    poisson = replace(calm.service, dispersion_index=1.0)
    assert found == capacity_rps(poisson, [1], calm.tier.deadline_s, calm.tier.percentile)[0]
    assert found > 0
