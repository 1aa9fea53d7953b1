"""Classes that no option may serve: which of their limits to relax, and by how much."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from planner.errors import InfeasiblePlanError

if TYPE_CHECKING:
    from catalogs.profiles import ProfileCatalog
    from planner.options import OptionTable
    from planner.rejections import RejectedOption
    from planner.scenario import RequestClass

EXAMPLES = (
    2  # reasons quoted for a class: enough to see the pattern, the rest is in `planner options --rejected`
)


def check_served(options: OptionTable, profiles: ProfileCatalog) -> None:
    """Check that every class has an option.

    Raises
    ------
    InfeasiblePlanError
        With a line for each class that has none: the least deadline that would do, or what rejects its options.
    """
    served = {name for group in options.groups for name in group.classes}
    served |= {name for function in options.functions for name in function.classes}
    problems = [_explain(one, options, profiles) for one in options.classes if one.name not in served]
    if problems:
        raise InfeasiblePlanError(problems)


def _explain(one: RequestClass, options: OptionTable, profiles: ProfileCatalog) -> str:
    where = f"class {one.name}: no option may serve it"
    own = [rejected for rejected in options.rejected if one.name in rejected.classes]
    idle = [rejected for rejected in own if rejected.kind == "carries nothing" and one.bucket is None]
    if idle:
        return (
            f"{where}: {len(idle)} options answer a call within {one.tier.deadline_ms:g} ms, but carry nothing within it. "
            f"{_counted(idle)}. Raise deadline_ms, lower its percentile, or allow faster models and machines; where bursts are "
            "why, a trace of shorter intervals may show that few fall within one deadline."
        )
    late = [(rejected.needed_ms, rejected.option) for rejected in own if rejected.needed_ms is not None]
    if late:
        least_ms, option = min(late)
        return f"{where} within {one.tier.deadline_ms:g} ms. Raise deadline_ms to {least_ms:.4g} ({option}) or more."
    if one.bucket is not None:
        models = [left for left in options.rejected if _task_of(left, profiles) == one.task]
        return (
            f"class {one.name}: no machine can serve bucket {one.bucket}. {_counted(own or models)}. Allow a machine with a "
            "throughput above 0 for it, or leave the bucket out."
        )
    if own:
        return f"{where}. {_counted(own)}. Lower its percentile or allow other models and machines."
    models = [
        rejected
        for rejected in options.rejected
        if rejected.kind in ("accuracy", "excluded", "items", "memory")
        and _task_of(rejected, profiles) == one.task
    ]
    return f"{where}: no profile fits its task, items and accuracy. {_best(one, profiles)}{_counted(models)}."


def _task_of(rejected: RejectedOption, profiles: ProfileCatalog) -> str | None:
    """Task of the model that an option's id names."""
    named = (profiles.variants.get(part) for part in rejected.option.split("/"))
    return next((variant.task for variant in named if variant is not None), None)


def _best(one: RequestClass, profiles: ProfileCatalog) -> str:
    """Name the most accurate model profiled for the class's items, where the class asks for more than that."""
    floor = one.min_accuracy
    if floor is None:
        return ""
    items = one.items_per_request
    timed = {
        row.model
        for rows in (profiles.service_times, profiles.function_times)
        for row in rows
        if items in (row.items_per_request, row.batch * row.items_per_request)
    }
    if items == 1:
        timed |= {row.model for row in profiles.capacities}
    known = [
        (variant.accuracy_share, variant.name)
        for variant in profiles.variants.values()
        if variant.name in timed and variant.task == one.task and variant.accuracy_share is not None
        if floor.metric in (None, variant.accuracy_metric)
    ]
    if not known or max(known)[0] >= floor.value:
        return ""
    best, name = max(known)
    return (
        f"It asks for {floor.value:g}; the most accurate model profiled for its items is {name}, {best:g}. "
    )


def _counted(rejected: list[RejectedOption]) -> str:
    """Kinds of reason with their numbers, and some of the reasons."""
    kinds = ", ".join(
        f"{count} {kind}" for kind, count in Counter(one.kind for one in rejected).most_common()
    )
    quoted = "; ".join(f"{one.option}: {one.reason}" for one in rejected[:EXAMPLES])
    return f"Rejected: {kinds or 'nothing'}" + (f" ({quoted})" if quoted else "")
