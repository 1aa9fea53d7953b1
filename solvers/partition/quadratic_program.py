"""The quadratic program of a partition: cut binaries times memory binaries (solvers/FORMULATION.md, section 7).

Sets         l blocks, m memory sizes, c boundaries, h hop modes
Parameters   those of `PartitionProblem`            Variables    see `solvers.partition.quadratic_variables`
Constraints  choose_mode  choose_size  keep_size  run_blocks  load_blocks  hold_weights  hold_peak  fit_memory  end_in_time
             bill_warm  bill_cold  add_extra  charge_extra  limit_latency  limit_price  limit_cuts
Products     end_function  end_loading  charge_size              Objective    price_usd or latency_ms
Source       the mixed-integer quadratic program that the abstract of AMPS-Inf (Jarachanthan et al. 2021) announces; its equations
             are not public
Departures   billing in whole steps; hop modes; compute and loading are linear in size, so that only what a function is billed
             beyond them is multiplied by it; no forks; the products are handed to SCIP beside the program, see
             `solvers.backends.bilinear`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np

from solvers.backends.bilinear import BilinearProgram, Product
from solvers.blocks import compile_program
from solvers.families import Family
from solvers.partition.quadratic_terms import (
    cold_ms,
    compute_ms,
    head_ms,
    latency_ms,
    price_usd,
    tail_ms,
    warm_ms,
)
from solvers.partition.quadratic_variables import add_variables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.blocks import Compiled
    from solvers.partition.quadratic_variables import Parameters, Variables

    Places = dict[str, NDArray[np.int64]]
    Expression = Any  # cvxpy publishes no types


@dataclass(frozen=True)
class QuadraticProgram:
    """The program as arrays with its products, and the way back to its variables and families."""

    families: tuple[Family, ...]
    compiled: Compiled
    products: tuple[Product, ...]

    @property
    def arrays(self) -> BilinearProgram:
        """What SCIP takes."""
        return BilinearProgram(self.compiled.arrays, self.products)

    @property
    def named(self) -> BilinearProgram:
        """The same with a name for every row and column."""
        return BilinearProgram(self.compiled.named(), self.products)


def build(p: Parameters) -> QuadraticProgram:
    """Assemble the program; these lines are the table of contents."""
    x = add_variables(p)
    families = (
        choose_mode(p, x),
        choose_size(p, x),
        keep_size(p, x),
        run_blocks(p, x),
        load_blocks(p, x),
        hold_weights(p, x),
        hold_peak(p, x),
        fit_memory(p, x),
        end_in_time(p, x),
        bill_warm(p, x),
        bill_cold(p, x),
        add_extra(p, x),
        charge_extra(p, x),
        limit_latency(p, x),
        limit_price(p, x),
        limit_cuts(p, x),
    )
    objective = price_usd(p, x) if p.goal.minimise == "cost" else latency_ms(p, x)
    constraints = [constraint for family in families for constraint in family.constraints]
    compiled = compile_program(cp.Problem(cp.Minimize(objective), constraints), families)
    at = compiled.columns
    products = (end_function(at), *((end_loading(at),) if p.problem.cold_share else ()), charge_size(at))
    return QuadraticProgram(families, compiled, products)


def choose_mode(p: Parameters, x: Variables) -> Family:
    """sum_h cut[c,h] = is_cut[c]  for all c; input and answer always pass."""
    return Family("choose_mode", (cp.sum(x.cut, axis=1) == x.is_cut,))


def choose_size(p: Parameters, x: Variables) -> Family:
    """sum_m size[l,m] = 1  for all l."""
    return Family("choose_size", (cp.sum(x.size, axis=1) == 1,))


def keep_size(p: Parameters, x: Variables) -> Family:
    """|size[l,m] - size[l-1,m]| <= is_cut[l]  for all l > 0, all m: blocks that are not cut apart share one function."""
    L, M = x.size.shape
    if L == 1:
        return Family("keep_size", ())
    change = x.size[1:] - x.size[:-1]
    allowed = cp.reshape(x.is_cut[1:-1], (L - 1, 1), order="F") @ np.ones((1, M))
    return Family("keep_size", (change <= allowed, -change <= allowed))


def run_blocks(p: Parameters, x: Variables) -> Family:
    """elapsed_ms[l] = head[l] + sum_m block_ms[l,m] size[l,m] + elapsed_ms[l-1] - done_ms[l-1]  for all l."""
    own = head_ms(p, x) + compute_ms(p, x)
    first = x.elapsed_ms[:1] == own[:1]
    return Family("run_blocks", (first, x.elapsed_ms[1:] == own[1:] + x.elapsed_ms[:-1] - x.done_ms[:-1]))


def load_blocks(p: Parameters, x: Variables) -> Family:
    """loaded_ms[l] = load_ms[l] + loaded_ms[l-1] - unloaded_ms[l-1]  for all l, where calls may be cold."""
    if not p.problem.cold_share:
        return Family("load_blocks", ())
    own, before = p.problem.load_ms, x.loaded_ms[:-1] - x.unloaded_ms[:-1]
    return Family("load_blocks", (x.loaded_ms[:1] == own[:1], x.loaded_ms[1:] == own[1:] + before))


def hold_weights(p: Parameters, x: Variables) -> Family:
    """weights_mib[l] >= param_mib[l] + weights_mib[l-1] - room is_cut[l]  for all l > 0, and weights_mib[l] <= room.

    room is what package or temporary disk have for weights, so the row says nothing where the chain is cut.
    """
    carried = x.weights_mib[:-1] - p.room_mib * x.is_cut[1:-1]
    grows = x.weights_mib[1:] >= p.problem.param_mib[1:] + carried
    return Family("hold_weights", (grows, x.weights_mib <= p.room_mib))


def hold_peak(p: Parameters, x: Variables) -> Family:
    """peak_mib[l] >= peak_mib[l-1] - max peak is_cut[l]  for all l > 0."""
    carried = x.peak_mib[:-1] - float(p.problem.peak_mib.max()) * x.is_cut[1:-1]
    return Family("hold_peak", (x.peak_mib[1:] >= carried,))


def fit_memory(p: Parameters, x: Variables) -> Family:
    """Base + copies weights_mib[l] + peak_mib[l] <= sum_m memory_mb[m] size[l,m]  for all l."""
    needed = p.problem.base_memory_mib + p.problem.weight_copies * x.weights_mib + x.peak_mib
    return Family("fit_memory", (needed <= x.size @ p.problem.memory_mb.astype(float),))


def end_in_time(p: Parameters, x: Variables) -> Family:
    """done_ms[l] + tail[l] <= timeout, where calls may be cold with start and loading  for all l, where the timeout may bind."""
    if not p.prices.may_time_out:
        return Family("end_in_time", ())
    longest = cold_ms(p, x) if p.problem.cold_share else warm_ms(p, x)
    return Family("end_in_time", (longest <= p.problem.timeout_ms,))


def bill_warm(p: Parameters, x: Variables) -> Family:
    """Step warm_steps[l] >= done_ms[l] + tail[l]  for all l."""
    step = p.problem.billing_step_ms
    return Family("bill_warm", (step * x.warm_steps >= warm_ms(p, x),))


def bill_cold(p: Parameters, x: Variables) -> Family:
    """Step cold_steps[l] >= done_ms[l] + tail[l] + init is_cut[l+1] + unloaded_ms[l]  for all l, where calls may be cold."""
    if not p.problem.cold_share:
        return Family("bill_cold", ())
    step = p.problem.billing_step_ms
    return Family("bill_cold", (step * x.cold_steps >= cold_ms(p, x),))


def add_extra(p: Parameters, x: Variables) -> Family:
    """extra_ms[l] = head[l] + tail[l] + cold share init is_cut[l] + what rounding adds, warm and cold by share  for all l."""
    share, step = p.problem.cold_share, p.problem.billing_step_ms
    extra = head_ms(p, x) + tail_ms(p, x) + (1 - share) * (step * x.warm_steps - warm_ms(p, x))
    if share:
        extra += share * (p.problem.init_ms * x.is_cut[:-1] + step * x.cold_steps - cold_ms(p, x))
    return Family("add_extra", (x.extra_ms == extra,))


def charge_extra(p: Parameters, x: Variables) -> Family:
    """sum_m charged_ms[l,m] = extra_ms[l]  for all l: choose_size times extra_ms, which tightens the relaxation."""
    return Family("charge_extra", (cp.sum(x.charged_ms, axis=1) == x.extra_ms,))


def limit_latency(p: Parameters, x: Variables) -> Family:
    """latency_ms <= deadline  for all deadlines that are finite, unless latency is minimised."""
    if p.goal.minimise == "latency" or np.isinf(p.goal.deadline_ms):
        return Family("limit_latency", ())
    return Family("limit_latency", (latency_ms(p, x) <= p.goal.deadline_ms,))


def limit_price(p: Parameters, x: Variables) -> Family:
    """price_usd / budget <= 1  for all budgets that are finite, unless the price is minimised."""
    if p.goal.minimise == "cost" or np.isinf(p.goal.budget_usd):
        return Family("limit_price", ())
    return Family("limit_price", (price_usd(p, x) / p.goal.budget_usd <= 1,))


def limit_cuts(p: Parameters, x: Variables) -> Family:
    """Sum of is_cut[c] over the c < L <= max_functions  for all problems that limit them."""
    limit = p.problem.function_limit
    return Family("limit_cuts", () if limit is None else (cp.sum(x.is_cut[:-1]) <= limit,))


def end_function(at: Places) -> Product:
    """done_ms[l] = is_cut[l+1] elapsed_ms[l]  for all l."""
    return Product("end_function", at["done_ms"], at["is_cut"][1:], at["elapsed_ms"])


def end_loading(at: Places) -> Product:
    """unloaded_ms[l] = is_cut[l+1] loaded_ms[l]  for all l."""
    return Product("end_loading", at["unloaded_ms"], at["is_cut"][1:], at["loaded_ms"])


def charge_size(at: Places) -> Product:
    """charged_ms[l,m] = extra_ms[l] size[l,m]  for all l, all m."""
    extra = np.repeat(at["extra_ms"], at["size"].shape[1])
    return Product("charge_size", at["charged_ms"].ravel(), extra, at["size"].ravel())
