"""Spot pools, guards, accuracy on average and effective accuracy as arrays of the program."""

from __future__ import annotations

import numpy as np
import pytest

from planner.assembly import assemble, provisioning_problem
from tests.planner.small_catalogs import (
    TASK,
    demand,
    profiles,
    request_class,
    scenario,
    variant,
)
from tests.planner.small_programs import TIMES, options, problem

ZONES = {"zones": ["us-east-1a", "us-east-1b"]}


def test_pools_are_types_in_zones_and_guards_count_stricter_classes() -> None:
    p = problem(
        request_class("slow", deadline_ms=400.0, share=0.3),
        request_class("fast", share=0.3),
        request_class("sure", percentile=0.99, share=0.3),
        resources=ZONES,
        spot={
            "policy": "chance",
            "violation_share": 0.05,
            "risk_aversion_usd": 0.5,
            "common_shock_share": 0.01,
        },
    )
    risk = p.spot_risk
    assert risk is not None
    assert risk.pools == (
        "c5.large/us-east-1a",
        "c5.large/us-east-1b",
        "c5.xlarge/us-east-1a",
        "c5.xlarge/us-east-1b",
    )
    named = {
        name: -1 if z < 0 else risk.pools[z] for name, z in zip(p.machines, risk.pool_of_machine, strict=True)
    }
    assert named["c5.large/spot/us-east-1b"] == "c5.large/us-east-1b"
    assert named["c5.large/on-demand/us-east-1b"] == -1
    assert risk.guards == (f"{TASK}/d200p95", f"{TASK}/d200p99", f"{TASK}/d400p95")
    assert risk.guard_classes.tolist() == [[False, True, True], [False, False, True], [True, True, True]]
    assert (risk.level, risk.violation_share, risk.aversion_usd, risk.survive_any_loss) == (
        1,
        0.05,
        0.5,
        False,
    )
    assert np.diag(risk.covariance) == pytest.approx(risk.loss_share * (1 - risk.loss_share))
    band = 1 - (1 - 0.10) ** (180 / 3600 / 730)  # the upper end of the band over the boot time
    assert risk.loss_share == pytest.approx([1 - 0.99 * (1 - band)] * 4)
    assert p.on_demand_floor_share == 0


def test_under_a_chance_constraint_tables_reach_twice_the_demand() -> None:
    chance = problem(spot={"policy": "chance", "violation_share": 0.05})
    assert (chance.capacity_rps.max(axis=1) >= 80.0).all()


def test_surviving_a_loss_asks_for_the_level_named() -> None:
    risk = problem(spot={"policy": "survive-loss", "level": 0.5}).spot_risk
    assert risk is not None
    assert (risk.level, risk.survive_any_loss, risk.violation_share) == (0, True, None)
    assert risk.pools == ("c5.large", "c5.xlarge")


def test_the_prune_leaves_no_pool_without_machines() -> None:
    question = scenario(spot={"policy": "survive-loss"})
    p = assemble(question, demand(question), options(question)).problem
    assert p.spot_risk is not None
    assert set(p.spot_risk.pool_of_machine[p.is_spot]) == set(range(len(p.spot_risk.pools)))


MEAN = {"min_accuracy": {"value": 0.7, "kind": "mean"}}


def test_a_floor_on_average_admits_less_accurate_models_at_a_negative_margin() -> None:
    p = problem(request_class("any"), request_class("mean", **MEAN))
    assert p.accuracy is not None
    assert p.accuracy.asks.tolist() == [False, True]
    margins = dict(zip(p.groups, p.accuracy.group_margin_share[1], strict=True))
    assert margins["good/c5.large/b1x1/d200p95"] == pytest.approx(0.06)
    assert margins["poor/c5.xlarge/b1x1/d200p95"] == pytest.approx(-0.10)
    assert not p.accuracy.group_margin_share[0].any()
    assert p.accuracy.function_margin_share[1] == pytest.approx([0.06])


def test_an_effective_floor_counts_the_share_in_time() -> None:
    question = scenario(request_class(min_accuracy={"value": 0.7, "kind": "effective"}))
    found = options(question)
    p = provisioning_problem(question, demand(question), found)
    assert p.accuracy is not None
    margins = dict(zip(p.groups, p.accuracy.group_margin_share[0], strict=True))
    assert margins["good/c5.large/b1x1/d200p95"] == pytest.approx(0.76 * 0.95 - 0.7)
    assert p.accuracy.function_margin_share[0] == pytest.approx(
        [0.76 * found.functions[0].deadline_meet_rate["web"] - 0.7]
    )


def test_effective_accuracy_sizes_groups_for_every_share_in_time_of_the_grid() -> None:
    free = request_class()
    del free["percentile"]
    stated = request_class("stated", deadline_ms=300.0, percentile=0.94)
    objective = {"maximise": "effective_accuracy", "meet_rate_grid": [0.9, 0.95]}
    p = problem(free, stated, objective=objective)
    served = {
        name: p.serves[:, j].tolist() for j, name in enumerate(p.groups) if name.startswith("good/c5.large")
    }
    assert served == {
        "good/c5.large/b1x1/d200p90": [
            True,
            True,
        ],  # at its capacity it answers 94 % within 300 ms, its table shows
        "good/c5.large/b1x1/d200p94": [True, True],
        "good/c5.large/b1x1/d200p95": [True, True],
        "good/c5.large/b1x1/d300p94": [False, True],
        "good/c5.large/b1x1/d300p95": [False, True],
    }
    assert p.value is not None
    worth = dict(zip(p.groups, p.value.group_usd[0], strict=True))
    assert worth["good/c5.large/b1x1/d200p90"] == pytest.approx(0.76 * 0.9)
    assert worth["good/c5.large/b1x1/d200p95"] == pytest.approx(0.76 * 0.95)
    assert worth["good/c5.large/b1x1/d300p95"] == 0


def test_models_may_be_named_in_place_of_a_task() -> None:
    catalog = profiles(*TIMES, variants=(variant("good"), variant("poor", 0.6, task="ranking")))
    by_name = request_class("named", models=["poor"])
    del by_name["task"]
    p = problem(request_class("any"), by_name, catalogs={"profiles": catalog})
    served = {name.partition("/")[0]: p.serves[:, j].tolist() for j, name in enumerate(p.groups)}
    assert served == {"good": [True, False], "poor": [False, True]}
