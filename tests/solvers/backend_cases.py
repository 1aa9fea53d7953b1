"""Small programs with answers worked out by hand, one table for every backend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from solvers.backends import LinearProgram, NormRow, SquareTerm, Status

INF = np.inf


@dataclass(frozen=True)
class Case:
    """A program with the statuses a backend may end with, and the answer where there is one.

    `values` only where the optimum is unique; `row_duals` only where the dual optimum is unique too.
    """

    name: str
    program: LinearProgram
    statuses: frozenset[Status]
    objective: float | None = None
    values: tuple[float, ...] | None = None
    row_duals: tuple[float, ...] | None = None


def program_of(
    cost: list[float],
    rows: list[list[float]],
    row_lower: list[float],
    row_upper: list[float],
    lower: list[float],
    upper: list[float],
    integer: list[int] | None = None,
    offset: float = 0.0,
    norms: tuple[NormRow, ...] = (),
    squares: tuple[SquareTerm, ...] = (),
) -> LinearProgram:
    """Write a program as plain lists; `integer` lists 0 and 1, all 0 where absent."""
    columns = len(cost)
    return LinearProgram(
        cost=np.array(cost, dtype=float),
        matrix=csr_array(np.array(rows, dtype=float).reshape(len(rows), columns)),
        row_lower=np.array(row_lower, dtype=float),
        row_upper=np.array(row_upper, dtype=float),
        lower=np.array(lower, dtype=float),
        upper=np.array(upper, dtype=float),
        integer=np.array(integer if integer is not None else [0] * columns, dtype=bool),
        offset=offset,
        norms=norms,
        squares=squares,
    )


def norm(row: int, columns: list[int], root: list[list[float]], scale: float = 1.0) -> NormRow:
    """Write a norm as plain lists."""
    return NormRow(row, np.array(columns), np.array(root, dtype=float), scale)


def square(columns: list[int], root: list[list[float]], scale: float = 1.0) -> SquareTerm:
    """Write a square as plain lists."""
    return SquareTerm(np.array(columns), np.array(root, dtype=float), scale)


OPTIMAL = frozenset({Status.OPTIMAL})
INFEASIBLE = frozenset({Status.INFEASIBLE})
UNBOUNDED = frozenset({Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED})  # presolve need not tell them apart

CASES = (
    # 3x + 2y, x + 2y >= 4, 3x + y >= 6: both rows bind at (1.6, 1.2); the duals solve u + 3v = 3, 2u + v = 2.
    Case(
        "two_rows_bind",
        program_of([3, 2], [[1, 2], [3, 1]], [4, 6], [INF, INF], [0, 0], [INF, INF]),
        OPTIMAL,
        objective=7.2,
        values=(1.6, 1.2),
        row_duals=(0.6, 0.8),
    ),
    # One equation, one upper limit: the dear column is used only for what the cheap one cannot give.
    Case(
        "equation_and_upper_limit",
        program_of([5, 1], [[1, 1], [0, 1]], [10, -INF], [10, 4], [0, 0], [INF, INF]),
        OPTIMAL,
        objective=34.0,
        values=(6.0, 4.0),
        row_duals=(5.0, -4.0),
    ),
    # 2 <= x - y <= 3 with x <= 2.5: y is dear to lower, x cheap to raise; x - y = 2 binds from below.
    Case(
        "range_row",
        program_of([1, -2], [[1, -1]], [2], [3], [0, 0], [2.5, INF]),
        OPTIMAL,
        objective=1.5,
        values=(2.5, 0.5),
    ),
    Case(
        "free_column", program_of([1, 0], [[1, 1]], [-3], [INF], [-INF, 0], [INF, 2]), OPTIMAL, objective=-5.0
    ),
    Case("negative_bounds", program_of([-1], [[1]], [-INF], [7], [-INF], [-2]), OPTIMAL, 2.0, (-2.0,)),
    Case("bounds_only", program_of([1, -1], [], [], [], [-4, 0], [9, 6]), OPTIMAL, -10.0, (-4.0, 6.0)),
    Case("no_columns", program_of([], [[]], [-1], [1], [], [], offset=3.0), OPTIMAL, 3.0, ()),
    # The third column is in no row and costs nothing, the last row has no coefficient and no say.
    Case(
        "unused_column_and_empty_row",
        program_of([1, 1, 0], [[1, 1, 0], [0, 0, 0]], [2, -INF], [INF, 5], [0, 0, 1], [INF, INF, 4]),
        OPTIMAL,
        objective=2.0,
    ),
    # Every point of x + y = 1 is optimal, and three rows bind in one of them.
    Case(
        "degenerate",
        program_of([1, 1], [[1, 1], [2, 2], [1, 0]], [1, 2, -INF], [INF, INF, 1], [0, 0], [INF, INF]),
        OPTIMAL,
        objective=1.0,
    ),
    Case(
        "constant_in_the_objective",
        program_of([2], [[1]], [3], [INF], [0], [INF], offset=10),
        OPTIMAL,
        16.0,
        (3.0,),
    ),
    Case(
        "constant_below_zero",
        program_of([2], [[1]], [2.5], [INF], [0], [9], [1], offset=-100),
        OPTIMAL,
        -94.0,
        (3.0,),
    ),
    Case(
        "rounds_up",
        program_of([3, 2], [[1, 1]], [2.5], [INF], [0, 0], [INF, INF], [1, 1]),
        OPTIMAL,
        6.0,
        (0.0, 3.0),
    ),
    # Knapsack of 10: weights 5 4 6 3, worth 10 40 30 50: the second and the fourth (90) leave 3 unused.
    Case(
        "knapsack",
        program_of([-10, -40, -30, -50], [[5, 4, 6, 3]], [-INF], [10], [0] * 4, [1] * 4, [1] * 4),
        OPTIMAL,
        objective=-90.0,
        values=(0.0, 1.0, 0.0, 1.0),
    ),
    # Machines of 3 and 5 req/s at 2 and 3 USD for 11 req/s: 2 x 3 + 1 x 5 = 11 exactly, 7 USD.
    Case(
        "machines_and_a_continuous_rest",
        program_of([2, 3, 4], [[3, 5, 1]], [11], [11], [0, 0, 0], [INF, INF, INF], [1, 1, 0]),
        OPTIMAL,
        objective=7.0,
        values=(2.0, 1.0, 0.0),
    ),
    # 2e-7 USD a request: a solver's absolute gap of 1e-6 would accept anything up to five requests too many.
    Case(
        "prices_of_single_requests",
        program_of([2e-7, 3e-7], [[2, 3]], [7], [INF], [0, 0], [9, 9], [1, 1]),
        OPTIMAL,
        objective=7e-7,
        values=(2.0, 1.0),
    ),
    Case(
        "rows_contradict",
        program_of([3, 2], [[1, 1], [1, 1]], [3, -INF], [INF, 1], [0, 0], [INF, INF]),
        INFEASIBLE,
    ),
    Case("no_whole_point", program_of([1, 1], [[2, 2]], [3], [3], [0, 0], [5, 5], [1, 1]), INFEASIBLE),
    Case("bounds_contradict", program_of([1], [[1]], [0], [9], [2], [1]), INFEASIBLE),
    Case("no_whole_number_between", program_of([1], [[1]], [0], [9], [0.2], [0.8], [1]), INFEASIBLE),
    Case("empty_row_out_of_reach", program_of([1], [[0]], [1], [INF], [0], [1]), INFEASIBLE),
    Case("no_columns_out_of_reach", program_of([], [[]], [1], [2], [], []), INFEASIBLE),
    Case("unbounded", program_of([-1, 0], [[1, -1]], [-INF], [1], [0, 0], [INF, INF]), UNBOUNDED),
    Case(
        "unbounded_whole", program_of([-1, 0], [[1, -1]], [-INF], [1], [0, 0], [INF, INF], [1, 1]), UNBOUNDED
    ),
)

BOTH = [[1, 0], [0, 1]]  # root that leaves two columns as they are
CURVED_CASES = (
    # The point of a disc of radius 5 farthest along (1, 1); without tangents nothing bounds x and y.
    Case(
        "disc",
        program_of([-1, -1], [[0, 0]], [-INF], [5], [-INF, -INF], [INF, INF], norms=(norm(0, [0, 1], BOTH),)),
        OPTIMAL,
        objective=-5 * 2**0.5,
    ),
    # 4 x + 3 y over the whole points of the same disc: (4, 3) lies on its rim and along (4, 3).
    Case(
        "whole_points_of_a_disc",
        program_of([-4, -3], [[0, 0]], [-INF], [5], [0, 0], [9, 9], [1, 1], norms=(norm(0, [0, 1], BOTH),)),
        OPTIMAL,
        objective=-25.0,
        values=(4.0, 3.0),
    ),
    # Machines carry 10 each and may lose 4 each: 10 N - 4 N >= 9 asks for 1.5, so 2.
    Case(
        "spare_for_what_may_be_lost",
        program_of([3], [[-10]], [-INF], [-9], [0], [9], [1], norms=(norm(0, [0], [[2]], 2.0),)),
        OPTIMAL,
        objective=6.0,
        values=(2.0,),
    ),
    # ||(x, x / 2)|| <= 1.1 x + 1: x grows up to 1 / (sqrt(1.25) - 1.1), where |x| <= 1.1 x + 1 alone would let it go.
    Case(
        "cone_that_closes_late",
        program_of([-1], [[-1.1]], [-INF], [1], [0], [INF], norms=(norm(0, [0], [[1], [0.5]]),)),
        OPTIMAL,
        objective=-1 / (1.25**0.5 - 1.1),
    ),
    # x^2 - 4 x + 1 is least at 2; its tangents must bound it first.
    Case(
        "parabola",
        program_of([-4], [[0]], [-INF], [1], [-INF], [INF], offset=1, squares=(square([0], [[1]]),)),
        OPTIMAL,
        objective=-3.0,
    ),
    # (x - 2.6)^2 over whole x: 3.
    Case(
        "whole_parabola",
        program_of([-5.2], [[1]], [-INF], [8], [0], [9], [1], offset=6.76, squares=(square([0], [[1]]),)),
        OPTIMAL,
        objective=0.16,
        values=(3.0,),
    ),
    # x^2 + (2 y)^2 with x + y >= 5: the gradients 2 x and 8 y agree at (4, 1).
    Case(
        "two_squares_share_a_load",
        program_of([0, 0], [[1, 1]], [5], [INF], [0, 0], [9, 9], squares=(square([0, 1], [[1, 0], [0, 2]]),)),
        OPTIMAL,
        objective=20.0,
    ),
    # A norm and a square at once: x >= 2 + |y|, y >= 1: x = 3, y = 1, cost 3 + 2 x 1.
    Case(
        "norm_and_square",
        program_of(
            [1, 0],
            [[-1, 0]],
            [-INF],
            [-2],
            [0, 1],
            [9, 9],
            norms=(norm(0, [1], [[1]]),),
            squares=(square([1], [[1]], 2.0),),
        ),
        OPTIMAL,
        objective=5.0,
        values=(3.0, 1.0),
    ),
    Case(
        "no_point_of_a_disc",
        program_of(
            [1, 1], [[0, 0], [1, 1]], [-INF, 1.5], [1, INF], [0, 0], [9, 9], norms=(norm(0, [0, 1], BOTH),)
        ),
        INFEASIBLE,
    ),
    # |x - 0.5| <= 0.4 holds no whole x; the second column is 1.
    Case(
        "no_whole_point_of_an_interval",
        program_of(
            [1, 0], [[0, 0]], [-INF], [0.4], [0, 1], [9, 1], [1, 0], norms=(norm(0, [0, 1], [[1, -0.5]]),)
        ),
        INFEASIBLE,
    ),
    Case(
        "unbounded_cone",
        program_of([-1, 0], [[-1, 0]], [-INF], [0], [0, -INF], [INF, INF], norms=(norm(0, [1], [[1]]),)),
        UNBOUNDED,
    ),
)


def random_cone_program(seed: int) -> LinearProgram:
    """Draw a small covering problem whose rows ask for spare by a norm, most with a square in the objective, some whole."""
    rng = np.random.default_rng(seed)
    columns, rows = int(rng.integers(3, 9)), int(rng.integers(2, 4))
    norms, squares = [], []
    for row in range(rows):
        under = np.sort(rng.choice(columns, int(rng.integers(1, columns + 1)), replace=False))
        root = rng.normal(size=(int(rng.integers(1, len(under) + 1)), len(under)))
        if rng.random() < 0.8:
            norms.append(NormRow(row, under, root, float(rng.uniform(0.1, 1.5))))
    if rng.random() < 0.7:
        under = np.sort(rng.choice(columns, int(rng.integers(1, columns + 1)), replace=False))
        squares.append(SquareTerm(under, rng.normal(size=(len(under),) * 2), float(rng.uniform(0.05, 1))))
    return LinearProgram(
        cost=rng.integers(1, 20, columns).astype(float),
        matrix=csr_array(-rng.integers(1, 9, (rows, columns)).astype(float)),
        row_lower=np.full(rows, -INF),
        row_upper=-rng.integers(10, 40, rows).astype(float),
        lower=np.zeros(columns),
        upper=np.full(columns, 30.0),
        integer=rng.random(columns) < 0.6,
        norms=tuple(norms),
        squares=tuple(squares),
    )


def hard_knapsack(columns: int = 40, rows: int = 8) -> LinearProgram:
    """Draw a knapsack with many rows whose proof takes far more than the limits the tests set."""
    rng = np.random.default_rng(7)
    weights = rng.integers(20, 90, (rows, columns)).astype(float)
    worth = weights.mean(axis=0).round() + rng.integers(0, 12, columns)
    return LinearProgram(
        cost=-worth,
        matrix=csr_array(weights),
        row_lower=np.full(rows, -INF),
        row_upper=np.floor(weights.sum(axis=1) / 3),
        lower=np.zeros(columns),
        upper=np.ones(columns),
        integer=np.ones(columns, dtype=bool),
    )


def market_split() -> LinearProgram:
    """Draw a market split (Cornuejols and Dawande, 1998): equations no heuristic satisfies at the root."""
    rng = np.random.default_rng(3)
    shares = rng.integers(0, 100, (4, 30)).astype(float)
    half = np.floor(shares.sum(axis=1) / 2)
    return LinearProgram(
        cost=np.arange(1.0, 31.0),
        matrix=csr_array(shares),
        row_lower=half,
        row_upper=half,
        lower=np.zeros(30),
        upper=np.ones(30),
        integer=np.ones(30, dtype=bool),
    )
