"""Partitions of chains: CPU seconds of the solvers, their ratio to the labels, and whether they agree.

    python -m tests.benchmarks.partition [--chains N] [--limit SECONDS] [--largest CUTS]

1. Random chains (tests.solvers.partition.random_chains), two questions each: least price within a deadline and least latency
   within a budget, halfway between the fastest and the cheapest partition. Every solver gets the same problem; CPU seconds
   include building it, and those of CBC its process. "columns fixed" is `--solver pulp`, "all columns" the same program without
   arc fixing. The wide solvers are left out where a run would only show the limit again: see `ROWS`.
2. Real chains: the seven of profiles/chains and the 18 CNNs of keras_layers.csv, at 25 GFLOP/s a vCPU (times are only to be
   of the right size here), zip package, payload to 4.5 MB, every 64 MB of memory; the quadratic program on the shorter ones, every
   1,024 MB.
3. Agreement: N random chains with all complications (cold calls, payload limits, forks, limits on functions, tariffs that follow
   no rule) where labels and linear program answer, and N/5 small ones where the quadratic program does, too; small ones are also
   enumerated by the suite. A disagreement is a difference of more than twice the gap asked for.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

import numpy as np  # noqa: E402  after the number of threads is set
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from catalogs.layers import read_chain  # noqa: E402
from solvers.backends import Status  # noqa: E402
from solvers.partition import (  # noqa: E402
    InfeasiblePartitionError,
    PartitionProblem,
    columns_of,
    solve_partition,
)
from solvers.partition.column_solver import solve_columns  # noqa: E402
from solvers.partition.goal import Goal  # noqa: E402
from solvers.partition.prices import ColumnPrices  # noqa: E402
from solvers.partition.relaxation import Relaxation  # noqa: E402
from tests.solvers.partition.random_chains import random_chain  # noqa: E402
from tests.solvers.partition.real_chains import cnn_models, real_problem  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "profiles"
CHAINS = 3  # random chains a size
QUADRATIC_BLOCKS = 30  # of the longest real chain that the quadratic program is tried on
AGREEMENT = 2e-6  # relative: twice the gap asked for
ALL = ("labels", "columns fixed", "all columns, HiGHS", "all columns, CBC", "quadratic, SCIP")
ROWS = (  # cuts, memory sizes, solvers
    (20, 10, ALL),
    (50, 10, ALL),
    (50, 46, ALL),
    (150, 46, ALL[:2]),
    (500, 46, ALL[:2]),
    (500, 100, ALL[:2]),
)


@dataclass(frozen=True)
class Run:
    """One solve: CPU seconds, what was minimised (inf without a partition), bound, and whether time stopped it."""

    cpu_s: float
    objective: float
    bound: float
    stopped: bool

    @property
    def gap(self) -> float:
        """Left between objective and bound."""
        return (
            abs(self.objective - self.bound) / self.objective if math.isfinite(self.objective) else math.inf
        )


def cpu_s() -> float:
    """CPU seconds of this process and of those it has waited for."""
    waited = os.times()
    return time.process_time() + waited.children_user + waited.children_system


def run(solver: str, problem: PartitionProblem, question: dict[str, Any], limit_s: float) -> Run:
    """Solve once."""
    began = cpu_s()
    if solver.startswith("all columns"):
        backend = "pulp-highs" if solver.endswith("HiGHS") else "pulp-cbc"
        goal = Goal(
            question.get("minimise", "cost"),
            question.get("deadline_ms", np.inf),
            question.get("budget_usd", np.inf),
        )
        relaxation = Relaxation(ColumnPrices(problem), goal)
        path, answer = solve_columns(
            relaxation, columns_of(problem), backend=backend, gap=1e-6, time_limit_s=limit_s
        )
        objective = np.inf if path is None else goal.sought(path)
        bound = -np.inf if answer.bound is None else answer.bound
        return Run(cpu_s() - began, objective, bound, answer.status is not Status.OPTIMAL)
    name = {"labels": "labels", "columns fixed": "pulp", "quadratic, SCIP": "scip"}[solver]
    found = solve_partition(problem, solver=name, time_limit_s=limit_s, **question)
    return Run(cpu_s() - began, found.objective, found.bound, found.status == "limit")


def questions(problem: PartitionProblem, between: float = 0.5) -> tuple[dict[str, Any], dict[str, Any]]:
    """A deadline and a budget between those of the fastest and of the cheapest partition."""
    fastest, cheapest = solve_partition(problem, minimise="latency"), solve_partition(problem)
    return (
        {"deadline_ms": fastest.latency_ms + between * (cheapest.latency_ms - fastest.latency_ms)},
        {"budget_usd": cheapest.usd + between * (fastest.usd - cheapest.usd), "minimise": "latency"},
    )


def feasible_chains(make: Callable[[int], PartitionProblem], count: int) -> Iterator[PartitionProblem]:
    """The first so many chains, by seed, that have a partition."""
    seed = 0
    while count:
        problem = make(seed)
        seed += 1
        try:
            solve_partition(problem)
        except InfeasiblePartitionError:
            continue
        count -= 1
        yield problem


def size_rows(cuts: int, memories: int, solvers: tuple[str, ...], limit_s: float) -> Iterator[list[str]]:
    """One row a solver for one size of chain."""

    def make(seed: int) -> PartitionProblem:
        # half of the chains are held to limits that force cuts, half are free to be cut or not
        return random_chain(np.random.default_rng(seed), cuts, memories, hard_limits=seed % 2 == 0)

    asked = [
        (problem, question) for problem in feasible_chains(make, CHAINS) for question in questions(problem)
    ]
    labels = [run("labels", *one, limit_s) for one in asked]
    for solver in solvers:
        runs = labels if solver == "labels" else [run(solver, *one, limit_s) for one in asked]
        yield [f"{cuts} x {memories}", solver, *told(runs, labels)]


def told(runs: list[Run], labels: list[Run]) -> list[str]:
    """Cells on the runs of one solver beside those of the labels."""
    each, base = np.array([one.cpu_s for one in runs]), np.array([one.cpu_s for one in labels])
    solved = [(one, other) for one, other in zip(runs, labels, strict=True) if not one.stopped]
    off = [abs(one.objective - other.objective) / other.objective for one, other in solved]
    left = [one.gap for one in runs if one.stopped]
    gaps = ", ".join("no partition" if math.isinf(gap) else f"{gap:.0%}" for gap in left)
    return [
        f"{each.mean():.3f}",
        f"{each.max():.3f}",
        f"{each.sum() / base.sum():.1f}",
        f"{max(off):.0e}" if off else "-",
        f"{len(left)} of {len(runs)}" + (f" (gap left: {gaps})" if left else ""),
    ]


def real_rows(limit_s: float) -> Iterator[list[str]]:
    """One row a real chain, set of memory sizes and solver."""
    table = SHARED / "keras_layers.csv"
    chains = [(f"{path.stem} (chain)", path, None) for path in sorted((SHARED / "chains").glob("*.json"))]
    for name, path, model in [*chains, *((model, table, model) for model in cnn_models(table))]:
        chain = read_chain(path, model)
        quadratic = len(chain.blocks) <= QUADRATIC_BLOCKS
        for memory_mb, solvers in (
            (np.arange(128, 10241, 64), ALL[:2]),
            (np.arange(1024, 10241, 1024), (ALL[0], *ALL[4:]) if quadratic else ()),
        ):
            problem = real_problem(chain, memory_mb)
            size = f"{len(chain.blocks)} x {len(memory_mb)}"
            try:
                asked = [(problem, question) for question in questions(problem)] if solvers else []
            except InfeasiblePartitionError as error:
                yield [name, size, f"infeasible: {str(error).split(';')[0]}", *[""] * 5]
                break
            labels = [run("labels", *one, limit_s) for one in asked]
            for solver in solvers:
                runs = labels if solver == "labels" else [run(solver, *one, limit_s) for one in asked]
                yield [name, size, solver, *told(runs, labels)]


def agreement_row(solver: str, count: int, cuts: int, memories: int, limit_s: float) -> list[str]:
    """Count the disagreements of a solver with the labels on random chains with all complications."""

    def make(seed: int) -> PartitionProblem:
        rng = np.random.default_rng(10_000 + seed)
        return random_chain(
            rng,
            int(rng.integers(2, cuts + 1)),
            int(rng.integers(1, memories + 1)),
            max_functions=int(rng.integers(1, 6)) if seed % 3 == 0 else None,
            forks=0 if solver.endswith("SCIP") else seed % 4 * 2,
            odd_tariff=seed % 2 == 0,
            step_ms=float(rng.choice([1.0, 100.0])),
        )

    pairs = [
        (run("labels", problem, question, limit_s), run(solver, problem, question, limit_s))
        for n, problem in enumerate(feasible_chains(make, count))
        for question in questions(problem, between=(n % 9 + 1) / 10)
    ]
    apart = [abs(a.objective - b.objective) / a.objective for a, b in pairs if not b.stopped]
    above = sum(b.bound > a.objective * (1 + AGREEMENT) for a, b in pairs)
    return [
        solver,
        f"up to {cuts} x {memories}",
        f"{count} ({len(pairs)})",
        str(sum(one > AGREEMENT for one in apart)),
        f"{max(apart):.0e}",
        str(above),
        str(sum(b.stopped for _, b in pairs)),
    ]


def titled(title: str, *headings: str) -> Table:
    """An empty table."""
    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def main() -> None:
    """Print the tables, each as it is done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--chains", type=int, default=300, help="random chains for agreement")
    parser.add_argument("--limit", type=float, default=20.0, help="seconds a solve may take")
    parser.add_argument("--largest", type=int, default=500, help="cut points of the largest random chains")
    given = parser.parse_args()
    console = Console(width=150)
    measures = ("CPU s, mean", "worst", "x labels", "objectives apart", "stopped by time")
    random = titled("Random chains: cut points x memory sizes", "size", "solver", *measures)
    for cuts, memories, solvers in ROWS:
        if cuts <= given.largest:
            for row in size_rows(cuts, memories, solvers, given.limit):
                random.add_row(*row)
    console.print(random)
    agreed = titled(
        "Agreement with the labels",
        *(
            "solver",
            "size",
            "chains (questions)",
            "disagree",
            "largest difference",
            "bounds above",
            "stopped by time",
        ),
    )
    agreed.add_row(*agreement_row("columns fixed", given.chains, 40, 20, given.limit))
    agreed.add_row(*agreement_row("quadratic, SCIP", given.chains // 5, 8, 5, given.limit))
    console.print(agreed)
    if SHARED.exists():
        real = titled("Real chains: cut points x memory sizes", "model", "size", "solver", *measures)
        for row in real_rows(given.limit):
            real.add_row(*row)
        console.print(real)
    else:
        console.print(f"there is no {SHARED}: real chains are left out")


if __name__ == "__main__":
    main()
