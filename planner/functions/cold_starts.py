"""How many calls start cold: of functions that come and go with the calls, and of those beyond what is kept ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.queueing import cold_start_share
from planner.queueing.diversion import erlang_loss

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

LEAST_ERLANGS = 1e-300  # a phase without calls loses none of them; its logarithm must be finite


def idle_cold_share(calls_per_s: ArrayLike, duration_s: ArrayLike, keep_alive_s: float) -> Array:
    """Share of calls that find no idle function, at a rate of calls: as overflow of machines, whose streams are the worst."""
    return cold_start_share(calls_per_s, duration_s, keep_alive_s, overflow=True)


def spilled_share(
    provisioned: ArrayLike, calls_per_s: ArrayLike, duration_s: ArrayLike, call_share: ArrayLike
) -> Array:
    """Share of calls that find every function that is kept ready busy; each counts as a cold start.

    Erlang's loss formula in each phase of the arrivals, as if the phase lasted and its calls came by themselves, weighted by the
    calls of the phase: an upper estimate, since phases end before the ready functions fill up, and calls that gather requests come
    more evenly. Beside simulations of MMPP(2) arrivals (5 to 80 requests/s, index 1 to 20 in 0.05 to 1 s, batches of 1 to 16) the
    share was never above it by more than their sampling error. Worked: 2 ready, 1 call running on average in the one phase:
    (1/2) / (1 + 1 + 1/2) = 0.2.

    Parameters
    ----------
    provisioned, duration_s
        Functions kept ready; time of a warm call.
    calls_per_s, call_share
        ``[s, ...]`` rate of calls while each phase lasts, and its share of all calls.
    """
    erlangs = np.maximum(
        np.asarray(calls_per_s, dtype=float) * np.asarray(duration_s, dtype=float), LEAST_ERLANGS
    )
    losses = erlang_loss(np.asarray(provisioned, dtype=float), erlangs)
    return np.asarray((np.asarray(call_share) * losses).sum(axis=0))
