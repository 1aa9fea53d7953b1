"""Plan days of real traces and print cost, gaps and time beside the greedy baselines and the bare linear relaxation.

    python -m tests.benchmarks.real_days [SCENARIO ...]

Without arguments it plans the scenarios of examples/ that read the public data beside the checkout. Times are of one
run on one machine: the ratio to the relaxation, solved in the same run, is the figure to quote.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

ROOT = Path(__file__).parents[2]
DAYS = ("worldcup98", "load_balancer", "servegen")


def silent(step: str, share: float) -> None:
    """Report to nobody."""


def measure(path: Path) -> list[str]:
    """Plan one scenario; one cell a column of the table."""
    from planner import pipeline
    from planner.inputs import load_inputs
    from planner.scenario import load_scenario
    from solvers.backends import solve
    from solvers.horizon import compile_horizon
    from solvers.plan_horizon import plan_horizon

    scenario = load_scenario(path)
    inputs = load_inputs(scenario)
    forecasts = pipeline.forecast_traces(scenario, inputs, silent)
    problem = pipeline.formulate(scenario, inputs, forecasts, silent).problem
    arrays = compile_horizon(problem).compiled.arrays
    clock = time.process_time()
    relaxed = solve(arrays, relax=True)
    relaxation_s = time.process_time() - clock
    clock = time.process_time()
    plan = plan_horizon(problem, gap=scenario.solver.gap, seed=scenario.solver.seed)
    plan_s = time.process_time() - clock
    costs = {b.name.removeprefix("mark-greedy-"): b.objective_usd for b in plan.baselines}
    best = min((cost for cost in costs.values() if cost is not None), default=None)
    return [
        scenario.name,
        f"{len(problem.groups)} x {problem.count_max.max()}",
        f"{plan.objective_usd:.2f}",
        *(f"{costs[form]:.2f}" if costs[form] is not None else "infeasible" for form in sorted(costs)),
        "-" if best is None else f"{plan.objective_usd / best - 1:+.2%}",
        f"{plan.gap:.2%}",
        f"{plan.fixed_capacity_gap:.2%}",
        f"{plan.fixed_capacity_program_gap:.3%}",
        f"{relative(plan.objective_usd, relaxed.objective):.2%}",
        f"{plan_s:.1f}",
        f"{relaxation_s:.1f}",
        f"{plan_s / relaxation_s:.1f}",
    ]


def relative(objective: float, bound: float | None) -> float:
    """Gap to the whole relaxation; nan where it has no value."""
    return float("nan") if bound is None else (objective - bound) / objective


HEADER = (
    "day",
    "groups x counts",
    "plan USD",
    "head-1 USD",
    "paper USD",
    "strengthened USD",
    "against best greedy",
    "gap",
    "fixed-capacity gap",
    "of its own program",
    "gap to the LP",
    "solve CPU s",
    "LP CPU s",
    "ratio",
)


def main() -> None:
    """Print one row a scenario as it is done."""
    named = [Path(argument) for argument in sys.argv[1:]]
    paths = named or [ROOT / "examples" / day / "scenario.yaml" for day in DAYS]
    print("\t".join(HEADER), flush=True)
    for path in paths:
        print("\t".join(measure(path)), flush=True)


if __name__ == "__main__":
    main()
