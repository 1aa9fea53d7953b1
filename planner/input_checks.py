"""What a scenario names must be in the catalogs: checked once, all problems together."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from planner.buckets import bucket_problems
from planner.containers import container_offers
from planner.errors import InputError, nearest
from planner.instants import instant_text
from planner.request_classes import asks_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from catalogs.containers import ContainerCatalog
    from catalogs.prices import PriceCatalog
    from catalogs.profiles import ProfileCatalog
    from catalogs.variants import ModelVariant
    from planner.scenario import RequestClass, Scenario
    from workloads.traces import Trace

DAY_S = 86_400


def history_of(trace: Trace, start: datetime) -> Trace:
    """Return what is known of a trace at the horizon's start.

    Raises
    ------
    InputError, when nothing is known by then, or when what is known is too old or too empty to forecast from.
    """
    where, begins = f"workload.traces.{trace.name}", instant_text(start)
    if trace.start >= start:
        raise InputError(
            f"{where} begins at {instant_text(trace.start)}, and horizon.start is {begins}: the history must "
            "come before the horizon. Give an older trace or a later horizon."
        )
    history = trace.before(start)
    age_s = (start - history.end).total_seconds()
    if age_s > history.duration_s:  # the rule of workloads.forecast, told before the wait for a forecast
        raise InputError(
            f"{where} ends at {instant_text(history.end)}, {age_s / DAY_S:.1f} days before horizon.start, "
            f"{begins}, and is only {history.duration_s / DAY_S:.1f} days long. Give a newer history."
        )
    if not history.mean_rps > 0:
        raise InputError(
            f"{where} holds no request before horizon.start, {begins}: a plan from it would serve none. "
            "Correct its file or its count_column."
        )
    return history


def check_names(
    scenario: Scenario,
    prices: PriceCatalog,
    profiles: ProfileCatalog,
    containers: ContainerCatalog | None = None,
) -> None:
    """Check models, tasks, accuracy metrics and instance types against the catalogs.

    Raises
    ------
    InputError, with every name that matches nothing and every accuracy that cannot be compared.
    """
    problems = [
        *_model_problems(scenario, profiles),
        *_class_problems(scenario, profiles),
        *_objective_problems(scenario, profiles),
        *_machine_problems(scenario, prices),
        *_fleet_problems(scenario, prices, containers),
        *_availability_problems(scenario, prices),
        *bucket_problems(scenario, profiles),
    ]
    if problems:
        raise InputError([f"scenario {scenario.name}: {line}" for line in problems])


def _model_problems(scenario: Scenario, profiles: ProfileCatalog) -> Iterator[str]:
    named = [("models.allowed names", name) for name in scenario.models.allowed or ()]
    named += [("models.load_s names", name) for name in scenario.models.load_s]
    named += [
        (f"workload.classes[{index}] ({one.name}): models names", name)
        for index, one in enumerate(scenario.workload.classes)
        for name in one.models or ()
    ]
    named += [
        (f"resources.current_fleet: {entry.instance_type} holds", entry.model)
        for entry in scenario.resources.current_fleet or ()
        if entry.model is not None
    ]
    for where, name in named:
        if name not in profiles.variants:
            yield f"{where} {name!r}, which is no model variant.{nearest(name, profiles.variants)}"


def _allowed_variants(scenario: Scenario, profiles: ProfileCatalog) -> list[ModelVariant]:
    allowed = scenario.models.allowed
    return [one for name, one in profiles.variants.items() if allowed is None or name in allowed]


def _metrics_of(one: RequestClass, variants: Iterable[ModelVariant]) -> list[str]:
    """Metrics that the models which may answer a class state their accuracy in."""
    found = {
        variant.accuracy_metric for variant in variants if variant.accuracy_metric and asks_for(one, variant)
    }
    return sorted(found)


def _class_problems(scenario: Scenario, profiles: ProfileCatalog) -> Iterator[str]:
    variants = _allowed_variants(scenario, profiles)
    tasks = sorted({one.task for one in variants})
    for index, one in enumerate(scenario.workload.classes):
        where = f"workload.classes[{index}] ({one.name})"
        if one.task is not None and one.task not in tasks:
            yield (
                f"{where}: task is {one.task!r}; the allowed models perform {', '.join(tasks) or 'none'}."
                f"{nearest(one.task, tasks)}"
            )
            continue
        metrics = _metrics_of(one, variants)
        floor = one.min_accuracy
        if floor is None:
            continue
        if not metrics:
            yield f"{where}: min_accuracy is {floor.value:g}; no model of {one.asks_for} states one. Drop it."
        elif floor.metric is None and len(metrics) > 1:
            yield f"{where}: min_accuracy states no metric; name one of {', '.join(metrics)}."
        elif floor.metric is not None and floor.metric not in metrics:
            yield (
                f"{where}: min_accuracy.metric is {floor.metric!r}; models of {one.asks_for} state "
                f"{', '.join(metrics)}.{nearest(floor.metric, metrics)}"
            )


def _objective_problems(scenario: Scenario, profiles: ProfileCatalog) -> Iterator[str]:
    """Accuracies are added up over all classes where they are the objective, so they must be of one metric."""
    if scenario.objective.direction != "effective_accuracy":
        return
    variants = _allowed_variants(scenario, profiles)
    found: dict[str, list[str]] = {}
    for one in scenario.workload.classes:
        floor = one.min_accuracy
        metrics = _metrics_of(one, variants)
        for metric in metrics if floor is None or floor.metric is None else [floor.metric]:
            found.setdefault(metric, []).append(one.name)
        if not metrics:
            yield f"objective: no model of {one.asks_for} states an accuracy, and class {one.name} asks for it."
    if len(found) > 1:
        listed = "; ".join(f"{metric} for {', '.join(names)}" for metric, names in sorted(found.items()))
        yield (
            f"objective: effective accuracy adds up {listed}: accuracies of different metrics cannot be compared. Plan "
            "the classes apart, or leave one metric with models.allowed."
        )


def _machine_problems(scenario: Scenario, prices: PriceCatalog) -> Iterator[str]:
    offers = [offer.instance_type for offer in prices.machines]
    known = {*offers, *(one.name for one in prices.rejected)}
    for pattern in scenario.resources.allowed or ():
        if not any(fnmatchcase(name, pattern) for name in known):
            hint = nearest(pattern, offers)
            yield f"resources.allowed has {pattern!r}, which fits no machine of {scenario.region}.{hint}"


def _fleet_problems(
    scenario: Scenario, prices: PriceCatalog, containers: ContainerCatalog | None
) -> Iterator[str]:
    offers = {offer.instance_type: offer for offer in prices.machines}
    sizes = container_offers(containers)
    for commitment in scenario.resources.commitments:
        if commitment.instance_type not in offers:
            hint = nearest(commitment.instance_type, offers)
            yield f"resources.commitments: {commitment.instance_type} has no price and shape in {prices.region}.{hint}"
    for entry in scenario.resources.current_fleet or ():
        where = f"resources.current_fleet: {entry.instance_type}"
        known = sizes if entry.market == "container" else offers
        offer = known.get(entry.instance_type)
        if offer is None and entry.market == "container" and containers is None:
            continue  # the scenario itself says that containers are off
        if offer is None:
            yield f"{where} has no price and shape in {prices.region}.{nearest(entry.instance_type, known)}"
        elif entry.market == "spot" and offer.spot is None:
            yield f"{where} has no spot price; give spot figures for it."


def _availability_problems(scenario: Scenario, prices: PriceCatalog) -> Iterator[str]:
    """Traces must be of a zone or of an instance type that exists, or nobody would look at them."""
    zones = scenario.resources.zones or ()
    types = [offer.instance_type for offer in prices.machines]
    for name in scenario.spot.availability:
        host, _, _ = name.partition("/")
        if host not in types and not ("/" not in name and host in zones):
            hint = nearest(host, [*types, *zones])
            yield f"spot.availability names {host!r}, which is no zone of resources.zones and no instance type.{hint}"
