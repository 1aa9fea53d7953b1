"""The spot risk of a plan: what is lost together, how likely, and how likely too little is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.table import Column, Table

if TYPE_CHECKING:
    from planner.plan import ProvisioningPlan
    from planner.report.table import Cell


def pool_table(plan: ProvisioningPlan) -> Table:
    """List the spot pools that are used, with the probability of losing each; empty where losses are not counted."""
    columns = (
        Column("pool", "spot pool"),
        Column("loss_share", "lost with probability", 3, percent=True),
        Column("count_max", "most at once"),
        Column("lost_rps_max", "largest loss req/s", 3),
        Column("source", "probability from"),
    )
    rows: list[tuple[Cell, ...]] = []
    risks = [window.spot_risk for window in plan.windows if window.spot_risk is not None]
    for pool in plan.problem.spot.pools:
        machines = [risk.pools[pool.name].machines for risk in risks if pool.name in risk.pools]
        lost = [
            guard.lost_rps[pool.name]
            for risk in risks
            for guard in risk.guards.values()
            if pool.name in guard.lost_rps
        ]
        if machines:
            rows.append((pool.name, pool.loss_share, max(machines), max(lost, default=None), pool.source))
    exposure_s = plan.problem.spot.exposure_s
    note = "" if exposure_s is None else f"Losses within {exposure_s:g} s."
    return Table("Spot pools", columns, rows, note)


def guard_table(plan: ProvisioningPlan) -> Table:
    """Put the probability of too little being left, in the worst window, beside what is allowed."""
    columns = (
        Column("guard", "classes at least as strict as"),
        Column("window", "worst window"),
        Column("spare_rps", "spare req/s", 3),
        Column("violation_share", "too little left", 4, percent=True),
        Column("normal_violation_share", "by the normal tail", 4, percent=True),
        Column("allowed_share", "allowed", 4, percent=True),
    )
    rows: list[tuple[Cell, ...]] = []
    for one in plan.problem.spot.guards:
        found = [
            (window.spot_risk.guards[one.name], window.id)
            for window in plan.windows
            if window.spot_risk is not None and one.name in window.spot_risk.guards
        ]
        if found:
            worst, window = max(found, key=lambda pair: (pair[0].violation_share, -pair[0].spare_rps))
            rows.append(
                (
                    one.name,
                    window,
                    worst.spare_rps,
                    worst.violation_share,
                    worst.normal_violation_share,
                    plan.problem.spot.violation_share,
                )
            )
    note = "The plan keeps the normal tail within what is allowed; the probability beside it is that of the losses themselves."
    return Table("Spot risk", columns, rows, note if plan.problem.spot.violation_share else "")
