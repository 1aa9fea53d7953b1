"""Least cost within a budget, least latency over a grid of factors, most effective accuracy: what is found and what is proven."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from planner.accuracy_floors import freer_value
from planner.assembly import assemble, provisioning_problem
from planner.directions import answered, finest_bound, with_deadlines_scaled
from planner.errors import InfeasiblePlanError, InputError
from planner.solver import Solver
from tests.planner.enumerated import table
from tests.planner.small_catalogs import (
    demand,
    function_time,
    profiles,
    request_class,
    scenario,
    time,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.scenario import Scenario

GRID = [0.2, 0.4, 0.6, 0.8, 1.0]


def latency(**more: Any) -> Scenario:
    """Least latency of one class of 200 ms over a grid of five factors."""
    return scenario(objective={"minimise": "latency", "latency_factors": GRID}, **more)


class PricedByDeadline:
    """A solver to whom a problem is its deadline in ms: the tighter, the dearer."""

    def __init__(self, cost_usd: Callable[[float], float], bound_share: float = 1.0) -> None:
        self.cost_usd, self.bound_share = cost_usd, bound_share
        self.tried: list[float] = []

    def cheapest(self, problem: float) -> SimpleNamespace:
        self.tried.append(problem)
        usd = self.cost_usd(problem)
        return SimpleNamespace(
            status="infeasible" if np.isinf(usd) else "optimal",
            objective_usd=usd,
            bound_usd=usd * self.bound_share,
            infeasible_reasons=("window 0: too little of everything",),
        )


def formulate(asked: Scenario) -> Any:
    deadline_ms = asked.workload.classes[0].deadline_ms
    assert deadline_ms is not None
    if deadline_ms < 50:
        raise InfeasiblePlanError(["class web: no option may serve it"])
    return SimpleNamespace(problem=deadline_ms)


def ask(question: Scenario, solver: PricedByDeadline) -> Any:
    return answered(question, formulate, solver)  # type: ignore[arg-type]


def test_a_budget_below_the_cheapest_plan_names_the_budget_that_would_do() -> None:
    question = scenario(resources={"budget_usd": 5.0})
    with pytest.raises(InfeasiblePlanError) as caught:
        ask(question, PricedByDeadline(lambda ms: 8.0, bound_share=0.9))
    (line,) = caught.value.problems
    assert "budget_usd is 5; the cheapest plan found costs 8 USD" in line
    assert "no plan costs less than 7.2 USD" in line
    assert "Raise the budget to 8 USD" in line


def test_the_budget_named_is_rounded_up_so_that_it_does() -> None:
    cheapest = PricedByDeadline(lambda ms: 12.22624, bound_share=0.9)
    with pytest.raises(InfeasiblePlanError, match=r"Raise the budget to 12\.2263 USD or more"):
        ask(scenario(resources={"budget_usd": 12.2262}), cheapest)
    assert ask(scenario(resources={"budget_usd": 12.2263}), cheapest)


def test_a_budget_between_bound_and_plan_is_not_said_to_be_impossible() -> None:
    question = scenario(resources={"budget_usd": 7.5})
    with pytest.raises(
        InfeasiblePlanError, match=r"the proof leaves room down to 7\.2 USD: a smaller solver\.gap"
    ):
        ask(question, PricedByDeadline(lambda ms: 8.0, bound_share=0.9))


def test_a_plan_within_the_budget_is_the_answer() -> None:
    answer = ask(scenario(resources={"budget_usd": 8.0}), PricedByDeadline(lambda ms: 8.0))
    assert (answer.solution.objective_usd, answer.verdict) == (8.0, None)


def test_the_least_factor_within_the_budget_is_found_by_halving() -> None:
    """A plan costs 800 USD ms over the deadline: 10 USD pay for 80 ms, a factor of 0.4."""
    solver = PricedByDeadline(lambda ms: 800 / ms)
    answer = ask(latency(resources={"budget_usd": 10.0}), solver)
    assert answer.scenario.workload.classes[0].deadline_ms == pytest.approx(80.0)
    verdict = answer.verdict
    assert (verdict.sense, verdict.value, verdict.bound, verdict.infeasible) == ("minimise", 0.4, 0.4, 0.2)
    assert verdict.status == "optimal"
    assert verdict.errors == (("grid of latency factors", pytest.approx(0.2)),)
    assert len(solver.tried) <= 3


def test_a_factor_no_option_can_keep_is_proven_infeasible_without_a_solve() -> None:
    solver = PricedByDeadline(lambda ms: 1.0)
    answer = ask(latency(), solver)
    assert (answer.verdict.value, answer.verdict.infeasible) == (0.4, 0.2)
    assert min(solver.tried) == pytest.approx(80.0)


def test_a_factor_that_was_only_too_dear_to_find_is_not_ruled_out() -> None:
    """Bounds are half the cost: at 0.6 a plan costs 6.7 USD, at 0.4 one of 10 was found and none below 5 exists."""
    answer = ask(
        latency(resources={"budget_usd": 7.0}), PricedByDeadline(lambda ms: 800 / ms, bound_share=0.5)
    )
    assert (answer.verdict.value, answer.verdict.bound, answer.verdict.infeasible) == (0.6, 0.2, 0.4)
    assert answer.verdict.status == "gap_missed"


def test_deadlines_that_no_factor_helps_are_infeasible() -> None:
    with pytest.raises(InfeasiblePlanError, match="with deadlines x 1: window 0: too little"):
        ask(latency(), PricedByDeadline(lambda ms: float("inf")))


def test_one_class_may_be_scaled_alone() -> None:
    classes = (request_class("fast"), request_class("slow", deadline_ms=1000.0))
    question = scenario(*classes, objective={"minimise": "latency", "class": "slow"})
    assert [one.deadline_ms for one in question.workload.planned_classes] == [200.0, 1000.0]
    scaled = with_deadlines_scaled(question, 0.25).workload
    assert [one.deadline_ms for one in scaled.planned_classes] == [200.0, 250.0]


def test_solves_of_one_plan_share_its_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 103.0, 112.0])
    monkeypatch.setattr("planner.solver.time.monotonic", lambda: next(clock))
    solver = Solver(scenario(solver={"time_limit_s": 10.0}), lambda step, share: None)
    assert solver.time_left_s() == 7.0
    assert 0 < solver.time_left_s() < 0.01  # type: ignore[operator]


def test_without_a_time_limit_no_clock_is_read() -> None:
    assert Solver(scenario(), lambda step, share: None).time_left_s() is None


FREE = {key: value for key, value in request_class().items() if key != "percentile"}
GRID_OF_TWO = {"maximise": "effective_accuracy", "meet_rate_grid": [0.5, 0.9]}


def test_values_off_the_grid_are_never_higher_than_the_freer_ones() -> None:
    """Sized for 50 % counts as 90 %, sized for 90 % as always; below that half of the best model is given to everybody."""
    question = scenario(FREE, objective=GRID_OF_TWO)
    found = table(question, profiles=profiles(time(), functions=(function_time(),)))
    p = provisioning_problem(question, demand(question), found)
    freer, given = freer_value(question, p, found.groups, found.functions)
    assert given == pytest.approx(0.5 * 0.76)
    most = {
        group.tier.percentile: given + usd
        for group, usd in zip(found.groups, freer.group_usd[0], strict=True)
    }
    assert most == {0.5: pytest.approx(0.9 * 0.76), 0.9: pytest.approx(0.76)}
    assert given + freer.function_usd[0] == pytest.approx(0.76)
    assert p.value is not None
    assert (freer.group_usd + given >= p.value.group_usd).all()


def test_effective_accuracy_keeps_its_budget_and_its_bound() -> None:
    question = scenario(
        FREE, objective=GRID_OF_TWO, resources={"budget_usd": 0.2, "functions": {"enabled": False}}
    )
    found = table(question, profiles=profiles(time(), time("poor", mean_ms=20.0)))
    assembly = assemble(question, demand(question), found)
    solver = Solver(question, lambda step, share: None)
    answer = answered(question, lambda asked: assembly, solver)  # type: ignore[arg-type,return-value]
    assert answer.solution.objective_usd <= 0.2 * (1 + 1e-9)
    assert answer.verdict is not None
    assert 0 < answer.verdict.value <= answer.verdict.bound <= 0.76
    ((name, error),) = answer.verdict.errors
    assert (name, error >= 0) == ("grid of shares in time", True)


def test_a_group_that_gives_way_on_the_grid_still_counts_off_it() -> None:
    """A good model that is late now and then is worth .38, a quicker poor one .58; off the grid the good one may reach .74."""
    question = scenario(
        FREE,
        objective={"maximise": "effective_accuracy", "meet_rate_grid": [0.5, 0.97]},
        resources={"budget_usd": 0.2, "functions": {"enabled": False}},
    )
    late = time(mean_ms=80.0, quantiles=((0.5, 75.0), (0.95, 190.0), (0.99, 260.0)))
    found = table(question, profiles=profiles(late, time("poor", mean_ms=20.0)))
    assembly = assemble(question, demand(question, top_rps=1.0), found)
    assert {group.model for group in found.groups} == {"good", "poor"}
    assert {group.model for group in assembly.options.groups} == {"poor"}
    asked: list[Any] = []

    def most_valuable(problem: Any, **limits: Any) -> SimpleNamespace:
        asked.append(problem)
        return SimpleNamespace(bound=0.25)

    bound = finest_bound(question, assembly, SimpleNamespace(most_valuable=most_valuable))  # type: ignore[arg-type]
    assert any(name.startswith("good/") for name in asked[0].groups)
    assert bound == pytest.approx(0.25 + 0.5 * 0.76)


def test_nothing_to_bound_the_cost_of_accuracy_is_an_input_error() -> None:
    question = scenario(FREE, objective=GRID_OF_TWO)
    found = table(question)
    assembly = SimpleNamespace(problem=provisioning_problem(question, demand(question), found), options=found)
    with pytest.raises(InputError, match=r"Set resources\.budget_usd, or objective\.cost_weight_per_usd"):
        answered(question, lambda asked: assembly, Solver(question, lambda step, share: None))  # type: ignore[arg-type,return-value]
