"""Autoscalers of a managed endpoint and of Kubernetes: a metric per machine is held at its target.

SageMaker target tracking (AWS, Application Auto Scaling user guide: target tracking scaling policies; SageMaker predefined metric
InvocationsPerInstance). The target is half of what a machine carries within the deadline: MArk's over-provisioning factor of 2
(Zhang et al., USENIX ATC 2019, section 5, where SageMaker is the baseline). Its alarms fire after three minutes above the target,
or fifteen below nine tenths of it; then the number of machines becomes what brings the metric back.

Kubernetes horizontal pod autoscaler (kubernetes.io: Horizontal Pod Autoscaling, algorithm details, defaults of autoscaling/v2):
desired = ceil(current x metric / target), unless the ratio is within a tenth of 1; every 15 s; at most doubled or four more pods
a step; never below the most desired in the last 300 s. The target of 80 % is the default of the API. A pod is a machine here.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from planner.replay.policies.autoscaling import rate_seen

if TYPE_CHECKING:
    from planner.replay.decisions import Observation
    from planner.replay.policies.offers import Offer

MINUTE_S = 60.0
OVER_PROVISIONING = 2.0  # MArk, section 5
OUT_MINUTES = 3  # target tracking: datapoints of the alarm to scale out
IN_MINUTES = 15  # and of the alarm to scale in
IN_SHARE = 0.9  # of the target
SYNC_S = 15.0  # kube-controller-manager: --horizontal-pod-autoscaler-sync-period
TOLERANCE = 0.1  # kube-controller-manager: --horizontal-pod-autoscaler-tolerance
POD_UTILISATION = 0.8  # autoscaling/v2: default target where none is given
LEAST_STEP = 4  # autoscaling/v2: default scale-up policy, 4 pods or 100 % in 15 s
STABILISATION_S = 300.0  # autoscaling/v2: default window of scale-down


class EndpointTracking:
    """Invocations a machine, held at half of what it carries; one rule for every class, each with its own alarms."""

    def __init__(self) -> None:
        self._machines: dict[int, int] = {}
        self._ratios: dict[int, deque[float]] = {}

    def __call__(self, seen: Observation, k: int, offer: Offer, known_rps: float, lead_s: float) -> int:
        """Machines once the alarms have been looked at."""
        target_rps = offer.rated_rps / OVER_PROVISIONING
        rate_rps = rate_seen(seen, k, MINUTE_S, known_rps)
        now = self._machines.setdefault(k, max(1, math.ceil(known_rps / target_rps)))
        ratios = self._ratios.setdefault(k, deque(maxlen=IN_MINUTES))
        ratios.append(rate_rps / (now * target_rps))
        recent = list(ratios)[-OUT_MINUTES:]
        high = len(recent) == OUT_MINUTES and min(recent) > 1
        low = len(ratios) == IN_MINUTES and max(ratios) < IN_SHARE
        if high or low:
            self._machines[k] = max(1, math.ceil(rate_rps / target_rps))
            ratios.clear()
        return self._machines[k]


def scale_pods(seen: Observation, k: int, offer: Offer, known_rps: float, lead_s: float) -> int:
    """Pods desired by the utilisation of those at work."""
    ready = seen.ready.get(offer.place, 0)
    if ready == 0:
        return math.ceil(known_rps / (POD_UTILISATION * offer.rated_rps))
    ratio = seen.busy_share[offer.place[0]] / POD_UTILISATION
    current = ready + seen.coming.get(offer.place, 0)
    if abs(ratio - 1) <= TOLERANCE:
        return current
    return min(math.ceil(ready * ratio), max(2 * current, current + LEAST_STEP))
