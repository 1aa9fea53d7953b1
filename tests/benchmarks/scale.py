"""A day of 288 windows over all AWS types: options, seconds of every phase, gaps, and the time beside the bare relaxation.

    python -m tests.benchmarks.scale [--week] [--whole]

All instance types with a price and a shape x six models x three classes of the WorldCup site at twenty times its load, through
the planner's own reading, forecast, enumeration and prune; on-demand prices as published; service times by the rule of
`tests.benchmarks.scaled_catalog`, which makes this a benchmark of size and not of any model. Then the pruned program

- with exact capacities (every count of every group on offer), to a gap of 1 %;
- with fixed ones: each group's rate per machine at the size that carries all it may serve (a linear group), to 1 % and to 0.1 %;
- moved on by one window, from the running plan: solved anew, and from the memory of the solve before.

``--whole`` also hands the fixed program to HiGHS as it stands, at the same gap, for ten minutes at most. ``--week`` plans 2,016
windows with exact capacities beside the day, and prints the peak memory. Times are CPU seconds of one thread in one run: quote
the ratios.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

import numpy as np  # noqa: E402  after the number of threads is set

from catalogs.prices import load_price_catalog  # noqa: E402
from planner import pipeline  # noqa: E402
from planner.assembly import provisioning_problem  # noqa: E402
from planner.dominance import prune, restricted  # noqa: E402
from planner.inputs import load_inputs  # noqa: E402
from planner.replacements import option_kinds  # noqa: E402
from planner.scenario import load_scenario  # noqa: E402
from solvers.backends import solve  # noqa: E402
from solvers.fixed_capacity import horizon_relaxation  # noqa: E402
from solvers.horizon import compile_horizon  # noqa: E402
from solvers.plan_horizon import plan_horizon  # noqa: E402
from solvers.recourse import machines_of  # noqa: E402
from tests.benchmarks.scaled_catalog import MODELS, TASK, write_profiles  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from solvers.problem import ProvisioningProblem
    from solvers.solution import ProvisioningSolution

T = TypeVar("T")

SHARED = Path(__file__).parents[3] / "shared" / "data"
PRICES = SHARED / "prices" / "aws_ec2_us-east-1_2026-07-20.csv"
TRACE = SHARED / "traces" / "worldcup98_requests_per_minute.csv.gz"
DAY, WEEK = 288, 2016  # windows of five minutes
EXACT_GAP, FIXED_GAP = 0.01, 0.001
WHOLE_S = 600.0
SCENARIO = """\
version: 1
name: scale
region: us-east-1
horizon: {{start: {start}, duration: {minutes}min}}
window: 5min
workload:
  traces:
    site: {{file: {trace}, interval: 1min, scale: 20}}
  classes:
  - {{name: strict, trace: site, share: 0.3, task: {task}, deadline_ms: 150, percentile: 0.98, min_accuracy: 0.76}}
  - {{name: relaxed, trace: site, share: 0.4, task: {task}, deadline_ms: 500, percentile: 0.95, min_accuracy: 0.69}}
  - {{name: accurate, trace: site, share: 0.3, task: {task}, deadline_ms: 1000, percentile: 0.99, min_accuracy: 0.78}}
models: {{profiles: [variants.csv, service_times.csv]}}
resources:
  prices: [{prices}]
  markets: [on-demand]
  functions: {{enabled: false}}
spot: {{policy: none}}
"""


def told(label: str, *cells: str) -> None:
    """Print one line of the report."""
    print("\t".join((label, *cells)), flush=True)


@contextmanager
def phase(label: str) -> Iterator[None]:
    """Print the CPU seconds of what is done inside."""
    clock = time.process_time()
    yield
    told(label, f"{time.process_time() - clock:.2f} s")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What some work returns, and its CPU seconds."""
    clock = time.process_time()
    done = work()
    return done, time.process_time() - clock


def problem_of(folder: Path, windows: int, start: str) -> ProvisioningProblem:
    """The pruned program of the benchmark, with a line for each phase on the way."""
    with phase("write profiles"):
        machines = load_price_catalog("us-east-1", [PRICES], bundled=False).machines
        write_profiles(folder, machines)
        file = folder / "scenario.yaml"
        text = SCENARIO.format(start=start, minutes=5 * windows, trace=TRACE, prices=PRICES, task=TASK)
        file.write_text(text)
    with phase("read inputs"):
        scenario = load_scenario(file)
        inputs = load_inputs(scenario)
    with phase("forecast"):
        forecasts = pipeline.forecast_traces(scenario, inputs, lambda step, share: None)
        demand = pipeline.demand_by_class(scenario, inputs, forecasts)
    with phase("enumerate"):
        options = pipeline.options_from(scenario, demand, inputs)
    with phase("assemble"):
        whole = provisioning_problem(scenario, demand, options)
    with phase("prune"):
        pruning = prune(whole, option_kinds(options))
        problem = restricted(whole, pruning)
    offered = len(machines) * len(MODELS) * len(demand.classes)
    told("types x models x classes", f"{len(machines)} x {len(MODELS)} x {len(demand.classes)} = {offered}")
    told("groups that keep a tier, no slower twin", str(len(whole.groups)))
    told("groups after the prune", f"{len(problem.groups)} on {len(problem.machines)} types")
    return problem


