"""The serving options as tables: what may serve, what it carries and costs, and why the rest fell out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.table import Column, Table

if TYPE_CHECKING:
    from planner.options import OptionTable, ServingGroup, ServingOption
    from planner.report.table import Cell
    from planner.serverless import ServerlessFunction

POOL = 10  # machines of the second capacity column: large enough to show the economy of scale


def option_table(found: OptionTable) -> Table:
    """List machine options, then functions: capacity of 1 and `POOL` machines, USD per million requests."""
    columns = (
        Column("option", "option"),
        Column("kind", "kind"),
        Column("market", "market"),
        Column("classes", "may serve"),
        Column("capacity_1_rps", "1 machine req/s", 3),
        Column(f"capacity_{POOL}_rps", f"{POOL} machines req/s", 3),
        Column("price_usd_per_h", "USD per hour", 4),
        Column("usd_per_million_1", "USD per million at 1", 3),
        Column(f"usd_per_million_{POOL}", f"at {POOL}", 3),
        Column("obtained", "figures"),
        Column("source", "source"),
    )
    rows = [*(_machine_row(one) for one in found.options), *(_function_row(one) for one in found.functions)]
    note = "\n".join(found.notes)
    return Table("Serving options", columns, rows, note)


def rejected_table(found: OptionTable) -> Table:
    """List every option that fell out, with the kind of reason and the reason."""
    columns = (Column("option", "option"), Column("kind", "kind"), Column("reason", "reason"))
    return Table("Rejected options", columns, [(one.option, one.kind, one.reason) for one in found.rejected])


def _machine_row(option: ServingOption) -> tuple[Cell, ...]:
    group, price = option.group, option.machine.price_usd_per_h
    alone, pool = _capacity_rps(group, 1), _capacity_rps(group, POOL)
    return (
        option.id,
        "machine",
        option.machine.market,
        " ".join(group.classes),
        alone,
        pool,
        price,
        _usd_per_million(price, alone),
        _usd_per_million(POOL * price, pool),
        group.obtained,
        group.source,
    )


def _capacity_rps(group: ServingGroup, count: int) -> float | None:
    """Requests/s of so many machines; with rates per class, of the slowest; None beyond what was computed."""
    if group.linear_rps:
        return count * min(group.linear_rps.values())
    return float(group.capacity_rps[count]) if group.count_max >= count else None


def _function_row(function: ServerlessFunction) -> tuple[Cell, ...]:
    usd = (
        1e6 * function.usd_per_request
    )  # in a range of rates at its dearer end, without what keeping it ready costs
    classes = " ".join(function.classes)
    return (
        function.id,
        "function",
        None,
        classes,
        None,
        None,
        function.usd_per_h or None,
        usd,
        usd,
        function.obtained,
        function.source,
    )


def _usd_per_million(usd_per_h: float, capacity_rps: float | None) -> float | None:
    """USD per million requests at full capacity; None where nothing is carried."""
    return 1e6 * usd_per_h / (3600 * capacity_rps) if capacity_rps else None
