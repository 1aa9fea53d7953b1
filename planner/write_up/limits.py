"""The limits that a plan runs into, and what one more unit of each would save."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from planner.plan import BindingLimit
from planner.write_up.planned import Planned, window_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solvers.problem import Array
    from solvers.solution import ShadowPrices

UNIT_OF_LIMIT = MappingProxyType(
    {
        "quota": "vCPU",
        "wait_for_boot": "machine",
        "on-demand floor": "machine that may be spot",
        "function concurrency": "function at once",
    }
)
TIGHT_SHARE = 1e-6  # of a limit: solvers' feasibility tolerance


def shadow_by_limit(prices: ShadowPrices) -> dict[str, Array]:
    """Shadow prices ``[row, t]`` by the limits' names in the plan."""
    return {
        "quota": prices.quota,
        "wait_for_boot": prices.count_limit,
        "on-demand floor": prices.floor,
        "function concurrency": prices.concurrency[None],
    }


def binding_limits(planned: Planned) -> Iterator[BindingLimit]:
    """Limits that leave no room for one machine or request more, with what one more unit of each would save.

    The prices are duals of the linear program that holds the plan's sizes, so they may be 0 where a whole machine more is needed.
    """
    p, instances = planned.problem, planned.solution.instances
    machines = np.zeros(p.price_usd_per_h.shape)  # [i, t]
    np.add.at(machines, p.option_machine, instances)
    spot = np.zeros(planned.sizes.shape)  # [j, t]
    np.add.at(spot, p.option_group, instances * p.is_spot[p.option_machine][:, None])
    running = np.einsum("kftq,f->tq", planned.overflow_rps, p.concurrency_s).max(axis=1, initial=0.0)

    used = p.quota_use @ machines
    one_more = np.where(p.quota_use > 0, p.quota_use, np.inf).min(axis=1, initial=np.inf)
    allowed_spot = (1 - p.on_demand_floor_share) * (planned.sizes + 1)
    tight = {
        "quota": (p.quotas, (used > 0) & (used + one_more[:, None] > p.quota_limit[:, None])),
        "wait_for_boot": (p.machines, (machines > 0) & (machines >= p.count_limit)),
        "on-demand floor": (p.groups, (spot > 0) & (spot + 1 > allowed_spot * (1 + TIGHT_SHARE))),
        "function concurrency": (
            ("account",),
            (running > 0)[None] & (running >= p.concurrency_limit * (1 - TIGHT_SHARE))[None],
        ),
    }
    prices = planned.solution.shadow_usd
    shadow_usd = {} if prices is None else shadow_by_limit(prices)
    for t in range(len(p.window_h)):
        for limit, (names, binds) in tight.items():
            for row in np.flatnonzero(binds[:, t]):
                yield BindingLimit(
                    limit=f"{limit} {names[row]}",
                    window=window_id(planned.start_of(t)),
                    shadow_price=float(shadow_usd[limit][row, t]) if shadow_usd else None,
                    unit=f"USD per {UNIT_OF_LIMIT[limit]} in the window",
                )
