"""Norms and squares by tangents, for solvers that know neither: outer approximation (Duran and Grossmann, 1986).

With u = root x[columns], a norm's tangent in a direction d of length 1 is the row matrix[row] x + scale d' u <= row_upper[row]. A
square is split into one curve a part of u, w >= u^2 with w in the objective (Vielma, Dunning, Huchette and Lubin, 2017), whose
tangents at the point v are w >= 2 v u - v^2: split, a few points do where the square itself would need very many. Either holds for
every x, so a tangent found once serves every program with the same terms.

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
from scipy import sparse

from solvers.backends.status import Report, Settings, Status, Tangents

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from solvers.backends.program import LinearProgram

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    Backend = Callable[[LinearProgram, Settings], Report]

TOLERANCE = 1e-6  # of a row, relative as in `LinearProgram.violation`: what the solvers promise per row
COARSE_TOLERANCE = 1e-3  # while tangents are collected on the continuous relaxation
SQUARE_TOLERANCE = 1e-9  # of the objective: no tangent of a square improves the bound by more
BOUND_SLACK_SHARE = 1e-5  # of the objective: a solution that keeps the norms to `TOLERANCE` only may lie as far below the bound
SAME_POINT = 1e-9  # tangents whose points differ by less are one
FIRST_NODES = 50  # nodes of the first round over whole numbers, doubled each round: early relaxations are not worth a proof
ROUNDS = 200  # a cap: four norms over 15 columns each took 65 rounds, forty random cone programs at most 25
BOX = 1e6  # where a relaxation has no finite optimum, tangents are taken at its best point within this of 0
NO_FINITE_OPTIMUM = (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)


@dataclass(frozen=True)
class Outer:
    """A program whose curves are replaced by tangents: a linear relaxation of it.

    Parameters
    ----------
    original
        The program with its norms and squares.
    program
        The relaxation. Columns: those of the original, then one w for every part of every square. Rows: those of the original,
        then the tangents.
    tangents
        What the rows added stand for.
    """

    original: LinearProgram
    program: LinearProgram
    tangents: Tangents

    @classmethod
    def of(cls, original: LinearProgram, tangents: Tangents) -> Outer:
        """Return the relaxation by these tangents."""
        scales = [np.full(len(term.root), term.scale) for term in original.squares]
        cost = np.concatenate([original.cost, *scales])
        parts = len(cost) - len(original.cost)
        matrix = original.matrix
        linear = replace(
            original,
            cost=cost,
            matrix=sparse.csr_array(
                (matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], len(cost))
            ),
            lower=np.concatenate([original.lower, np.zeros(parts)]),
            upper=np.concatenate([original.upper, np.full(parts, np.inf)]),
            integer=np.concatenate([original.integer, np.zeros(parts, dtype=bool)]),
            column_names=None,
            row_names=None,
            norms=(),
            squares=(),
        )
        return cls(original, linear, Tangents()).with_tangents(tangents)

    def parts(self, term: int, values: Array) -> Array:
        """Return root x[columns] of a term: norms first, then squares."""
        own = self.original.terms[term]
        return np.asarray(own.root @ values[own.columns], dtype=np.float64)

    @property
    def first_w(self) -> IntArray:
        """``[square + 1]`` column of each square's first w, then one past the last."""
        ends = np.cumsum([len(self.original.cost), *(len(term.root) for term in self.original.squares)])
        return ends.astype(np.int64)

    def with_tangents(self, found: Tangents) -> Outer:
        """Return the relaxation with more tangents."""
        if not found.terms:
            return self
        program, width = self.program, len(self.program.cost)
        rows, limits = [], []
        for term, point in found.pairs():
            row, limit = self.tangent(term, point)
            rows.append(row)
            limits.append(limit)
        count = np.cumsum([0, *(len(limit) for limit in limits)])
        number = np.concatenate([first + row for first, (row, _, _) in zip(count[:-1], rows, strict=True)])
        column = np.concatenate([column for _, column, _ in rows])
        value = np.concatenate([value for _, _, value in rows])
        added = sparse.coo_array((value, (number, column)), shape=(int(count[-1]), width)).tocsr()
        extended = replace(
            program,
            matrix=sparse.csr_array(sparse.vstack([program.matrix, added], format="csr")),
            row_lower=np.concatenate([program.row_lower, np.full(int(count[-1]), -np.inf)]),
            row_upper=np.concatenate([program.row_upper, *limits]),
        )
        return Outer(self.original, extended, self.tangents.joined(found.pairs()))

    def tightened(self, values: Array) -> LinearProgram:
        """Return the relaxation with the limits of norms, and of their tangents, lowered by what a solution exceeds them by."""
        original, norms = self.original, len(self.original.norms)
        x = values[: len(original.cost)]
        excess = np.maximum(original.activity(x) - original.row_upper, 0.0)
        margin = [excess[norm.row] for norm in original.norms]
        added = [
            np.full(1, margin[term]) if term < norms else np.zeros(len(point))
            for term, point in self.tangents.pairs()
        ]
        lowered = np.zeros(len(excess))
        lowered[[norm.row for norm in original.norms]] = margin
        return replace(self.program, row_upper=self.program.row_upper - np.concatenate([lowered, *added]))

    def tangent(self, term: int, point: Array) -> tuple[tuple[IntArray, IntArray, Array], Array]:
        """Return row, column and value of the coefficients of one tangent, and its upper limits: one row a part of a square."""
        original, norms = self.original, len(self.original.norms)
        if term < norms:
            norm = original.norms[term]
            own = slice(original.matrix.indptr[norm.row], original.matrix.indptr[norm.row + 1])
            column = np.concatenate([original.matrix.indices[own], norm.columns])
            value = np.concatenate([original.matrix.data[own], norm.scale * (point @ norm.root)])
            return (np.zeros(len(column), dtype=np.int64), column, value), original.row_upper[[norm.row]]
        square = original.squares[term - norms]
        part = np.arange(len(point))
        row = np.concatenate([np.repeat(part, len(square.columns)), part])
        column = np.concatenate([np.tile(square.columns, len(point)), self.first_w[term - norms] + part])
        value = np.concatenate([(2 * point[:, None] * square.root).reshape(-1), np.full(len(point), -1.0)])
        return (row, column, value), point**2

    def extend(self, values: Array) -> Array:
        """Return ``[col]`` values of all columns, those of the original program given."""
        norms, squares = len(self.original.norms), len(self.original.squares)
        return np.concatenate([values, *(self.parts(norms + n, values) ** 2 for n in range(squares))])

    def cut(self, values: Array, tolerance: float) -> Outer | None:
        """Add the tangents at a solution of the relaxation; None where it keeps every norm and understates no square."""
        original, norms = self.original, len(self.original.norms)
        x = values[: len(original.cost)]
        excess = original.activity(x) - original.row_upper
        small = SQUARE_TOLERANCE * abs(original.objective(x))
        found = []
        for term, norm in enumerate(original.norms):
            point = self.parts(term, x)
            length = float(np.linalg.norm(point))
            if length > 0 and excess[norm.row] > tolerance * max(1.0, abs(original.row_upper[norm.row])):
                found.append((term, point / length))
        for n, square in enumerate(original.squares):
            point = self.parts(norms + n, x)
            w = values[self.first_w[n] : self.first_w[n + 1]]
            if square.scale * float((point**2 - w).sum()) > small:
                found.append((norms + n, point))
        new = Tangents().joined(pair for pair in found if self.tangents.is_new(*pair, SAME_POINT))
        return self.with_tangents(new) if new.terms else None


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
