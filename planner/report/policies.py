"""Policies compared: the table for people, the same for scripts, and bars of the main figures for the terminal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.replay.policies.registry import ALL_STATIC, WHAT, WHAT_STATIC
from planner.report.table import Column, Table

if TYPE_CHECKING:
    from planner.replay.comparison import Comparison, Result

FIGURES = (  # key, figure of a summary, heading, digits, per cent, with its spread
    ("usd", "total_usd", "USD", 2, False, True),
    ("deadline_meet_rate", "deadline_meet_rate", "in time", 3, True, True),
    ("worst_deadline_meet_rate", "worst_deadline_meet_rate", "worst class", 3, True, True),
    ("effective_accuracy", "effective_accuracy", "effective accuracy", 4, False, True),
    ("over_provisioning", "over_provisioning", "over-provisioning", 2, False, True),
    ("functions_share", "functions_share", "on functions", 2, True, False),
    ("overflow_share", "overflow_share", "sent on", 2, True, False),
    ("starts", "starts", "starts", 1, False, False),
    ("interruptions", "interruptions", "interruptions", 1, False, False),
)
PANELS = (  # heading, figure, whether what lacks of 1 is drawn, digits, per cent
    ("USD", "total_usd", False, 2, False),
    ("late, worst class", "worst_deadline_meet_rate", True, 2, True),
    ("effective accuracy", "effective_accuracy", False, 4, False),
    ("over-provisioning", "over_provisioning", False, 2, False),
)
BAR = 16  # cells of the longest bar in a terminal


@dataclass(frozen=True)
class Panel:
    """One figure of all policies that ran.

    Parameters
    ----------
    names
        Of the policies.
    values
        (mean, least, most) over the seeds of every policy; nan where there is none.
    """

    heading: str
    names: tuple[str, ...]
    values: tuple[tuple[float, float, float], ...]
    digits: int
    percent: bool

    @property
    def top(self) -> float:
        """Largest value; 0 where there is none."""
        return max((most for _, _, most in self.values if not math.isnan(most)), default=0.0)

    def shown(self, value: float) -> str:
        """A value as people read it."""
        return Column("", "", self.digits, self.percent).shown(_known(value))


def comparison_table(found: Comparison) -> Table:
    """A row a policy, in the order asked for: means over the seeds, spreads of the main figures, why one is left out."""
    columns = [*_columns(), Column("reason", "left out because")]
    return Table(
        "Policies", columns, [[*_row(one), one.reason or None] for one in found.results], _note(found)
    )


def comparison_tables(found: Comparison) -> list[Table]:
    """For people: the figures of what ran, then what is left out and why."""
    ran = [_row(one) for one in found.results if one.summaries]
    tables = [Table("Policies", _columns(), ran, _note(found))]
    left_out = [(one.policy, one.reason) for one in found.results if one.reason]
    if left_out:
        columns = (Column("policy", "policy"), Column("reason", "because"))
        tables.append(Table("Left out", columns, left_out))
    return tables


def policy_table() -> Table:
    """Names of the policies, and what each is."""
    columns = (Column("policy", "policy"), Column("what", "what"))
    rows = sorted([*WHAT.items(), (ALL_STATIC, WHAT_STATIC)])
    return Table("Policies", columns, rows)


def panels(found: Comparison) -> list[Panel]:
    """The main figures of the policies that ran."""
    ran = [one for one in found.results if one.summaries]
    names = tuple(one.policy for one in ran)
    shown = []
    for heading, figure, lacking, digits, percent in PANELS:
        values = [(one.mean(figure), one.least(figure), one.most(figure)) for one in ran]
        if lacking:
            values = [(1 - mean, 1 - most, 1 - least) for mean, least, most in values]
        shown.append(Panel(heading, names, tuple(values), digits, percent))
    return shown


def bar_table(found: Comparison) -> Table:
    """The main figures as bars, for people."""
    shown = panels(found)
    columns = [Column("policy", "policy"), *(Column(one.heading, one.heading) for one in shown)]
    rows = [
        [name, *(_bar(one.values[row][0], one) for one in shown)] for row, name in enumerate(shown[0].names)
    ]
    return Table("The same as bars", columns, rows)


def _columns() -> list[Column]:
    columns = [Column("policy", "policy")]
    for key, _, heading, digits, percent, spread in FIGURES:
        columns.append(Column(key, heading, digits, percent))
        if spread:
            columns.append(Column(f"{key}_spread", "±", digits, percent))
    return columns


def _row(one: Result) -> list[str | float | None]:
    row: list[str | float | None] = [one.policy]
    for _, figure, _, _, _, spread in FIGURES:
        row.append(_known(one.mean(figure)) if one.summaries else None)
        if spread:
            row.append(_known(one.most(figure) - one.least(figure)) if one.summaries else None)
    return row


def _note(found: Comparison) -> str:
    seeds = found.settings.seeds
    return (
        f"{found.name}: {found.judged_s / 3600:.4g} h, {found.requests:,.0f} requests, {seeds} seed{'s' if seeds > 1 else ''}, "
        f"{found.settings.mode} mode.\n"
        "in time: share of all requests; worst class: that of the class served worst; effective accuracy: accuracy x in time, "
        "mean over all requests (-: a model that answered states none);\nover-provisioning: machine-time paid for over "
        "machine-time busy, less 1; sent on: to a function, for its queue would have made it late; ±: largest less least of the "
        "seeds"
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _bar(value: float, panel: Panel) -> str:
    cells = round(BAR * value / panel.top) if math.isfinite(value) and panel.top > 0 else 0
    return f"{'█' * cells} {panel.shown(value)}".strip()
