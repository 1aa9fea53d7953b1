"""Rules of a managed endpoint and of Kubernetes: a metric per machine is held at its target.

SageMaker target tracking (AWS, Application Auto Scaling User Guide: how target tracking works; predefined metric
SageMakerVariantInvocationsPerInstance). MArk over-provisions it by the factor 2 (Zhang, Yu, Wang and Yan, MArk, USENIX ATC 2019,
section 5, where it is the baseline), so the target is half of what a machine carries within the deadline. Once a minute the
invocations of each machine at work are looked at: three minutes above the target and as many machines are held as bring it back;
fifteen below nine tenths of it and machines go, at most once in 300 s. Not given: how AWS rounds; here to whole machines upwards.

Kubernetes horizontal pod autoscaler (kubernetes.io, Horizontal Pod Autoscaling, algorithm details; defaults of autoscaling/v2):
desired = ceil(current x metric / target), unless the ratio is within a tenth of 1; every 15 s; at most doubled or four pods more
a step; never below the most desired in the last 300 s. Pods that are not ready count as idle where pods would be added, and do
not count where they would be removed. The target of 80 % is the default of the API. A pod is a machine here, its metric the
share of the time that it is in calls.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from planner.replay.policies.autoscaling import rate_seen

if TYPE_CHECKING:
    from planner.replay.decisions import Observation, Place
    from planner.replay.policies.autoscaling import Service

MINUTE_S = 60.0  # SageMaker publishes the metric once a minute
OVER_PROVISIONING = 2.0  # MArk, section 5
OUT_MINUTES = 3  # of the alarm to scale out that target tracking makes
IN_MINUTES = 15  # of its alarm to scale in
IN_SHARE = 0.9  # of the target: threshold of its alarm to scale in
COOLDOWN_S = 300.0  # Application Auto Scaling API: default ScaleInCooldown of endpoint variants
SYNC_S = 15.0  # kube-controller-manager: --horizontal-pod-autoscaler-sync-period
TOLERANCE = 0.1  # kube-controller-manager: --horizontal-pod-autoscaler-tolerance
POD_UTILISATION = 0.8  # autoscaling/v2: default target where none is given
LEAST_STEP = 4  # autoscaling/v2: default scale-up policies, 4 pods or 100 % in 15 s
STABILISATION_S = 300.0  # autoscaling/v2: default stabilization window of scale-down


@dataclass
class Endpoint:
    """One endpoint variant: its machines, the last minutes' metric over its target, and when it last scaled in."""

    machines: int
    ratios: deque[float] = field(default_factory=lambda: deque(maxlen=IN_MINUTES))
    scaled_in_s: float = -math.inf


class EndpointTracking:
    """Invocations a machine, held at half of what it carries; one rule for all services, each with alarms of its own."""

    def __init__(self) -> None:
        self._endpoints: dict[Place, Endpoint] = {}

    def __call__(self, seen: Observation, service: Service) -> int:
        """Machines once the alarms have been looked at."""
        place, target_rps = service.offer.place, service.offer.rated_rps / OVER_PROVISIONING
        if place not in self._endpoints:
            self._endpoints[place] = Endpoint(max(1, math.ceil(service.known_rps / target_rps)))
        one = self._endpoints[place]
        if seen.now_s < MINUTE_S:
            return one.machines
        rate_rps = rate_seen(seen, service.rows, MINUTE_S, service.known_rps)
        one.ratios.append(rate_rps / (max(1, seen.ready.get(place, 0)) * target_rps))
        wanted = max(1, math.ceil(rate_rps / target_rps))
        recent = list(one.ratios)[-OUT_MINUTES:]
        if wanted > one.machines and len(recent) == OUT_MINUTES and min(recent) > 1:
            one.machines = wanted
        low = len(one.ratios) == IN_MINUTES and max(one.ratios) < IN_SHARE
        if wanted < one.machines and low and seen.now_s - one.scaled_in_s >= COOLDOWN_S:
            one.machines, one.scaled_in_s = wanted, seen.now_s
        return one.machines


def scale_pods(seen: Observation, service: Service) -> int:
    """Pods desired by the utilisation of those at work."""
    place = service.offer.place
    ready = seen.ready.get(place, 0)
    current = ready + seen.coming.get(place, 0)
    if ready == 0:
        return current or math.ceil(service.known_rps / (POD_UTILISATION * service.offer.rated_rps))
    needed = ready * seen.busy_share[place[0]] / POD_UTILISATION
    if needed < ready * (1 - TOLERANCE):
        return math.ceil(needed)
    if needed > current * (1 + TOLERANCE):
        return min(math.ceil(needed), max(2 * current, current + LEAST_STEP))
    return current