def with_fixed_capacity(problem: ProvisioningProblem) -> ProvisioningProblem:
    """The same options as linear groups, at their rate per machine at the last size of their table."""
    last = np.maximum(problem.count_max, 1)
    rate_rps = problem.capacity_rps[np.arange(len(last)), last] / last
    return replace(
        problem,
        linear_rps=np.where(problem.serves, rate_rps, 0.0),
        capacity_rps=np.zeros((len(last), 1)),
        count_max=np.zeros(len(last), dtype=int),
    )


def report(label: str, solution: ProvisioningSolution, cpu_s: float, lp_s: float) -> None:
    """One line for a solve."""
    told(
        label,
        f"{solution.objective_usd:.4f} USD",
        f"bound {solution.bound_usd:.4f} ({solution.bound_name})",
        f"gap {solution.gap:.3%}",
        f"{cpu_s:.2f} s",
        f"{cpu_s / lp_s:.1f} x the relaxation",
    )
    told(
        f"{label}: phases", *(f"{name} {seconds:.2f} s (wall)" for name, seconds in solution.phases_s.items())
    )


def day(problem: ProvisioningProblem, whole: bool) -> float:
    """The day: fixed and exact capacities, the move by one window. Returns the CPU seconds of the exact solve."""
    first, second = (problem.taking(windows=np.arange(n, n + DAY)) for n in (0, 1))
    fixed = with_fixed_capacity(first)
    compiled, compile_s = timed(lambda: compile_horizon(fixed))
    relaxed, lp_s = timed(lambda: horizon_relaxation(compiled))
    told("fixed capacities: compile", f"{compile_s:.2f} s")
    told("fixed capacities: relaxation", f"{relaxed.value_usd:.4f} USD", f"{lp_s:.2f} s")
    for gap in (EXACT_GAP, FIXED_GAP):
        linear, linear_s = timed(partial(plan_horizon, fixed, gap=gap))
        report(f"fixed capacities, {gap:.1%} asked for", linear, linear_s, lp_s)
    if whole:
        answer, whole_s = timed(lambda: solve(compiled.compiled.arrays, gap=FIXED_GAP, time_limit_s=WHOLE_S))
        told(
            "the whole program, HiGHS",
            "no plan" if answer.objective is None else f"{answer.objective:.4f} USD",
            "no bound" if answer.bound is None else f"bound {answer.bound:.4f}",
            answer.status.value,
            f"{whole_s:.1f} s",
            f"{whole_s / linear_s:.1f} x ours",
        )
    exact, exact_s = timed(lambda: plan_horizon(first, gap=EXACT_GAP))
    report("exact capacities", exact, exact_s, lp_s)
    running = machines_of(first, exact.instances)[:, 0]
    moved = replace(second, initial_count=running)
    assert exact.memory is not None
    memory = exact.memory.moved(1, DAY)
    anew, anew_s = timed(lambda: plan_horizon(moved, gap=EXACT_GAP))
    report("one window on, anew", anew, anew_s, lp_s)
    again, again_s = timed(lambda: plan_horizon(moved, gap=EXACT_GAP, warm_start=memory))
    report("one window on, from memory", again, again_s, lp_s)
    told("one window on: memory over first solve", f"{again_s / exact_s:.0%}")
    return exact_s


def week(problem: ProvisioningProblem, day_s: float) -> None:
    """The week with exact capacities beside the day."""
    found, week_s = timed(lambda: plan_horizon(problem, gap=EXACT_GAP))
    report("the week, exact capacities", found, week_s, day_s)
    told("the week over the day", f"{week_s / day_s:.1f} x")


def main() -> None:
    """Print the report line by line."""
    if not PRICES.exists() or not TRACE.exists():
        sys.exit(f"{PRICES} or {TRACE} is not there; get the public data first")
    with tempfile.TemporaryDirectory() as folder:
        problem = problem_of(Path(folder), DAY + 1, "1998-06-05T00:00:00Z")
        exact_s = day(problem, "--whole" in sys.argv)
        if "--week" in sys.argv:
            week(problem_of(Path(folder), WEEK, "1998-05-31T00:00:00Z"), exact_s)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB on Linux
    told("peak memory", f"{peak_kib / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
