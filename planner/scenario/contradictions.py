"""What must hold between the parts of a scenario: every contradiction, where it stands and how to end it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from planner.errors import nearest
from planner.instants import instant_text
from planner.scenario.fleet import ZONELESS_MARKETS
from planner.scenario.spot_contradictions import spot_contradictions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.document import Place
    from planner.scenario.document import Scenario
    from planner.scenario.spot_contradictions import Contradiction


def contradictions(scenario: Scenario) -> list[Contradiction]:
    """Say where fields contradict each other."""
    return [
        *_of_times(scenario),
        *_of_classes(scenario),
        *_of_traces(scenario),
        *_of_zones(scenario),
        *_of_fleet(scenario),
        *_of_functions(scenario),
        *spot_contradictions(scenario),
        *_of_objective(scenario),
    ]


def _of_times(scenario: Scenario) -> Iterator[Contradiction]:
    windows = scenario.horizon.duration_s / scenario.window_s
    if abs(windows - round(windows)) > 1e-9 or windows < 1:
        yield (
            ("window",),
            f"is {scenario.window_s:g} s and horizon.duration {scenario.horizon.duration_s:g} s, "
            f"{windows:g} windows; the duration must be a whole number of windows.",
        )
    hold_s = scenario.forecast.hold_s
    if hold_s is not None and hold_s < scenario.window_s:
        yield (
            ("forecast", "hold"),
            f"is {hold_s:g} s; it must be at least the window, {scenario.window_s:g} s.",
        )
    for name, source in scenario.workload.traces.items():
        start = getattr(source, "start", None)
        if start is not None and start >= scenario.horizon.start:
            yield (
                ("workload", "traces", name, "start"),
                f"is {instant_text(start)}; the history must begin before horizon.start, "
                f"{instant_text(scenario.horizon.start)}.",
            )


def _of_classes(scenario: Scenario) -> Iterator[Contradiction]:
    first: dict[str, int] = {}
    known = scenario.workload.traces
    for index, one in enumerate(scenario.workload.classes):
        path = ("workload", "classes", index)
        if one.name in first:
            yield (
                (*path, "name"),
                f"{one.name!r} is also the name of class {first[one.name]}; names must differ.",
            )
        first.setdefault(one.name, index)
        if one.trace not in known:
            yield (
                (*path, "trace"),
                f"is {one.trace!r}, which is not among workload.traces ({', '.join(sorted(known))})."
                f"{nearest(one.trace, known)}",
            )
        if one.percentile is None and one.deadline_ms is not None and scenario.objective.maximise is None:
            yield (
                (*path, "percentile"),
                "is missing; it is required unless objective.maximise is effective_accuracy.",
            )
        if one.deadline_ms is None and scenario.objective.minimise != "cost":
            yield (*path, "deadline_ms"), "is missing; it is required unless objective.minimise is cost."
        allowed = scenario.models.allowed
        for model in one.models or ():
            if allowed is not None and model not in allowed:
                yield (
                    (*path, "models"),
                    f"names {model!r}, which models.allowed leaves out; allow it, or drop it here.",
                )


def _of_traces(scenario: Scenario) -> Iterator[Contradiction]:
    for name in scenario.workload.traces:
        shares = [one.share for one in scenario.workload.classes if one.trace == name]
        path = ("workload", "traces", name)
        if not shares:
            yield path, "is used by no class; name it in a class or remove it."
        elif sum(shares) > 1 + 1e-9:
            yield (
                path,
                f"has classes whose shares sum to {sum(shares):g}; they must sum to at most 1.",
            )


def _of_zones(scenario: Scenario) -> Iterator[Contradiction]:
    resources = scenario.resources
    zones = resources.zones
    if resources.min_zones > len(zones or ()) and resources.min_zones > 1:
        given = "names none" if zones is None else f"names {len(zones)}"
        yield (
            ("resources", "min_zones"),
            f"is {resources.min_zones}, and resources.zones {given}; name at least so many zones.",
        )
    for index, entry in enumerate(resources.current_fleet or ()):
        path: Place = ("resources", "current_fleet", index, "zone")
        if entry.market in ZONELESS_MARKETS:
            if entry.zone is not None:
                yield (
                    path,
                    f"is {entry.zone!r}; machines of the market {entry.market} have no zone. Remove it.",
                )
        elif zones is None and entry.zone is not None:
            yield (
                path,
                f"is {entry.zone!r}, and resources.zones names none; name it there, or remove it here.",
            )
        elif zones is not None and entry.zone not in zones:
            found = "is missing" if entry.zone is None else f"is {entry.zone!r}"
            hint = nearest(entry.zone or "", zones)
            yield path, f"{found}; with resources.zones it must be one of {', '.join(zones)}.{hint}"


def _of_fleet(scenario: Scenario) -> Iterator[Contradiction]:
    resources = scenario.resources
    owned = {one.instance_type: one.count for one in resources.commitments}
    running = Counter[str]()
    for index, entry in enumerate(resources.current_fleet or ()):
        path: Place = ("resources", "current_fleet", index)
        if entry.market == "committed":
            running[entry.instance_type] += entry.count
            if running[entry.instance_type] > owned.get(entry.instance_type, 0):
                yield (
                    (*path, "count"),
                    f"makes {running[entry.instance_type]} committed {entry.instance_type}, and resources.commitments "
                    f"has {owned.get(entry.instance_type, 0)}; correct one of the two.",
                )
        if entry.market == "container" and not resources.containers.enabled:
            yield (
                (*path, "market"),
                "is container, and resources.containers is not enabled; enable containers, or remove the entry.",
            )
        if entry.market == "standby" and not resources.burstable.standby:
            yield (
                (*path, "market"),
                "is standby, and resources.burstable.standby is off; turn it on, or remove the entry.",
            )


def _of_functions(scenario: Scenario) -> Iterator[Contradiction]:
    functions = scenario.resources.functions
    path: Place = ("resources", "functions")
    if functions.batch_timeouts_ms is not None and max(functions.batch_sizes) == 1:
        yield (
            (*path, "batch_timeouts_ms"),
            "is given, and batch_sizes asks for no batches; name sizes above 1 there, or remove it.",
        )
    unused = functions.provisioned_concurrency or functions.partition is not None
    if not functions.enabled and (unused or max(functions.batch_sizes) > 1):
        yield (
            (*path, "enabled"),
            "is false, and batches, provisioned concurrency or partitions are asked for; enable functions, or remove these.",
        )


def _of_objective(scenario: Scenario) -> Iterator[Contradiction]:
    objective = scenario.objective
    given = objective.model_fields_set
    for key, field, direction in (
        ("meet_rate_grid", "meet_rate_grid", "effective_accuracy"),
        ("cost_weight_per_usd", "cost_weight_per_usd", "effective_accuracy"),
        ("latency_factors", "latency_factors", "latency"),
        ("class", "class_name", "latency"),
    ):
        if field in given and objective.direction != direction:
            verb = "maximise" if direction == "effective_accuracy" else "minimise"
            yield (
                ("objective", key),
                f"is given, and the objective is {objective.direction}; it needs {verb}: {direction}. Remove one.",
            )
    names = [one.name for one in scenario.workload.classes]
    if objective.class_name is not None and objective.class_name not in names:
        yield (
            ("objective", "class"),
            f"is {objective.class_name!r}, which is no class.{nearest(objective.class_name, names)}",
        )
