"""Accuracy: floors on the mean over a class's requests, and what served requests are worth (solvers/FORMULATION.md).

Variables    unserved_rps[k,(t,q)] where served requests have a value: then none has to be served
Constraints  meet_mean_accuracy
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.families import Family
from solvers.problem import incidence

if TYPE_CHECKING:
    from solvers.parameters import Parameters
    from solvers.variables import Variables

    Expression = Any  # cvxpy publishes no types


def meet_mean_accuracy(p: Parameters, x: Variables) -> Family:
    """sum_q w[q] (sum_j margin[k,j] carried[k,j,t,q] + sum_f margin[k,f] overflow[k,f,t,q]) >= 0  for all k that ask, all t.

    The margin is the accuracy less the class's floor; requests left unserved count neither way.
    """
    part = p.problem.accuracy
    if part is None or not part.asks.any():
        return Family("meet_mean_accuracy", ())
    K, asking = len(p.problem.classes), np.flatnonzero(part.asks)
    margin = part.group_margin_share[p.pair_class, p.pair_group]
    total = incidence(p.pair_class, K)[asking].multiply(margin).tocsr() @ x.carried_rps
    if x.overflow_rps is not None:
        margin = part.function_margin_share[p.function_pair_class, p.function_pair_function]
        total = total + incidence(p.function_pair_class, K)[asking].multiply(margin).tocsr() @ x.overflow_rps
    return Family("meet_mean_accuracy", (total @ p.level_mean >= 0,))


def served_value_usd(p: Parameters, x: Variables) -> Expression:
    """Sum 3600 h[t] w[q] (value[k,j] carried[k,j,t,q] + value[k,f] overflow[k,f,t,q]) over k, j, f, t and q."""
    part = p.problem.value
    if part is None:
        return 0.0
    earned = part.group_usd[p.pair_class, p.pair_group] @ x.carried_rps @ p.seconds
    if x.overflow_rps is not None:
        per_request = part.function_usd[p.function_pair_class, p.function_pair_function]
        earned = earned + per_request @ x.overflow_rps @ p.seconds
    return earned
