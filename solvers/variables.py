"""The decisions of one program of the formulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cvxpy as cp

from solvers.function_rates import add_rate_variables
from solvers.model_loads import add_load_variables
from solvers.operators import add_operator_variables
from solvers.spot_loss import add_loss_variables
from solvers.spot_risk import add_lost_rps

if TYPE_CHECKING:
    from solvers.function_rates import RateVariables
    from solvers.model_loads import LoadVariables
    from solvers.operators import OperatorVariables
    from solvers.parameters import Parameters
    from solvers.spot_loss import LossVariables


@dataclass(frozen=True)
class Variables:
    """Decisions of one block; matrices are ``[row, window]`` or ``[row, (window, level)]``."""

    instances: cp.Variable  # [g, t] machines
    pick: cp.Variable | None  # [r, t] 1 where group j counts n machines towards its capacity
    carried_rps: cp.Variable  # [e, (t, q)] requests/s
    overflow_rps: cp.Variable | None  # [o, (t, q)] requests/s
    unserved_rps: cp.Variable | None  # [k, (t, q)] requests/s, where served requests have a value
    starts: cp.Variable  # [i, t] machines launched
    operators: OperatorVariables
    rates: RateVariables
    loads: LoadVariables
    losses: LossVariables
    lost_rps: cp.Variable | None  # [(s, z), t] requests/s


def add_variables(p: Parameters) -> Variables:
    """All variables non-negative. The last axis of each is a window, or windows with their levels: blocks cut columns by window."""
    K, T, S = len(p.problem.classes), p.windows, p.windows * p.levels
    options, calls = len(p.problem.option_group), len(p.function_pair_class)
    offered = p.count_allowed.astype(float)
    return Variables(
        instances=cp.Variable((options, T), bounds=[0, None], integer=True, name="instances"),
        pick=cp.Variable(offered.shape, bounds=[0, offered], integer=True, name="pick")
        if len(p.count)
        else None,
        carried_rps=cp.Variable((len(p.pair_class), S), bounds=[0, None], name="carried_rps"),
        overflow_rps=cp.Variable((calls, S), bounds=[0, None], name="overflow_rps") if calls else None,
        unserved_rps=cp.Variable((K, S), bounds=[0, None], name="unserved_rps") if p.problem.value else None,
        starts=cp.Variable((len(p.problem.machines), T), bounds=[0, None], name="starts"),
        operators=add_operator_variables(p),
        rates=add_rate_variables(p),
        loads=add_load_variables(p),
        losses=add_loss_variables(p),
        lost_rps=add_lost_rps(p),
    )
