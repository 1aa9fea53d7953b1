"""One function's buffers for several classes with deadlines of their own: what a group of classes that share one costs.

The setting is that of Chen et al., HarmonyBatch: Batching multi-SLO DNN Inference with Heterogeneous Serverless Functions, 2024:
classes k ask for the same model, each at random (Poisson) at its own rate l_k and with its own deadline D_k. A request of class k
lets its batch stay open for T_k = D_k - (longest service of up to B requests) at most, so wait and service together never exceed
D_k; a batch closes when the first of its requests' times is up, or with its B-th request.

The law of a batch is exact. Let its first request come at time 0, of class c with probability l_c / L, L = sum_k l_k. The batch is
open at x with n requests if x < T_c, none of a class k came before x - T_k, and n - 1 came since. With m(x) = sum_k l_k min(x, T_k)

    P(open at x with n | c) = 1[x < T_c] e^(-sum_k l_k (x - T_k)^+) e^(-m) m^(n-1) / (n-1)! = 1[x < T_c] e^(-L x) m^(n-1) / (n-1)!

Requests find an open batch with n at the rate L, so the share of batches that grow beyond n < B is, m' being sum_{T_c > x} l_c,

    P(N > n) = L sum_c (l_c / L) int P(open at x with n | c) dx = int e^(-L x) m^(n-1) / (n-1)! dm

Between two timeouts m is straight, with slope w, so by parts A_(n+1) = w/L (A_n - [e^(-L x) m^n / n!]), from A_1 = w/L [-e^(-L x)].
Summed over n, E N = 1 + L E(time open), Wald's identity. Cost per request is the expected bill of a batch over its mean size
(renewal-reward).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.batching.grid import BILLING_SLACK_SHARE
from solvers.errors import ProblemError

if TYPE_CHECKING:
    from solvers.problem import Array, BoolArray, IntArray

AT_ONCE = 1_000_000  # numbers of an array held at once: 8 MB


@dataclass(frozen=True, kw_only=True)
class SharingProblem:
    """Classes that ask for one model, and the buffers that may hold them.

    Parameters
    ----------
    rate_rps, deadline_s
        ``[k]`` requests per second, > 0, and seconds within which each must be answered, > 0, of each class.
    memory_mb, service_s, usd_per_s, usd_per_call, billing_step_s, batch_size
        As in `BufferProblem`: ``[m]``, ``[m, n]``, ``[m]``, ``[b]``.
    one_timeout
        Every request of a buffer waits as long as its most urgent class may, as a buffer does that cannot tell classes apart.

    Raises
    ------
    ProblemError
        With every contradiction between the arrays, and every class that no memory size answers in time even alone.
    """

    rate_rps: Array
    deadline_s: Array
    memory_mb: IntArray
    service_s: Array
    usd_per_s: Array
    usd_per_call: float
    billing_step_s: float
    batch_size: IntArray
    one_timeout: bool = False

    def __post_init__(self) -> None:
        problems = []
        classes, sizes = np.shape(self.rate_rps), np.shape(self.service_s)[:1]
        for name, shape in (("rate_rps", classes), ("deadline_s", classes)):
            values = np.asarray(getattr(self, name))
            if len(shape) != 1 or values.shape != shape or not values.size:
                problems.append(
                    f"{name} has shape {values.shape}; it must be one number for each class, as rate_rps"
                )
            elif not (np.isfinite(values).all() and (values > 0).all()):
                problems.append(
                    f"{name} goes from {values.min():g} to {values.max():g}; it must be finite and > 0"
                )
        if np.ndim(self.service_s) != 2 or not np.size(self.service_s):
            problems.append(
                f"service_s has shape {np.shape(self.service_s)}; it must be memory sizes x requests of a call"
            )
        else:
            problems += self._wrong_buffers(sizes)
        if not problems:
            problems = self._never_in_time()
        if problems:
            raise ProblemError(problems)

    def _wrong_buffers(self, sizes: tuple[int, ...]) -> list[str]:
        most = self.service_s.shape[1]
        problems = [
            f"{name} has shape {np.shape(values)}; it must be {sizes}, one for each row of service_s"
            for name, values in (("memory_mb", self.memory_mb), ("usd_per_s", self.usd_per_s))
            if np.shape(values) != sizes
        ]
        if not (np.isfinite(self.service_s).all() and (self.service_s > 0).all()):
            problems.append(
                "service_s holds a value that is not finite or not > 0; a call takes a finite time"
            )
        if not np.size(self.batch_size) or np.min(self.batch_size) < 1 or np.max(self.batch_size) > most:
            problems.append(
                f"batch_size is {np.asarray(self.batch_size).tolist()}; give values of 1 to {most}, as many as service_s has"
            )
        if not 0 <= min(np.min(self.usd_per_s, initial=np.inf), self.usd_per_call) < np.inf:
            problems.append("a price of usd_per_s or usd_per_call is below 0 or not finite")
        if not 0 < self.billing_step_s < np.inf:
            problems.append(f"billing_step_s is {self.billing_step_s:g}; it must be finite and > 0")
        return problems

    def _never_in_time(self) -> list[str]:
        least = self.longest_s.min()
        return [
            f"class {number} must be answered within {deadline:g} s, and the fastest call takes {least:g} s; "
            "offer more memory or smaller batches"
            for number, deadline in enumerate(self.deadline_s)
            if deadline < least
        ]

    @property
    def longest_s(self) -> Array:
        """``[m, b]`` longest service of a batch of up to B requests."""
        longest = np.maximum.accumulate(self.service_s, axis=1)
        return np.asarray(longest[:, np.asarray(self.batch_size) - 1])

    @property
    def bill_usd(self) -> Array:
        """``[m, n]`` bill of a call with n + 1 requests, in whole billing steps."""
        steps = np.ceil(self.service_s / self.billing_step_s - BILLING_SLACK_SHARE)
        return np.asarray(self.usd_per_s[:, None] * steps * self.billing_step_s + self.usd_per_call)


@dataclass(frozen=True)
class GroupPrices:
    """The cheapest buffer of each of several groups of classes.

    Parameters
    ----------
    usd_per_s
        ``[g]`` cost of a second of the group's requests; finite, for a buffer that is fast enough for the most urgent class is
        fast enough for all.
    memory, batch
        ``[g]`` places of the buffer in the problem's `memory_mb` and `batch_size`.
    mean_batch
        ``[g]`` requests of a batch on average.
    """

    usd_per_s: Array
    memory: IntArray
    batch: IntArray
    mean_batch: Array


def cheapest_buffers(problem: SharingProblem, rate_rps: Array) -> GroupPrices:
    """The cheapest buffer of each group, exact on the grid of memory and batch sizes.

    Parameters
    ----------
    rate_rps
        ``[g, k]`` requests per second that class k sends to group g; 0 where it has no part in it.
    """
    widest = max(rate_rps.shape[1], problem.service_s.shape[1])
    together = max(1, AT_ONCE // (problem.longest_s.size * widest))
    parts = [
        _priced(problem, rate_rps[begin : begin + together]) for begin in range(0, len(rate_rps), together)
    ]
    joined = (np.concatenate(values) for values in zip(*parts, strict=True))
    return GroupPrices(*joined)


def group_timeouts_s(problem: SharingProblem, member: BoolArray) -> Array:
    """``[g, m, b, k]`` seconds a request of class k holds its batch open; below 0 where it cannot be in time.

    Parameters
    ----------
    member
        ``[g, k]`` whether class k is in group g.
    """
    deadline_s = np.broadcast_to(problem.deadline_s, member.shape)
    if problem.one_timeout:
        deadline_s = (
            np.where(member, problem.deadline_s, np.inf)
            .min(axis=1, keepdims=True)
            .repeat(member.shape[1], axis=1)
        )
    return np.asarray(deadline_s[:, None, None, :] - problem.longest_s[None, :, :, None])


def beyond(rate_rps: Array, timeout_s: Array, most: int) -> Array:
    """``[..., n]`` P(N > n) for n = 1..most - 1: the share of batches that grow beyond n requests where B > n.

    Parameters
    ----------
    rate_rps, timeout_s
        ``[..., k]`` of the classes that share a buffer; a rate of 0 leaves a class out.
    most
        Largest batch size.
    """
    rate_rps, timeout_s = np.broadcast_arrays(rate_rps, np.maximum(timeout_s, 0.0))
    order = np.argsort(timeout_s, axis=-1, kind="stable")
    rate, end = np.take_along_axis(rate_rps, order, -1), np.take_along_axis(timeout_s, order, -1)
    slope = np.cumsum(rate[..., ::-1], axis=-1)[..., ::-1]
    share = slope / slope[..., :1]
    expected = np.cumsum(slope * np.diff(end, axis=-1, prepend=0.0), axis=-1)
    term = np.exp(-slope[..., :1] * end)
    part = share * -np.diff(term, axis=-1, prepend=1.0)
    found = np.empty((*rate.shape[:-1], most - 1))
    for number in range(1, most):
        found[..., number - 1] = part.sum(axis=-1)
        term = term * expected / number
        part = share * (part - np.diff(term, axis=-1, prepend=0.0))
    return np.clip(found, 0.0, 1.0)


def _priced(problem: SharingProblem, rate_rps: Array) -> tuple[Array, IntArray, IntArray, Array]:
    """The columns of `GroupPrices` for groups that fit into memory at once."""
    member = rate_rps > 0
    timeout_s = group_timeouts_s(problem, member)
    in_time = np.where(member[:, None, None, :], timeout_s, np.inf).min(axis=-1) >= 0.0
    sizes = np.asarray(problem.batch_size)
    most = int(sizes.max())
    grows = beyond(rate_rps[:, None, None, :], timeout_s, most)  # [g, m, b, n]
    grows = grows * (np.arange(1, most) < sizes[:, None])
    mean = 1.0 + grows.sum(axis=-1)
    bill = problem.bill_usd[:, :most]
    cost = (bill[:, 0, None] + np.einsum("gmbn,mn->gmb", grows, np.diff(bill, axis=1))) / mean
    cost = np.where(in_time, cost, np.inf).reshape(len(member), -1)
    place = np.argmin(cost, axis=1)
    group = np.arange(len(member))
    memory, batch = np.unravel_index(place, problem.longest_s.shape)
    return (
        cost[group, place] * rate_rps.sum(axis=1),
        memory,
        batch,
        mean.reshape(len(member), -1)[group, place],
    )
