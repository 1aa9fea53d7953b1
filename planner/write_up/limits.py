"""The limits that a plan runs into, and what one more unit of each would save."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from planner.plan import BindingLimit
from planner.write_up.operator_limits import budget_binds, operators_tight
from planner.write_up.planned import window_id
from planner.write_up.tight import TIGHT_SHARE, Tight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.write_up.planned import Planned
    from solvers.problem import Array


def binding_limits(planned: Planned) -> Iterator[BindingLimit]:
    """Limits that leave no room for one machine or request more, with what one more unit of each would save.

    The prices are duals of the linear program that holds the plan's sizes, so they may be 0 where a whole machine more is needed.
    """
    if budget_binds(planned):
        yield BindingLimit(limit="budget", window=None, shadow_price=None, unit="USD per USD of budget")
    families = [*account_tight(planned), *operators_tight(planned), *losses_tight(planned)]
    for t in range(len(planned.problem.window_h)):
        for one in families:
            for row in np.flatnonzero(one.binds[:, t]).tolist():
                yield BindingLimit(
                    limit=f"{one.limit} {one.names[row]}".rstrip(),
                    window=window_id(planned.start_of(t)),
                    shadow_price=None if one.shadow_usd is None else float(one.shadow_usd[row, t]),
                    unit=f"USD per {one.unit} in the window",
                )


def account_tight(planned: Planned) -> Iterator[Tight]:
    """Quotas, machines that cannot have booted, the on-demand floor, functions at once."""
    p = planned.problem
    prices = (
        planned.solution.shadow_usd if p.value is None else None
    )  # a value of requests in USD is no price of limits
    machines = planned.machines.astype(float)
    spot = np.zeros(planned.sizes.shape)  # [j, t]
    np.add.at(spot, p.option_group, planned.solution.instances * p.is_spot[p.option_machine][:, None])
    running = np.einsum("kftq,f->tq", planned.overflow_rps, p.concurrency_s).max(axis=1, initial=0.0)

    def shadow(name: str) -> Array | None:
        return None if prices is None else np.atleast_2d(getattr(prices, name))

    used = p.quota_use @ machines
    one_more = np.where(p.quota_use > 0, p.quota_use, np.inf).min(axis=1, initial=np.inf)
    full = (used > 0) & (used + one_more[:, None] > p.quota_limit[:, None])
    yield Tight("quota", "vCPU", p.quotas, full, shadow("quota"))
    booting = (machines > 0) & (machines >= p.count_limit)
    yield Tight("wait_for_boot", "machine", p.machines, booting, shadow("count_limit"))
    allowed_spot = (1 - p.on_demand_floor_share) * (planned.sizes + 1)
    floored = (spot > 0) & (spot + 1 > allowed_spot * (1 + TIGHT_SHARE))
    yield Tight("on-demand floor", "machine that may be spot", p.groups, floored, shadow("floor"))
    busy = (running > 0) & (running >= p.concurrency_limit * (1 - TIGHT_SHARE))
    yield Tight("function concurrency", "function at once", ("account",), busy[None], shadow("concurrency"))


def losses_tight(planned: Planned) -> Iterator[Tight]:
    """Where one request/s more could not survive the loss of a pool, or would make too little too likely."""
    p, risk = planned.problem, planned.problem.spot_risk
    if risk is None:
        return
    from solvers.spot_check import guard_losses, survives_any_loss  # heavy: it loads the modelling language

    if risk.survive_any_loss:
        more = replace(p, demand_rps=p.demand_rps + 1.0)
        lost = ~survives_any_loss(more, planned.instances)
        yield Tight("survive_spot_loss", "request/s of every class", ("",), lost[None])
    losses = guard_losses(p, planned.instances)
    if losses is not None and risk.violation_share is not None:
        short = (losses.needed_rps > 0) & (losses.spare_rps - losses.needed_rps < 1.0)
        yield Tight("bound_spot_risk", "request/s to spare", risk.guards, short)
