"""Enumerate serving options: profiles joined with prices, tiers and classes; each left out has its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.buckets import bucket_groups
from planner.calls import calls_for
from planner.capacity_tables import COUNT_CAP, CapacityTables
from planner.containers import place_in_containers
from planner.functions.offered import NO_INPUTS, serverless_functions
from planner.groups import candidates_of, drop_slower, parted, tabulated
from planner.input_checks import check_names
from planner.machines import NO_BURSTS, rentals_of
from planner.model_loads import loads_count, with_load_times
from planner.options import OptionTable, ServingGroup
from planner.profile_join import Join, profiles_by_host, wanted_variants
from planner.published import groups_from_capacities
from planner.rejections import RejectedOption, failed_profiles, other_items, unfit_host, without_profile
from planner.request_classes import ClassSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalogs.burstable import BurstFacts
    from catalogs.containers import ContainerCatalog
    from catalogs.functions import FunctionCatalog
    from catalogs.prices import PriceCatalog
    from catalogs.profiles import ProfileCatalog
    from planner.demand import Demand
    from planner.functions.offered import FunctionInputs
    from planner.groups import Candidate
    from planner.options import Machine
    from planner.profile_join import Rejected
    from planner.scenario import Scenario
    from planner.serverless import ServerlessFunction


def enumerate_options(
    scenario: Scenario,
    demand: Demand,
    prices: PriceCatalog,
    profiles: ProfileCatalog,
    tariffs: FunctionCatalog,
    containers: ContainerCatalog | None = None,
    bursts: Mapping[str, BurstFacts] = NO_BURSTS,
    function_inputs: FunctionInputs = NO_INPUTS,
) -> OptionTable:
    """Find everything that may serve the scenario's classes, before the prune of `planner.dominance`.

    Parameters
    ----------
    containers
        Tariffs of containers, where the scenario enables them.
    bursts
        Processor credits of burstable machines, by instance type.
    function_inputs
        Arrivals at buffers and models that may be cut, where the scenario asks for either.

    Raises
    ------
    InputError
        When the scenario names models, tasks or machines that no catalog knows, or accuracies cannot be compared.
    """
    check_names(scenario, prices, profiles, containers)
    classes = ClassSet.of(scenario, demand)
    wanted, unwanted = wanted_variants(scenario, profiles, classes)
    placed = place_in_containers(profiles, containers)
    times, capacities, throughputs = profiles_by_host(profiles, placed.capacities, wanted)
    hosts = {host for _, host in (*times, *capacities, *throughputs) if host is not None}
    rentals = rentals_of(scenario, prices, hosts, placed.offers, bursts)
    join = Join(scenario, classes, wanted, times, capacities, throughputs, rentals)
    measured, rejected_times = groups_from_times(join)
    functions, rejected_functions = serverless_functions(join, profiles, tariffs, function_inputs)
    published, rejected_capacities = groups_from_capacities(join, functions)
    in_buckets, rejected_buckets = groups_from_throughputs(join)
    groups = with_load_times(scenario, profiles, [*measured, *published, *in_buckets])
    used = {group.instance_type for group in groups}
    rejected = {
        *unwanted,
        *rejected_times,
        *rejected_capacities,
        *rejected_buckets,
        *rejected_functions,
        *failed_profiles(profiles, wanted),
        *(one for one in join.rentals.rejected_markets if one.option.rpartition("/")[0] in used),
        *without_profile(prices, hosts),
    }
    return OptionTable(
        classes=classes.classes,
        groups=tuple(sorted(groups, key=lambda group: group.id)),
        machines=machines_used(join, groups),
        functions=tuple(sorted(functions, key=lambda function: function.id)),
        rejected=tuple(sorted(rejected, key=lambda one: (one.option, one.kind, one.reason))),
        notes=(*notes_of(scenario, classes, groups, functions), *arrival_doubts(functions, function_inputs)),
    )


def machines_used(join: Join, groups: Sequence[ServingGroup]) -> tuple[Machine, ...]:
    """Machines that feed at least one group, by instance type and id."""
    uses = {(group.instance_type, group.standby) for group in groups}
    return tuple(
        machine
        for host in sorted({host for host, _ in uses})
        for machine in join.rentals.machines[host]
        if (host, machine.is_standby) in uses
    )


def groups_from_times(join: Join) -> tuple[list[ServingGroup], Rejected]:
    """Groups in queueing mode: each call of a wanted variant on each machine, for each tier it can keep."""
    candidates: list[Candidate] = []
    rejected: Rejected = []
    for (model, host), measured in join.times.items():
        name, one = f"{model}/{host}", join.wanted[model]
        if join.scenario.resources.capacity == "linear":
            reason = "resources.capacity is linear; its profile has service times"
            rejected.append(RejectedOption(name, "capacity mode", reason))
            continue
        fitting = []
        for time in measured:
            unfit = unfit_host(name, str(host), one.variant, time.replicas, join.rentals)
            if unfit is None:
                fitting.append(time)
            else:
                rejected.append(unfit)
        calls = {items: calls_for(fitting, items) for items in one.accepting}
        if fitting and not any(calls.values()):
            rejected.append(other_items(name, fitting, one))
        for items, ways in calls.items():
            for call in ways:
                found, left_out = candidates_of(call, one.variant, one.accepting[items], join.classes)
                candidates += found
                rejected += left_out
    kept, slower = drop_slower(candidates, same_model=models_differ(join, candidates))
    tables = CapacityTables(COUNT_CAP)
    groups, empty = parted(
        tabulated(one, join.classes, tables, share, standby=standby)
        for one in kept
        for share, standby in join.rentals.uses_of(one.call.time.instance_type)
    )
    return groups, [*rejected, *slower, *empty]


def models_differ(join: Join, candidates: Iterable[Candidate]) -> bool:
    """Whether accuracy on average, or what loading a model costs, tells models of one task apart."""
    measured_s = (one.call.time.load_s for one in candidates)
    return join.classes.weighs_accuracy or loads_count(join.scenario, measured_s)


def groups_from_throughputs(join: Join) -> tuple[list[ServingGroup], Rejected]:
    """Groups in linear mode: throughputs of language models by size bucket."""
    groups: list[ServingGroup] = []
    rejected: Rejected = []
    resources = join.scenario.resources
    for (model, host), rows in join.throughputs.items():
        name, one = f"{model}/{host}", join.wanted[model]
        unfit = unfit_host(name, str(host), one.variant, 1, join.rentals)
        if resources.capacity == "queueing":
            reason = "resources.capacity is queueing; its throughput is published"
            rejected.append(RejectedOption(name, "capacity mode", reason))
        elif unfit is not None:
            rejected.append(unfit)
        else:
            found, left_out = bucket_groups(
                rows, one.variant, one.in_buckets, join.classes, resources.target_utilisation
            )
            groups += found
            rejected += left_out
    return groups, rejected


def notes_of(
    scenario: Scenario,
    classes: ClassSet,
    groups: Sequence[ServingGroup],
    functions: Sequence[ServerlessFunction],
) -> Iterable[str]:
    """Say what a reader of the plan should know of the options."""
    served = {name for group in groups for name in group.classes}
    served |= {name for function in functions for name in function.classes}
    unserved = [one.name for one in classes.classes if one.name not in served]
    yield from (f"no option may serve class {name}" for name in unserved)
    for group in groups:
        if group.count_max == COUNT_CAP and group.capacity_rps[-1] < classes.reach_of(group.classes):
            yield f"{group.id}: {COUNT_CAP} machines, the cap, cannot carry all its classes"
    if any(one.rate_rps is None for one in functions):
        settings = scenario.resources.functions
        assumed = (
            f"a call rate of {settings.least_rate_rps:g}/s and {settings.keep_alive_s:g} s of keep-alive"
        )
        yield f"cold starts of functions are counted at {assumed}"


def arrival_doubts(functions: Sequence[ServerlessFunction], inputs: FunctionInputs) -> Iterable[str]:
    """What to distrust of the arrivals that functions behind buffers were priced for."""
    if any(one.arrivals is not None for one in functions):
        for arrivals in inputs.arrivals.values():
            yield from arrivals.doubts
