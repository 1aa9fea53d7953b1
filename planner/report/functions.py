"""The functions of a plan: how each is set and called, and the parts of models that are cut over several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.costs import window_h
from planner.report.table import Column, Table

if TYPE_CHECKING:
    from planner.plan import FunctionOption, ProvisioningPlan, Window
    from planner.report.table import Cell


def function_table(plan: ProvisioningPlan) -> Table:
    """List the functions that are called: their settings, how many requests and hours, and what they cost."""
    columns = (
        Column("model", "model"),
        Column("memory_mb", "memory MB"),
        Column("batch_size", "batch"),
        Column("batch_timeout_ms", "timeout ms", 1),
        Column("provisioned_concurrency", "kept ready"),
        Column("reserved_concurrency_max", "most reserved"),
        Column("parts", "parts"),
        Column("requests", "requests", 0),
        Column("called_h", "called hours", 2),
        Column("usd_per_million", "USD per million", 3),
        Column("functions_usd", "USD per horizon", 4),
        Column("option", "function"),
    )
    rows = [row for one in plan.options if one.kind == "function" and (row := _row(plan, one)) is not None]
    note = "USD per million requests without what functions kept ready cost; USD per horizon with it."
    return Table("Functions", columns, rows, note, keys=2)


def _row(plan: ProvisioningPlan, option: FunctionOption) -> tuple[Cell, ...] | None:
    """None where it is never called: it is there for a spot loss."""
    calling = [
        (window, line) for window in plan.windows for line in window.functions if line.option == option.id
    ]
    if not calling:
        return None
    requests = sum(_requests_of(window, option.id) for window, _ in calling)
    hours = sum(window_h(window) for window, _ in calling)
    return (
        option.model,
        option.memory_mb,
        option.batch_size,
        option.batch_timeout_ms,
        option.provisioned_concurrency,
        max(line.reserved_concurrency for _, line in calling),
        1 if option.partition is None else len(option.partition),
        requests,
        hours,
        1e6 * option.usd_per_request,
        requests * option.usd_per_request + hours * option.usd_per_h,
        option.id,
    )


def _requests_of(window: Window, function: str) -> float:
    """Requests that a function is expected to be sent in a window."""
    rates = [servers[function] for servers in window.overflow_rps.values() if function in servers]
    weights = [level.weight_share for level in window.levels]
    expected_rps = sum(weight * rate for row in rates for weight, rate in zip(weights, row, strict=True))
    return 3600 * window_h(window) * expected_rps


def part_table(plan: ProvisioningPlan) -> Table:
    """List the parts of models that are cut over several functions: layers, memory, time, and what passes between them."""
    columns = (
        Column("option", "function"),
        Column("part", "part"),
        Column("first_layer", "first layer"),
        Column("last_layer", "last layer"),
        Column("memory_mb", "memory MB"),
        Column("package_mib", "package MiB", 1),
        Column("billed_ms", "billed ms", 1),
        Column("usd_per_million", "USD per million calls", 3),
        Column("receives_via", "receives via"),
        Column("receives_bytes", "bytes"),
        Column("workers", "workers"),
    )
    rows: list[tuple[Cell, ...]] = []
    for option in plan.options:
        if option.kind == "machine" or option.partition is None:
            continue
        rows += [
            (
                option.id,
                number,
                part.first_layer,
                part.last_layer,
                part.memory_mb,
                part.package_mib,
                part.billed_ms,
                1e6 * part.usd,
                part.receives.via,
                part.receives.bytes,
                len(part.workers),
            )
            for number, part in enumerate(option.partition, start=1)
        ]
    return Table("Parts of cut models", columns, rows, keys=2)
