"""Where the money goes: the plan's expected cost by window, model, market and class.

Machines are charged to the classes by the rates they are expected to serve; launches and model loads follow
the machines' cost of their window, since launching is counted per machine and not per group. Functions kept
ready are charged like machines.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from planner.plan import FunctionOption, MachineOption, ProvisioningPlan, Window

    Rates = Mapping[str, Mapping[str, Sequence[float]]]  # class -> group or function -> rate at each level

MONTH_H = 730.0  # the industry's month: 8,760 h / 12
IDLE = "(idle)"  # machines whose group is expected to serve nothing in the window
FUNCTIONS = "functions"  # the market of serverless functions


class Part(NamedTuple):
    """An indivisible piece of the cost: who is charged for what, USD per horizon."""

    window: str
    model: str
    market: str
    request_class: str
    machines_usd: float
    starts_usd: float
    loads_usd: float
    functions_usd: float


@dataclass(frozen=True)
class CostLine:
    """Cost of one item of one section, USD per horizon."""

    section: str
    item: str
    machines_usd: float
    starts_usd: float
    loads_usd: float
    functions_usd: float

    @property
    def total_usd(self) -> float:
        """Sum of the parts."""
        return self.machines_usd + self.starts_usd + self.loads_usd + self.functions_usd


def horizon_h(plan: ProvisioningPlan) -> float:
    """Hours from the first window's start to the last one's end."""
    return (plan.windows[-1].end - plan.windows[0].start).total_seconds() / 3600


def window_h(window: Window) -> float:
    """Hours of one window."""
    return (window.end - window.start).total_seconds() / 3600


def current_fleet_usd(plan: ProvisioningPlan) -> float | None:
    """Cost of keeping the current fleet for the whole horizon; None where no fleet is given."""
    fleet = plan.problem.current_fleet
    if not fleet:
        return None
    return sum(one.count * one.price_usd_per_h for one in fleet) * horizon_h(plan)


def cost_parts(plan: ProvisioningPlan) -> list[Part]:
    """Every indivisible piece of the plan's cost."""
    machines = {one.id: one for one in plan.options if one.kind == "machine"}
    functions = {one.id: one for one in plan.options if one.kind == "function"}
    return [
        part
        for window in plan.windows
        for part in (*_machine_parts(window, machines), *_function_parts(window, functions))
    ]


def cost_lines(plan: ProvisioningPlan) -> list[CostLine]:
    """Cost of the plan, then by model, market, class (dearest first) and window (in order)."""
    parts = cost_parts(plan)
    return [
        *_grouped("plan", ((plan.metadata.name, part) for part in parts)),
        *_dearest_first(_grouped("model", ((part.model, part) for part in parts))),
        *_dearest_first(_grouped("market", ((part.market, part) for part in parts))),
        *_dearest_first(_grouped("class", ((part.request_class, part) for part in parts))),
        *_grouped("window", ((part.window, part) for part in parts)),
    ]


def _grouped(section: str, parts: Iterable[tuple[str, Part]]) -> list[CostLine]:
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    for item, part in parts:
        total = sums[item]
        for index, amount in enumerate(
            (part.machines_usd, part.starts_usd, part.loads_usd, part.functions_usd)
        ):
            total[index] += amount
    return [CostLine(section, item, *total) for item, total in sums.items()]


def _dearest_first(lines: list[CostLine]) -> list[CostLine]:
    return sorted(lines, key=lambda line: (-line.total_usd, line.item))


def _machine_parts(window: Window, options: dict[str, MachineOption]) -> list[Part]:
    hours = window_h(window)
    costs = [(line, line.count * options[line.option].price_usd_per_h * hours) for line in window.fleet]
    total = sum(cost for _, cost in costs)
    parts = []
    for line, cost in costs:
        part_of_window = cost / total if total else 1 / len(costs)
        for name, share in _class_shares(window, window.served_rps, line.group).items():
            parts.append(
                Part(
                    window=window.id,
                    model=line.model,
                    market=line.market,
                    request_class=name,
                    machines_usd=cost * share,
                    starts_usd=window.cost.starts_usd * part_of_window * share,
                    loads_usd=window.cost.loads_usd * part_of_window * share,
                    functions_usd=0.0,
                )
            )
    return parts


def _class_shares(window: Window, rates: Rates, server: str) -> dict[str, float]:
    """Share of each class in what a group or a function is expected to serve."""
    weights = [level.weight_share for level in window.levels]
    expected = {
        name: sum(weight * rate for weight, rate in zip(weights, servers[server], strict=True))
        for name, servers in rates.items()
        if server in servers
    }
    total = sum(expected.values())
    if not total:
        return {IDLE: 1.0}
    return {name: rate / total for name, rate in expected.items() if rate}


def _function_parts(window: Window, options: dict[str, FunctionOption]) -> list[Part]:
    seconds = 3600 * window_h(window)
    parts = []
    for name, functions in window.overflow_rps.items():
        for function, rates in functions.items():
            weighted = zip((level.weight_share for level in window.levels), rates, strict=True)
            requests = seconds * sum(weight * rate for weight, rate in weighted)
            if requests:
                option = options[function]
                cost = requests * option.usd_per_request
                parts.append(Part(window.id, option.model, FUNCTIONS, name, 0.0, 0.0, 0.0, cost))
    for line in window.functions:
        option = options[line.option]
        ready_usd = option.usd_per_h * window_h(window)
        if ready_usd:
            parts += [
                Part(window.id, option.model, FUNCTIONS, name, 0.0, 0.0, 0.0, ready_usd * share)
                for name, share in _class_shares(window, window.overflow_rps, option.id).items()
            ]
    return parts
