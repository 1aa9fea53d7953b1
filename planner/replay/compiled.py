"""Compilation of the replay's inner loops by numba, and the luck of every request."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])

# SplitMix64: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014, section 4
STRIDE = np.uint64(0x9E3779B97F4A7C15)  # odd integer nearest 2^64 / golden ratio
MIX_A = np.uint64(0xBF58476D1CE4E5B9)  # variant 13 of the mixers of Stafford, with MIX_B
MIX_B = np.uint64(0x94D049BB133111EB)
UNIT = 2.0**-53  # a double holds 53 bits


def source_digest(folder: Path) -> str:
    """Digest of all modules of a folder that hold compiled functions."""
    texts = [file.read_bytes() for file in sorted(folder.glob("*.py"))]
    return sha256(b"".join(text for text in texts if b"@compiled" in text)).hexdigest()[:12]


SOURCES = source_digest(Path(__file__).parent)


# Nothing compiled here allocates, so arrays are passed on without counting references (`_nrt`): the counting would take ten times
# as long as the work itself. Without wrappers for callers from outside it compiles in half the time.
INNER = {"error_model": "numpy", "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def compiled(function: Function) -> Function:
    """Compile for other compiled functions at their first call; divisions by 0 follow IEEE 754."""
    return cast("Function", numba.njit(**INNER)(function))


def compiled_inline(function: Function) -> Function:
    """Compile likewise, into every caller: handing on the whole state costs more than answering most requests does."""
    return cast("Function", numba.njit(forceinline=True, **INNER)(function))


def compiled_entry(function: Function) -> Function:
    """Compile what Python calls, and keep the machine code on disk.

    The machine code contains that of all functions called, so it holds for one state of all sources, not just of its own file:
    its name on disk carries `SOURCES`.
    """
    function.__qualname__ = f"{function.__qualname__}_{SOURCES}"
    return cast("Function", numba.njit(cache=True, error_model="numpy", _nrt=False)(function))


@compiled
def luck(seed: np.uint64, number: int) -> float:
    """Uniform share of [0, 1) that belongs to one request, whatever else happened before: element `number` of SplitMix64."""
    bits = seed + np.uint64(number) * STRIDE
    bits = (bits ^ (bits >> np.uint64(30))) * MIX_A
    bits = (bits ^ (bits >> np.uint64(27))) * MIX_B
    return ((bits ^ (bits >> np.uint64(31))) >> np.uint64(11)) * UNIT
