"""Functions that are called within a range of rates or not at all: every choice of them, level by level."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from solvers.problem import ProvisioningProblem

    Array = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

NO_END = 1e9  # requests/s: more than any tiny demand
MOST_PATTERNS = 20_000
ROUNDING = 1e-9  # requests/s, of a least rate against the demand it comes from


def least_rates(problem: ProvisioningProblem) -> Array:
    """``[f]`` requests/s that a function is sent at least while it is called."""
    return np.zeros(len(problem.functions)) if problem.rates is None else problem.rates.least_rps


def most_rates(problem: ProvisioningProblem) -> Array:
    """``[f]`` requests/s that a function is sent at most."""
    most = np.full(len(problem.functions), np.inf) if problem.rates is None else problem.rates.most_rps
    return np.minimum(most, NO_END)


def ready_prices(problem: ProvisioningProblem) -> Array:
    """``[f]`` USD/h in a window in which the function is called at some level."""
    return np.zeros(len(problem.functions)) if problem.rates is None else problem.rates.usd_per_h


def takes_any_rate(problem: ProvisioningProblem) -> BoolArray:
    """``[f]`` functions without a bracket and without a price of standing ready."""
    return np.asarray(
        (least_rates(problem) == 0) & (most_rates(problem) == NO_END) & (ready_prices(problem) == 0)
    )


def called_patterns(problem: ProvisioningProblem, demand: Array) -> Iterator[BoolArray]:
    """All ``[s, f]`` of functions called at the levels of demand ``[s, k]``, but those whose least rates no demand fills.

    A function with neither a least rate nor a price of standing ready counts as called everywhere.
    """
    switched = np.flatnonzero((least_rates(problem) > 0) | (ready_prices(problem) > 0))
    of_level = [choices_of_level(problem, switched, rates) for rates in demand]
    if np.prod([float(len(choices)) for choices in of_level]) > MOST_PATTERNS:
        raise ValueError(f"more than {MOST_PATTERNS} choices of functions: too many to enumerate")
    for pattern in product(*of_level):
        yield np.array(pattern)


def choices_of_level(
    problem: ProvisioningProblem, switched: NDArray[np.int64], demand: Array
) -> list[BoolArray]:
    """``[f]`` of every choice of the switched functions whose least rates demand ``[k]`` may fill."""
    reach = demand @ problem.function_serves
    found = []
    for choice in product([False, True], repeat=len(switched)):
        called = np.ones(len(problem.functions), dtype=bool)
        called[switched] = choice
        least = np.where(called, least_rates(problem), 0.0)
        if (least <= reach + ROUNDING).all() and least.sum() <= demand.sum() + ROUNDING:
            found.append(called)
    return found
