"""What one buffer in front of a function promises over a range of rates: its dearest price, its worst share in time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from catalogs.tariffs import FunctionTariff
    from planner.functions.buffers import Buffers

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Promise:
    """Figures of a buffer over a range of rates.

    Parameters
    ----------
    usd_per_request, concurrency_s, mean_batch, cold_share, call_ms, billed_ms
        At the dearest rate; the last two of a call, warm, and as billed with its cold starts.
    least_usd_per_request
        Price of a request at the cheapest rate.
    in_time
        Deadline, seconds -> the least share of the requests that keep it, over the rates and arrivals.
    """

    usd_per_request: float
    least_usd_per_request: float
    concurrency_s: float
    mean_batch: float
    cold_share: float
    call_ms: float
    billed_ms: float
    in_time: Mapping[float, float]


def promise_of(
    rated: Sequence[Buffers], provisioned: int, deadlines_s: Iterable[float], tariff: FunctionTariff
) -> Promise:
    """What one buffer promises over a range.

    Parameters
    ----------
    rated
        The buffer alone, `PROMISE_RATES` rates of the range for each trace's arrivals.
    provisioned
        Functions kept ready.
    deadlines_s
        Deadlines to tell the share in time for, seconds.
    """
    cold = [buffers.spilled_share(np.full((1, 1, 1), provisioned)) for buffers in rated]
    pairs = list(zip(rated, cold, strict=True))
    figures = [_figures(buffers, share, tariff, ready=provisioned > 0) for buffers, share in pairs]
    worst = {
        deadline_s: min(float(buffers.in_time(share, deadline_s)[0, 0, 0]) for buffers, share in pairs)
        for deadline_s in set(deadlines_s)
    }
    dearest = max(figures, key=lambda one: one.usd_per_request)
    least = min(one.usd_per_request for one in figures)
    return replace(dearest, least_usd_per_request=least, in_time=worst)


def _figures(buffers: Buffers, cold: Array, tariff: FunctionTariff, *, ready: bool) -> Promise:
    """Figures at one rate, without shares in time."""
    price = tariff.usd_per_gb_s_on_provisioned if ready else None
    on_ready = None if price is None else buffers.usd_on_ready(price)
    usd = buffers.usd_per_request(cold, on_ready)
    batch = min(float(1 / buffers.grid.calls_per_request[0, 0]), float(buffers.grid.problem.batch_size[0]))
    problem = buffers.grid.problem
    billed_usd = float(buffers.usd_per_request(cold)[0, 0, 0]) * batch - problem.usd_per_call
    return Promise(
        usd_per_request=float(usd[0, 0, 0]),
        least_usd_per_request=float(usd[0, 0, 0]),
        concurrency_s=float(buffers.concurrency_s(cold)[0, 0, 0]),
        mean_batch=batch,
        cold_share=float(cold[0, 0, 0]),
        call_ms=1000 * float(buffers.call_s[0, 0, 0]),
        billed_ms=1000 * billed_usd / float(problem.usd_per_s[0]),
        in_time={},
    )
