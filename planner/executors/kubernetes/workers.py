"""The machine options of a window and of those after it, each with its counts over time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.executors.names import resource_name
from planner.plan import MachineOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from planner.executors.settings import KubernetesSettings
    from planner.plan import FleetLine, ProvisioningPlan, Window

CAPACITY_TYPES = {
    "on-demand": "on-demand",
    "committed": "on-demand",
    "spot": "spot",
}  # values of Karpenter's label
LONGEST_NAME = 54  # KEDA names its autoscaler keda-hpa-NAME and writes that into a label of 63 characters
LONGEST_HOST_LABEL = 63  # DNS, RFC 1035
SHORTEST_NAME = 42  # what `resource_name` needs to tell options apart
_LABEL_VALUE = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
)  # Kubernetes, labels and selectors


@dataclass(frozen=True)
class Spell:
    """A time in which a number of machines does not change; it begins when they are to be launched."""

    start: datetime
    end: datetime
    count: int


@dataclass(frozen=True)
class Worker:
    """The machines of one option, one pod each.

    Parameters
    ----------
    name
        Of the objects that run it.
    spells
        From the window on, in order, those without machines included.
    """

    name: str
    line: FleetLine
    option: MachineOption
    spells: tuple[Spell, ...]

    @property
    def count(self) -> int:
        """Machines in the window itself."""
        return self.spells[0].count


def workers_of(
    plan: ProvisioningPlan, window: Window, settings: KubernetesSettings, service: str
) -> tuple[Worker, ...]:
    """Return the options at work in a window, and with a schedule those of the windows after it, by id."""
    windows = [window]
    if settings.schedule == "keda":
        windows = [one for one in plan.windows if one.start >= window.start]
    options = {one.id: one for one in plan.options if isinstance(one, MachineOption)}
    lines = {line.option: line for one in reversed(windows) for line in one.fleet}
    return tuple(
        Worker(
            name=resource_name(service, option, limit=_name_limit(settings)),
            line=lines[option],
            option=options[option],
            spells=tuple(_spells(option, windows)),
        )
        for option in sorted(lines)
    )


def refusals(workers: Sequence[Worker], window: Window, settings: KubernetesSettings) -> Iterator[str]:
    """Everything about a plan and the settings that the cluster could not do."""
    for worker in workers:
        yield from _refusals_of(worker, settings)
    for model in sorted({worker.line.model for worker in workers} - settings.images.keys()):
        yield f"kubernetes.images has no image of the model {model!r}; add one."
    if window.functions and settings.functions == "refused":
        named = ", ".join(sorted({line.option for line in window.functions}))
        yield (
            f"window {window.id} calls functions, which a cluster does not run: {named}. Set them otherwise (planner apply without "
            "a target prints what to set) and write kubernetes.functions: elsewhere, or plan without functions."
        )
    if settings.serving == "kserve" and len(settings.namespace) > _longest_namespace():
        yield (
            f"kubernetes.namespace has {len(settings.namespace)} characters; KServe joins it with the names of services to host "
            f"labels of at most {LONGEST_HOST_LABEL}, which leaves it {_longest_namespace()}. Shorten it, or serve by deployment."
        )


def _refusals_of(worker: Worker, settings: KubernetesSettings) -> Iterator[str]:
    line = worker.line
    if line.market not in CAPACITY_TYPES:
        yield (
            f"option {line.option}: the market {line.market} has no counterpart in a cluster; it must be one of "
            f"{', '.join(CAPACITY_TYPES)}. Plan without it."
        )
    if settings.nodes == "karpenter" and line.provider != "aws":
        yield (
            f"option {line.option}: its machines are {line.provider}'s; kubernetes.nodes: karpenter makes those of aws. "
            "Write none, and let the cluster have nodes with the labels that the pods select."
        )
    for what, value in (("type", line.instance_type), ("zone", line.zone)):
        if value is not None and not _LABEL_VALUE.fullmatch(value):
            yield f"option {line.option}: its {what} {value!r} is no value of a node's label; correct the catalog."


def _name_limit(settings: KubernetesSettings) -> int:
    if settings.serving != "kserve":
        return LONGEST_NAME
    return max(SHORTEST_NAME, LONGEST_HOST_LABEL - len("-predictor-") - len(settings.namespace))


def _longest_namespace() -> int:
    return LONGEST_HOST_LABEL - len("-predictor-") - SHORTEST_NAME


def _spells(option: str, windows: Sequence[Window]) -> Iterator[Spell]:
    """Join neighbouring windows of one count."""
    held: Spell | None = None
    for window in windows:
        line = next((one for one in window.fleet if one.option == option), None)
        count = 0 if line is None else line.count
        if held is not None and held.count == count:
            held = Spell(held.start, window.end, count)
            continue
        if held is not None:
            yield held
        launch_at = None if line is None else line.launch_at
        grows = held is not None and count > held.count
        held = Spell(launch_at if grows and launch_at else window.start, window.end, count)
    if held is not None:
        yield held
