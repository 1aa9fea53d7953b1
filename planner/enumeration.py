"""Enumerate serving options: profiles joined with prices, tiers and classes; each left out has its reason."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.buckets import bucket_groups
from planner.capacity_tables import CapacityTables
from planner.functions import function_name, function_option, with_sizes_between
from planner.groups import calls_for, candidates_of, drop_slower, published_group, sustained_note, tabulated
from planner.input_checks import check_names
from planner.machines import rentals_of
from planner.options import OptionTable, RejectedOption, ServingGroup
from planner.request_classes import ClassSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalogs.bucket_throughput import BucketThroughput
    from catalogs.functions import FunctionCatalog
    from catalogs.machines import Shape
    from catalogs.measurements import ModelVariant, PublishedCapacity, ServiceTime
    from catalogs.prices import PriceCatalog
    from catalogs.profiles import ProfileCatalog
    from planner.demand import Demand
    from planner.groups import Candidate
    from planner.machines import Rentals
    from planner.options import ServerlessFunction
    from planner.scenario import Scenario

    Rejected = list[RejectedOption]
    Place = tuple[str, str | None]  # model, instance type (None: the source names no host)

COUNT_CAP = 2000  # machines of one group: the largest queue tabulated (an exact table takes 0.4 s)


@dataclass(frozen=True)
class Wanted:
    """A variant that some class accepts, as indices: `accepting` by items a request, `in_buckets` by size bucket."""

    variant: ModelVariant
    accepting: Mapping[int, Sequence[int]]
    in_buckets: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Join:
    """Profiles of the wanted variants beside the machines they may run on, by (model, instance type)."""

    scenario: Scenario
    classes: ClassSet
    wanted: Mapping[str, Wanted]
    times: Mapping[Place, Sequence[ServiceTime]]
    capacities: Mapping[Place, Sequence[PublishedCapacity]]
    throughputs: Mapping[Place, Sequence[BucketThroughput]]
    rentals: Rentals


def enumerate_options(
    scenario: Scenario,
    demand: Demand,
    prices: PriceCatalog,
    profiles: ProfileCatalog,
    tariffs: FunctionCatalog,
) -> OptionTable:
    """Find everything that may serve the scenario's classes, before the prune of `planner.dominance`.

    Raises
    ------
    InputError
        When the scenario names models, tasks or machines that no catalog knows, or accuracies cannot be compared.
    """
    check_names(scenario, prices, profiles)
    classes = ClassSet.of(scenario, demand)
    wanted, unwanted = wanted_variants(scenario, profiles, classes)
    times, capacities, throughputs = profiles_by_host(profiles, wanted)
    hosts = {host for _, host in (*times, *capacities, *throughputs) if host is not None}
    rentals = rentals_of(scenario, prices, hosts)
    join = Join(scenario, classes, wanted, times, capacities, throughputs, rentals)
    measured, rejected_times = groups_from_times(join)
    published, rejected_capacities = groups_from_capacities(join)
    functions, rejected_functions = serverless_functions(join, profiles, tariffs)
    in_buckets, rejected_buckets = groups_from_throughputs(join)
    groups = [*measured, *published, *in_buckets]
    machines = [
        machine
        for host in sorted({group.instance_type for group in groups})
        for machine in join.rentals.machines[host]
        if any(machine.feeds(group) for group in groups)
    ]
    used = {machine.instance_type for machine in machines}
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
        machines=tuple(machines),
        functions=tuple(sorted(functions, key=lambda function: function.id)),
        rejected=tuple(sorted(rejected, key=lambda one: (one.option, one.kind, one.reason))),
        notes=tuple(notes_of(scenario, classes, groups, functions)),
    )


def wanted_variants(
    scenario: Scenario, profiles: ProfileCatalog, classes: ClassSet
) -> tuple[dict[str, Wanted], Rejected]:
    """Variants that some class accepts, by name; each other one is rejected once, whatever its profiles."""
    wanted: dict[str, Wanted] = {}
    rejected: Rejected = []
    profiled = {one.model for one in profiles.service_times}
    profiled |= {one.model for one in profiles.capacities} | {one.model for one in profiles.function_times}
    profiled |= {one.model for one in profiles.bucket_throughputs}
    for name in sorted(profiled):
        variant = profiles.variants.get(name)
        if variant is None:
            reason = "has profiles and no row among the model variants"
            rejected.append(RejectedOption(name, "no variant", reason))
        elif scenario.models.allowed is not None and name not in scenario.models.allowed:
            rejected.append(RejectedOption(name, "excluded", "models.allowed does not name it"))
        elif not classes.asking(variant):
            rejected.append(RejectedOption(name, "task", f"no class asks for it or its task, {variant.task}"))
        else:
            accepting = {
                items: found
                for items in classes.items_of(variant)
                if (found := classes.accepting(variant, items))
            }
            in_buckets = classes.accepting_in_buckets(variant)
            if accepting or in_buckets:
                wanted[name] = Wanted(variant, accepting, in_buckets)
            else:
                rejected.append(RejectedOption(name, "accuracy", classes.why_not_accurate(variant)))
    return wanted, rejected


def profiles_by_host(
    profiles: ProfileCatalog, wanted: Mapping[str, Wanted]
) -> tuple[
    dict[Place, list[ServiceTime]], dict[Place, list[PublishedCapacity]], dict[Place, list[BucketThroughput]]
]:
    """Service times, published capacities and throughputs of the wanted variants by (model, instance type)."""
    times: dict[Place, list[ServiceTime]] = defaultdict(list)
    capacities: dict[Place, list[PublishedCapacity]] = defaultdict(list)
    for time in profiles.service_times:
        if time.model in wanted:
            times[time.model, time.instance_type].append(time)
    for capacity in profiles.capacities:
        if capacity.model in wanted:
            capacities[capacity.model, capacity.instance_type].append(capacity)
    throughputs: dict[Place, list[BucketThroughput]] = defaultdict(list)
    for throughput in profiles.bucket_throughputs:
        if throughput.model in wanted and wanted[throughput.model].in_buckets:
            throughputs[throughput.model, throughput.instance_type].append(throughput)
    return dict(times), dict(capacities), dict(throughputs)


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
            rejected.append(_other_items(name, fitting, one))
        for items, ways in calls.items():
            for call in ways:
                found, left_out = candidates_of(call, one.variant, one.accepting[items], join.classes)
                candidates += found
                rejected += left_out
    kept, slower = drop_slower(candidates)
    tables = CapacityTables(COUNT_CAP)
    groups, empty = _parted(
        tabulated(one, join.classes, tables, share, standby=standby)
        for one in kept
        for share, standby in join.rentals.uses_of(one.call.time.instance_type)
    )
    return groups, [*rejected, *slower, *empty]


def groups_from_capacities(join: Join) -> tuple[list[ServingGroup], Rejected]:
    """Groups in linear mode: published capacities, of single-item requests."""
    groups: list[ServingGroup] = []
    rejected: Rejected = []
    target = join.scenario.resources.target_utilisation
    for (model, host), published in join.capacities.items():
        name, one = f"{model}/{host or 'unnamed host'}", join.wanted[model]
        unfit = None if host is None else unfit_host(name, host, one.variant, 1, join.rentals)
        unused = _unused_capacity(join, (model, host))
        if unused is not None:
            rejected.append(RejectedOption(name, "capacity mode", unused))
        elif 1 not in one.accepting:
            reason = "published capacities are of requests of 1 item; no class sends that"
            rejected.append(RejectedOption(name, "items", reason))
        elif unfit is not None:
            rejected.append(unfit)
        else:
            uses = [(1.0, False)] if host is None else join.rentals.uses_of(host)
            found, left_out = _parted(
                published_group(
                    row,
                    one.variant,
                    one.accepting[1],
                    join.classes,
                    target * share,
                    f"{row.source}{sustained_note(share)}",
                    standby=standby,
                )
                for row in published
                for share, standby in uses
            )
            groups += found
            rejected += left_out
    return groups, rejected


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


def _unused_capacity(join: Join, place: Place) -> str | None:
    """Why published capacities are not used: the scenario's mode, or service times that tell more."""
    mode = join.scenario.resources.capacity
    if mode == "queueing":
        return "resources.capacity is queueing; its capacity is published"
    if mode == "auto" and any(time.items_per_request == 1 for time in join.times.get(place, ())):
        return "its capacity is published; its service times are known too"
    return None


