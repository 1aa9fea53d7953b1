"""What is asked of a backend, what it says, and what we answer once its word is checked."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class Status(enum.Enum):
    """How a solve ended."""

    OPTIMAL = "optimal"  # within the gap asked for
    FEASIBLE = "feasible"  # a limit stopped it; an incumbent exists
    LIMIT = "limit"  # a limit stopped it; no incumbent
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    INFEASIBLE_OR_UNBOUNDED = "infeasible or unbounded"
    FAILED = "failed"  # the solver gave up, or its answer did not pass our check


@dataclass(frozen=True)
class Tangents:
    """Tangents to the curves of a program's norms and squares, see `solvers.backends.outer`.

    They hold whatever the prices and limits: those of one solve may begin another of a program with the same terms.

    Parameters
    ----------
    terms
        ``[c]`` norm or square each tangent belongs to, squares counted after the norms.
    points
        ``[c]`` values of root x[columns] where it touches; of a norm, scaled to length 1.
    """

    terms: tuple[int, ...] = ()
    points: tuple[Array, ...] = ()

    def pairs(self) -> Iterator[tuple[int, Array]]:
        """Term and point of each tangent."""
        return zip(self.terms, self.points, strict=True)

    def joined(self, found: Iterable[tuple[int, Array]]) -> Tangents:
        """Return these and others, given as pairs of term and point."""
        both = [*self.pairs(), *found]
        return Tangents(tuple(term for term, _ in both), tuple(point for _, point in both))

    def is_new(self, term: int, point: Array, same: float) -> bool:
        """No tangent of the term touches within `same` of the point, relative to its length where that is above 1."""
        reach = same * max(1.0, float(np.linalg.norm(point)))
        return not any(
            own == term and float(np.linalg.norm(known - point)) <= reach for own, known in self.pairs()
        )


@dataclass(frozen=True)
class Settings:
    """What is asked of a backend beside the program.

    Parameters
    ----------
    gap
        Relative gap at which a mixed-integer solve may stop.
    time_limit_s, node_limit
        Limits of the search, None for none. Node limits are repeatable, time limits are not.
    seed
        Random seed.
    start
        ``[col]`` values to start from, NaN where unknown; or None.
    log
        File the solver's own log goes to; None for none.
    tangents
        Where to begin with the norms and squares of a program; only solvers that know neither need them.
    """

    gap: float = 1e-4
    time_limit_s: float | None = None
    node_limit: int | None = None
    seed: int = 0
    start: Array | None = None
    log: Path | None = None
    tangents: Tangents | None = None


@dataclass(frozen=True)
class Report:
    """What a backend says, unchecked and in the units of the program it was given."""

    status: Status
    values: Array | None = None
    bound: float | None = None
    row_duals: Array | None = None
    nodes: int = 0
    message: str = ""
    tangents: Tangents | None = None


@dataclass(frozen=True)
class Answer:
    """What a solve ended with, after our check.

    Parameters
    ----------
    status
        How it ended; FAILED where the values break the program or the bound lies above a feasible objective.
    values
        ``[col]`` values of the best solution, None without one; integer columns are exactly whole where that
        keeps the program feasible.
    objective
        Recomputed from `values`.
    bound
        No solution costs less; None where the backend has none to give. Of a linear program solved to its
        optimum: the objective.
    gap
        |objective - bound| / |objective|; None where either is missing.
    row_duals
        ``[row]`` change of the objective per unit of the row's limit, >= 0 where the lower limit binds;
        only of linear programs, and only where the solver's duals prove the objective.
    nodes
        Branch-and-bound nodes; 0 where unknown.
    runtime_s
        Wall time of the solve, building the solver's own model included.
    solver
        Backend that answered.
    max_violation
        `LinearProgram.violation` of `values`; 0 without values.
    message
        Why the status is what it is, where it needs saying.
    tangents
        Those that stand for norms and squares in the last relaxation solved; None where there are none.
    """

    status: Status
    values: Array | None
    objective: float | None
    bound: float | None
    gap: float | None
    row_duals: Array | None
    nodes: int
    runtime_s: float
    solver: str
    max_violation: float
    message: str = ""
    tangents: Tangents | None = None


@dataclass(frozen=True)
class BackendInfo:
    """A solver that can be called here.

    Parameters
    ----------
    name
        What `solve` calls it.
    version
        Its own, "unknown" where it does not say.
    integer, quadratic
        It takes whole numbers; norms and squares as they are (the others see tangents).
    gives_bound
        It gives a dual bound, which a certificate needs.
    limits_nodes
        It stops at a number of nodes; the others know time limits only.
    """

    name: str
    version: str
    integer: bool
    quadratic: bool
    gives_bound: bool
    limits_nodes: bool = True
