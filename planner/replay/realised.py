"""The requests that really came: traces of a scenario or a plan over its horizon, recorded or generated."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.errors import InputError, nearest
from planner.replay.requests import Requests
from planner.scenario import ConstantTrace, TraceFile
from planner.scenario.quantities import parse_duration
from workloads.constant import constant_trace
from workloads.errors import WorkloadError
from workloads.generators import generate_trace
from workloads.sources import load_source
from workloads.traces import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from planner.plan import ProvisioningPlan
    from planner.scenario import Scenario, TraceSource

LEVEL_ROUNDING = 1e-9  # ours: probabilities that differ by less are the same level


def named_files(stated: Sequence[str], names: Sequence[str], flag: str = "--trace") -> dict[str, str]:
    """Trace -> file, from FILE (where there is one trace) or NAME=FILE.

    Raises
    ------
    InputError, with every entry that names no trace, or a trace twice.
    """
    found: dict[str, str] = {}
    problems = []
    for entry in stated:
        name, separator, file = entry.partition("=")
        if not separator or name not in names:
            if len(names) == 1:
                name, file = names[0], entry
            else:
                problems.append(
                    f"{flag} {entry!r} does not say which trace it is; there are {', '.join(names)}. "
                    f"Write {flag} {names[0]}=FILE.{nearest(name, names) if separator else ''}"
                )
                continue
        if name in found:
            problems.append(f"{flag} gives trace {name!r} twice: {found[name]} and {file}. Keep one.")
        found[name] = file
    if problems:
        raise InputError(problems)
    return found


def seconds_of(text: str, flag: str) -> float:
    """Seconds of a duration given on the command line; InputError for anything else."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InputError(f"{flag}: {error}.") from None


def requests_of_scenario(
    scenario: Scenario, files: Mapping[str, Path], duration_s: float, dispersion_index: float | None = None
) -> Requests:
    """The requests of a scenario's horizon: of the files given, else of its own traces, which then must go on beyond its start.

    Parameters
    ----------
    files
        Trace -> recorded requests, read with the settings of the scenario's own file and multiplied by its scale. Generators go
        on with their settings; constant rates stay.
    duration_s
        How much of the horizon.
    dispersion_index
        Burstiness inside the intervals of the traces; None: that which a trace's source states, else none: the requests of an
        interval are spread at random over it.

    Raises
    ------
    InputError, with every trace that cannot be read or does not cover the time.
    """
    start = scenario.horizon.start
    traces: dict[str, Trace] = {}
    problems: list[str] = []
    for name, source in scenario.workload.traces.items():
        try:
            traces[name] = _bursty(_realised(scenario, name, source, files, duration_s), dispersion_index)
        except WorkloadError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return Requests(traces, start, duration_s)


def requests_of_plan(
    plan: ProvisioningPlan,
    files: Mapping[str, Path],
    scale: float | None = None,
    settings: Mapping[str, Any] | None = None,
    dispersion_index: float | None = None,
) -> Requests:
    """The requests of a plan's windows.

    Parameters
    ----------
    files
        Trace -> recorded requests.
    scale
        Factor on every count; None: that of the plan's own traces.
    settings
        How the files are to be read, as a scenario's trace states it; what is absent is found out.

    Raises
    ------
    InputError, with every trace that is missing, cannot be read or does not cover the plan.
    """
    planned = {one.trace: one.scale for one in plan.forecasts}
    missing = [name for name in planned if name not in files]
    if missing:
        raise InputError(
            [
                f"trace {name!r} of the plan is not given; add --trace {name}=FILE, or --at-level P for requests at the plan's "
                "own demand."
                for name in missing
            ]
        )
    traces: dict[str, Trace] = {}
    problems: list[str] = []
    for name, file in files.items():
        try:
            trace = load_source(file, name=name, **dict(settings or {}))
            traces[name] = _bursty(trace.scaled(planned[name] if scale is None else scale), dispersion_index)
        except WorkloadError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    start = plan.windows[0].start
    return Requests(traces, start, (plan.windows[-1].end - start).total_seconds())


def requests_at_level(
    plan: ProvisioningPlan, probability: float, scale: float = 1.0, dispersion_index: float | None = None
) -> Requests:
    """Requests generated from a plan's own demand: at one of its levels in every window.

    Parameters
    ----------
    probability
        Of the level.
    scale
        Factor on its rates.
    dispersion_index
        Burstiness inside windows; None: none, requests come at random (Poisson).

    Raises
    ------
    InputError, where some window has no such level, or windows differ in length.
    """
    problems = []
    if not scale > 0:
        problems.append(f"the factor on the plan's demand is {scale:g}; it must be above 0.")
    known = sorted({level.probability for window in plan.windows for level in window.levels})
    rows = [
        next((one for one in window.levels if abs(one.probability - probability) < LEVEL_ROUNDING), None)
        for window in plan.windows
    ]
    if any(row is None for row in rows):
        levels = ", ".join(f"{level:g}" for level in known)
        problems.append(
            f"the plan has no demand level {probability:g} in every window; its levels are {levels}."
        )
    lengths_s = {(one.end - one.start).total_seconds() for one in plan.windows}
    if len(lengths_s) > 1:
        problems.append("the plan's windows differ in length; give a trace instead of a level.")
    if problems:
        raise InputError(problems)
    (window_s,), start = lengths_s, plan.windows[0].start
    part = {one.trace: one for one in plan.problem.classes}
    traces = {
        name: Trace(
            name=name,
            start=start,
            interval_s=window_s,
            counts=np.array([row.demand_rps[one.name] for row in rows if row is not None])
            * (scale * window_s / one.share),
            dispersion_index=dispersion_index,
        )
        for name, one in part.items()
    }
    return Requests(traces, start, len(plan.windows) * window_s)


def _realised(
    scenario: Scenario, name: str, source: TraceSource, files: Mapping[str, Path], duration_s: float
) -> Trace:
    scale = scenario.workload.scale_of(name)
    if name in files:
        given = _reading(source) if isinstance(source, TraceFile) else {}
        try:
            return load_source(files[name], name=name, **given).scaled(scale)
        except WorkloadError:
            if not given:
                raise
            return load_source(files[name], name=name).scaled(scale)
    if isinstance(source, ConstantTrace):
        return constant_trace(
            source.rate_rps, scenario.horizon.start + timedelta(seconds=duration_s), duration_s, name
        )
    if isinstance(source, TraceFile):
        return load_source(scenario.path_of(source.file), name=name, **_reading(source)).scaled(scale)
    settings = {field: getattr(source, field) for field in type(source).model_fields}
    begun_s = (scenario.horizon.start - settings["start"]).total_seconds()
    settings["duration_s"] = max(settings["duration_s"], begun_s + duration_s)
    return generate_trace(settings.pop("generator"), name=name, **settings)


def _reading(source: TraceFile) -> dict[str, Any]:
    """Settings of the scenario's own file."""
    return {field: getattr(source, field) for field in source.model_fields_set - {"file", "scale"}}


def _bursty(trace: Trace, dispersion_index: float | None) -> Trace:
    """The trace with a stated burstiness inside its intervals in place of its own."""
    return trace if dispersion_index is None else replace(trace, dispersion_index=dispersion_index)
