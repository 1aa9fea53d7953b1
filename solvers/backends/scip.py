"""How a SCIP search ended, read from the model that PuLP or cvxpy leaves behind."""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from solvers.backends.status import Settings, Status
from solvers.errors import BackendError

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVED: Mapping[str, Status] = {
    "optimal": Status.OPTIMAL,
    "gaplimit": Status.OPTIMAL,  # the gap asked for was reached
    "infeasible": Status.INFEASIBLE,
    "unbounded": Status.UNBOUNDED,
    "inforunbd": Status.INFEASIBLE_OR_UNBOUNDED,
}
LIMITS = ("timelimit", "memlimit", "sollimit", "bestsollimit", "restartlimit", "userinterrupt")

FEASIBILITY_OF_SQUARES = (
    1e-9  # SCIP states a norm by its square: the default 1e-6 leaves a norm near 0 wrong by 1e-3
)


def installed() -> bool:
    """PySCIPOpt, which brings SCIP, can be imported."""
    return find_spec("pyscipopt") is not None


def require() -> None:
    """Raise `BackendError` where SCIP is absent."""
    if not installed():
        raise BackendError("SCIP is not installed here; install the package pyscipopt")


def version() -> str:
    """Version of the SCIP that PySCIPOpt brings."""
    from pyscipopt import Model

    model = Model()
    return f"{model.getMajorVersion()}.{model.getMinorVersion()}.{model.getTechVersion()}"


def parameters(settings: Settings, *, curved: bool = False) -> dict[str, Any]:
    """SCIP parameters for `settings`; `curved` programs are held to a tolerance under which a norm near 0 is right too."""
    chosen: dict[str, Any] = {
        "limits/gap": settings.gap,
        "randomization/randomseedshift": settings.seed,
        "randomization/permutationseed": settings.seed,
    }
    if curved:
        chosen["numerics/feastol"] = FEASIBILITY_OF_SQUARES
    if settings.time_limit_s is not None:
        chosen["limits/time"] = float(settings.time_limit_s)
    if settings.node_limit is not None:
        chosen["limits/totalnodes"] = int(settings.node_limit)
    return chosen


def read_status(model: Any) -> Status:
    """Status of a model that was run."""
    end = str(model.getStatus())
    if end in PROVED:
        return PROVED[end]
    if end in LIMITS or end.endswith("nodelimit"):
        return Status.FEASIBLE if model.getNSols() > 0 else Status.LIMIT
    return Status.FAILED


def read_bound(model: Any, offset: float) -> float | None:
    """Return the dual bound plus the constant the model lacks, None where SCIP has none yet."""
    bound = float(model.getDualbound())
    return bound + offset if math.isfinite(bound) and abs(bound) < model.infinity() else None