def _parted(sized: Iterable[ServingGroup | RejectedOption]) -> tuple[list[ServingGroup], Rejected]:
    found = list(sized)
    groups = [one for one in found if isinstance(one, ServingGroup)]
    return groups, [one for one in found if isinstance(one, RejectedOption)]


def serverless_functions(
    join: Join, profiles: ProfileCatalog, tariffs: FunctionCatalog
) -> tuple[list[ServerlessFunction], Rejected]:
    """Functions of the wanted variants at every memory size measured, and sizes between."""
    settings = join.scenario.resources.functions
    measured = [one for one in profiles.function_times if one.model in join.wanted]
    if not settings.enabled or settings.concurrency_limit == 0:
        why = "resources.functions: " + ("concurrency_limit is 0" if settings.enabled else "enabled is false")
        return [], [RejectedOption(function_name(one), "excluded", why) for one in measured]
    offered = {(tariff.provider, tariff.arch): tariff for tariff in tariffs.tariffs}
    found: list[ServerlessFunction] = []
    rejected: Rejected = []
    for time in with_sizes_between(measured):
        one, name, items = join.wanted[time.model], function_name(time), time.batch * time.items_per_request
        tariff = offered.get((time.provider, time.arch))
        accepting = one.accepting.get(items, ())
        if tariff is None:
            reason = f"no tariff of {time.provider}/{time.arch} in {join.scenario.region}"
            rejected.append(RejectedOption(name, "no price", reason))
        elif time.batch > 1 and time.items_per_request > 1:
            rejected.append(RejectedOption(name, "batch", "overflow goes to functions one request a call"))
        elif not accepting:
            reason = f"no class that accepts it sends {items} items a request"
            rejected.append(RejectedOption(name, "items", reason))
        else:
            asked = {join.classes.classes[k].name: join.classes.tier(k) for k in accepting}
            option, reasons = function_option(time, one.variant, tariff, asked, settings)
            rejected += reasons
            found += [] if option is None else [option]
    return found, rejected


