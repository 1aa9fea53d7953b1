"""Time and cost of bringing models into machines: what is known of them, and the arrays of `ModelLoads`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from catalogs.load_times import load_time_of
from solvers.limits import ModelLoads

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalogs.profiles import ProfileCatalog
    from planner.options import Machine, ServingGroup
    from planner.scenario import Scenario
    from solvers.problem import IntArray


def loads_count(scenario: Scenario, measured_s: Iterable[float | None]) -> bool:
    """Whether bringing models into machines is counted.

    It is once the scenario states a load time or what its fleet holds, or a profile was measured with a load time.
    """
    fleet = scenario.resources.current_fleet or ()
    return bool(scenario.models.load_s) or any(entry.model for entry in fleet) or any(measured_s)


def with_load_times(
    scenario: Scenario, profiles: ProfileCatalog, groups: Sequence[ServingGroup]
) -> list[ServingGroup]:
    """Say of every group how long its model takes to load, where loads count.

    Then every group has a time, so that no model looks free to load for want of a figure. The scenario's own come first.
    """
    if not loads_count(scenario, (group.load_s for group in groups)):
        return list(groups)
    found = []
    for group in groups:
        load_s = scenario.models.load_s.get(group.model)
        if load_s is None:
            load_s = load_time_of(profiles, group.model, group.instance_type).load_s
        found.append(replace(group, load_s=load_s))
    return found


def model_loads(
    scenario: Scenario, groups: Sequence[ServingGroup], machines: Sequence[Machine]
) -> ModelLoads | None:
    """Arrays of the models that groups hold; None where loading one takes no time anybody knows of.

    A load is paid for at the machine's price while it lasts. A machine that stands stopped holds its model already.
    """
    if not any(group.load_s and not group.standby for group in groups):
        return None
    models = tuple(sorted({group.model for group in groups}))
    number = {name: m for m, name in enumerate(models)}
    times_s = load_times(groups)
    load_s = np.zeros((len(machines), len(models)))  # [i, m]
    for i, machine in enumerate(machines):
        if not machine.is_standby:
            for name, seconds in times_s.get(machine.instance_type, {}).items():
                load_s[i, number[name]] = seconds
    price_usd_per_h = np.array([machine.price_usd_per_h for machine in machines])
    return ModelLoads(
        models=models,
        group_model=np.array([number[group.model] for group in groups], dtype=int),
        load_usd=price_usd_per_h[:, None] / 3600 * load_s,
        initial_loaded=initial_loaded(scenario, machines, models),
        load_s=np.array([max(times.get(name, 0.0) for times in times_s.values()) for name in models]),
    )


def load_times(groups: Sequence[ServingGroup]) -> dict[str, dict[str, float]]:
    """Longest load time in seconds of every model by instance type, of groups that running machines feed."""
    found: dict[str, dict[str, float]] = {}
    for group in groups:
        if not group.standby:
            times = found.setdefault(group.instance_type, {})
            times[group.model] = max(times.get(group.model, 0.0), group.load_s or 0.0)
    return found


def initial_loaded(scenario: Scenario, machines: Sequence[Machine], models: Sequence[str]) -> IntArray:
    """``[i, m]`` machines that hold each model just before the horizon."""
    loaded = np.zeros((len(machines), len(models)), dtype=int)
    for entry in scenario.resources.current_fleet or ():
        for i, machine in enumerate(machines):
            same = (entry.instance_type, entry.market, entry.zone)
            if same == (machine.instance_type, machine.market, machine.zone) and entry.model in models:
                loaded[i, models.index(entry.model)] += entry.count
    return loaded
