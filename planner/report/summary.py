"""The cost report as tables: what a person reads on a terminal, and the one table that scripts get."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from planner.report.costs import MONTH_H, CostLine, cost_lines, current_fleet_usd, horizon_h, window_h
from planner.report.functions import function_table, part_table
from planner.report.service import class_table
from planner.report.spot import guard_table, pool_table
from planner.report.table import Column, Table, percent

if TYPE_CHECKING:
    from planner.plan import ProvisioningPlan
    from planner.report.table import Cell

WINDOWS_SHOWN = 24  # more windows than fit a screen are summed by the hour for people; scripts get each

_COST_COLUMNS = (
    Column("item", "item"),
    Column("machines_usd", "machines USD", 4),
    Column("starts_usd", "starts USD", 4),
    Column("loads_usd", "loads USD", 4),
    Column("functions_usd", "functions USD", 4),
    Column("total_usd", "total USD", 4),
    Column("cost_share", "share", 1, percent=True),
)
QUANTITIES = {
    "cost": "cost",
    "effective_accuracy": "effective accuracy",
    "latency": "deadlines times",
}
_STATUS = {
    "optimal": "the gap asked for was reached",
    "gap_missed": "the gap asked for was missed",
    "limit": "stopped by a limit",
    "heuristic": "no optimality was asked for",
    "infeasible": "infeasible",
}


def closing_line(plan: ProvisioningPlan) -> str:
    """Say in one line what was planned and how good it is."""
    proof = plan.certificate
    spend = "" if proof.objective_usd is not None else f"for {proof.spend_usd:,.4f} USD per horizon, "
    line = (
        f"{plan.metadata.name}: {proof.objective.value:,.4f} {proof.objective.unit}, {spend}"
        f"{len(plan.windows)} windows, "
        f"gap {percent(proof.gap)} (asked {percent(proof.gap_asked)}), {proof.status}"
    )
    return line if proof.reproducible else f"{line}; not reproducible: a time limit shaped it"


def terminal_tables(plan: ProvisioningPlan) -> list[Table]:
    """All tables of the report, the saving first where there is a current fleet."""
    lines = cost_lines(plan)
    total = lines[0].total_usd
    tables = [
        saving_table(plan),
        headline_table(plan),
        baseline_table(plan),
        *(_section(section, title, lines, total) for section, title in _SECTIONS.items()),
        class_table(plan),
        pool_table(plan),
        guard_table(plan),
        fleet_table(plan),
        function_table(plan),
        part_table(plan),
        _window_table(plan, lines, total),
    ]
    return [table for table in tables if table.rows]


_SECTIONS = {"model": "Cost by model", "market": "Cost by market", "class": "Cost by request class"}


def cost_table(plan: ProvisioningPlan) -> Table:
    """Every line of the cost report in one table: section, item, USD per horizon by part, share."""
    lines = cost_lines(plan)
    return Table(
        "Cost, USD per horizon",
        (Column("section", "section"), *_COST_COLUMNS),
        [(line.section, *_row(line, lines[0].total_usd)) for line in lines],
    )


def saving_table(plan: ProvisioningPlan) -> Table:
    """Compare the plan with keeping the current fleet; empty where none is given."""
    fleet_usd, cost_usd = current_fleet_usd(plan), plan.certificate.spend_usd
    columns = (
        Column("what", "against the current fleet"),
        Column("usd_per_horizon", "USD per horizon", 4),
        Column("usd_per_month", "USD per month", 2),
        Column("share", "share", 1, percent=True),
    )
    if fleet_usd is None:
        return Table("Saving", columns, [])
    month = MONTH_H / horizon_h(plan)
    rows = [
        ("current fleet, kept", fleet_usd, fleet_usd * month, 1.0),
        ("this plan", cost_usd, cost_usd * month, cost_usd / fleet_usd),
        ("saving", fleet_usd - cost_usd, (fleet_usd - cost_usd) * month, 1 - cost_usd / fleet_usd),
    ]
    return Table(
        "Saving",
        columns,
        rows,
        "A month has 730 h. Whether the current fleet meets the deadlines is not checked.",
    )


def headline_table(plan: ProvisioningPlan) -> Table:
    """What is reached, its certificate, what it costs, and how long the plan is valid."""
    proof, hours = plan.certificate, horizon_h(plan)
    bound = "lower bound" if proof.sense == "minimise" else "upper bound"
    per_hour = proof.spend_usd / hours
    rows: list[tuple[str, Cell]] = [
        (reached(plan), f"{proof.objective.value:,.4f} {proof.objective.unit}"),
        (
            "cost per hour, month",
            f"{per_hour:,.4f} USD per hour, {per_hour * MONTH_H:,.2f} USD per month",
        ),
        (bound, f"{proof.bound.value:,.4f} {proof.bound.unit} ({proof.bound_name})"),
        ("gap of the exact problem", f"{percent(proof.gap)} (asked {percent(proof.gap_asked)})"),
        *(
            (one.name, f"{one.error.value:.4g} {one.error.unit}, stated apart from the gap")
            for one in proof.errors
        ),
        ("status", f"{proof.status}: {_STATUS[proof.status]}"),
    ]
    if proof.infeasible is not None:
        rows.append(("no plan at", f"{proof.infeasible.value:.4g} {proof.infeasible.unit}"))
    if plan.problem.budget_usd is not None:
        used = proof.spend_usd / plan.problem.budget_usd
        rows.append(("budget", f"{plan.problem.budget_usd:,.4f} USD per horizon, {percent(used)} of it used"))
    if proof.fixed_capacity_gap is not None:
        rows.append(
            ("gap at fixed capacities", f"{percent(proof.fixed_capacity_gap)} (a diagnostic, not a proof)")
        )
    if proof.runtime_s is not None:
        rows.append(("solved in", f"{proof.runtime_s:.1f} s"))
    rows += [
        ("reproducible", "yes" if proof.reproducible else "no: a time limit shaped the plan"),
        ("horizon", f"{plan.windows[0].start:%Y-%m-%d %H:%M} to {plan.windows[-1].end:%Y-%m-%d %H:%M} UTC"),
        ("windows", f"{len(plan.windows)} of {60 * window_h(plan.windows[0]):g} min"),
        ("plan anew after", f"{plan.validity.replan_after:%Y-%m-%d %H:%M} UTC"),
        *((f"demand of {one.trace}", one.method) for one in plan.forecasts),
    ]
    note = "\n".join(f"Note: {line}" for line in plan.metadata.warnings)
    return Table(f"Plan {plan.metadata.name}", (Column("what", "what"), Column("value", "value")), rows, note)


def reached(plan: ProvisioningPlan) -> str:
    """Name what the objective counts."""
    return QUANTITIES[plan.problem.objective.quantity]


def baseline_table(plan: ProvisioningPlan) -> Table:
    """Put the other methods beside the plan, on the same options, capacities and limits."""
    own = plan.certificate.objective.value
    rows: list[tuple[Cell, ...]] = []
    for one in plan.baselines:
        value = one.objective.value if one.objective else None
        saved = 1 - own / value if value and plan.certificate.sense == "minimise" else None
        rows.append((one.name, value, saved, "yes" if one.feasible else f"no: {one.reason}"))
    columns = (
        Column("method", "other methods"),
        Column("usd_per_horizon", "USD per horizon", 4),
        Column("saving_share", "this plan saves", 2, percent=True),
        Column("feasible", "feasible"),
    )
    return Table("Baselines", columns, rows)


def fleet_table(plan: ProvisioningPlan) -> Table:
    """Machines by option: how long, how many at once, at which price."""
    hours: dict[str, float] = defaultdict(float)
    most: dict[str, int] = defaultdict(int)
    for window in plan.windows:
        for line in window.fleet:
            hours[line.option] += line.count * window_h(window)
            most[line.option] = max(most[line.option], line.count)
    used = [one for one in plan.options if one.kind == "machine" and one.id in hours]
    used.sort(key=lambda one: (-one.price_usd_per_h * hours[one.id], one.id))
    rows = [
        (
            one.model,
            one.instance_type,
            one.market,
            one.zone,
            one.price_usd_per_h,
            most[one.id],
            hours[one.id],
            one.group,
        )
        for one in used
    ]
    columns = (
        Column("model", "model"),
        Column("instance_type", "instance type"),
        Column("market", "market"),
        Column("zone", "zone"),
        Column("price_usd_per_h", "USD per hour", 4),
        Column("count_max", "most at once"),
        Column("machine_h", "machine-hours", 2),
        Column("group", "group"),
    )
    return Table("Machines", columns, rows, keys=3)


def _section(section: str, title: str, lines: list[CostLine], total: float) -> Table:
    rows = [_row(line, total) for line in lines if line.section == section]
    return Table(f"{title}, USD per horizon", _COST_COLUMNS, rows)


def _window_table(plan: ProvisioningPlan, lines: list[CostLine], total: float) -> Table:
    """Cost by window, or by hour where the windows are many."""
    known = {line.item: line for line in lines if line.section == "window"}
    if len(plan.windows) <= WINDOWS_SHOWN:
        rows = [_row(known[window.id], total) for window in plan.windows if window.id in known]
        return Table("Cost by window, USD per horizon", _COST_COLUMNS, rows)
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0] * 4)
    for window in plan.windows:
        line = known.get(window.id)
        hour = sums[f"{window.start:%Y-%m-%d %H:00}"]
        if line is not None:
            for index, amount in enumerate(
                (line.machines_usd, line.starts_usd, line.loads_usd, line.functions_usd)
            ):
                hour[index] += amount
    rows = [_row(CostLine("hour", hour, *amounts), total) for hour, amounts in sums.items()]
    note = f"The {len(plan.windows)} windows are summed by the hour (UTC); --format csv lists each."
    return Table("Cost by hour, USD per horizon", _COST_COLUMNS, rows, note)


def _row(line: CostLine, total: float) -> tuple[Cell, ...]:
    share = line.total_usd / total if total else 0.0
    return (
        line.item,
        line.machines_usd,
        line.starts_usd,
        line.loads_usd,
        line.functions_usd,
        line.total_usd,
        share,
    )
