"""Times and price of the quadratic program of a partition, as expressions of its variables (solvers/FORMULATION.md, section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np

if TYPE_CHECKING:
    from solvers.partition.quadratic_variables import Parameters, Variables

    Expression = Any  # cvxpy publishes no types


def head_ms(p: Parameters, x: Variables) -> Expression:
    """``[l]`` handler and receiving, where a function begins with block l."""
    return p.problem.call_ms * x.is_cut[:-1] + cp.sum(cp.multiply(p.receive_ms, x.cut), axis=1)[:-1]


def tail_ms(p: Parameters, x: Variables) -> Expression:
    """``[l]`` sending, where a function ends with block l."""
    return cp.sum(cp.multiply(p.send_ms, x.cut), axis=1)[1:]


def compute_ms(p: Parameters, x: Variables) -> Expression:
    """``[l]`` compute time at the size chosen."""
    return cp.sum(cp.multiply(p.problem.block_ms, x.size), axis=1)


def warm_ms(p: Parameters, x: Variables) -> Expression:
    """``[l]`` a warm call of the function that ends with block l."""
    return x.done_ms + tail_ms(p, x)


def cold_ms(p: Parameters, x: Variables) -> Expression:
    """``[l]`` a cold one."""
    return warm_ms(p, x) + p.problem.init_ms * x.is_cut[1:] + x.unloaded_ms


def price_usd(p: Parameters, x: Variables) -> Expression:
    """sum_{l,m} u[m] ((block_ms[l,m] + cold share load_ms[l]) size[l,m] + charged_ms[l,m]) + calls + hop requests."""
    problem = p.problem
    linear_ms = problem.block_ms + problem.cold_share * problem.load_ms[:, None]
    billed = cp.sum((cp.multiply(linear_ms, x.size) + x.charged_ms) @ problem.usd_per_ms)
    hop_usd = np.where(p.has_mode > 0, problem.hop_usd, 0.0)
    return billed + problem.usd_per_call * cp.sum(x.is_cut[:-1]) + cp.sum(cp.multiply(hop_usd, x.cut))


def latency_ms(p: Parameters, x: Variables) -> Expression:
    """Sum of head, compute, tail over l, and for every function the invoke latency and the cold share of start and loading."""
    problem, share = p.problem, p.problem.cold_share
    functions = (problem.hop_ms + share * problem.init_ms) * cp.sum(x.is_cut[:-1])
    running = cp.sum(head_ms(p, x)) + cp.sum(compute_ms(p, x)) + cp.sum(tail_ms(p, x))
    return running + functions + share * float(problem.load_ms.sum())
