"""The report as one self-contained page: no script, no font, no address outside the file."""

from __future__ import annotations

from collections import defaultdict
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from planner.report.costs import FUNCTIONS, cost_parts, current_fleet_usd, horizon_h, window_h
from planner.report.html_parts import card, html_table
from planner.report.summary import closing_line, reached, terminal_tables
from planner.report.svg import SERIES, Plot, bars, chart, legend, stacked
from planner.report.table import percent

if TYPE_CHECKING:
    from datetime import datetime

    from planner.plan import ProvisioningPlan

HEADROOM = 1.08  # air above the highest curve, for looks


def html_page(plan: ProvisioningPlan) -> str:
    """Return the page: headline figures, charts of demand, cost and bounds, then every table."""
    name = escape(plan.metadata.name)
    style = files("planner").joinpath("data", "report.css").read_text("utf-8")
    body = "\n".join(
        [
            f"<header><h1>{name}</h1><p>{escape(closing_line(plan))}</p></header>",
            _figures(plan),
            _warnings(plan),
            card("Demand and capacity", _demand_chart(plan)),
            card("Cost by model", _cost_chart(plan)),
            card("Machines", _machine_chart(plan)),
            card("Objective, bounds and other methods", _bound_chart(plan)),
            *(card(table.title, html_table(table)) for table in terminal_tables(plan)),
            f"<footer>planner {escape(plan.metadata.tool_version)}, seed {plan.metadata.seed}</footer>",
        ]
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}: provisioning plan</title><style>{style}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _figures(plan: ProvisioningPlan) -> str:
    """Headline figures; the saving comes first where there is a current fleet."""
    proof, budget = plan.certificate, plan.problem.budget_usd
    digits = 2 if proof.objective_usd is not None else 4
    figures = [
        (reached(plan), f"{proof.objective.value:,.{digits}f}", proof.objective.unit),
        ("per hour", f"{proof.spend_usd / horizon_h(plan):,.4f}", "USD per hour"),
        ("gap", percent(proof.gap), f"of the exact problem, {percent(proof.gap_asked)} asked"),
    ]
    if budget is not None:
        figures.insert(2, ("budget", percent(proof.spend_usd / budget), f"of {budget:,.2f} USD per horizon"))
    fleet_usd = current_fleet_usd(plan)
    if fleet_usd:
        saving = 1 - proof.spend_usd / fleet_usd
        figures.insert(0, ("saving", f"{100 * saving:.1f} %", "against the current fleet"))
    feasible = [one.objective.value for one in plan.baselines if one.objective]
    if feasible and min(feasible) > 0 and proof.sense == "minimise":
        saved = 1 - proof.objective.value / min(feasible)
        figures.append(("best greedy", f"{100 * saved:+.2f} %", "saved against it"))
    cells = "".join(
        f"<div><dt>{escape(what)}</dt><dd>{escape(value)}</dd><small>{escape(unit)}</small></div>"
        for what, value, unit in figures
    )
    return f'<dl class="figures">{cells}</dl>'


def _warnings(plan: ProvisioningPlan) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in plan.metadata.warnings)
    return f'<ul class="warnings">{items}</ul>' if items else ""


def _edges(plan: ProvisioningPlan) -> list[datetime]:
    return [*(window.start for window in plan.windows), plan.windows[-1].end]


def _demand_chart(plan: ProvisioningPlan) -> str:
    """Demand levels as nested bands, machine capacity as a line above them."""
    levels = [level.probability for level in plan.windows[0].levels]
    demand = [
        [sum(window.levels[index].demand_rps.values()) for window in plan.windows]
        for index in range(len(levels))
    ]
    capacity = [sum(group.capacity_rps for group in window.groups) for window in plan.windows]
    top = max(*capacity, *demand[-1], 1e-9)
    plot = Plot(_edges(plan), HEADROOM * top, "requests/s")
    bands, keys = [], []
    lower = [0.0] * len(plan.windows)
    for index, (level, rates) in enumerate(zip(levels, demand, strict=True)):
        shade = f"fill level{min(index, 3)}"
        bands.append(plot.band(rates, lower, shade, f"demand stays below with probability {level:g}"))
        keys.append((shade, f"demand, {100 * level:g} % level"))
        lower = rates
    line = plot.line(capacity, "capacity", "capacity of the machines")
    shapes = plot.axes() + "".join(bands) + line
    return chart("Demand levels and machine capacity over time", shapes) + legend(
        [
            *keys,
            (
                "key-line",
                "capacity of the machines inside their deadlines, all classes; functions carry what they leave",
            ),
        ]
    )


def _layers(sums: dict[str, list[float]]) -> list[tuple[str, list[float]]]:
    """Largest layers first, the smallest ones together as the last colour."""
    ordered = sorted(sums.items(), key=lambda item: (-sum(item[1]), item[0]))
    if len(ordered) <= SERIES:
        return ordered
    rest = [sum(values) for values in zip(*(values for _, values in ordered[SERIES - 1 :]), strict=True)]
    return [*ordered[: SERIES - 1], ("all others", rest)]


def _stack_chart(plan: ProvisioningPlan, sums: dict[str, list[float]], unit: str, label: str) -> str:
    layers = _layers(sums)
    tallest = max(
        (sum(values) for values in zip(*(values for _, values in layers), strict=True)), default=0.0
    )
    plot = Plot(_edges(plan), HEADROOM * (tallest or 1.0), unit)
    keys = [(f"fill s{index}", name) for index, (name, _) in enumerate(layers)]
    return chart(label, plot.axes() + stacked(plot, layers)) + legend(keys)


def _cost_chart(plan: ProvisioningPlan) -> str:
    """Expected cost per hour in every window, stacked by model; functions apart."""
    place = {window.id: index for index, window in enumerate(plan.windows)}
    hours = [window_h(window) for window in plan.windows]
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(plan.windows))
    for part in cost_parts(plan):
        name = f"{part.model} ({FUNCTIONS})" if part.market == FUNCTIONS else part.model
        index = place[part.window]
        usd = part.machines_usd + part.starts_usd + part.loads_usd + part.functions_usd
        sums[name][index] += usd / hours[index]
    return _stack_chart(plan, sums, "USD per hour", "Expected cost per hour by model")


def _machine_chart(plan: ProvisioningPlan) -> str:
    """Machines at work, stacked by type and market."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(plan.windows))
    for index, window in enumerate(plan.windows):
        for line in window.fleet:
            sums[f"{line.instance_type}, {line.market}"][index] += line.count
    return _stack_chart(plan, sums, "machines", "Machines by type and market")


def _bound_chart(plan: ProvisioningPlan) -> str:
    proof = plan.certificate
    rows = [
        ("this plan", proof.objective.value, "fill s0"),
        ("lower bound" if proof.sense == "minimise" else "upper bound", proof.bound.value, "fill bound"),
        *((one.name, one.objective.value, "fill other") for one in plan.baselines if one.objective),
    ]
    return bars(rows, proof.objective.unit) + f'<p class="note">The bound: {escape(proof.bound_name)}.</p>'
