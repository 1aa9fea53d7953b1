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

    from planner.options import ServerlessFunction, ServingGroup
    from planner.scenario import RequestClass, Scenario
    from solvers.problem import Array


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
