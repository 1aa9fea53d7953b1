"""What the scenario asks to optimise: least cost, most effective accuracy, or least latency (FORMULATION, section 5).

Least cost is the program itself; a budget is met by the cheapest plan or by none. Least latency is the least factor on the
deadlines, of a stated grid, at which the cheapest plan keeps the budget: options are enumerated anew for every factor, and
since whoever keeps a shorter deadline keeps a longer one too, the grid is searched by halving.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Context
from typing import TYPE_CHECKING

from planner.accuracy_floors import freer_value
from planner.dominance import prune, restricted
from planner.errors import InfeasiblePlanError
from planner.replacements import option_kinds
from planner.write_up.certificate import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.assembly import Assembly
    from planner.scenario import Scenario
    from planner.solver import Solver
    from solvers.problem import ProvisioningProblem
    from solvers.solution import ProvisioningSolution
    from solvers.value_plan import ValuePlan

    Formulate = Callable[[Scenario], Assembly]  # raises InfeasiblePlanError where a class has no option

SIX_DIGITS_UP = Context(prec=6, rounding=ROUND_CEILING)  # a budget rounded down would not do
FACTOR_UNIT = "factor on the deadlines"
ACCURACY_UNIT = "effective accuracy, share of 1"
WEIGHED_UNIT = "effective accuracy, share of 1, less the weighted cost"


@dataclass(frozen=True)
class Answer:
    """A solved question.

    Parameters
    ----------
    scenario
        As it was planned, deadlines scaled where latency is the objective.
    verdict
        What the plan reaches where that is no cost.
    """

    scenario: Scenario
    assembly: Assembly
    solution: ProvisioningSolution
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Attempt:
    """What came of one factor on the deadlines: an answer, or why there is none and whether that is proven."""

    factor: float
    answer: Answer | None
    reasons: tuple[str, ...] = ()
    proven: bool = True


def answered(scenario: Scenario, formulate: Formulate, solver: Solver) -> Answer:
    """Optimise what the scenario asks for.

    Raises
    ------
    InfeasiblePlanError, where no plan serves the demand within the limits and the budget.
    """
    match scenario.objective.direction:
        case "cost":
            return least_cost(scenario, formulate, solver)
        case "latency":
            return least_latency(scenario, formulate, solver)
        case "effective_accuracy":
            return most_accurate(scenario, formulate, solver)


def least_cost(scenario: Scenario, formulate: Formulate, solver: Solver) -> Answer:
    """Find the cheapest plan.

    Raises
    ------
    InfeasiblePlanError, where nothing serves the demand within the limits, or nothing that was found within the budget.
    """
    attempt = attempted(scenario, 1.0, formulate, solver)
    if attempt.answer is None:
        raise InfeasiblePlanError(attempt.reasons)
    return attempt.answer


def most_accurate(scenario: Scenario, formulate: Formulate, solver: Solver) -> Answer:
    """Find the plan of the largest effective accuracy within the budget, cost weighed against it where that is asked for.

    Raises
    ------
    InfeasiblePlanError, where no plan within the budget keeps the limits. InputError, where nothing keeps the cost finite.
    """
    assembly = formulate(scenario)
    found = most_valuable(scenario, solver, assembly.problem)
    if found.solution.status == "infeasible":
        raise InfeasiblePlanError(found.solution.infeasible_reasons)
    finest = finest_bound(scenario, assembly, solver)
    verdict = Verdict(
        sense="maximise",
        unit=ACCURACY_UNIT if scenario.objective.cost_weight_per_usd == 0 else WEIGHED_UNIT,
        value=found.score,
        bound=found.bound,
        bound_name="dual bound of the program on its grid of shares in time, by multipliers on the budget",
        status=found.solution.status,
        errors=(("grid of shares in time", max(finest - found.bound, 0.0)),),
    )
    return Answer(scenario, assembly, found.solution, verdict)


def finest_bound(scenario: Scenario, assembly: Assembly, solver: Solver) -> float:
    """What no plan exceeds on any grid of shares in time: pruned anew, for what gives way on it may be worth more off it."""
    options = assembly.enumerated
    freer, given = freer_value(scenario, assembly.whole, options.groups, options.functions)
    whole = replace(assembly.whole, value=freer)
    loosest = restricted(whole, prune(whole, option_kinds(options)))
    return most_valuable(scenario, solver, loosest).bound + given


def most_valuable(scenario: Scenario, solver: Solver, problem: ProvisioningProblem) -> ValuePlan:
    """Solve for the largest value within the scenario's budget."""
    return solver.most_valuable(
        problem,
        budget_usd=scenario.resources.budget_usd,
        cost_weight_per_usd=scenario.objective.cost_weight_per_usd,
    )


