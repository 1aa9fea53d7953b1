"""What a formulation is made of: families of constraints under one name, and the norms and squares that bend them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from solvers.problem import Array

    Expression = Any  # cvxpy publishes no types


def zero_or_one(name: str, rows: int, windows: int) -> cp.Variable:
    """``[row, t]`` binaries."""
    return cp.Variable((rows, windows), bounds=[0, 1], integer=True, name=name)


@dataclass(frozen=True)
class Stack:
    """``root @ x`` for every piece s and window t of a variable ``[(s, z), t]``: what stands inside a norm.

    Parameters
    ----------
    variable
        ``[(s, z), t]``.
    root
        ``[z, z]`` the same for every piece and window.
    """

    variable: cp.Variable
    root: Array

    @property
    def pieces(self) -> int:
        """Number of pieces s."""
        return int(self.variable.shape[0] // self.root.shape[1])

    def columns(self) -> Expression:
        """``[z, (t, s)]`` one column for each window and piece, in the order in which ``[s, t]`` is flattened by columns."""
        inside = sparse.kron(sparse.eye_array(self.pieces), self.root, format="csr") @ self.variable
        return cp.reshape(inside, (self.root.shape[0], self.pieces * self.variable.shape[1]), order="F")


@dataclass(frozen=True)
class Norms:
    """A norm added to the left of every row ``[s, t]`` of a linear constraint: lhs + scale ||root x[s, :, t]|| <= rhs.

    Parameters
    ----------
    constraint
        Position in the family's constraints.
    """

    constraint: int
    inside: Stack
    scale: float


@dataclass(frozen=True)
class Squares:
    """A term of the objective: sum_{s,t} weight[t] ||root x[s, :, t]||^2."""

    inside: Stack
    weight: Array

    def expression(self) -> Expression:
        """The term as cvxpy reads it."""
        weight = np.sqrt(np.repeat(self.weight, self.inside.pieces))
        return cp.sum_squares(self.inside.columns() @ sparse.diags_array(weight))


@dataclass(frozen=True)
class Family:
    """One family of constraints, under the name it has on the formulation's page; `norms` bend some of its rows."""

    name: str
    constraints: tuple[cp.Constraint, ...]
    norms: tuple[Norms, ...] = ()

    def curved(self) -> list[cp.Constraint]:
        """The constraints with their norms: second-order cones."""
        constraints = list(self.constraints)
        for one in self.norms:
            straight = cp.vec(constraints[one.constraint].expr, order="F")
            constraints[one.constraint] = straight + one.scale * cp.norm(one.inside.columns(), 2, axis=0) <= 0
        return constraints
