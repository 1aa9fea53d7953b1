"""Optional parts of a `ProvisioningProblem`: what operators insist on, model loads, accuracy, spot risk, value of served requests.

Each is absent (None) unless asked for. Letters of the index orders are those of `solvers.problem`, and: m models, z spot pools,
s guards (a task with a tier, and the classes at least as strict), u zones.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from solvers.axes import along

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class OperatorLimits:
    """What operators insist on.

    Parameters
    ----------
    min_instances
        ``[k]`` least machines, over all groups that may serve class k, in every window.
    zone_of_machine
        ``[i]`` index of the machine's zone; -1 where the provider chooses.
    min_zones
        Zones in which every class that some group may serve has at least one machine; 1 asks for nothing.
    scale_in_windows
        ``[i]`` windows that a started machine stays, its first one included; 0 and 1 ask for nothing.
    max_groups
        Most groups with machines in one window; None: no limit.
    max_churn
        Most starts and stops of machines from one window to the next, together; None: no limit.
    budget_usd
        Most that the whole horizon may cost (value of served requests aside); None: no limit.
    """

    min_instances: IntArray = along("k")
    zone_of_machine: IntArray = along("i")
    scale_in_windows: IntArray = along("i")
    min_zones: int = 1
    max_groups: int | None = None
    max_churn: int | None = None
    budget_usd: float | None = None


@dataclass(frozen=True, kw_only=True)
class FunctionRates:
    """Functions whose price and latency hold between two rates only, or that cost something while they stand ready.

    Parameters
    ----------
    least_rps, most_rps
        ``[f]`` requests/s, all classes together, that a function is sent at a level while it is called; 0 and inf ask for nothing.
    usd_per_h
        ``[f]`` USD per hour of a window in which it is called at some level (provisioned concurrency).
    """

    least_rps: Array = along("f")
    most_rps: Array = along("f")
    usd_per_h: Array = along("f")


@dataclass(frozen=True, kw_only=True)
class ModelLoads:
    """Models in memory, and what it costs to bring one there.

    Parameters
    ----------
    models
        Names.
    group_model
        ``[j]`` model of each group.
    load_usd
        ``[i, m]`` USD for one machine to load the model.
    initial_loaded
        ``[i, m]`` machines of i that hold the model just before the first window.
    load_s
        ``[m]`` seconds to load the model.
    wait_usd_per_s
        Price of the slowest of the loads of models that nothing held in the window before; 0: none (InfAdapter's objective has it).
    """

    models: tuple[str, ...] = along("m")
    group_model: IntArray = along("j")
    load_usd: Array = along("im")
    initial_loaded: IntArray = along("im")
    load_s: Array = along("m")
    wait_usd_per_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class AccuracyFloors:
    """Accuracy asked for on average over the requests of a class and the levels of a window.

    Parameters
    ----------
    asks
        ``[k]`` whether class k has such a floor.
    group_margin_share, function_margin_share
        ``[k, j]``, ``[k, f]`` accuracy (times the share in time, where effective accuracy is asked) less the class's floor.
    """

    asks: BoolArray = along("k")
    group_margin_share: Array = along("kj")
    function_margin_share: Array = along("kf")


@dataclass(frozen=True, kw_only=True)
class ServedValue:
    """What a served request is worth: with it requests may be left unserved, for nothing.

    Parameters
    ----------
    group_usd, function_usd
        ``[k, j]``, ``[k, f]`` USD per request, taken off the cost.
    """

    group_usd: Array = along("kj")
    function_usd: Array = along("kf")


@dataclass(frozen=True, kw_only=True)
class SpotRisk:
    """Interruptions of spot pools: what is lost together, how likely, and what must then still hold.

    Parameters
    ----------
    pools
        Names of the spot pools (a machine type in a zone).
    pool_of_machine
        ``[i]`` index of the machine's pool; -1 for machines that are not interrupted.
    is_standby
        ``[i]`` the machine stands stopped and carries load only after a loss.
    level
        Index q* of the demand level that must survive a loss.
    survive_any_loss
        survive_spot_loss holds: every class is served at level q* without any one pool.
    guards
        Names of the guards.
    guard_classes
        ``[s, k]`` the classes that guard s counts: those of its task at least as strict as its tier.
    loss_share
        ``[z]`` probability that the pool is lost during the exposure time.
    covariance
        ``[z, z]`` of the losses (0/1), >= 0: else a fleet could count losses that it does not have to offset others. Its
        diagonal is r (1 - r).
    violation_share
        bound_spot_risk holds with probability at least 1 - this, at most 0.5; None: no such limit.
    aversion_usd
        Price of variance of lost capacity, USD per (req/s)^2 and hour; 0: none.
    """

    pools: tuple[str, ...] = along("z")
    pool_of_machine: IntArray = along("i")
    is_standby: BoolArray = along("i")
    guards: tuple[str, ...] = along("s")
    guard_classes: BoolArray = along("sk")
    loss_share: Array = along("z")
    covariance: Array = along("zz")
    level: int
    survive_any_loss: bool = False
    violation_share: float | None = None
    aversion_usd: float = 0.0

    @property
    def weighs_losses(self) -> bool:
        """Whether bound_spot_risk has anything to say: then capacity above the demand is of use."""
        return self.violation_share is not None or self.aversion_usd > 0

    @property
    def normal_quantile(self) -> float:
        """Standard deviations that the losses exceed with probability `violation_share`, were they normal; 0 without it."""
        return 0.0 if self.violation_share is None else NormalDist().inv_cdf(1.0 - self.violation_share)
