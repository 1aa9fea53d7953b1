"""From a question to a partition plan, and to a frontier of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import InfeasiblePlanError
from planner.json_text import json_bytes
from planner.partition.search import Search
from planner.partition.supplies import load_supplies
from planner.partition.write_up import partition_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.partition.document import PartitionPlan
    from planner.partition.question import PartitionQuestion
    from planner.partition.supplies import Supplies

    ProgressReport = Callable[[str, float], None]

POINTS = 8  # of a frontier: a function option each


def plan_partition(
    question: PartitionQuestion,
    supplies: Supplies | None = None,
    *,
    progress: ProgressReport = lambda step, share: None,
) -> PartitionPlan:
    """Cut one model into functions.

    Parameters
    ----------
    supplies
        Catalogs to price with; None: the bundled ones of the question's region.

    Raises
    ------
    InputError
        Memory sizes that the provider does not have.
    InfeasiblePlanError
        No partition keeps the limits; names the block or the limit, and by how much.
    SolverLimitError
        The solver's time was up before it had any partition.
    """
    search = Search(question, supplies or load_supplies(question.region, question.provider, question.arch))
    offers = search.offers(progress)
    best = search.best(offers)
    progress("comparing granularities", 0.0)
    return partition_plan(search, best, offers)


def partition_frontier(
    question: PartitionQuestion, supplies: Supplies | None = None, *, points: int = POINTS
) -> tuple[PartitionPlan, ...]:
    """Partitions none of which is both dearer and slower than another, by ascending latency.

    The least latency and the least cost within the question's limits, and the least cost at deadlines spread evenly, in
    ratio, between the two: every plan is an optimum of its own.

    Parameters
    ----------
    points
        Most plans, at least 2.

    Raises
    ------
    InfeasiblePlanError, InputError, SolverLimitError
        As `plan_partition`.
    """
    supplies = supplies or load_supplies(question.region, question.provider, question.arch)
    cheapest = plan_partition(replace(question, minimise="cost"), supplies)
    quickest = plan_partition(replace(question, minimise="latency"), supplies)
    found = [cheapest, quickest]
    deadlines_ms = np.geomspace(quickest.latency_ms, cheapest.latency_ms, points)[:-1]
    for deadline_ms in deadlines_ms.tolist():
        asked = replace(question, minimise="cost", deadline_ms=min(deadline_ms, question.deadline_or_inf_ms))
        try:
            found.append(plan_partition(asked, supplies))
        except (
            InfeasiblePlanError
        ):  # the least latency at this deadline's own grid of batch timeouts lies above it
            continue
    return _undominated(found)


def _undominated(plans: list[PartitionPlan]) -> tuple[PartitionPlan, ...]:
    kept: list[PartitionPlan] = []
    for plan in sorted(plans, key=lambda one: (one.latency_ms, one.usd_per_request)):
        if not kept or plan.usd_per_request < kept[-1].usd_per_request:
            kept.append(plan)
    return tuple(kept)


def partition_bytes(plan: PartitionPlan) -> bytes:
    """Return the JSON of a partition plan: sorted keys, one final newline."""
    return json_bytes(plan.model_dump(mode="json"))
