"""Accuracy as arrays: floors on average over requests (`AccuracyFloors`), and the accuracy that is maximised (`ServedValue`).

Effective accuracy is accuracy x share of requests in time (Zhang et al. 2020, Model-Switching, eq. 1). The share in time of
a group is the percentile of its tier, which its capacity keeps; that of a function what is known of its calls. Both are lower
ends, so floors are safe and the maximum is understated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.limits import AccuracyFloors, ServedValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.options import ServingGroup
    from planner.scenario import RequestClass, Scenario
    from planner.serverless import ServerlessFunction
    from solvers.problem import Array, ProvisioningProblem


def accuracy_floors(
    scenario: Scenario, groups: Sequence[ServingGroup], functions: Sequence[ServerlessFunction]
) -> AccuracyFloors | None:
    """Margins over the floors that hold on average; None where no class has one."""
    classes = scenario.workload.planned_classes
    floors = [one.min_accuracy for one in classes]
    asks = np.array([floor is not None and floor.kind != "per_request" for floor in floors], dtype=bool)
    if not asks.any():
        return None
    margins = []
    for servers in (groups, functions):
        rows = np.zeros((len(classes), len(servers)))
        for k, (one, floor) in enumerate(zip(classes, floors, strict=True)):
            if floor is not None and asks[k]:
                counted = effective_share if floor.kind == "effective" else accuracy_share
                values = [
                    counted(server, one) - floor.value if one.name in server.classes else 0.0
                    for server in servers
                ]
                rows[k] = values
        margins.append(rows)
    return AccuracyFloors(asks=asks, group_margin_share=margins[0], function_margin_share=margins[1])


def served_value(
    scenario: Scenario, groups: Sequence[ServingGroup], functions: Sequence[ServerlessFunction]
) -> ServedValue | None:
    """Effective accuracy of one request by who serves it, in place of USD; None unless that is the objective."""
    if scenario.objective.direction != "effective_accuracy":
        return None
    classes = scenario.workload.planned_classes
    return ServedValue(group_usd=_effective(classes, groups), function_usd=_effective(classes, functions))


def _effective(
    classes: Sequence[RequestClass], servers: Sequence[ServingGroup] | Sequence[ServerlessFunction]
) -> Array:
    rows = [
        [effective_share(server, one) if one.name in server.classes else 0.0 for server in servers]
        for one in classes
    ]
    return np.array(rows, dtype=float).reshape(len(classes), len(servers))


def accuracy_share(server: ServingGroup | ServerlessFunction, one: RequestClass) -> float:
    """Accuracy of a server's model, in the metric that the class's floor is in."""
    share = server.variant.accuracy_share
    if share is None:
        raise ValueError(
            f"{server.id} serves {one.name}, which counts accuracy, with a model of unknown accuracy"
        )
    return share


def effective_share(server: ServingGroup | ServerlessFunction, one: RequestClass) -> float:
    """Accuracy x least share in time of a class's requests at a server."""
    return accuracy_share(server, one) * server.share_in_time(one.name)


def freer_value(
    scenario: Scenario,
    problem: ProvisioningProblem,
    groups: Sequence[ServingGroup],
    functions: Sequence[ServerlessFunction],
) -> tuple[ServedValue, float]:
    """Values that no plan off the grid of shares in time can exceed: what is given to every request, and the most above it.

    A group sized for one level of the grid answers less than the next one in time, else it were sized for that: it counts at
    the next level, the top one as always in time. So do functions, published capacities and classes with more time than the
    group is sized for, of which only a least share in time is known. Whoever answers less than the lowest level in time is
    given that level, with the best model and on no machine, unless the class states a percentile.

    Returns
    -------
    Values of served requests above what is given, and the mean of what is given over all requests.
    """
    classes, levels = scenario.workload.planned_classes, scenario.objective.meet_rate_grid
    given = np.zeros(len(classes))
    group_most, function_most = (
        np.zeros((len(classes), len(groups))),
        np.zeros((len(classes), len(functions))),
    )
    for k, one in enumerate(classes):
        for j, group in enumerate(groups):
            if one.name in group.classes:
                group_most[k, j] = accuracy_share(group, one) * _most_in_time(group, one, levels)
        for f, function in enumerate(functions):
            if one.name in function.classes:
                function_most[k, f] = accuracy_share(function, one)
        if one.percentile is None:
            able = [accuracy_share(group, one) for group in groups if one.name in group.classes]
            able += [accuracy_share(function, one) for function in functions if one.name in function.classes]
            given[k] = levels[0] * max(able, default=0.0)
    asked = np.einsum("ktq,t,q->k", problem.demand_rps, problem.window_h, problem.level_share)
    freer = ServedValue(
        group_usd=np.maximum(group_most - given[:, None], 0.0),
        function_usd=np.maximum(function_most - given[:, None], 0.0),
    )
    return freer, float(given @ asked / asked.sum())


def _most_in_time(group: ServingGroup, one: RequestClass, levels: Sequence[float]) -> float:
    """Share of a class's requests that a group answers in time at most, else it were sized for a higher level."""
    if group.mode == "linear" or group.tier.deadline_ms != one.deadline_ms:
        return 1.0
    return min((level for level in levels if level > group.tier.percentile), default=1.0)
