"""What interruptions of spot pools would leave of a window, and how likely that is too little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs.interruptions import band_loss_share
from planner.plan import PoolAtWork, SizeLeft, SpotRiskOfWindow

if TYPE_CHECKING:
    from planner.write_up.planned import Planned


def survival(planned: Planned, t: int) -> float:
    """Probability that no spot machine is lost in a window: each on its own, at the upper end of its band."""
    hours, found = float(planned.problem.window_h[t]), 1.0
    for g, option in enumerate(planned.serving):
        spot = option.machine.offer.spot
        if option.machine.is_spot and spot is not None:
            found *= (1 - band_loss_share(spot, hours)) ** int(planned.solution.instances[g, t])
    return float(found)


def spot_risk_of(planned: Planned, t: int) -> SpotRiskOfWindow | None:
    """Sizes after the loss of each pool at work; None where the policy counts no losses."""
    p, risk = planned.problem, planned.problem.spot_risk
    if risk is None:
        return None
    of_option = risk.pool_of_machine[p.option_machine]
    counts = np.rint(planned.solution.instances[:, t]).astype(int)
    pools = {}
    for z in np.unique(of_option[(of_option >= 0) & (counts > 0)]):
        lost = np.zeros(len(p.groups), dtype=int)
        np.add.at(lost, p.option_group, np.where(of_option == z, counts, 0))
        pools[risk.pools[z]] = PoolAtWork(
            machines=int(lost.sum()),
            left={
                p.groups[j]: size_left(planned, int(j), int(planned.sizes[j, t] - lost[j]), t)
                for j in np.flatnonzero(lost)
            },
        )
    return SpotRiskOfWindow(
        pools=pools,
        standby={
            p.groups[j]: size_left(planned, int(j), int(planned.sizes[j, t]), t)
            for j in np.flatnonzero(planned.standby[:, t])
        },
        guards={},
    )


def size_left(planned: Planned, j: int, working: int, t: int) -> SizeLeft:
    """A group of so many working machines, its standby machines started."""
    count = working + int(planned.standby[j, t])
    return SizeLeft(count=count, capacity_rps=planned.capacity_of(j, count, t))
