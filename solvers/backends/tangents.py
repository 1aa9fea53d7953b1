"""Norms and squares by rounds of tangents, for solvers that know neither: outer approximation (Duran and Grossmann, 1986).

Each round solves the program with the tangents at hand, a relaxation: its dual bound is one of the program, and its solution is
one of the program as soon as it keeps the norms. Otherwise the tangents at that solution join, and it is solved again; programs
with whole numbers first collect tangents on their continuous relaxation, and look for a first solution that keeps the norms by
asking for a margin.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends.outer import SQUARE_TOLERANCE, Outer
from solvers.backends.status import Report, Settings, Status, Tangents

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from solvers.backends.program import LinearProgram

    Array = NDArray[np.float64]
    Backend = Callable[[LinearProgram, Settings], Report]

TOLERANCE = 1e-6  # of a row, relative as in `LinearProgram.violation`: what the solvers promise per row
COARSE_TOLERANCE = 1e-3  # while tangents are collected on the continuous relaxation
BOUND_SLACK_SHARE = 1e-5  # of the objective: a solution that keeps the norms to `TOLERANCE` only may lie as far below the bound
FIRST_NODES = 50  # nodes of the first round over whole numbers, doubled each round: early relaxations are not worth a proof
ROUNDS = 200  # a cap: four norms over 15 columns each took 65 rounds, forty random cone programs at most 25
BOX = 1e6  # where a relaxation has no finite optimum, tangents are taken at its best point within this of 0
NO_FINITE_OPTIMUM = (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)


def run(backend: Backend, program: LinearProgram, settings: Settings) -> Report:
    """Solve a program with norms or squares by a backend for linear ones."""
    rounds = Rounds(backend, settings, Outer.of(program, settings.tangents or Tangents()))
    if program.integer.any():
        report = rounds.collect()
        if report is not None:
            return replace(report, tangents=rounds.outer.tangents)
    return replace(rounds.solve(), tangents=rounds.outer.tangents)


@dataclass
class Rounds:
    """The relaxations solved one after another: what is known so far."""

    backend: Backend
    settings: Settings
    outer: Outer
    nodes: int = 0
    bound: float = -np.inf
    best: Array | None = None

    def __post_init__(self) -> None:
        """Start the clock."""
        self.began = time.perf_counter()

    def collect(self) -> Report | None:
        """Collect tangents on the continuous relaxation; return a report where that settles the program."""
        for _ in range(ROUNDS):
            if self.is_spent():
                return None
            report = self.ask(self.outer.program.relaxed(), start=None)
            if report.status in NO_FINITE_OPTIMUM:
                settled = self.look_far_out()
                if settled is not None:
                    return settled
                continue
            if report.status is Status.INFEASIBLE:
                return Report(Status.INFEASIBLE)
            cut = None if report.values is None else self.outer.cut(report.values, COARSE_TOLERANCE)
            if cut is None or report.status is not Status.OPTIMAL:
                return None
            self.outer = cut
        return None

    def solve(self) -> Report:
        """Solve, cut, solve again, until the best solution is within the gap or a limit strikes."""
        program = self.outer.original
        for n in range(ROUNDS):
            report = self.ask(self.outer.program, self.start(), FIRST_NODES << min(n, 20))
            if report.status in NO_FINITE_OPTIMUM:
                settled = self.look_far_out()
                if settled is not None:
                    return settled
                continue
            if report.bound is not None:
                self.bound = max(self.bound, report.bound)
            stopped = report.status in (Status.FEASIBLE, Status.LIMIT)
            if report.values is None and not stopped:
                return self.report(report.status, report.message)
            cut = None
            if report.values is not None:
                values = report.values[: len(program.cost)]
                cut = self.outer.cut(report.values, TOLERANCE)
                if cut is None or program.violation(values) <= TOLERANCE:
                    self.offer(values)
                if self.is_closed(self.outer.program.objective(report.values)):
                    return self.report(Status.OPTIMAL)
            if not stopped and cut is None:  # what is still missed is finer than tangents can say
                return self.report(Status.OPTIMAL)
            if stopped and self.is_spent():
                return self.report(report.status)
            self.outer = cut or self.outer
            if cut is not None and self.best is None and report.values is not None:
                self.look_within(report.values, FIRST_NODES << min(n, 20))
        return self.report(Status.LIMIT, f"stopped after {ROUNDS} rounds of tangents")

    def look_within(self, outside: Array, nodes: int) -> None:
        """Look for a first solution that keeps the norms, with a margin as wide as a solution outside them missed them by."""
        if self.is_spent():
            return
        report = self.ask(self.outer.tightened(outside), None, nodes)
        if report.values is None:
            return
        values = report.values[: len(self.outer.original.cost)]
        if self.outer.original.violation(values) <= TOLERANCE:
            self.offer(values)
        self.outer = self.outer.cut(report.values, TOLERANCE) or self.outer

    def ask(self, program: LinearProgram, start: Array | None, nodes: int | None = None) -> Report:
        """Solve a relaxation with what is left of time and nodes; half of the gap is left to the tangents of squares."""
        settings = self.settings
        left = [
            limit
            for limit in (nodes, settings.node_limit and max(0, settings.node_limit - self.nodes))
            if limit is not None
        ]
        asked = replace(
            settings,
            gap=settings.gap / 2 if self.outer.original.squares else settings.gap,
            time_limit_s=None
            if settings.time_limit_s is None
            else max(0.0, settings.time_limit_s - self.elapsed_s()),
            node_limit=min(left, default=None),
            start=start,
        )
        report = self.backend(program, asked)
        self.nodes += report.nodes
        return report

    def elapsed_s(self) -> float:
        """Seconds since the first round began."""
        return time.perf_counter() - self.began

    def is_spent(self) -> bool:
        """The time or the nodes of the whole solve are used up, but for what is too little to begin another round."""
        seconds, nodes = self.settings.time_limit_s, self.settings.node_limit
        return (seconds is not None and self.elapsed_s() >= 0.95 * seconds) or (
            nodes is not None and self.nodes >= nodes
        )

    def start(self) -> Array | None:
        """Return the best solution known, else the start that was given, over the columns of the relaxation."""
        start = self.settings.start if self.best is None else self.best
        return None if start is None else self.outer.extend(start)

    def offer(self, values: Array) -> None:
        """Keep a feasible solution that beats the best one."""
        program = self.outer.original
        if self.best is None or program.objective(values) < program.objective(self.best):
            self.best = values

    def is_closed(self, relaxed: float) -> bool:
        """The best solution is within the gap of the bound, or of the relaxation's optimum where the backend gives no bound."""
        if self.best is None:
            return False
        objective = self.outer.original.objective(self.best)
        bound = self.bound if np.isfinite(self.bound) else relaxed
        return objective - bound <= max(self.settings.gap, SQUARE_TOLERANCE) * abs(objective)

    def look_far_out(self) -> Report | None:
        """Cut at the best point of a large box; where nothing is cut off there, the program has no finite optimum."""
        program = self.outer.program.relaxed()
        box = replace(program, lower=np.maximum(program.lower, -BOX), upper=np.minimum(program.upper, BOX))
        report = self.ask(box, start=None)
        if report.values is None:
            return Report(report.status, message=report.message)
        cut = self.outer.cut(report.values, TOLERANCE)
        if cut is None:
            whole = self.outer.original.integer.any()
            return Report(Status.INFEASIBLE_OR_UNBOUNDED if whole else Status.UNBOUNDED)
        self.outer = cut
        return None

    def report(self, status: Status, message: str = "") -> Report:
        """Report the best solution and the bound; a limit with a solution is FEASIBLE, without one LIMIT."""
        if status in (Status.FEASIBLE, Status.LIMIT):
            status = Status.LIMIT if self.best is None else Status.FEASIBLE
        searched = status in (Status.OPTIMAL, Status.FEASIBLE, Status.LIMIT)
        bound = self.bound if searched and np.isfinite(self.bound) else None
        if bound is not None and self.best is not None:
            objective = self.outer.original.objective(self.best)
            if objective < bound <= objective + BOUND_SLACK_SHARE * abs(objective):
                bound = objective
        return Report(
            status,
            self.best,
            bound,
            nodes=self.nodes,
            message=message if status is not Status.OPTIMAL else "",
        )
