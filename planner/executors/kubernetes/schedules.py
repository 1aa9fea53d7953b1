"""Schedules: a ScaledObject of KEDA with a cron trigger for every time in which an option has machines.

A trigger is a floor: while it is active, at least its replicas run, and of several the highest counts. It cannot ask for none, so a
time without machines is one without a trigger. Cron knows minutes, not seconds, and no year: every trigger would come back a year
later, so all of a schedule lies within one year, and an earlier start or a later end is taken where a minute is cut.

The first trigger reaches back a month and the last one forward for the rest of the year, as if they had always held: the same plan
gives the same schedule at whatever moment it is applied, and where no newer plan comes, the last window's machines stay.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from planner.executors.kubernetes.kinds import SCALED_OBJECT, manifest
from planner.executors.kubernetes.workers import Spell
from planner.instants import instant_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from planner.executors.kubernetes.workers import Worker
    from planner.executors.resources import Body
    from planner.executors.settings import KubernetesSettings
    from planner.plan import ProvisioningPlan, Window

REACH_BACK = timedelta(days=30)  # ours: how long before its start a window can be applied
REACH_AHEAD = timedelta(days=330)  # with the 30 days before it 360, less than the shortest year
MINUTE = timedelta(minutes=1)


def schedule_refusals(plan: ProvisioningPlan, window: Window, at: datetime) -> Iterator[str]:
    """Why cron triggers could not say when the windows of a plan are."""
    if at < window.start - REACH_BACK:
        yield (
            f"window {window.id} starts at {instant_text(window.start)}, and it is {instant_text(at)}; the cron triggers of KEDA "
            f"have no year and begin {REACH_BACK.days} days before. Apply it later, or write kubernetes.schedule: none."
        )
    last = plan.windows[-1]
    if last.end > window.start + REACH_AHEAD:
        yield (
            f"the plan ends at {instant_text(last.end)}, more than {REACH_AHEAD.days} days after window {window.id} starts; the "
            "cron triggers of KEDA have no year. Plan a shorter horizon, or write kubernetes.schedule: none."
        )


def scaled_object(
    worker: Worker, scaled: str, labels: Mapping[str, str], settings: KubernetesSettings
) -> Body:
    """Return the schedule of a worker.

    Parameters
    ----------
    scaled
        Name of the Deployment that it scales.
    """
    counts = [one.count for one in worker.spells]
    spec: Body = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": scaled},
        "minReplicaCount": min(counts),
        "maxReplicaCount": max(counts),
        "cooldownPeriod": 0,  # machines that a window no longer has go at once, the last as the others; by default after 300 s
        "advanced": {
            "horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}
        },
        "triggers": [_trigger(one) for one in _held(worker.spells) if one.count > 0],
    }
    return manifest(SCALED_OBJECT, worker.name, settings.namespace, labels, spec)


def _held(spells: tuple[Spell, ...]) -> Iterator[Spell]:
    """Let the first spell reach back and the last one ahead."""
    first = spells[0].start
    for one in spells:
        start = first - REACH_BACK if one is spells[0] else one.start
        end = first + REACH_AHEAD if one is spells[-1] else one.end
        yield Spell(start, end, one.count)


def _trigger(spell: Spell) -> Body:
    return {
        "type": "cron",
        "metadata": {
            "timezone": "Etc/UTC",
            "start": _cron(spell.start),
            "end": _cron(spell.end + MINUTE - timedelta(microseconds=1)),
            "desiredReplicas": str(spell.count),
        },
    }


def _cron(moment: datetime) -> str:
    """Return the minute that a moment lies in, of every year."""
    utc = moment.astimezone(UTC)
    return f"{utc.minute} {utc.hour} {utc.day} {utc.month} *"
