"""Parameters and decisions of the quadratic program of a partition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cvxpy as cp
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.partition.goal import Goal
    from solvers.partition.prices import ColumnPrices
    from solvers.partition.problem import PartitionProblem

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parameters:
    """What the program is made from, with the least upper bounds on its variables that the problem gives.

    Parameters
    ----------
    prices
        The problem, and the hop modes worth having.
    goal
        What is minimised within what.
    """

    prices: ColumnPrices
    goal: Goal

    @property
    def problem(self) -> PartitionProblem:
        """The chain."""
        return self.prices.problem

    @property
    def has_mode(self) -> Array:
        """``[c, h]`` 1 where a mode carries the tensor and no other is always as good."""
        found = np.zeros(self.problem.send_ms.shape)
        found[self.prices.cut, self.prices.mode] = 1.0
        return found

    @property
    def send_ms(self) -> Array:
        """``[c, h]`` 0 where a mode is not on offer."""
        return np.where(self.has_mode > 0, self.problem.send_ms, 0.0)

    @property
    def receive_ms(self) -> Array:
        """``[c, h]`` 0 where a mode is not on offer; the answer is not received by a function."""
        times = np.where(self.has_mode > 0, self.problem.receive_ms, 0.0)
        times[-1] = 0.0
        return times

    @property
    def most_ms(self) -> Array:
        """``[l]`` the longest a function can have run when it is done with block l."""
        compute = np.cumsum(self.problem.block_ms.max(axis=1))
        return compute + self.problem.call_ms + float(self.receive_ms.max())

    @property
    def most_loaded_ms(self) -> Array:
        """``[l]`` the longest a function can have loaded when it has block l."""
        return np.cumsum(self.problem.load_ms)

    @property
    def room_mib(self) -> float:
        """The most weights a function may hold, or all of the chain's where that is less."""
        return float(min(self.problem.weights_limit_mib, self.problem.param_mib.sum()))

    @property
    def most_extra_ms(self) -> float:
        """The most a function is billed at one block beyond its compute and loading."""
        p, ends = self.problem, float(self.receive_ms.max() + self.send_ms.max())
        return p.call_ms + ends + p.cold_share * p.init_ms + p.billing_step_ms


@dataclass(frozen=True)
class Variables:
    """Decisions, and what follows from them."""

    cut: cp.Variable  # [c, h] 1 where the chain is cut at boundary c and the tensor passes in mode h
    is_cut: cp.Variable  # [c] 1 where it is cut, whatever the mode
    size: cp.Variable  # [l, m] 1 where block l runs in a function of memory size m
    elapsed_ms: cp.Variable  # [l] what the function has run when it is done with block l, before it sends
    done_ms: cp.Variable  # [l] the same where it ends there, else 0
    loaded_ms: cp.Variable  # [l] what it takes to load the blocks of the function up to l
    unloaded_ms: cp.Variable  # [l] the same where it ends there, else 0
    warm_steps: cp.Variable  # [l] billing steps of a warm call of the function that ends with block l
    cold_steps: cp.Variable  # [l] of a cold one
    extra_ms: cp.Variable  # [l] what is billed at block l beyond compute and loading
    charged_ms: cp.Variable  # [l, m] the same at the memory size it is billed at
    weights_mib: cp.Variable  # [l] weights of the function up to block l
    peak_mib: cp.Variable  # [l] its largest activations up to block l


def add_variables(p: Parameters) -> Variables:
    """All variables, within the least upper bounds known: SCIP's envelopes of products are only as tight as these."""
    L, M = p.problem.block_ms.shape
    ends = np.zeros(L + 1)
    ends[[0, -1]] = 1.0
    step = p.problem.billing_step_ms
    last_ms = p.most_ms + float(p.send_ms.max())
    warm_steps = np.ceil(last_ms / step) + 1
    cold_steps = np.ceil((last_ms + p.most_loaded_ms + p.problem.init_ms) / step) + 1
    return Variables(
        cut=cp.Variable((L + 1, p.has_mode.shape[1]), bounds=[0, p.has_mode], integer=True, name="cut"),
        is_cut=cp.Variable(L + 1, bounds=[ends, 1], integer=True, name="is_cut"),
        size=cp.Variable((L, M), bounds=[0, 1], integer=True, name="size"),
        elapsed_ms=cp.Variable(L, bounds=[0, p.most_ms], name="elapsed_ms"),
        done_ms=cp.Variable(L, bounds=[0, p.most_ms], name="done_ms"),
        loaded_ms=cp.Variable(L, bounds=[0, p.most_loaded_ms], name="loaded_ms"),
        unloaded_ms=cp.Variable(L, bounds=[0, p.most_loaded_ms], name="unloaded_ms"),
        warm_steps=cp.Variable(L, bounds=[0, warm_steps], integer=True, name="warm_steps"),
        cold_steps=cp.Variable(L, bounds=[0, cold_steps], integer=True, name="cold_steps"),
        extra_ms=cp.Variable(L, bounds=[0, p.most_extra_ms], name="extra_ms"),
        charged_ms=cp.Variable((L, M), bounds=[0, p.most_extra_ms], name="charged_ms"),
        weights_mib=cp.Variable(L, bounds=[p.problem.param_mib, None], name="weights_mib"),
        peak_mib=cp.Variable(L, bounds=[p.problem.peak_mib, None], name="peak_mib"),
    )
