"""Markovian arrival processes with one or two phases: Poisson, MMPP(2), MAP(2) (Neuts, A Versatile Markovian Point Process, 1979).

A phase moves silently (off the diagonal of d0) or with a request (d1). With theta the phases' stationary shares, r = d1 1 the rates
in them, lambda = theta r, and omega the decay rate of the phases' memory (minus the eigenvalue of d0 + d1 beside 0),

    moments of the gaps      E[X^i] = i! phi (-d0)^-i 1,   phi = theta d1 / lambda
    their autocorrelation    rho_k = gamma^k (1 - 1/c^2) / 2,   gamma the eigenvalue of (-d0)^-1 d1 beside 1, c^2 = Var X / E[X]^2
    index of dispersion      I(t) = Var N(t) / E N(t) = 1 + 2 kappa / (lambda omega) (1 - (1 - e^(-omega t)) / (omega t)),
                             kappa = theta d1 r - lambda^2

For an MMPP(2), kappa is the variance of its rate. The index follows from the variance of the counts (Narayana and Neuts, The First
Two Moment Matrices of the Counts for the Markovian Arrival Process, 1992), in which two phases leave one exponential.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from workloads.errors import WorkloadError

if TYPE_CHECKING:
    from workloads.traces import Array

ROW_SHARE = 1e-6  # of a phase's rate: what a row of d0 + d1 may miss 0 by; published processes are rounded to six decimals
DRAW_SPARE = 4.0  # standard deviations drawn beyond the expected number of visits, so that one round is enough as a rule


@dataclass(frozen=True, eq=False)
class ArrivalProcess:
    """A stationary Markovian arrival process with one or two phases.

    Parameters
    ----------
    d0
        ``[s, s]`` per second: rates of changing phase without a request. Its diagonal is reset, so that rows of d0 + d1 sum to 0
        to the last digit.
    d1
        ``[s, s]`` per second: rates of changing or keeping the phase with a request.

    Raises
    ------
    WorkloadError
        When the arrays are not of one or two phases, a rate is negative or not finite, a row of d0 + d1 does not sum to 0, nothing
        ever arrives, or a phase cannot be reached from the other.
    """

    d0: Array
    d1: Array

    def __post_init__(self) -> None:
        d0, d1 = np.array(self.d0, dtype=float), np.array(self.d1, dtype=float)
        if d0.shape not in ((1, 1), (2, 2)) or d1.shape != d0.shape:
            shapes = f"d0 has shape {d0.shape} and d1 {d1.shape}"
            raise WorkloadError([f"arrival process: {shapes}; both must be (1, 1) or (2, 2)"])
        silent = d0 - np.diag(np.diag(d0))
        away = silent.sum(axis=1) + d1.sum(axis=1)
        problems = []
        if not (np.isfinite(d0).all() and np.isfinite(d1).all() and (silent >= 0).all() and (d1 >= 0).all()):
            found = f"d0 is {d0.tolist()} and d1 {d1.tolist()}"
            problems.append(f"{found}; rates must be finite and, but for d0's diagonal, >= 0")
        elif (np.abs(np.diag(d0) + away) > ROW_SHARE * away).any():
            sums = (np.diag(d0) + away).tolist()
            problems.append(f"rows of d0 + d1 sum to {sums} per second; they must sum to 0")
        elif not d1.any() or not np.diag((silent + d1)[:, ::-1]).all():
            found = f"d0 is {d0.tolist()} and d1 {d1.tolist()}"
            problems.append(f"{found}; requests must arrive, and each phase be reached from the other")
        if problems:
            raise WorkloadError([f"arrival process: {line}" for line in problems])
        d0 = silent - np.diag(away)
        for name, matrix in (("d0", d0), ("d1", d1)):
            matrix.flags.writeable = False
            object.__setattr__(self, name, matrix)

    @cached_property
    def phase_share(self) -> Array:
        """``[s]`` share of time in each phase."""
        if len(self.d0) == 1:
            return np.ones(1)
        into = np.diag((self.d0 + self.d1)[:, ::-1])[::-1]
        return np.asarray(into / into.sum())

    @cached_property
    def rate_rps(self) -> float:
        """Requests per second in the long run."""
        return float(self.phase_share @ self.d1.sum(axis=1))

    @cached_property
    def phase_after_arrival(self) -> Array:
        """``[s]`` share of requests that leave the process in each phase."""
        return np.asarray(self.phase_share @ self.d1 / self.rate_rps)

    @property
    def decay_per_s(self) -> float:
        """Rate at which the phases' memory decays; infinite with one phase, which has none to keep."""
        return -float(np.trace(self.d0 + self.d1)) if len(self.d0) == 2 else math.inf

    @property
    def rate_covariance(self) -> float:
        """Kappa: what the rate just after a request exceeds the mean rate by, times the mean rate; requests/s squared."""
        return self.rate_rps * (float(self.phase_after_arrival @ self.d1.sum(axis=1)) - self.rate_rps)

    def gap_moment(self, order: int) -> float:
        """E[X^order] of the gaps between requests, seconds to that power."""
        inverse = np.linalg.matrix_power(np.linalg.inv(-self.d0), order)
        return math.factorial(order) * float(self.phase_after_arrival @ inverse.sum(axis=1))

    @property
    def squared_cv(self) -> float:
        """Variance of the gaps over their squared mean; 1 for Poisson arrivals."""
        return self.gap_moment(2) / self.gap_moment(1) ** 2 - 1.0

    @property
    def skewness(self) -> float:
        """Third central moment of the gaps over their standard deviation cubed; 2 for Poisson arrivals."""
        mean, second, third = (self.gap_moment(order) for order in (1, 2, 3))
        return float((third - 3 * mean * second + 2 * mean**3) / (second - mean**2) ** 1.5)

    @property
    def gap_decay(self) -> float:
        """Gamma: the factor between autocorrelations of the gaps from one lag to the next, in [-1, 1)."""
        return float(np.trace(np.linalg.solve(-self.d0, self.d1))) - 1.0 if len(self.d0) == 2 else 0.0

    def autocorrelation(self, lag: int) -> float:
        """Correlation of two gaps that are `lag` apart; 1 at lag 0."""
        return 1.0 if lag == 0 else 0.5 * (1.0 - 1.0 / self.squared_cv) * self.gap_decay**lag

    def dispersion_index(self, window_s: float) -> float:
        """Variance over mean of the requests in a window of this length, seconds > 0; `math.inf` gives the limit."""
        if len(self.d0) == 1:
            return 1.0
        excess = 2.0 * self.rate_covariance / (self.rate_rps * self.decay_per_s)
        return 1.0 + excess * float(growth(self.decay_per_s * np.asarray(window_s)))

    def scaled(self, rate_rps: float) -> ArrivalProcess:
        """The same process run faster or slower, so that it has this rate, > 0: gaps keep their shape and correlation."""
        if not 0 < rate_rps < math.inf:
            raise WorkloadError([f"arrival process: rate_rps is {rate_rps}; it must be finite and above 0"])
        factor = rate_rps / self.rate_rps
        return ArrivalProcess(self.d0 * factor, self.d1 * factor)

    def sample_gaps_s(self, rng: np.random.Generator, count: int) -> Array:
        """``[count]`` seconds between requests, the first counted from one before.

        A visit to a phase holds a geometric number of requests that keep the phase, and ends with a move that may be a request;
        all moves are as many exponential times. Visits alternate, so everything is drawn at once.
        """
        if len(self.d0) == 1:
            return rng.exponential(1.0 / self.rate_rps, count)
        phase = int(rng.random() < self.phase_after_arrival[1])
        found, missing, open_s = [], count, 0.0
        while missing > 0:
            gaps, open_s = self._visits(rng, phase, missing, open_s)
            found.append(gaps)
            missing -= len(gaps)
        return np.concatenate(found)[:count]

    def _visits(
        self, rng: np.random.Generator, first: int, requests: int, open_s: float
    ) -> tuple[Array, float]:
        """Gaps of an even number of visits that start in phase `first`, and the time since the last request when they end.

        `open_s` is the time since the last request when they start.
        """
        leave = np.diag((self.d0 + self.d1)[:, ::-1])
        a_pair = self.rate_rps * (1.0 / leave).sum()  # requests in two visits, on average
        pairs = math.ceil(requests / a_pair + DRAW_SPARE * math.sqrt(requests / a_pair + 1.0))
        phase = np.tile([first, 1 - first], pairs)
        away = -np.diag(self.d0)
        moves = rng.geometric((leave / away)[phase])
        last = np.cumsum(moves) - 1
        time_s = rng.exponential(size=last[-1] + 1) / np.repeat(away[phase], moves)
        arrives = np.ones(len(time_s), dtype=bool)
        arrives[last] = rng.random(2 * pairs) * leave[phase] < np.diag(self.d1[:, ::-1])[phase]
        time_s[0] += open_s
        at = np.flatnonzero(arrives)
        if not len(at):
            return np.zeros(0), float(time_s.sum())
        starts = np.concatenate([[0], at[:-1] + 1])
        return np.add.reduceat(time_s[: at[-1] + 1], starts), float(time_s[at[-1] + 1 :].sum())


def growth(steps: Array) -> Array:
    """Share of its limit that the excess of an index of dispersion has reached after omega t = `steps`: 1 - (1 - e^-x) / x."""
    x = np.asarray(steps, dtype=float)
    short, long = np.minimum(x, 1e-4), np.maximum(x, 1e-4)
    # the series where the difference would cancel; its next term is below 1e-13
    return np.asarray(np.where(x < 1e-4, short / 2 - short**2 / 6, 1.0 + np.expm1(-long) / long))
