"""How long a call of a model takes, by memory size and by the requests of its batch (`CallTimes`)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.functions.measured import TAKEN_AS_EXACT, known_quantiles, lasts_exactly

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from catalogs.measurements import FunctionTime

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

NEVER_S = 1e9  # time of a share of calls of which nothing is known: far beyond every deadline


@dataclass(frozen=True, eq=False)
class CallTimes:
    """Times of warm calls of one model at one provider.

    Parameters
    ----------
    memory_mb, batch_most
        ``[m]`` memory settings, and the most requests of a call that were measured at each.
    mean_s
        ``[m, n]`` mean time of a call with n + 1 requests. Beyond `batch_most` its last value, to fill the array.
    shares, share_s
        ``[u]`` shares of the calls, ascending, and ``[u, m, n]`` a time that each is known to stay within; `NEVER_S` where it is
        not known. Of the calls beyond the last share nothing is known.
    load_s
        ``[m]`` more seconds of a cold call; NaN where unknown.
    """

    memory_mb: IntArray
    batch_most: IntArray
    mean_s: Array
    shares: Array
    share_s: Array
    load_s: Array
    source: str
    obtained: str

    @property
    def steps(self) -> list[tuple[float, Array]]:
        """Each further share of the calls, and the time ``[m, n]`` that these are known to stay within."""
        known = zip(np.diff(self.shares, prepend=0.0), self.share_s, strict=True)
        return [(float(share), time_s) for share, time_s in known if time_s.min() < NEVER_S]

    def quantiles_ms(self, row: int, batch: int) -> tuple[tuple[float, float], ...]:
        """(share, ms) known of warm calls of a full batch at one memory size."""
        times = zip(self.shares.tolist(), self.share_s[:, row, batch - 1].tolist(), strict=True)
        return tuple((share, 1000 * time_s) for share, time_s in times if time_s < NEVER_S)

    def size_mean_ms(self, row: int, batch: int) -> tuple[float, ...]:
        """Mean time of warm calls with 1, 2, ..., `batch` requests at one memory size."""
        return tuple((1000 * self.mean_s[row, :batch]).tolist())

    def taking(self, rows: IntArray) -> CallTimes:
        """The same at some of the memory sizes."""
        return CallTimes(
            memory_mb=self.memory_mb[rows],
            batch_most=self.batch_most[rows],
            mean_s=self.mean_s[rows],
            shares=self.shares,
            share_s=self.share_s[:, rows],
            load_s=self.load_s[rows],
            source=self.source,
            obtained=self.obtained,
        )


def call_times(times: Sequence[FunctionTime], requests_most: int) -> CallTimes:
    """Times for 1 to `requests_most` requests, or as many as were measured, from calls of one model at any memory and batch.

    Between measured batches time is linear, on the running maximum: a larger batch never gets faster
    (`catalogs.interpolation`). A batch smaller than the smallest measured one takes as long as that one. Of calls that
    `lasts_exactly` takes at their word the source says so.
    """
    rows: dict[int, list[FunctionTime]] = defaultdict(list)
    for one in times:
        rows[one.memory_mb].append(one)
    sizes = sorted(rows)
    most = min(requests_most, max(one.batch for one in times))
    mean_s = np.array([_by_requests(rows[size], [one.mean_ms for one in rows[size]], most) for size in sizes])
    shares = sorted({share for one in times for share, _ in known_quantiles(one)})
    share_s = np.array([[_share_s(rows[size], share, most) for size in sizes] for share in shares])
    exact = lasts_exactly(times)
    source = " and ".join(dict.fromkeys(one.source for one in times))
    return CallTimes(
        memory_mb=np.array(sizes, dtype=int),
        batch_most=np.array([max(one.batch for one in rows[size]) for size in sizes], dtype=int),
        mean_s=mean_s,
        shares=np.array([1.0]) if exact else np.array(shares),
        share_s=mean_s[None] if exact else share_s.reshape(len(shares), *mean_s.shape),
        load_s=np.array([_load_s(rows[size]) for size in sizes]),
        source=source + TAKEN_AS_EXACT if exact else source,
        obtained=times[0].obtained if most == 1 else "derived",
    )


def _by_requests(times: Sequence[FunctionTime], time_ms: Sequence[float], most: int) -> Array:
    """``[n]`` seconds of 1 to `most` requests, from times of some batches."""
    order = np.argsort([one.batch for one in times])
    batch = np.array([one.batch for one in times], dtype=float)[order]
    rising = np.maximum.accumulate(np.array(time_ms)[order])
    return np.asarray(np.interp(np.arange(1.0, most + 1), batch, rising) / 1000)


def _share_s(times: Sequence[FunctionTime], share: float, most: int) -> Array:
    """``[n]`` seconds that a share of the calls is known to stay within."""
    known_ms = [next((ms for at, ms in known_quantiles(one) if at >= share), None) for one in times]
    if any(ms is None for ms in known_ms):
        return np.full(most, NEVER_S)
    return _by_requests(times, [ms for ms in known_ms if ms is not None], most)


def _load_s(times: Iterable[FunctionTime]) -> float:
    return max((one.load_ms / 1000 for one in times if one.load_ms is not None), default=np.nan)
