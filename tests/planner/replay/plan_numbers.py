"""What becomes of every number of a plan's windows, options and certificate: a promise, or taken as it stands, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from planner.plan import Certificate, FunctionOption, MachineOption, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOTS = (Window, Certificate, MachineOption, FunctionOption)

ORDERED = "the replay carries it out as ordered"
TOLD = "the program was told it, and the replay takes it from the plan too"
PRICED = "a price: what comes of it is in the parts of the cost"
DRAWN = "the replay draws the times of calls from it"
ASIDE = "about the search for the plan, not about what will happen"
CUT = "the replay bills and times a cut model by the call, as its option states"
IN_MEAN = "what the mean time of a call of the whole chain is made of"

# "Model.field" -> (section, figure) of its promises
PROMISED: dict[str, tuple[str, str]] = {
    "Level.probability": ("demand", "within_level_share"),
    "Level.weight_share": ("demand", "expected_demand_rps"),
    "Level.demand_rps": ("demand", "level_rps"),
    "Group.count": ("machines", "machines"),
    "Group.capacity_rps": ("machines", "capacity_rps"),
    "FleetLine.count": ("machines", "paid_machines"),
    "FunctionLine.reserved_concurrency": ("functions", "reserved_concurrency"),
    "Window.served_rps": ("routes", "served_rps"),
    "Window.overflow_rps": ("routes", "overflow_rps"),
    "Window.unserved_rps": ("routes", "unserved_rps"),
    "WindowCost.machines_usd": ("cost", "machines_usd"),
    "WindowCost.starts_usd": ("cost", "starts_usd"),
    "WindowCost.loads_usd": ("cost", "loads_usd"),
    "WindowCost.functions_usd": ("cost", "functions_usd"),
    "WindowCost.total_usd": ("cost", "total_usd"),
    "ExpectedOfClass.served_share": ("class", "served_share"),
    "ExpectedOfClass.accuracy": ("class", "accuracy"),
    "ExpectedOfClass.deadline_meet_rate": ("class", "deadline_meet_rate"),
    "ExpectedOfClass.effective_accuracy": ("class", "effective_accuracy"),
    "Expected.capacity_rps": ("window", "capacity_rps"),
    "Expected.deadline_meet_rate": ("window", "deadline_meet_rate"),
    "Expected.accuracy": ("window", "accuracy"),
    "Expected.effective_accuracy": ("window", "effective_accuracy"),
    "Expected.utilisation": ("window", "utilisation"),
    "Expected.overflow_share": ("window", "overflow_share"),
    "Expected.unserved_share": ("window", "unserved_share"),
    "Expected.spot_survival": ("losses", "spot_survival"),
    "PoolAtWork.machines": ("losses", "spot_machines"),
    "SizeLeft.count": ("losses", "machines_left"),
    "SizeLeft.capacity_rps": ("losses", "capacity_left_rps"),
    "GuardAtRisk.spare_rps": ("losses", "spare_rps"),
    "GuardAtRisk.lost_rps": ("losses", "lost_rps"),
    "GuardAtRisk.violation_share": ("losses", "violation_share"),
    "GuardAtRisk.normal_violation_share": ("losses", "normal_violation_share"),
    "Tier.percentile": ("machines", "percentile"),
    "Certificate.spend_usd": ("cost", "total_usd"),
    "FunctionOption.mean_ms": ("functions", "mean_ms"),
    "FunctionOption.billed_ms": ("functions", "billed_ms"),
    "FunctionOption.cold_start_share": ("functions", "cold_start_share"),
    "FunctionOption.deadline_meet_rate": ("functions", "deadline_meet_rate"),
    "FunctionOption.usd_per_request": ("functions", "usd_per_request"),
    "FunctionOption.concurrency_s": ("functions", "concurrency_s"),
    "FunctionOption.mean_batch": ("functions", "mean_batch"),
    "FunctionOption.usd_per_h": ("functions", "usd_per_h"),
}

SETTINGS: dict[str, str] = {
    **dict.fromkeys(
        [f"Group.{name}" for name in ("batch_size", "batch_timeout_ms", "replicas", "threads")]
        + [f"FleetLine.{name}" for name in ("batch_size", "batch_timeout_ms", "replicas", "threads")]
        + [f"FunctionLine.{name}" for name in ("batch_size", "batch_timeout_ms", "memory_mb")]
        + [f"FunctionOption.{name}" for name in ("batch_size", "batch_timeout_ms", "memory_mb")]
        + ["FunctionLine.provisioned_concurrency", "FunctionOption.provisioned_concurrency"]
        + ["Route.groups", "Route.functions"]
        + ["PartitionSegment.memory_mb", "Worker.memory_mb"],
        ORDERED,
    ),
    **dict.fromkeys(
        ["Tier.deadline_ms", "Group.items_per_request", "Group.dispersion_index", "Group.target_utilisation"]
        + ["FunctionOption.items_per_request", "FunctionOption.accuracy", "FunctionOption.cold_start_ms"]
        + ["RateRange.least", "RateRange.most"]
        + [
            f"MachineOption.{name}"
            for name in ("load_s", "vcpu", "memory_mib", "interruption_share", "accuracy")
        ],
        TOLD,
    ),
    **dict.fromkeys(
        [
            f"MachineOption.{name}"
            for name in ("price_usd_per_h", "running_usd_per_h", "start_usd", "load_usd")
        ],
        PRICED,
    ),
    **dict.fromkeys(
        [f"Service.{name}" for name in ("mean_ms", "quantile_ms", "quantiles_ms", "variation")]
        + ["PublishedFigure.capacity_rps", "PublishedFigure.deadline_ms", "PublishedFigure.percentile"]
        + ["Group.class_rps"]
        + [f"FunctionOption.{name}" for name in ("quantile_ms", "quantiles_ms", "size_mean_ms")],
        DRAWN,
    ),
    **dict.fromkeys(
        [f"{one}.{name}" for one in ("PartitionSegment", "Worker") for name in ("usd", "billed_ms")], CUT
    ),
    **dict.fromkeys(
        ["PartitionSegment.latency_ms", "Transfer.ms", "Transfer.bytes"]
        + [
            f"{one}.{name}"
            for one in ("PartitionSegment", "Worker")
            for name in ("compute_ms", "load_ms", "package_mib", "memory_used_mib")
        ],
        IN_MEAN,
    ),
    **dict.fromkeys(
        ["Amount.value", "BoundTried.runtime_s"]
        + [
            f"Certificate.{name}"
            for name in (
                *("gap", "gap_asked", "objective_usd", "bound_usd", "runtime_s", "phases_s"),
                *("fixed_capacity_gap", "fixed_capacity_bound_usd"),
                *("fixed_capacity_objective_usd", "fixed_capacity_program_gap"),
            )
        ],
        ASIDE,
    ),
}


def numbers_of(roots: tuple[type[BaseModel], ...] = ROOTS) -> set[str]:
    """``Model.field`` of every field that holds numbers, in these models and all that they hold."""
    found: set[str] = set()
    known: set[type[BaseModel]] = set()
    waiting = list(roots)
    while waiting:
        model = waiting.pop()
        if model in known:
            continue
        known.add(model)
        for name, field in model.model_fields.items():
            leaves = list(_leaves(field.annotation))
            waiting += [one for one in leaves if issubclass(one, BaseModel)]
            if any(one in (int, float) for one in leaves):
                found.add(f"{model.__name__}.{name}")
    return found


def numbers_in(value: Any, where: str = "") -> Iterator[tuple[str, float]]:
    """``Model.field`` and value of every number in a document's parts."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from numbers_in(getattr(value, name), f"{type(value).__name__}.{name}")
    elif isinstance(value, dict):
        for one in value.values():
            yield from numbers_in(one, where)
    elif isinstance(value, tuple):
        for one in value:
            yield from numbers_in(one, where)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield where, float(value)


def _leaves(annotation: Any) -> Iterator[type]:
    """Types that an annotation is made of."""
    inner = get_args(annotation)
    if isinstance(annotation, type) and not inner:
        yield annotation
    for one in inner:
        yield from _leaves(one)
