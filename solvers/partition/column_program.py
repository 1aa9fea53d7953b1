"""The exact linearisation of a partition: which columns make up the chain (solvers/FORMULATION.md, section 7).

Sets         a columns (functions over a stretch of blocks), n nodes (boundary, hop mode)
Parameters   usd[a], latency_ms[a], functions[a], begin[a], end[a]      Variables    use[a] binary
Constraints  enter_chain  pass_tensor  meet_deadline  keep_budget  count_functions      Objective    price or latency
Departures   none: every product of a cut and a memory size is a column of its own, so nothing is left to linearise
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from solvers.blocks import compile_program
from solvers.families import Family

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.blocks import Compiled
    from solvers.partition.columns import Columns
    from solvers.partition.goal import Goal
    from solvers.partition.prices import ColumnPrices

    Array = NDArray[np.float64]
    Expression = Any  # cvxpy publishes no types


@dataclass(frozen=True)
class ColumnParameters:
    """What the program is made from.

    Parameters
    ----------
    prices
        Its nodes.
    columns
        The columns on offer.
    goal
        What is minimised within what.
    """

    prices: ColumnPrices
    columns: Columns
    goal: Goal

    @property
    def leaving(self) -> sparse.csr_array:
        """``[n, a]`` 1 where a column begins at a node."""
        return _incidence(self.columns.begin, len(self.prices.cut))

    @property
    def reaching(self) -> sparse.csr_array:
        """``[n, a]`` 1 where a column ends at a node."""
        return _incidence(self.columns.end, len(self.prices.cut))


@dataclass(frozen=True)
class ColumnProgram:
    """The cvxpy program, with its parts at hand."""

    use: cp.Variable
    families: tuple[Family, ...]
    objective: Expression

    def compiled(self) -> Compiled:
        """The program as arrays."""
        constraints = [constraint for family in self.families for constraint in family.constraints]
        return compile_program(cp.Problem(cp.Minimize(self.objective), constraints), self.families)


def build(p: ColumnParameters) -> ColumnProgram:
    """Assemble the program; these lines are the table of contents."""
    use = cp.Variable(len(p.columns), bounds=[0, 1], integer=True, name="use")
    return ColumnProgram(
        use=use,
        families=(
            enter_chain(p, use),
            pass_tensor(p, use),
            meet_deadline(p, use),
            keep_budget(p, use),
            count_functions(p, use),
        ),
        objective=sought(p, use),
    )


def enter_chain(p: ColumnParameters, use: cp.Variable) -> Family:
    """Sum of use[a] over the a that begin with the input = 1  for all chains: there is one."""
    starts = p.leaving[np.flatnonzero(p.prices.is_start)].sum(axis=0)
    return Family("enter_chain", (np.asarray(starts).reshape(1, -1) @ use == 1,))


def pass_tensor(p: ColumnParameters, use: cp.Variable) -> Family:
    """Sum of use[a] over the a that end at n = sum of use[a] over the a that begin there  for all n inside the chain."""
    inside = np.flatnonzero(~p.prices.is_start & ~p.prices.is_end)
    if not len(inside):
        return Family("pass_tensor", ())
    return Family("pass_tensor", ((p.reaching - p.leaving)[inside] @ use == 0,))


def meet_deadline(p: ColumnParameters, use: cp.Variable) -> Family:
    """sum_a latency_ms[a] use[a] <= deadline  for all deadlines that are finite, unless latency is minimised."""
    if p.goal.minimise == "latency" or np.isinf(p.goal.deadline_ms):
        return Family("meet_deadline", ())
    return Family("meet_deadline", (p.columns.latency_ms @ use <= p.goal.deadline_ms,))


def keep_budget(p: ColumnParameters, use: cp.Variable) -> Family:
    """sum_a usd[a] use[a] / budget <= 1  for all budgets that are finite, unless the price is minimised.

    Divided by the budget, since solvers keep rows to an absolute tolerance above the price of a call.
    """
    if p.goal.minimise == "cost" or np.isinf(p.goal.budget_usd):
        return Family("keep_budget", ())
    return Family("keep_budget", ((p.columns.usd / p.goal.budget_usd) @ use <= 1,))


def count_functions(p: ColumnParameters, use: cp.Variable) -> Family:
    """sum_a functions[a] use[a] <= max_functions  for all problems that limit them."""
    limit = p.prices.problem.function_limit
    if limit is None:
        return Family("count_functions", ())
    return Family("count_functions", (p.columns.functions.astype(float) @ use <= limit,))


def sought(p: ColumnParameters, use: cp.Variable) -> Expression:
    """sum_a usd[a] use[a], or sum_a latency_ms[a] use[a]."""
    return p.columns.weight(*p.goal.weights(0.0)) @ use


def _incidence(node: NDArray[np.int64], nodes: int) -> sparse.csr_array:
    """``[n, a]`` 1 where column a touches node n."""
    columns = len(node)
    return sparse.csr_array((np.ones(columns), (node, np.arange(columns))), shape=(nodes, columns))
