"""How many requests arrive within t seconds, and in which phase that leaves the arrival process: P(k, t)[i, j].

P(k, t)' = P(k, t) d0 + P(k - 1, t) d1 (Neuts 1979). Uniformised (Jensen 1953) at the fastest phase's rate, the process takes a
Poisson number of steps, each with or without an arrival, so P(k, t) is a sum of positive terms: nothing cancels. To keep that sum
short for long t, P is stored at nodes a few steps apart, and continued from the node before t.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from solvers.problem import Array, IntArray

STEPS_A_CELL = 4.0  # expected steps from node to node; a search takes 15 % less time at 2 and a third more at 16, measured
MOST_NODES = 1000  # cells grow beyond: each node costs a product, each step in a cell a term
AT_ONCE = 2_000_000  # numbers held at once: 16 MB


@dataclass(frozen=True)
class ArrivalCounts:
    """P(k, t) and its integral for k = 0..K-1 at any t up to where it was set up, exact to 1e-15 and 1e-16 a step within t.

    Parameters
    ----------
    step_rate
        Per second: the rate of the uniformised process.
    silent, arriving
        ``[s, s]`` chances of a step without and with an arrival.
    cell_s
        Seconds between nodes.
    at_node, until_node
        ``[c, s, k, s]`` P(k, t) and its integral from 0, in seconds, at t = c `cell_s`.
    """

    step_rate: float
    silent: Array
    arriving: Array
    cell_s: float
    at_node: Array
    until_node: Array

    def share(self, elapsed_s: Array) -> Array:
        """``[x, s, k, s]`` P(k, t) from phase to phase, for t in `elapsed_s` ``[x]``."""
        cell, steps = self._cells(elapsed_s)
        return self._continue(cell, poisson(steps, self._terms))

    def seconds(self, elapsed_s: Array) -> Array:
        """``[x, s, k, s]`` integral of P(k, .) from 0 to t: expected seconds with k arrivals so far in each phase."""
        cell, steps = self._cells(elapsed_s)
        tail = np.maximum(1.0 - np.cumsum(poisson(steps, self._terms), axis=1), 0.0)
        found = self._continue(cell, tail / self.step_rate)
        found += self.until_node[cell]
        return found

    @property
    def _terms(self) -> int:
        return terms_for(self.step_rate * self.cell_s)

    def _cells(self, elapsed_s: Array) -> tuple[IntArray, Array]:
        """Node before each t, and expected steps from there."""
        cell = np.minimum((elapsed_s / self.cell_s).astype(int), len(self.at_node) - 1)
        return cell, self.step_rate * np.minimum(elapsed_s - cell * self.cell_s, self.cell_s)

    def _continue(self, cell: IntArray, weight: Array) -> Array:
        """``[x, s, k, s]`` sum over j of weight[x, j] times the node of x carried on by j steps."""
        shape = self.at_node.shape[1:]
        order = np.argsort(cell, kind="stable")
        cells, begin = np.unique(cell[order], return_index=True)
        end = np.append(begin[1:], len(cell))
        found = np.empty((len(cell), math.prod(shape)))
        together = max(1, AT_ONCE // (weight.shape[1] * math.prod(shape)))
        for first in range(0, len(cells), together):
            some = slice(first, first + together)
            carried = self._carry(self.at_node[cells[some]], weight.shape[1])
            for terms, low, high in zip(carried, begin[some], end[some], strict=True):
                found[order[low:high]] = weight[order[low:high]] @ terms.reshape(len(terms), -1)
        return found.reshape(len(cell), *shape)

    def _carry(self, start: Array, terms: int) -> Array:
        """``[c, j, s, k, s]`` `start` ``[c, s, k, s]`` after j = 0, 1, .. steps."""
        found = np.empty((len(start), terms, *start.shape[1:]))
        found[:, 0] = start
        for step in range(1, terms):
            before = found[:, step - 1]
            np.matmul(before, self.silent, out=found[:, step])
            found[:, step, :, 1:] += before[:, :, :-1] @ self.arriving
        return found


def closed(d0: Array, d1: Array) -> Array:
    """`d0` with the diagonal that lets rows of d0 + d1 sum to 0 to the last digit."""
    jumps = d0 - np.diag(np.diag(d0))
    return jumps - np.diag(jumps.sum(axis=1) + d1.sum(axis=1))


def arrival_counts(d0: Array, d1: Array, most: int, until_s: float) -> ArrivalCounts:
    """Set up P(k, t) for k = 0..most - 1 and t from 0 to `until_s`.

    Parameters
    ----------
    d0, d1
        ``[s, s]`` per second, as in `BufferProblem`, with rows that sum to 0 (`closed`).
    """
    phases = len(d0)
    rate = -float(np.diag(d0).min())
    expected = max(rate * until_s, np.finfo(float).tiny)
    steps = max(STEPS_A_CELL, expected / MOST_NODES)
    start = np.zeros((1, phases, most, phases))
    start[0, :, 0] = np.eye(phases)
    silent = np.eye(phases) + d0 / rate
    first = ArrivalCounts(rate, silent, d1 / rate, steps / rate, start, np.zeros_like(start))
    one_cell = np.array([first.cell_s])
    across, during = toeplitz(first.share(one_cell)[0]), toeplitz(first.seconds(one_cell)[0])
    at_node, until_node = [start[0].reshape(phases, -1)], [np.zeros((phases, most * phases))]
    for _ in range(math.ceil(expected / steps)):
        until_node.append(until_node[-1] + at_node[-1] @ during)
        at_node.append(at_node[-1] @ across)
    shape = (len(at_node), phases, most, phases)
    return ArrivalCounts(
        rate,
        silent,
        d1 / rate,
        first.cell_s,
        np.array(at_node).reshape(shape),
        np.array(until_node).reshape(shape),
    )


def toeplitz(block: Array) -> Array:
    """``[(k, s), (k, s)]`` matrix that adds the arrivals of `block` ``[s, k, s]`` to those counted so far."""
    phases, most, _ = block.shape
    matrix = np.zeros((most, phases, most, phases))
    for counted in range(most):
        matrix[counted, :, counted:] = block[:, : most - counted]
    return matrix.reshape(most * phases, most * phases)


def poisson(mean: Array, terms: int) -> Array:
    """``[x, j]`` probability of j = 0..terms - 1 for each mean ``[x]``; terms as in `terms_for`."""
    numbers = np.arange(terms)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(numbers[1:]))])
    log_mean = np.log(np.maximum(mean, np.finfo(float).tiny))  # a mean of 0 leaves j = 0 alone
    share = np.exp(numbers * log_mean[:, None] - mean[:, None] - log_factorial)
    share /= share.sum(axis=1, keepdims=True)  # takes out what large exponents lose to rounding
    return np.asarray(share, dtype=float)


def terms_for(mean: float) -> int:
    """Number of Poisson terms beyond which less than 1e-15 is left, for any mean up to this one (Chernoff's bound)."""
    return math.ceil(mean + 9.0 * math.sqrt(mean) + 8.0)
