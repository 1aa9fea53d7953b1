"""From options and demand to the program's arrays: every figure in its place and unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from planner.assembly import assemble, provisioning_problem
from planner.demand import demand_of, level_shares
from planner.enumeration import enumerate_options
from planner.queueing import most_running
from tests.planner.small_catalogs import (
    demand,
    function_time,
    prices,
    profiles,
    request_class,
    scenario,
    tariffs,
    time,
)

if TYPE_CHECKING:
    from planner.options import OptionTable
    from planner.scenario import Scenario
    from solvers.problem import ProvisioningProblem

TIMES = (time(), time(host="c5.xlarge", mean_ms=30.0), time("poor", "c5.xlarge", mean_ms=20.0))
FUNCTIONS = (function_time(), function_time(memory_mb=4096, mean_ms=80.0))


def options(question: Scenario) -> OptionTable:
    return enumerate_options(
        question, demand(question), prices(), profiles(*TIMES, functions=FUNCTIONS), tariffs()
    )


def problem(*classes: dict[str, Any], **more: Any) -> ProvisioningProblem:
    """The whole program, before the prune."""
    question = scenario(*classes, **more)
    return provisioning_problem(question, demand(question), options(question))


def test_levels_weigh_their_bins_and_the_last_takes_what_is_above_it() -> None:
    assert level_shares(np.array([0.5, 0.8, 0.95, 0.99])) == pytest.approx([0.5, 0.3, 0.15, 0.05])
    assert level_shares(np.array([0.9])).tolist() == [1.0]


class OneForecast:
    """What `demand_of` reads of a forecast."""

    rate_rps = np.array([[10.0, 20.0], [30.0, 40.0]])
    mean_rps = np.array([12.0, 32.0])


def test_demand_is_forecast_times_scale_times_share() -> None:
    question = scenario(
        request_class("a", share=0.25),
        request_class("b", share=0.5),
        horizon={"start": "2026-11-23T00:00:00Z", "duration": "30min"},
        workload=scaled_workload(),
    )
    found = demand_of(question, {"load": OneForecast()}, {"a": 3.0, "b": 1.0})  # type: ignore[dict-item]
    assert found.rate_rps[0].tolist() == [[5.0, 10.0], [15.0, 20.0]]  # 2 x 0.25
    assert found.rate_rps[1].tolist() == [[10.0, 20.0], [30.0, 40.0]]
    assert found.mean_rps[1].tolist() == [12.0, 32.0]
    assert found.dispersion_index.tolist() == [
        1 + 2 * 0.75 * 2,
        1.0,
    ]  # the classes together take 3/4 of twice the trace
    assert found.window_h.tolist() == [0.25, 0.25]


def scaled_workload() -> dict[str, Any]:
    """A trace file of this test, planned at twice its load, with two classes."""
    return {
        "traces": {"load": {"file": __file__, "scale": 2.0}},
        "classes": [request_class("a", share=0.25), request_class("b", share=0.5)],
    }


def test_every_group_is_fed_by_the_machines_of_its_type() -> None:
    p = problem()
    fed: dict[str, set[str]] = {name: set() for name in p.groups}
    for j, i in zip(p.option_group, p.option_machine, strict=True):
        fed[p.groups[j]].add(p.machines[i])
    assert fed == {
        "good/c5.large/b1x1/d200p95": {"c5.large/on-demand", "c5.large/spot"},
        "poor/c5.xlarge/b1x1/d200p95": {"c5.xlarge/on-demand", "c5.xlarge/spot"},
    }


def test_options_stand_in_the_order_of_the_program() -> None:
    """What the plan document relies on to name row g."""
    question = scenario()
    assembly = assemble(question, demand(question), options(question))
    p = assembly.problem
    assert [one.group.id for one in assembly.options.options] == [p.groups[j] for j in p.option_group]
    assert [one.machine.id for one in assembly.options.options] == [p.machines[i] for i in p.option_machine]
    assert [one.id for one in assembly.options.groups] == list(p.groups)
    assert [one.id for one in assembly.options.functions] == list(p.functions)


def test_prices_repeat_over_the_windows_and_a_launch_costs_the_boot() -> None:
    p = problem(resources={"boot_s": 360.0})
    on_demand = p.machines.index("c5.large/on-demand")
    assert p.price_usd_per_h[on_demand].tolist() == [0.1] * 4
    assert p.start_usd[on_demand] == pytest.approx(0.01)


def test_classes_reach_only_who_may_serve_them() -> None:
    p = problem(request_class("any"), request_class("exact", min_accuracy=0.7, deadline_ms=150.0))
    serves = {name: p.serves[:, j].tolist() for j, name in enumerate(p.groups)}
    assert serves["poor/c5.xlarge/b1x1/d200p95"] == [True, False]
    assert serves["good/c5.large/b1x1/d150p95"] == [True, True]
    assert p.function_serves.tolist() == [[True, True, True], [True, True, True]]  # 2048, 3072 and 4096 MB


def test_short_tables_repeat_their_last_value() -> None:
    p = problem()
    assert p.capacity_rps.shape[1] == p.count_max.max() + 1
    for row, last in zip(p.capacity_rps, p.count_max, strict=True):
        assert (row[last:] == row[last]).all()
        assert row[last - 1] < row[last]


def test_functions_carry_price_and_time_held() -> None:
    question = scenario()
    found, p = options(question), problem()
    assert p.usd_per_request.tolist() == [one.usd_per_request for one in found.functions]
    assert p.concurrency_s.tolist() == [one.concurrency_s for one in found.functions]
    assert p.concurrency_limit == most_running(1000)  # swings need the rest


def test_quotas_count_vcpu_of_their_family_and_market() -> None:
    p = problem(
        resources={
            "quotas": [
                {"family": "standard", "market": "spot", "vcpu": 64},
                {"family": "g", "market": "on-demand", "vcpu": 8},
            ]
        }
    )
    use = dict(zip(p.machines, p.quota_use[0], strict=True))
    assert use == {"c5.large/on-demand": 0, "c5.large/spot": 2, "c5.xlarge/on-demand": 0, "c5.xlarge/spot": 4}
    assert not p.quota_use[1].any()
    assert p.quota_limit.tolist() == [64.0, 8.0]


def test_the_spot_limit_is_a_floor_on_demand() -> None:
    assert problem(spot={"max_share": 0.3}).on_demand_floor_share == pytest.approx(0.7)
    assert problem(resources={"on_demand_floor_share": 0.8}).on_demand_floor_share == 0.8
    assert problem(spot={"policy": "none"}).on_demand_floor_share == 1.0


FLEET = [{"instance_type": "c5.large", "count": 3}]


def test_a_current_fleet_limits_the_windows_before_the_first_launch_can_serve() -> None:
    """1,000 s of boot against 900 s windows: the first two windows begin before it is over."""
    p = problem(resources={"current_fleet": FLEET, "boot_s": 1000.0})
    limits = dict(zip(p.machines, p.count_limit.tolist(), strict=True))
    assert limits["c5.large/on-demand"] == [3, 3, np.inf, np.inf]
    assert limits["c5.large/spot"] == [0, 0, np.inf, np.inf]
    assert dict(zip(p.machines, p.initial_count, strict=True))["c5.large/on-demand"] == 3


def test_an_empty_fleet_counts_and_an_absent_one_limits_nothing() -> None:
    assert problem(resources={"current_fleet": []}).count_limit[:, 0].tolist() == [0.0] * 4
    assert np.isinf(problem().count_limit).all()


def test_a_boot_that_ends_with_a_window_does_not_limit_the_next() -> None:
    p = problem(resources={"current_fleet": [], "boot_s": 900.0})
    assert np.isfinite(p.count_limit).tolist() == [[True, False, False, False]] * 4


def test_what_the_prune_takes_out_is_rejected_by_name() -> None:
    """The 2-GB function is cheaper than both larger ones, and no limit on concurrency can bind."""
    question = scenario()
    assembly = assemble(question, demand(question), options(question))
    assert assembly.problem.functions == ("lambda/good/2048",)
    dominated = {one.option: one.reason for one in assembly.options.rejected if one.kind == "dominated"}
    assert "lambda/good/2048" in dominated["lambda/good/4096"]


def test_a_scenario_without_functions_or_machines_still_makes_arrays() -> None:
    """At 115 ms the 2-GB function has .95 known in time less its cold starts; 3 GB (interpolated) has .99."""
    question = scenario(request_class(deadline_ms=115.0))
    found = enumerate_options(question, demand(question), prices(), profiles(functions=FUNCTIONS), tariffs())
    bare = assemble(question, demand(question), found).problem
    assert bare.serves.shape == (1, 0)
    assert bare.functions == ("lambda/good/3072",)
    off = enumerate_options(question, demand(question), prices(), profiles(time()), tariffs())
    assert assemble(question, demand(question), off).problem.function_serves.shape == (1, 0)