def failed_profiles(profiles: ProfileCatalog, wanted: Mapping[str, Wanted]) -> Rejected:
    """What the sources tried without success, of the wanted variants."""
    return [
        RejectedOption(
            f"{one.model}/{one.host}" + (f"/b{one.batch}" if one.batch else ""),
            "failed profile",
            f"{one.reason} ({one.source})",
        )
        for one in profiles.failed
        if one.model in wanted
    ]


def without_profile(prices: PriceCatalog, hosts: Iterable[str]) -> Rejected:
    """Instance types that no wanted variant was profiled on, a line a family; and those without a shape."""
    known = set(hosts)
    families: dict[str, list[str]] = defaultdict(list)
    for offer in prices.machines:
        if offer.instance_type not in known:
            families[offer.shape.family].append(offer.instance_type)
    found = []
    for family, names in families.items():
        reason = f"no wanted model was profiled on {', '.join(sorted(names))}"
        found.append(RejectedOption(f"{family}.*", "no profile", reason))
    types = (one for one in prices.rejected if "/" not in one.name and one.name not in known)
    return found + [RejectedOption(one.name, "no shape", one.reason) for one in types]


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
    if functions:
        settings = scenario.resources.functions
        assumed = (
            f"a call rate of {settings.least_rate_rps:g}/s and {settings.keep_alive_s:g} s of keep-alive"
        )
        yield f"cold starts of functions are counted at {assumed}"


def unfit_host(
    name: str, host: str, variant: ModelVariant, replicas: int, rentals: Rentals
) -> RejectedOption | None:
    """Why replicas of a variant cannot run on a machine: it is left out, or too small."""
    rejected = rentals.rejected_types.get(host)
    if rejected is not None:
        return RejectedOption(name, rejected.kind, rejected.reason)
    needed = (variant.memory_mib or 0.0) * replicas
    place, size = memory_of(rentals.offers[host].shape)
    if needed > size:
        copies = f"{replicas} replicas need" if replicas > 1 else "it needs"
        return RejectedOption(name, "memory", f"{copies} {needed:.0f} MiB; the {place} has {size} MiB")
    return None


def memory_of(shape: Shape) -> tuple[str, int]:
    """Where a model lives on a machine, and how much memory is there, MiB: its accelerators, or the host."""
    if shape.accelerator is None or not shape.accelerator_memory_mib:
        return "host", shape.memory_mib
    return "accelerator", shape.accelerator_memory_mib * max(shape.accelerator_count, 1)


def _other_items(name: str, measured: Sequence[ServiceTime], one: Wanted) -> RejectedOption:
    sizes = sorted({time.batch * time.items_per_request for time in measured})
    asked = ", ".join(str(items) for items in sorted(one.accepting))
    reason = f"measured with {sizes[0]} to {sizes[-1]} items; the classes that accept it send {asked}"
    return RejectedOption(name, "items", reason)
