"""Schedules: a ScaledObject of KEDA with a cron trigger for every time in which an option has machines.

A trigger is a floor: while it is active, at least its replicas run, and of several the highest counts. It cannot ask for none, so a
time without machines is one without a trigger. Cron knows minutes, not seconds, and no year: every trigger would come back a year
later, so all of a schedule lies within one year, and an earlier start or a later end is taken where a minute is cut.

All windows of the plan are in it, the past ones too, so what one window scheduled is what the next one would: time alone makes no
drift. A window that is applied before it starts is the first of its schedule. The first trigger reaches back a month and the last
one forward for the rest of the year: what is applied early holds at once, and where no newer plan comes, the last machines stay.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from planner.executors.kubernetes.kinds import SCALED_OBJECT, manifest
from planner.instants import instant_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from planner.executors.kubernetes.workers import Worker
    from planner.executors.resources import Body
    from planner.executors.settings import KubernetesSettings
    from planner.executors.sizes import Size
    from planner.plan import Window

REACH_BACK = timedelta(days=30)  # ours: how long before its start a window can be applied
REACH_AHEAD = timedelta(days=330)  # with the 30 days before it 360, less than the shortest year
MINUTE = timedelta(minutes=1)


def schedule_refusals(windows: Sequence[Window], at: datetime) -> Iterator[str]:
    """Why cron triggers could not say when the windows of a schedule are."""
    first, last = windows[0], windows[-1]
    if at < first.start - REACH_BACK:
        yield (
            f"window {first.id} starts at {instant_text(first.start)}, and it is {instant_text(at)}; the cron triggers of KEDA "
            f"have no year and begin {REACH_BACK.days} days before. Apply it later, or write kubernetes.schedule: none."
        )
    if last.end > first.start + REACH_AHEAD:
        yield (
            f"the plan ends at {instant_text(last.end)}, more than {REACH_AHEAD.days} days after window {first.id} starts; the "
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
    spec: Body = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": scaled},
        "minReplicaCount": worker.least,
        "maxReplicaCount": worker.most,
        "cooldownPeriod": 0,  # machines that a window no longer has go at once, the last as the others; by default after 300 s
        "advanced": {
            "horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}
        },
        "triggers": list(_triggers(worker.sizes)),
    }
    return manifest(SCALED_OBJECT, worker.name, settings.namespace, labels, spec)


def _triggers(sizes: Sequence[Size]) -> Iterator[Body]:
    """A trigger for every size but none, up to the next one."""
    first = sizes[0].at
    starts = [first - REACH_BACK, *(one.at for one in sizes[1:])]
    ends = [*starts[1:], first + REACH_AHEAD]
    for size, start, end in zip(sizes, starts, ends, strict=True):
        if size.count:
            yield {
                "type": "cron",
                "metadata": {
                    "timezone": "Etc/UTC",
                    "start": _cron(start),
                    "end": _cron(end + MINUTE - timedelta(microseconds=1)),
                    "desiredReplicas": str(size.count),
                },
            }


def _cron(moment: datetime) -> str:
    """Return the minute that a moment lies in, of every year."""
    utc = moment.astimezone(UTC)
    return f"{utc.minute} {utc.hour} {utc.day} {utc.month} *"
