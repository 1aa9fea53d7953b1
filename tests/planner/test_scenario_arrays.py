"""Keys of the scenario as arrays of the program: each one in its place and unit, and nothing where nothing asks for it."""

from __future__ import annotations

import numpy as np
import pytest

from catalogs.measurements import PublishedCapacity
from tests.planner.small_catalogs import (
    profiles,
    request_class,
)
from tests.planner.small_programs import problem

ZONES = {"zones": ["us-east-1a", "us-east-1b"]}


def test_a_plain_scenario_has_no_optional_part() -> None:
    p = problem()
    parts = (p.linear_rps, p.owned_count, p.limits, p.loads, p.accuracy, p.spot_risk, p.value)
    assert parts == (None,) * 7


def test_zones_make_a_machine_of_every_market_in_every_zone() -> None:
    p = problem(resources=ZONES | {"min_zones": 2})
    assert [name for name in p.machines if name.startswith("c5.large")] == [
        "c5.large/on-demand/us-east-1a",
        "c5.large/on-demand/us-east-1b",
        "c5.large/spot/us-east-1a",
        "c5.large/spot/us-east-1b",
    ]
    assert p.limits is not None
    assert p.limits.zone_of_machine.tolist() == [0, 1] * 4
    assert p.limits.min_zones == 2


def test_commitments_cost_nothing_and_end_at_what_is_owned() -> None:
    p = problem(resources=ZONES | {"commitments": [{"instance_type": "c5.large", "count": 4}]})
    own = p.machines.index("c5.large/committed")
    assert (p.price_usd_per_h[own] == 0).all()
    assert p.start_usd[own] == 0
    assert p.owned_count is not None
    assert p.owned_count[own] == 4
    assert np.isinf(np.delete(p.owned_count, own)).all()


def test_the_current_fleet_counts_by_market_zone_and_over_its_models() -> None:
    fleet = [
        {"instance_type": "c5.xlarge", "zone": "us-east-1b", "count": 2, "model": "good"},
        {"instance_type": "c5.xlarge", "zone": "us-east-1b", "count": 1, "model": "poor"},
        {"instance_type": "c5.xlarge", "zone": "us-east-1a", "market": "spot", "count": 5},
    ]
    p = problem(resources=ZONES | {"current_fleet": fleet})
    counts = dict(zip(p.machines, p.initial_count.tolist(), strict=True))
    assert counts["c5.xlarge/on-demand/us-east-1b"] == 3
    assert counts["c5.xlarge/spot/us-east-1a"] == 5
    assert sum(counts.values()) == 8


def test_a_fleet_that_names_models_makes_loads_count() -> None:
    fleet = [
        {"instance_type": "c5.xlarge", "count": 2, "model": "good"},
        {"instance_type": "c5.xlarge", "count": 1},
    ]
    p = problem(resources={"current_fleet": fleet}, models={"load_s": {"good": 90.0, "poor": 36.0}})
    assert p.loads is not None
    assert p.loads.models == ("good", "poor")
    assert [p.loads.models[m] for m in p.loads.group_model] == [name.partition("/")[0] for name in p.groups]
    assert p.loads.load_s.tolist() == [90.0, 36.0]
    xlarge = p.machines.index("c5.xlarge/on-demand")
    assert p.loads.initial_loaded[xlarge].tolist() == [2, 0]
    assert p.loads.load_usd[xlarge] == pytest.approx([0.2 * 90 / 3600, 0.2 * 36 / 3600])
    large = p.machines.index("c5.large/on-demand")
    assert p.loads.load_usd[large] == pytest.approx(
        [0.1 * 90 / 3600, 0.0]
    )  # no group of poor is of this type


def test_a_load_time_that_nobody_states_is_estimated_once_loads_count() -> None:
    p = problem(models={"load_s": {"good": 90.0}})
    assert p.loads is not None
    assert p.loads.load_s[0] == 90.0
    assert p.loads.load_s[1] > 0


def test_limits_of_operators_are_handed_on() -> None:
    p = problem(
        request_class("a"),
        request_class("b", min_instances=5),
        resources={"min_instances": 2, "max_groups": 3, "max_churn": 7, "scale_in_delay_s": 2000.0},
    )
    assert p.limits is not None
    assert p.limits.min_instances.tolist() == [2, 5]
    assert (p.limits.max_groups, p.limits.max_churn) == (3, 7)
    assert set(p.limits.scale_in_windows.tolist()) == {3}  # 2,000 s in windows of 900 s
    assert (p.limits.zone_of_machine == -1).all()


def test_a_minimum_bill_beyond_the_boot_is_a_minimum_run() -> None:
    """A machine that serves at once in windows of 20 s is billed for 60 s: it may as well stay for three."""
    horizon = {"start": "2026-11-23T00:00:00Z", "duration": "1min"}
    p = problem(horizon=horizon, window="20s", resources={"boot_s": 0.0})
    assert p.limits is not None
    assert set(p.limits.scale_in_windows.tolist()) == {3}
    assert problem(horizon=horizon, window="20s", resources={"boot_s": 45.0}).limits is None


def test_headroom_is_taken_off_and_tables_reach_as_far_as_before() -> None:
    plain, half = problem(), problem(resources={"headroom_share": 0.5})
    for row, less, count in zip(plain.capacity_rps, half.capacity_rps, plain.count_max, strict=True):
        assert less[: count + 1] == pytest.approx(0.5 * row[: count + 1])
    assert (half.capacity_rps.max(axis=1) >= 40.0).all()


def test_published_capacities_are_rates_per_class_with_target_and_headroom_off() -> None:
    published = PublishedCapacity("good", "c5.large", None, 1, 8.0, 150.0, 0.98, "paper", "published")
    p = problem(
        request_class("a"),
        request_class("b", deadline_ms=100.0),
        resources={"target_utilisation": 0.5, "headroom_share": 0.25},
        catalogs={"profiles": profiles(capacities=(published,))},
    )
    assert p.linear_rps is not None
    assert p.linear_rps.tolist() == [[3.0], [0.0]]
    assert (p.capacity_rps.tolist(), p.count_max.tolist()) == ([[0.0]], [0])