def least_latency(scenario: Scenario, formulate: Formulate, solver: Solver) -> Answer:
    """Find the least factor of the grid for which a plan exists within the budget, and its cheapest plan.

    Raises
    ------
    InfeasiblePlanError, where there is none even for the largest factor.
    """
    grid = scenario.objective.latency_factors
    attempts = {len(grid) - 1: _at_factor(scenario, grid[-1], formulate, solver)}
    best = attempts[len(grid) - 1]
    if best.answer is None:
        raise InfeasiblePlanError([f"with deadlines x {grid[-1]:g}: {reason}" for reason in best.reasons])
    low, high = -1, len(grid) - 1  # the grid below `low` has no plan, `high` has one
    while high - low > 1:
        middle = (low + high) // 2
        attempts[middle] = _at_factor(scenario, grid[middle], formulate, solver)
        if attempts[middle].answer is None:
            low = middle
        else:
            high, best = middle, attempts[middle]
    assert best.answer is not None
    return Answer(
        best.answer.scenario,
        best.answer.assembly,
        best.answer.solution,
        latency_verdict(grid, best.factor, list(attempts.values())),
    )


def latency_verdict(grid: tuple[float, ...], factor: float, attempts: list[Attempt]) -> Verdict:
    """What is proven of the least factor: the grid's points up to the largest one proven infeasible are ruled out."""
    failed = [one.factor for one in attempts if one.answer is None]
    ruled_out = max((one.factor for one in attempts if one.answer is None and one.proven), default=0.0)
    bound = min(one for one in grid if one > ruled_out)
    below = max((one for one in grid if one < factor), default=0.0)
    return Verdict(
        sense="minimise",
        unit=FACTOR_UNIT,
        value=factor,
        bound=bound,
        bound_name="least factor of the grid that is not proven infeasible",
        status="optimal" if bound == factor else "gap_missed",
        errors=(("grid of latency factors", factor - below),),
        infeasible=max(failed, default=None),
    )


def with_deadlines_scaled(scenario: Scenario, factor: float) -> Scenario:
    """Return the scenario with the deadlines of all classes, or of the one that the objective names, times a factor."""
    only = scenario.objective.class_name
    classes = tuple(
        one.model_copy(update={"deadline_ms": one.deadline_ms * factor})
        if one.deadline_ms is not None and only in (None, one.name)
        else one
        for one in scenario.workload.classes
    )
    return scenario.model_copy(update={"workload": scenario.workload.with_classes(classes)})


def _at_factor(scenario: Scenario, factor: float, formulate: Formulate, solver: Solver) -> Attempt:
    return attempted(with_deadlines_scaled(scenario, factor), factor, formulate, solver)


def attempted(scenario: Scenario, factor: float, formulate: Formulate, solver: Solver) -> Attempt:
    """Find the cheapest plan of a scenario, or say why there is none within the budget."""
    try:
        assembly = formulate(scenario)
    except InfeasiblePlanError as error:
        return Attempt(factor, None, error.problems)
    solution = solver.cheapest(assembly.problem)
    if solution.status == "infeasible":
        return Attempt(factor, None, solution.infeasible_reasons)
    budget = scenario.resources.budget_usd
    if budget is not None and solution.objective_usd > budget:
        return Attempt(factor, None, (over_budget(budget, solution),), solution.bound_usd > budget)
    return Attempt(factor, Answer(scenario, assembly, solution))


def over_budget(budget_usd: float, solution: ProvisioningSolution) -> str:
    """Say what budget would do, and whether a smaller one is proven not to."""
    found = f"resources.budget_usd is {budget_usd:g}; the cheapest plan found costs {solution.objective_usd:.6g} USD"
    if solution.bound_usd > budget_usd:
        proof = f"no plan costs less than {solution.bound_usd:.6g} USD"
    else:
        proof = f"the proof leaves room down to {solution.bound_usd:.6g} USD: a smaller solver.gap may find a cheaper one"
    enough_usd = SIX_DIGITS_UP.create_decimal_from_float(solution.objective_usd).normalize()
    return f"{found} over the horizon, and {proof}. Raise the budget to {enough_usd:f} USD or more."
