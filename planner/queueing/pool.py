"""What the queueing model knows of one pool, and the checks of its arguments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

DISPATCH_POLICY = "shared-queue"  # by deadline; requests that will be late yield
"""How a group hands out requests: one queue before all its replicas, in the order of deadlines where requests are answered one by
one, else in that of arrival. A request that would miss its deadline anyway,
and that no function takes, waits behind those that can still meet theirs, so that an overload makes late no more than
it must. The capacities are those of plain first come, first served, which has no more in time; they hold for round
robin where service times are equal, too, not for random routing, which carries a small part of them."""

LEAST_BATCH_BUDGET = 1.0  # 2 S_b <= D: below it 0.295 is carried where M/D/(c b) says 0.80 (EVIDENCE 1)

ROUNDING = 1e-12  # a budget this close to a limit is at it: what (D - S) / S loses in doubles


@dataclass(frozen=True)
class PoolService:
    """Service of one pool of machines, all alike, behind one queue.

    Parameters
    ----------
    mean_s
        Mean service time of one call (of a full batch where `batch` > 1), seconds, > 0.
    quantile_s
        Service time that the tier's share of calls stays under (its p-quantile), seconds, > 0; equal to
        `mean_s` where the time is deterministic.
    batch
        Requests one call serves at most, >= 1.
    replicas
        Calls one machine serves at once, >= 1, each in `mean_s`.
    dispersion_index
        Variance over mean of the requests arriving in an interval as long as the deadline; 1 for Poisson,
        less counts as 1.
    variation
        Variance of the time of a call over its squared mean, >= 0 (`planner.queueing.variation`).
    """

    mean_s: float
    quantile_s: float
    batch: int = 1
    replicas: int = 1
    dispersion_index: float = 1.0
    variation: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError with everything that is out of range."""
        problems = [
            f"{name} is {value!r}; it must be {allowed}"
            for name, value, ok, allowed in (
                ("mean_s", self.mean_s, 0.0 < self.mean_s < math.inf, "finite and > 0"),
                ("quantile_s", self.quantile_s, 0.0 < self.quantile_s < math.inf, "finite and > 0"),
                ("batch", self.batch, self.batch >= 1, ">= 1"),
                ("replicas", self.replicas, self.replicas >= 1, ">= 1"),
                (
                    "dispersion_index",
                    self.dispersion_index,
                    0.0 <= self.dispersion_index < math.inf,
                    "finite and >= 0",
                ),
                ("variation", self.variation, 0.0 <= self.variation < math.inf, "finite and >= 0"),
            )
            if not ok
        ]
        if problems:
            raise ValueError("PoolService: " + "; ".join(problems))

    @property
    def deterministic(self) -> bool:
        """Every call takes the same time."""
        return self.quantile_s == self.mean_s and self.variation == 0.0

    @property
    def thinning(self) -> float:
        """Factor z >= 1 by which bursts shrink the pool in the formulas: the dispersion index, at least 1."""
        return max(self.dispersion_index, 1.0)

    @property
    def exact(self) -> bool:
        """Capacity is the exact M/D/c value: one request a call, equal service times, Poisson arrivals."""
        return self.batch == 1 and self.deterministic and self.thinning == 1.0

    @property
    def swing(self) -> float:
        """Factor by which calls that vary slow the decay of a queue: requests answered vary like b cs^2 bursts.

        In heavy traffic the decay rate of waits is inverse to the variance of arrivals less answers per request: z of the
        arrivals and b cs^2 of calls that take b each (Kingman 1962 for b = 1).
        """
        return self.thinning + self.batch * self.variation

    @property
    def noise(self) -> float:
        """How far the p-quantile lies above the mean, in means; 0 where it lies below."""
        return max(self.quantile_s / self.mean_s - 1.0, 0.0)

    def budget(self, deadline_s: float) -> float:
        """Waiting budget d = (D - S_p) / S in mean service times, S_p no less than S; negative: D is too short."""
        return deadline_s / self.mean_s - 1.0 - self.noise

    def feasible(self, deadline_s: float) -> bool:
        """Whether any rate is promised inside the deadline.

        The budget must cover 0; one service time for batches, which bunch below it; and for noisy service times
        twice what the quantile lies above the mean: of the slowest 1 - p calls it is only known that they are slower
        than S_p, and a deadline just above S_p would leave them no room even without a wait.
        """
        least = max(LEAST_BATCH_BUDGET if self.batch > 1 else 0.0, 2.0 * self.noise)
        return self.budget(deadline_s) >= least - ROUNDING


def log_miss_allowed(percentile: float) -> float:
    """L = ln(1 / (1 - p)) of a required share in time; raises ValueError unless 0 < p < 1."""
    if not 0.0 < percentile < 1.0:
        raise ValueError(f"percentile is {percentile!r}; it must be a share in (0, 1), such as 0.98")
    return -math.log1p(-percentile)


def whole_counts(counts: ArrayLike) -> IntArray:
    """Machine counts as integers; raises ValueError where one is negative or not whole."""
    values = np.asarray(counts)
    if not (np.equal(np.floor(values), values).all() and (values >= 0).all()):
        raise ValueError(f"counts must be whole and >= 0 (got {values.tolist()!r})")
    return values.astype(np.int64)
