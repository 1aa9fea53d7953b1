"""Assemble the program's arrays from options and demand, and prune what gives way (FORMULATION 1 to 6.1).

The arrays keep the order of the options that stay, so that row j of the program is group j of
`Assembly.groups`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.dominance import OptionKinds, Replacement, prune, restricted
from planner.machines import on_demand_floor_share
from planner.options import RejectedOption
from solvers.problem import ProvisioningProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from planner.demand import Demand
    from planner.options import Machine, OptionTable, ServerlessFunction, ServingGroup
    from planner.scenario import Scenario
    from solvers.problem import BoolArray

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Assembly:
    """A program and the options behind its rows.

    Parameters
    ----------
    problem
        The pruned program.
    options
        The options that stay, with the pruned ones among `rejected`.
    enumerated
        Groups and functions before the prune.
    """

    problem: ProvisioningProblem
    options: OptionTable
    enumerated: int


def assemble(scenario: Scenario, demand: Demand, options: OptionTable) -> Assembly:
    """Build the program over the options and prune it without loss."""
    whole = provisioning_problem(scenario, demand, options)
    pruning = prune(whole, option_kinds(options))
    problem = restricted(whole, pruning)
    machines = set(problem.machines)
    stays = replace(
        options,
        groups=tuple(one for one, stay in zip(options.groups, pruning.groups, strict=True) if stay),
        machines=tuple(one for one in options.machines if one.id in machines),
        functions=tuple(one for one, stay in zip(options.functions, pruning.functions, strict=True) if stay),
        rejected=(
            *options.rejected,
            *replaced_options([one.id for one in options.groups], pruning.group_replacements),
            *replaced_options([one.id for one in options.functions], pruning.function_replacements),
        ),
    )
    return Assembly(problem, stays, len(options.groups) + len(options.functions))


def replaced_options(names: Sequence[str], replacements: Iterable[Replacement]) -> list[RejectedOption]:
    """Why the pruned options are left out: what each gives way to."""
    found = []
    for one in replacements:
        count = f", {one.machines_for_one} machines for one" if one.machines_for_one > 1 else ""
        reason = f"dominated by {names[one.by]}{count}: all it does is done at no more cost"
        found.append(RejectedOption(names[one.index], "dominated", reason))
    return found


def provisioning_problem(scenario: Scenario, demand: Demand, options: OptionTable) -> ProvisioningProblem:
    """Build the program's arrays over every option.

    Prices hold for the whole horizon, so ``[i, t]`` repeats them. A launch costs the boot time at the
    machine's price.
    """
    groups, machines, functions = options.groups, options.machines, options.functions
    windows = len(demand.window_h)
    position = {machine.id: i for i, machine in enumerate(machines)}
    pairs = [
        (j, position[machine.id])
        for j, group in enumerate(groups)
        for machine in machines
        if machine.instance_type == group.instance_type
    ]
    price = np.array([machine.price_usd_per_h for machine in machines])
    limit = scenario.resources.functions.concurrency_limit if scenario.resources.functions.enabled else 0
    return ProvisioningProblem(
        classes=demand.classes,
        groups=tuple(group.id for group in groups),
        machines=tuple(machine.id for machine in machines),
        functions=tuple(function.id for function in functions),
        quotas=tuple(f"{quota.family}/{quota.market}" for quota in scenario.resources.quotas),
        demand_rps=demand.rate_rps,
        level_share=demand.level_share,
        window_h=demand.window_h,
        serves=who_serves(demand.classes, groups),
        function_serves=who_serves(demand.classes, functions),
        capacity_rps=capacity_rows(groups),
        count_max=np.array([group.count_max for group in groups], dtype=int),
        option_group=np.array([j for j, _ in pairs], dtype=int),
        option_machine=np.array([i for _, i in pairs], dtype=int),
        price_usd_per_h=np.repeat(price[:, None], windows, axis=1),
        start_usd=price / 3600 * scenario.resources.boot_s,
        initial_count=initial_counts(scenario, machines),
        count_limit=boot_limits(scenario, machines, windows),
        is_spot=np.array([machine.is_spot for machine in machines], dtype=bool),
        on_demand_floor_share=on_demand_floor_share(scenario),
        quota_use=quota_use(scenario, machines),
        quota_limit=np.array([quota.vcpu for quota in scenario.resources.quotas], dtype=float),
        usd_per_request=np.array([function.usd_per_request for function in functions], dtype=float),
        concurrency_s=np.array([function.concurrency_s for function in functions], dtype=float),
        concurrency_limit=float(limit),
    )


def who_serves(classes: Sequence[str], servers: Sequence[ServingGroup | ServerlessFunction]) -> BoolArray:
    """``[k, j]`` whether each server may serve each class."""
    rows = [[name in server.classes for server in servers] for name in classes]
    return np.array(rows, dtype=bool).reshape(len(classes), len(servers))


def capacity_rows(groups: Sequence[ServingGroup]) -> Array:
    """``[j, n]`` capacity tables of one width: shorter ones repeat their last value."""
    width = max((group.count_max for group in groups), default=0) + 1
    rows = [np.pad(group.capacity_rps, (0, width - len(group.capacity_rps)), mode="edge") for group in groups]
    return np.array(rows, dtype=float).reshape(len(groups), width)


def initial_counts(scenario: Scenario, machines: Sequence[Machine]) -> IntArray:
    """``[i]`` machines that run just before the horizon."""
    fleet = {
        (entry.instance_type, entry.market): entry.count for entry in scenario.resources.current_fleet or ()
    }
    return np.array([fleet.get((one.instance_type, one.market), 0) for one in machines], dtype=int)


def boot_limits(scenario: Scenario, machines: Sequence[Machine], windows: int) -> Array:
    """``[i, t]`` wait_for_boot: windows that begin before a launch can serve hold the current fleet at most.

    Launches may happen from the horizon's start on where a current fleet is given (an empty one counts);
    without one they may happen early enough for the first window, so nothing is limited.
    """
    limits = np.full((len(machines), windows), np.inf)
    if scenario.resources.current_fleet is not None:
        booting = np.arange(windows) * scenario.window_s < scenario.resources.boot_s
        limits[:, booting] = initial_counts(scenario, machines)[:, None]
    return limits


def quota_use(scenario: Scenario, machines: Sequence[Machine]) -> Array:
    """``[a, i]`` vCPU that one machine takes of each quota."""
    rows = [
        [
            float(machine.vcpu)
            if (machine.quota_family, machine.market) == (quota.family, quota.market)
            else 0.0
            for machine in machines
        ]
        for quota in scenario.resources.quotas
    ]
    return np.array(rows, dtype=float).reshape(len(rows), len(machines))


def option_kinds(options: OptionTable) -> OptionKinds:
    """Number the instance types, markets, models and tiers of the rows."""
    return OptionKinds(
        host=_numbered([machine.instance_type for machine in options.machines]),
        place=_numbered([machine.market for machine in options.machines]),
        model=_numbered([group.model for group in options.groups]),
        tier=_numbered([group.tier.label for group in options.groups]),
    )


def _numbered(names: Sequence[str]) -> IntArray:
    """Equal numbers for equal names, in alphabetical order from 0."""
    numbers = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([numbers[name] for name in names], dtype=int)
