"""Our planner as a policy: what it launches and when, what it may know, and what it does where plans or machines fail."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.errors import InputError
from planner.replay.policies.expected import Expected, Realised, one_level
from planner.replay.policies.ours import Ours, leads_s, look_ahead_of, missing
from planner.replay.policies.replanning import Replanner
from tests.planner.replay.policies.rolling_case import TWO_HOURS_S, Case, case, played, seen_at, surging
from tests.planner.small_catalogs import request_class

if TYPE_CHECKING:
    from planner.replay.decisions import Decision

WINDOW_S = 900.0
BOOT_S = 180.0


@pytest.fixture(scope="module")
def small() -> Case:
    return case()


@pytest.fixture(scope="module")
def calm(small: Case) -> list[tuple[float, Decision]]:
    """Two hours replanned window by window, the day as its history has it."""
    return played(policy(small), small.realised(), TWO_HOURS_S)


def policy(one: Case, look_ahead: int | None = 3, expected: Expected | None = None, every: int = 1) -> Ours:
    replanner = Replanner(one.scenario, one.inputs, one.supply, one.options.functions)
    return Ours("ours", expected or one.forecasts(), replanner, one.supply, WINDOW_S, look_ahead, every)


def bytes_of(decision: Decision) -> bytes:
    """All that a decision says, so that equal bytes mean the same decision."""
    routes = {
        name: (one.up_to_rps.tobytes(), one.weights.tobytes(), one.overflow)
        for name, one in sorted(decision.routes.items())
    }
    parts = (decision.machines, decision.ahead, decision.provisioned)
    return pickle.dumps(([sorted(part.items()) for part in parts], routes))


def rate_of(one: Case, decision: Decision) -> float:
    """Requests/s that the wanted machines carry, each alone."""
    rated = {pool.name: pool.rated_rps for pool in one.supply.pools}
    return sum(count * rated[pool] for (pool, _), count in decision.machines.items())


def test_windows_are_launched_a_boot_time_ahead(calm: list[tuple[float, Decision]]) -> None:
    """Nothing runs before the start but what is coming for it; at a window's start, what was ahead is wanted at work."""
    made, times = calm, [now_s for now_s, _ in calm]
    starts = WINDOW_S * np.arange(8)
    assert times == sorted([*(starts - BOOT_S), *starts])
    assert made[0][1].machines == {}
    assert made[0][1].ahead == made[1][1].machines
    for (_, before), (_, after) in zip(made[2:-1:2], made[3::2], strict=False):
        launched = missing(before.machines, after.machines)
        assert before.ahead == launched


def test_a_forecast_is_never_told_what_comes(small: Case, calm: list[tuple[float, Decision]]) -> None:
    """Two days that part at 3,600 s: every decision up to then is the same, byte by byte, and a later one differs."""
    surge = played(policy(small), small.realised(surging(small, 3_600.0, 3.0)), TWO_HOURS_S)
    before = [bytes_of(made) for now_s, made in calm if now_s <= 3_600.0]
    assert before == [bytes_of(made) for now_s, made in surge if now_s <= 3_600.0]
    assert len(before) == 10
    assert rate_of(small, surge[-1][1]) > 1.5 * rate_of(small, calm[-1][1])


def test_once_plans_before_the_start_only(small: Case) -> None:
    """Whatever comes, the plan made before the start is played."""
    usual = played(policy(small, None, every=8), small.realised(), TWO_HOURS_S)
    surge = played(policy(small, None, every=8), small.realised(surging(small, 0.0, 3.0)), TWO_HOURS_S)
    assert [bytes_of(made) for _, made in usual] == [bytes_of(made) for _, made in surge]


def test_perfect_carries_the_rates_to_come(small: Case) -> None:
    """A surge known beforehand is carried from its first second, by machines launched before it."""
    surging_rps = small.realised(surging(small, 3_600.0, 3.0)).reshape(1, 8, 3).mean(axis=2) / 300.0
    asked = one_level(small.scenario)
    known = Realised(asked, surging_rps, np.ones(1))
    replanner = Replanner(asked, small.inputs, small.supply, small.options.functions)
    perfect = Ours("ours-perfect", known, replanner, small.supply, WINDOW_S, None, 8)
    made = dict(played(perfect, small.realised(), TWO_HOURS_S))
    assert made[3_600.0 - BOOT_S].ahead
    assert rate_of(small, made[3_600.0]) > 1.5 * rate_of(small, made[0.0])


def test_demand_beyond_the_tables_is_carried_all_the_same(small: Case) -> None:
    """Ten times the planned demand is past every capacity table; options are then enumerated anew."""
    tenfold = Realised(one_level(small.scenario), np.full((1, 8), 1_000.0), np.ones(1))
    replanner = Replanner(small.scenario, small.inputs, small.supply, small.options.functions)
    windows = replanner.plan(tenfold.demand(seen_at(0.0, small.realised()), 0.0, 2), 0.0, {}, {})
    assert windows is not None
    assert sum(count for count in windows[0].machines.values()) > 20


def test_machines_that_run_are_kept_where_a_launch_costs_more() -> None:
    """For a quarter of an hour two on-demand machines that run cost less than a spot one that boots for an hour."""
    slow = case(resources={"boot_s": 3600.0, "functions": {"enabled": False}})
    replanner = Replanner(slow.scenario, slow.inputs, slow.supply, ())
    demand = slow.forecasts().demand(seen_at(-3600.0, slow.realised()), 0.0, 1)
    pool = next(pool.name for pool in slow.supply.pools if pool.instance_type == "c5.large")
    current = {(pool, "c5.large/on-demand"): 2}
    fresh, kept = (replanner.plan(demand, 0.0, running, {}) for running in ({}, current))
    assert fresh is not None
    assert kept is not None
    assert {rental for _, rental in fresh[0].machines} == {"c5.large/on-demand", "c5.large/spot"}
    assert kept[0].machines == current


