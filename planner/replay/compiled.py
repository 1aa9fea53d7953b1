"""Compilation of the replay's inner loops by numba, and the luck of every request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])

STRIDE = np.uint64(
    0x9E3779B97F4A7C15
)  # SplitMix64: Steele, Lea and Flood, OOPSLA 2014, figure 13, with the next two
MIX_A = np.uint64(0xBF58476D1CE4E5B9)
MIX_B = np.uint64(0x94D049BB133111EB)
UNIT = 2.0**-53  # a double holds 53 bits


def compiled(function: Function) -> Function:
    """Compile at the first call and keep the machine code on disk; divisions by 0 follow IEEE 754."""
    return cast("Function", numba.njit(cache=True, error_model="numpy")(function))


@compiled
def luck(seed: np.uint64, number: int) -> float:
    """Uniform share of [0, 1) that belongs to one request, whatever else happened before: element `number` of SplitMix64."""
    bits = seed + np.uint64(number) * STRIDE
    bits = (bits ^ (bits >> np.uint64(30))) * MIX_A
    bits = (bits ^ (bits >> np.uint64(27))) * MIX_B
    return ((bits ^ (bits >> np.uint64(31))) >> np.uint64(11)) * UNIT
