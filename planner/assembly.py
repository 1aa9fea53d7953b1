"""Assemble the program's arrays from options and demand, and prune what gives way (FORMULATION 1 to 6.1).

The arrays keep the order of the options that stay, so that row j of the program is group j of
`Assembly.groups`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from planner.accuracy_floors import accuracy_floors, served_value
from planner.dominance import prune, restricted
from planner.machines import on_demand_floor_share
from planner.model_loads import model_loads
from planner.operator_limits import operator_limits
from planner.queueing import most_running
from planner.replacements import option_kinds, replaced_options
from planner.request_classes import ClassSet
from planner.spot_pools import spot_risk
from solvers.limits import FunctionRates
from solvers.problem import ProvisioningProblem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from catalogs.availability import AvailabilityTrace
    from planner.demand import Demand
    from planner.options import Machine, OptionTable, ServingGroup
    from planner.scenario import Scenario
    from planner.serverless import ServerlessFunction
    from solvers.problem import BoolArray

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

NO_TRACES: Mapping[str, AvailabilityTrace] = MappingProxyType({})


@dataclass(frozen=True)
class Assembly:
    """A program and the options behind its rows.

    Parameters
    ----------
    problem
        The pruned program.
    options
        The options that stay, with the pruned ones among `rejected`.
    whole
        The program before the prune, over `enumerated`.
    enumerated
        All options.
    """

    problem: ProvisioningProblem
    options: OptionTable
    whole: ProvisioningProblem
    enumerated: OptionTable


def assemble(
    scenario: Scenario,
    demand: Demand,
    options: OptionTable,
    availability: Mapping[str, AvailabilityTrace] = NO_TRACES,
) -> Assembly:
    """Build the program over the options and prune it without loss.

    Parameters
    ----------
    availability
        Zone, instance type or type/zone -> trace of spot machines that could be had.
    """
    whole = provisioning_problem(scenario, demand, options, availability)
    pruning = prune(whole, option_kinds(options))
    machines = set(restricted(whole, pruning).machines)
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
    problem = provisioning_problem(scenario, demand, stays, availability)
    return Assembly(problem, stays, whole, options)


def provisioning_problem(
    scenario: Scenario,
    demand: Demand,
    options: OptionTable,
    availability: Mapping[str, AvailabilityTrace] = NO_TRACES,
) -> ProvisioningProblem:
    """Build the program's arrays over every option; a part that nothing asks for is None.

    Prices hold for the whole horizon, so ``[i, t]`` repeats them. A launch costs the boot time at the machine's
    price; machines that stand stopped are launched once and for all. Headroom is taken off every capacity.
    """
    groups, machines, functions = options.groups, options.machines, options.functions
    windows = len(demand.window_h)
    group_number = {group.id: j for j, group in enumerate(groups)}
    machine_number = {machine.id: i for i, machine in enumerate(machines)}
    pairs = options.options
    price = np.array([machine.price_usd_per_h for machine in machines])
    launched = np.array([not machine.is_standby for machine in machines], dtype=bool)
    used_share = 1 - scenario.resources.headroom_share
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
        capacity_rps=used_share * capacity_rows(groups),
        count_max=np.array([group.count_max for group in groups], dtype=int),
        option_group=np.array([group_number[one.group.id] for one in pairs], dtype=int),
        option_machine=np.array([machine_number[one.machine.id] for one in pairs], dtype=int),
        price_usd_per_h=np.repeat(price[:, None], windows, axis=1),
        start_usd=price / 3600 * scenario.resources.boot_s * launched,
        initial_count=initial_counts(scenario, machines),
        count_limit=boot_limits(scenario, machines, windows),
        is_spot=np.array([machine.is_spot for machine in machines], dtype=bool),
        on_demand_floor_share=on_demand_floor_share(scenario),
        quota_use=quota_use(scenario, machines),
        quota_limit=np.array([quota.vcpu for quota in scenario.resources.quotas], dtype=float),
        usd_per_request=np.array([function.usd_per_request for function in functions], dtype=float),
        concurrency_s=np.array([function.counted_concurrency_s for function in functions], dtype=float),
        concurrency_limit=most_running(limit),  # a mean: swings need the rest of the limit
        linear_rps=linear_rates(demand.classes, groups, used_share),
        owned_count=owned_counts(machines),
        limits=operator_limits(scenario, machines),
        rates=function_rates(functions),
        loads=model_loads(scenario, groups, machines),
        accuracy=accuracy_floors(scenario, groups, functions),
        spot_risk=spot_risk(scenario, ClassSet.of(scenario, demand), machines, availability),
        value=served_value(scenario, groups, functions),
    )


def who_serves(classes: Sequence[str], servers: Sequence[ServingGroup | ServerlessFunction]) -> BoolArray:
    """``[k, j]`` whether each server may serve each class."""
    served = [frozenset(server.classes) for server in servers]
    rows = [[name in names for names in served] for name in classes]
    return np.array(rows, dtype=bool).reshape(len(classes), len(servers))


def capacity_rows(groups: Sequence[ServingGroup]) -> Array:
    """``[j, n]`` capacity tables of one width: shorter ones repeat their last value."""
    width = max((group.count_max for group in groups), default=0) + 1
    rows = [np.pad(group.capacity_rps, (0, width - len(group.capacity_rps)), mode="edge") for group in groups]
    return np.array(rows, dtype=float).reshape(len(groups), width)


def linear_rates(classes: Sequence[str], groups: Sequence[ServingGroup], used_share: float) -> Array | None:
    """``[k, j]`` requests/s of a class that one machine of a linear group carries alone; None without such groups."""
    if not any(group.mode == "linear" for group in groups):
        return None
    rows = [[group.linear_rps.get(name, 0.0) for group in groups] for name in classes]
    return used_share * np.array(rows, dtype=float)


def function_rates(functions: Sequence[ServerlessFunction]) -> FunctionRates | None:
    """Ranges of rates and prices of standing ready; None where no function has either."""
    if all(one.rate_rps is None and one.usd_per_h == 0 for one in functions):
        return None
    ranges = np.array([one.rate_rps or (0.0, np.inf) for one in functions])
    usd_per_h = np.array([one.usd_per_h for one in functions])
    return FunctionRates(least_rps=ranges[:, 0], most_rps=ranges[:, 1], usd_per_h=usd_per_h)


def owned_counts(machines: Sequence[Machine]) -> Array | None:
    """``[i]`` machines paid for already; None where there are none."""
    if all(machine.owned is None for machine in machines):
        return None
    return np.array([np.inf if one.owned is None else one.owned for one in machines], dtype=float)


def initial_counts(scenario: Scenario, machines: Sequence[Machine]) -> IntArray:
    """``[i]`` machines that run just before the horizon."""
    fleet = Counter[tuple[str, str, str | None]]()
    for entry in scenario.resources.current_fleet or ():
        fleet[entry.instance_type, entry.market, entry.zone] += entry.count
    return np.array([fleet[one.instance_type, one.market, one.zone] for one in machines], dtype=int)


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
            if (machine.quota_family, machine.quota_market) == (quota.family, quota.market)
            else 0.0
            for machine in machines
        ]
        for quota in scenario.resources.quotas
    ]
    return np.array(rows, dtype=float).reshape(len(rows), len(machines))