def test_a_rental_that_brings_no_machines_is_not_relied_on(small: Case) -> None:
    """What was wanted and did not come is not asked for again while the program looks ahead."""
    ours = policy(small)
    times = ours.decision_times_s(TWO_HOURS_S)
    arrived = small.realised()
    first = ours.decide(seen_at(float(times[0]), arrived))
    scarce = next(iter(first.ahead))[1]
    ready = {place: count for place, count in first.ahead.items() if place[1] != scarce}
    ours.decide(seen_at(float(times[1]), arrived, ready))
    at_hand = ours.decide(seen_at(float(times[2]), arrived, ready))
    assert scarce in {rental for _, rental in at_hand.machines}  # planned before it was known
    replanned = ours.decide(seen_at(float(times[3]), arrived, ready))
    np.testing.assert_allclose(replanned.routes["web"].weights.sum(axis=1), 1.0)
    assert scarce not in {rental for _, rental in replanned.machines}


def test_where_limits_leave_no_plan_the_highest_level_that_has_one_is_planned() -> None:
    """Twelve vCPU carry the median, not the top level; without functions the rest is not planned for."""
    tight = case(
        resources={
            "quotas": [{"family": "standard", "market": "on-demand", "vcpu": 8}],
            "markets": ["on-demand"],
            "functions": {"enabled": False},
        },
        forecast={"levels": [0.1, 0.99]},
    )
    replanner = Replanner(tight.scenario, tight.inputs, tight.supply, ())
    calm, busy = (np.full((1, 2, 1), rate) for rate in (20.0, 2_000.0))
    asked = tight.forecasts().demand(seen_at(0.0, tight.realised()), 0.0, 2)
    planned = replanner.plan(replace(asked, rate_rps=np.concatenate([calm, busy], axis=2)), 0.0, {}, {})
    assert planned is not None
    assert sum(planned[0].machines.values()) >= 1
    assert replanner.plan(replace(asked, rate_rps=np.concatenate([busy, busy], axis=2)), 0.0, {}, {}) is None


def test_where_nothing_can_be_planned_the_window_before_goes_on(small: Case) -> None:
    tight = case(
        resources={
            "quotas": [{"family": "standard", "market": "on-demand", "vcpu": 8}],
            "markets": ["on-demand"],
            "functions": {"enabled": False},
        },
        mean_rps=30.0,
    )
    surge = np.full((1, 8), 20.0)
    surge[0, 4:] = 2_000.0
    known = Realised(one_level(tight.scenario), surge, np.ones(1))
    made = dict(played(policy(tight, 1, known), tight.realised(), TWO_HOURS_S))
    assert made[4 * WINDOW_S].machines == made[3 * WINDOW_S].machines != {}


def test_a_budget_is_shared_among_the_windows() -> None:
    """A quarter of the horizon may cost a quarter of the budget: one that is too small for it leaves no plan."""
    for budget_usd, fits in ((4.0, True), (0.05, False)):
        bound = case(resources={"budget_usd": budget_usd, "functions": {"enabled": False}})
        replanner = Replanner(bound.scenario, bound.inputs, bound.supply, ())
        demand = bound.forecasts().demand(seen_at(0.0, bound.realised()), 0.0, 2)
        assert (replanner.plan(demand, 0.0, {}, {}) is not None) == fits


def test_least_latency_is_no_objective_of_a_replay(small: Case) -> None:
    asked = case(objective={"minimise": "latency"}, resources={"budget_usd": 100.0}).scenario
    with pytest.raises(InputError, match=r"objective\.minimise is latency"):
        Replanner(asked, small.inputs, small.supply, ())


def test_effective_accuracy_is_planned_for() -> None:
    """Four machines' quota: at little load the better model, at much more the faster one."""
    split = case(
        request_class(share=1.0, percentile=None),
        objective={"maximise": "effective_accuracy"},
        resources={
            "quotas": [{"family": "standard", "market": "on-demand", "vcpu": 8}],
            "markets": ["on-demand"],
            "functions": {"enabled": False},
        },
    )
    models = {pool.name: pool.model for pool in split.supply.pools}
    replanner = Replanner(one_level(split.scenario), split.inputs, split.supply, ())
    held = {}
    for rate in (20.0, 150.0):
        known = Realised(one_level(split.scenario), np.full((1, 8), rate), np.ones(1))
        planned = replanner.plan(known.demand(seen_at(0.0, split.realised()), 0.0, 1), 0.0, {}, {})
        assert planned is not None
        held[rate] = {models[pool] for pool, _ in planned[0].machines}
    assert held[20.0] == {"good"}
    assert "poor" in held[150.0]


def test_moves_within_a_rental_are_no_launches() -> None:
    current = {("a", "c5/spot"): 3, ("b", "c5/spot"): 1}
    wanted = {("a", "c5/spot"): 1, ("b", "c5/spot"): 4, ("c", "m5/spot"): 2}
    assert missing(current, wanted) == {("b", "c5/spot"): 1, ("c", "m5/spot"): 2}


def test_leads_and_sight(small: Case) -> None:
    assert leads_s(small.supply) == [BOOT_S]
    assert leads_s(replace(small.supply, pools=())) == [0.0]
    assert look_ahead_of(180.0, 300.0) == 6
    assert look_ahead_of(180.0, 3_600.0) == 2
