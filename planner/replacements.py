"""Which option stands in for which: kinds of options, what counts in their favour, why they fell out, functions that give way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.rejections import RejectedOption

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planner.options import OptionTable
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem


@dataclass(frozen=True)
class OptionKinds:
    """What the arrays of a program do not show, each as numbers from 0 that are equal where the thing is.

    Parameters
    ----------
    host, place
        ``[i]`` instance type, and market with zone; together they name one machine.
    model, tier
        ``[j]`` of each group.
    """

    host: IntArray
    place: IntArray
    model: IntArray
    tier: IntArray


@dataclass(frozen=True)
class Replacement:
    """Option `index` gives way to option `by` of its list, `machines_for_one` of its machines for one."""

    index: int
    by: int
    machines_for_one: int = 1


@dataclass(frozen=True)
class Pruning:
    """What stays: `groups` ``[j]``, `functions` ``[f]``; and what each of the others gives way to."""

    groups: BoolArray
    functions: BoolArray
    group_replacements: tuple[Replacement, ...]
    function_replacements: tuple[Replacement, ...]


def option_kinds(options: OptionTable) -> OptionKinds:
    """Number the instance types, markets, models and tiers of the rows."""
    return OptionKinds(
        host=_numbered([machine.instance_type for machine in options.machines]),
        place=_numbered([machine.place for machine in options.machines]),
        model=_numbered([group.model for group in options.groups]),
        tier=_numbered([group.tier.label for group in options.groups]),
    )


def _numbered(names: Sequence[str]) -> IntArray:
    """Equal numbers for equal names, in alphabetical order from 0."""
    numbers = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([numbers[name] for name in names], dtype=int)


def replaced_options(names: Sequence[str], replacements: Iterable[Replacement]) -> list[RejectedOption]:
    """Why the pruned options are left out: what each gives way to."""
    found = []
    for one in replacements:
        count = f", {one.machines_for_one} machines for one" if one.machines_for_one > 1 else ""
        reason = f"dominated by {names[one.by]}{count}: all it does is done at no more cost"
        found.append(RejectedOption(names[one.index], "dominated", reason))
    return found


def replaced_functions(problem: ProvisioningProblem) -> tuple[Replacement, ...]:
    """Functions that another is no worse than in classes, price, (where it is limited) time held and rates, or several are.

    A request moves from one to the other by itself, so nothing else matters; equal ones that take any rate stay side by side.
    """
    no_worse = no_worse_for_a_request(problem)
    taking_over = no_worse & takes_over_rates(problem)
    better: BoolArray = taking_over & ~taking_over.T
    stays = ~np.asarray(better.any(axis=1))
    by_one_that_stays = better & stays
    by = {int(f): int(by_one_that_stays[f].argmax()) for f in np.flatnonzero(~stays)}
    by |= (chained := replaced_by_chains(problem, no_worse, stays))
    for f, other in by.items():
        while other in chained:
            other = chained[other]
        by[f] = other
    return tuple(Replacement(f, other) for f, other in sorted(by.items()))


def no_worse_for_a_request(problem: ProvisioningProblem) -> BoolArray:
    """``[f, f']`` whether f' serves every class that f serves at no more cost, with no less accuracy or value where these count.

    Time held counts where the concurrency limit may bind: not where all demand at once on the slowest function stays within it.
    """
    usd, serves = problem.usd_per_request, problem.function_serves
    most = problem.demand_rps[:, :, -1].sum(axis=0).max(initial=0.0) * problem.concurrency_s.max(initial=0.0)
    held = problem.concurrency_s * bool(most > problem.concurrency_limit)
    no_worse: BoolArray = (usd[None, :] <= usd[:, None]) & (held[None, :] <= held[:, None])
    no_worse &= ~(serves.T[:, None, :] & ~serves.T[None, :, :]).any(axis=2)
    for worth in worth_of_functions(problem):
        less = worth.T[None, :, :] < worth.T[:, None, :]  # [f, f', k]
        no_worse &= ~(serves.T[:, None, :] & less).any(axis=2)
    return no_worse


def replaced_by_chains(problem: ProvisioningProblem, no_worse: BoolArray, stays: BoolArray) -> dict[int, int]:
    """Functions of one range that give way to several with ranges one above the other, each mapped to the lowest of these.

    Whatever is sent to f and to the chain c_1, c_2, .. goes to one of the chain: the highest in use, or where the sum is above its
    range the first whose range reaches to it. That costs no more: c_1 is no worse than f and takes no higher least rate; every
    c_i+1 is no worse than c_i and begins where that one ends, or below; none costs anything for standing ready; the last reaches to
    all that its classes ever send. Functions give way one after the other, each to what then stays, so none is counted on that
    has given way itself. What takes any rate stays: after a spot loss only that is called.
    """
    rates, found = problem.rates, dict[int, int]()
    if rates is None:
        return found
    left = stays & (rates.usd_per_h == 0)
    links = no_worse & (rates.least_rps[None, :] <= rates.most_rps[:, None])
    links &= rates.most_rps[None, :] > rates.most_rps[:, None]
    ends = rates.most_rps >= _most_sent_rps(problem)
    upwards = np.argsort(-rates.most_rps, kind="stable")
    for f in np.flatnonzero(stays & ~problem.takes_any_rate).tolist():
        others = left.copy()
        others[f] = False
        reaches = ends & others
        for c in upwards[others[upwards]].tolist():
            reaches[c] |= bool((links[c] & reaches).any())
        begins = reaches & no_worse[f] & (rates.least_rps <= rates.least_rps[f])
        if begins.any():
            found[f] = int(begins.argmax())
            left[f] = False
    return found


def _most_sent_rps(problem: ProvisioningProblem) -> Array:
    """``[f]`` all that the classes of a function ever send."""
    sent = np.tensordot(problem.function_serves.astype(float), problem.demand_rps[:, :, -1], axes=(0, 0))
    return np.asarray(sent.max(axis=1, initial=0.0))


def takes_over_rates(problem: ProvisioningProblem) -> BoolArray:
    """``[f, f']`` whether f' may be sent what f is sent beside what it is sent itself, and stands ready for no more.

    f' then needs no higher least rate, and a range that reaches to all its classes ever send: a range that merely contains
    that of f could hold either rate and not their sum. After a spot loss only functions that take any rate are called, so
    those give way to each other alone.
    """
    functions = len(problem.functions)
    if problem.rates is None:
        return np.ones((functions, functions), dtype=bool)
    rates, any_rate = problem.rates, problem.takes_any_rate
    takes_all = rates.most_rps >= _most_sent_rps(problem)
    found: BoolArray = (rates.least_rps[None, :] <= rates.least_rps[:, None]) & takes_all[None, :]
    found &= rates.usd_per_h[None, :] <= rates.usd_per_h[:, None]
    return found & (any_rate[None, :] | ~any_rate[:, None])


def worth_of_groups(problem: ProvisioningProblem) -> list[Array]:
    """``[k, j]`` of every way in which groups count beyond what they carry: accuracy on average, value."""
    accuracy, value = problem.accuracy, problem.value
    found = [] if accuracy is None else [accuracy.group_margin_share]
    return found if value is None else [*found, value.group_usd]


def worth_of_functions(problem: ProvisioningProblem) -> list[Array]:
    """``[k, f]`` of the same for functions."""
    accuracy, value = problem.accuracy, problem.value
    found = [] if accuracy is None else [accuracy.function_margin_share]
    return found if value is None else [*found, value.function_usd]
