"""What interruptions of spot pools would leave of a window, and how likely that is too little."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from catalogs.interruptions import band_loss_share
from planner.plan import GuardAtRisk, PoolAtWork, SizeLeft, SpotRiskOfWindow

if TYPE_CHECKING:
    from planner.write_up.planned import Planned
    from solvers.fleets import PoolLosses
    from solvers.joint_losses import JointLosses
    from solvers.limits import SpotRisk
    from solvers.spot_check import GuardLosses


def band_survival(planned: Planned, t: int) -> float:
    """Probability that no spot machine is lost in a window: each on its own, at the upper end of its band."""
    hours, found = float(planned.problem.window_h[t]), 1.0
    for g, option in enumerate(planned.serving):
        spot = option.machine.offer.spot
        if option.machine.is_spot and spot is not None:
            count = int(planned.solution.instances[g, t])
            found *= (1 - band_loss_share(spot, hours)) ** count
    return float(found)


@dataclass(frozen=True, eq=False)
class SpotLosses:
    """What each spot pool's loss leaves of every window of a plan; made only where the program has `SpotRisk`."""

    planned: Planned
    risk: SpotRisk

    @cached_property
    def pools(self) -> PoolLosses:
        """Machines that each loss takes."""
        from solvers.fleets import PoolLosses

        return PoolLosses(self.planned.problem, self.planned.instances)

    @cached_property
    def guards(self) -> GuardLosses | None:
        """Capacity that the guards stand to lose; None where losses are not weighed."""
        from solvers.spot_check import guard_losses  # heavy: it loads the modelling language

        return guard_losses(self.planned.problem, self.planned.instances)

    @cached_property
    def law(self) -> JointLosses:
        """How pools are lost together."""
        from solvers.joint_losses import JointLosses

        return JointLosses(self.risk.loss_share, self.risk.covariance)

    def survival(self, t: int) -> float:
        """Probability that no pool at work in a window is lost during the exposure time."""
        at_work = self.pools.lost[:, :, t].any(axis=0).astype(float)
        return 1.0 - self.law.excess_probability(at_work, 0.0)

    def of(self, t: int) -> SpotRiskOfWindow:
        """Sizes after each loss, and the chance of too little being left."""
        planned, names = self.planned, self.planned.problem.groups
        lost = self.pools.lost[:, :, t]
        return SpotRiskOfWindow(
            pools={
                self.risk.pools[z]: PoolAtWork(
                    machines=int(lost[:, z].sum()),
                    left={
                        names[j]: self._size(j, int(self.pools.sizes_after[j, z, t]), t)
                        for j in np.flatnonzero(lost[:, z]).tolist()
                    },
                )
                for z in np.flatnonzero(lost.sum(axis=0)).tolist()
            },
            standby={
                names[j]: self._size(j, int(planned.sizes[j, t] + planned.standby[j, t]), t)
                for j in np.flatnonzero(planned.standby[:, t]).tolist()
            },
            guards={}
            if self.guards is None
            else {name: self._guard(self.guards, s, t) for s, name in enumerate(self.risk.guards)},
        )

    def _size(self, j: int, count: int, t: int) -> SizeLeft:
        return SizeLeft(count=count, capacity_rps=self.planned.capacity_of(j, count, t))

    def _guard(self, losses: GuardLosses, s: int, t: int) -> GuardAtRisk:
        lost, spare = losses.lost_rps[s, :, t], float(losses.spare_rps[s, t])
        mean, spread = float(self.risk.loss_share @ lost), math.sqrt(max(float(losses.variance[s, t]), 0.0))
        tail = 1.0 - NormalDist().cdf((spare - mean) / spread) if spread else float(mean > spare)
        return GuardAtRisk(
            spare_rps=spare,
            lost_rps={self.risk.pools[z]: float(lost[z]) for z in np.flatnonzero(lost).tolist()},
            violation_share=self.law.excess_probability(lost, spare),
            normal_violation_share=tail,
        )
