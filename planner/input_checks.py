"""What a scenario names must be in the catalogs: checked once, all problems together."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from planner.buckets import bucket_problems
from planner.errors import InputError, nearest
from planner.instants import instant_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from catalogs.prices import PriceCatalog
    from catalogs.profiles import ProfileCatalog
    from planner.scenario import Scenario
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


def check_names(scenario: Scenario, prices: PriceCatalog, profiles: ProfileCatalog) -> None:
    """Check models, tasks, accuracy metrics and instance types against the catalogs.

    Raises
    ------
    InputError, with every name that matches nothing and every accuracy that cannot be compared.
    """
    problems = [
        *_model_problems(scenario, profiles),
        *_class_problems(scenario, profiles),
        *bucket_problems(scenario, profiles),
        *_machine_problems(scenario, prices),
    ]
    if problems:
        raise InputError([f"scenario {scenario.name}: {line}" for line in problems])


def _model_problems(scenario: Scenario, profiles: ProfileCatalog) -> Iterator[str]:
    for name in scenario.models.allowed or ():
        if name not in profiles.variants:
            hint = nearest(name, profiles.variants)
            yield f"models.allowed names {name!r}, which is no model variant.{hint}"


def _class_problems(scenario: Scenario, profiles: ProfileCatalog) -> Iterator[str]:
    allowed = scenario.models.allowed
    variants = [one for name, one in profiles.variants.items() if allowed is None or name in allowed]
    tasks = sorted({one.task for one in variants})
    for index, one in enumerate(scenario.workload.classes):
        where = f"workload.classes[{index}] ({one.name})"
        if one.task not in tasks:
            yield (
                f"{where}: task is {one.task!r}; the allowed models perform {', '.join(tasks) or 'none'}."
                f"{nearest(one.task, tasks)}"
            )
            continue
        metrics = sorted({v.accuracy_metric for v in variants if v.task == one.task and v.accuracy_metric})
        floor = one.min_accuracy
        if floor is None:
            continue
        if not metrics:
            yield f"{where}: min_accuracy is {floor.value:g}; no model of {one.task} states one. Drop it."
        elif floor.metric is None and len(metrics) > 1:
            yield f"{where}: min_accuracy states no metric; name one of {', '.join(metrics)}."
        elif floor.metric is not None and floor.metric not in metrics:
            yield (
                f"{where}: min_accuracy.metric is {floor.metric!r}; models of {one.task} state "
                f"{', '.join(metrics)}.{nearest(floor.metric, metrics)}"
            )


def _machine_problems(scenario: Scenario, prices: PriceCatalog) -> Iterator[str]:
    offers = {offer.instance_type: offer for offer in prices.machines}
    known = {*offers, *(one.name for one in prices.rejected)}
    for pattern in scenario.resources.allowed or ():
        if not any(fnmatchcase(name, pattern) for name in known):
            hint = nearest(pattern, offers)
            yield f"resources.allowed has {pattern!r}, which fits no machine of {scenario.region}.{hint}"
    for entry in scenario.resources.current_fleet or ():
        offer, where = offers.get(entry.instance_type), f"resources.current_fleet: {entry.instance_type}"
        if offer is None:
            hint = nearest(entry.instance_type, offers)
            yield f"{where} has no price and shape in {prices.region}.{hint}"
        elif entry.market == "spot" and offer.spot is None:
            yield f"{where} has no spot price; give spot figures for it."
