"""A partition plan as tables: what it reaches, its functions with a picture of where cost and time go, and what else there was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.table import Column, Table, percent

if TYPE_CHECKING:
    from planner.partition.document import PartitionPlan
    from planner.plan import PartitionSegment, Worker
    from planner.report.table import Cell

BAR_CELLS = 16  # of the longest bar: the table fits 80 columns
EIGHTHS = " ▏▎▍▌▋▊▉"  # a bar ends on an eighth of a cell


def partition_tables(plan: PartitionPlan) -> list[Table]:
    """All tables for people."""
    return [headline_table(plan), picture_table(plan), segment_table(plan), alternative_table(plan)]


def closing_line(plan: PartitionPlan) -> str:
    """Say in one line what was found and how good it is."""
    proof, count = plan.certificate, len(plan.segments)
    workers = sum(len(one.workers) for one in plan.segments)
    called = f" and {workers} worker{'s' if workers > 1 else ''}" if workers else ""
    return (
        f"{plan.model}: {count} function{'s' if count > 1 else ''}{called}, "
        f"{1e6 * plan.usd_per_request:,.4f} USD per million requests, {plan.latency_ms:,.1f} ms, "
        f"gap {percent(proof.gap)} ({proof.solver}), {proof.status}"
    )


def headline_table(plan: PartitionPlan) -> Table:
    """What is reached, within which limits, and the proof."""
    limits, proof = plan.limits, plan.certificate
    deadline = "" if limits.deadline_ms is None else f", deadline {limits.deadline_ms:,.6g} ms"
    budget = "" if limits.budget_usd is None else f", budget {1e6 * limits.budget_usd:,.6g} USD per million"
    rows: list[tuple[Cell, ...]] = [
        ("cost", f"{1e6 * plan.usd_per_request:,.4f} USD per million requests{budget}"),
        ("latency", f"{plan.latency_ms:,.1f} ms{deadline}"),
        (
            "all functions cold",
            f"{plan.cold_latency_ms:,.1f} ms; {percent(plan.cold_share)} of the calls start cold",
        ),
    ]
    if plan.usd_per_hour is not None:
        rows.append(
            ("at the rate", f"{plan.usd_per_hour:,.4f} USD per hour at {plan.rate_rps:,.6g} requests/s")
        )
    if plan.batch_size > 1:
        wait = f"at most {plan.batch_timeout_ms:,.4g} ms of waiting"
        rows.append(("batch", f"up to {plan.batch_size} requests, {plan.mean_batch:.2f} on average, {wait}"))
    rows += [
        (
            "lower bound",
            f"{_bound(plan)}, gap {percent(proof.gap)} by {proof.solver}: {proof.status}",
        ),
        *((f"source of {name}", text) for name, text in sorted(plan.sources.items())),
    ]
    note = "\n".join(f"Note: {line}" for line in plan.warnings)
    title = f"Partition of {plan.model}, {limits.minimise} minimised"
    return Table(title, (Column("what", "what"), Column("value", "value")), rows, note)


def _bound(plan: PartitionPlan) -> str:
    """What no partition falls below, at the scale of the cost and the latency; a call of the chain serves a whole batch."""
    bound = plan.certificate.bound
    if plan.limits.minimise == "cost":
        return f"{1e6 * bound.value:,.4f} USD per million calls of the chain"
    return f"{bound.value:,.1f} {bound.unit}"


def picture_table(plan: PartitionPlan) -> Table:
    """A bar for the cost and the time of every function."""
    columns = (
        Column("segment", "function"),
        Column("usd_share", "cost share", 1, percent=True),
        Column("usd_bar", "cost"),
        Column("latency_share", "time share", 1, percent=True),
        Column("latency_bar", "time"),
    )
    usd, latency_ms = ([getattr(one, name) for one in plan.segments] for name in ("usd", "latency_ms"))
    rows = [
        (
            number,
            own_usd / sum(usd),
            bar(own_usd / max(usd)),
            own_ms / sum(latency_ms),
            bar(own_ms / max(latency_ms)),
        )
        for number, (own_usd, own_ms) in enumerate(zip(usd, latency_ms, strict=True), start=1)
    ]
    return Table("Where cost and time go", columns, rows)


def bar(share: float) -> str:
    """A bar of block characters, `BAR_CELLS` long for a share of 1."""
    eighths = round(8 * BAR_CELLS * share)
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8]).rstrip()


def segment_table(plan: PartitionPlan) -> Table:
    """One line a function, workers below the function that calls them."""
    columns = (
        Column("segment", "function"),
        Column("role", "role"),
        Column("first_layer", "first layer"),
        Column("last_layer", "last layer"),
        Column("blocks", "blocks"),
        Column("memory_mb", "memory MB"),
        Column("usd_per_million_calls", "USD per million calls", 4),
        Column("billed_ms", "billed ms", 1),
        Column("compute_ms", "compute ms", 1),
        Column("load_ms", "load ms", 1),
        Column("package_mib", "package MiB", 1),
        Column("memory_used_mib", "memory used MiB", 1),
        Column("receives_via", "receives by"),
        Column("receives_bytes", "bytes in"),
        Column("receives_ms", "ms in", 1),
        Column("sends_via", "sends by"),
        Column("sends_bytes", "bytes out"),
        Column("sends_ms", "ms out", 1),
    )
    rows: list[tuple[Cell, ...]] = []
    for number, one in enumerate(plan.segments, start=1):
        rows.append((number, "chain", *_figures(one, len(one.blocks))))
        rows += [(number, "worker", *_figures(worker, 1)) for worker in one.workers]
    return Table("Functions", columns, rows, "Cost of a function of the chain includes its workers'.")


def _figures(one: PartitionSegment | Worker, blocks: int) -> tuple[Cell, ...]:
    return (
        one.first_layer,
        one.last_layer,
        blocks,
        one.memory_mb,
        1e6 * one.usd,
        one.billed_ms,
        one.compute_ms,
        one.load_ms,
        one.package_mib,
        one.memory_used_mib,
        one.receives.via,
        one.receives.bytes,
        one.receives.ms,
        one.sends.via,
        one.sends.bytes,
        one.sends.ms,
    )


def alternative_table(plan: PartitionPlan) -> Table:
    """The plan beside other granularities and batches under the same limits."""
    columns = (
        Column("name", "what"),
        Column("feasible", "feasible"),
        Column("functions", "functions"),
        Column("usd_per_million", "USD per million requests", 4),
        Column("latency_ms", "latency ms", 1),
        Column("batch_size", "batch"),
        Column("reason", "reason"),
    )
    functions = sum(1 + len(one.workers) for one in plan.segments)
    rows: list[tuple[Cell, ...]] = [
        ("this plan", True, functions, 1e6 * plan.usd_per_request, plan.latency_ms, plan.batch_size, "")
    ]
    rows += [
        (
            one.name,
            one.feasible,
            one.functions,
            None if one.usd_per_request is None else 1e6 * one.usd_per_request,
            one.latency_ms,
            one.batch_size,
            one.reason,
        )
        for one in plan.alternatives
    ]
    return Table("Granularities and batches", columns, rows)
