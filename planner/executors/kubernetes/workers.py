"""The machine options of the windows to set, each with its sizes over time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.errors import nearest
from planner.executors.names import resource_name
from planner.executors.sizes import sizes
from planner.plan import MachineOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.executors.settings import KubernetesSettings
    from planner.executors.sizes import Size
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
class Worker:
    """The machines of one option, one pod each.

    Parameters
    ----------
    name
        Of the objects that run it.
    sizes
        Pods over time; of one window alone one size.
    """

    name: str
    line: FleetLine
    option: MachineOption
    sizes: tuple[Size, ...]

    @property
    def least(self) -> int:
        """Fewest pods at any time."""
        return min(one.count for one in self.sizes)

    @property
    def most(self) -> int:
        """Most pods at any time."""
        return max(one.count for one in self.sizes)


def workers_of(
    plan: ProvisioningPlan,
    windows: Sequence[Window],
    schedule: Sequence[Window],
    settings: KubernetesSettings,
    service: str,
) -> tuple[Worker, ...]:
    """Return the options at work in some windows of a plan, by id.

    Parameters
    ----------
    windows
        The one to set and, where they are scheduled, those after it.
    schedule
        Windows whose sizes are told; the same, or more.
    """
    options = {one.id: one for one in plan.options if isinstance(one, MachineOption)}
    lines = {line.option: line for one in reversed(windows) for line in one.fleet}
    return tuple(
        Worker(
            name=resource_name(service, option, limit=_name_limit(settings)),
            line=lines[option],
            option=options[option],
            sizes=tuple(sizes(schedule, option)),
        )
        for option in sorted(lines)
    )


def refusals(
    workers: Sequence[Worker], windows: Sequence[Window], settings: KubernetesSettings
) -> Iterator[str]:
    """Everything about windows to set, and the settings, that the cluster could not do."""
    for worker in workers:
        yield from _refusals_of(worker, settings)
    for model in sorted({worker.line.model for worker in workers} - settings.images.keys()):
        yield f"kubernetes.images has no image of the model {model!r}; add one.{nearest(model, settings.images)}"
    called = sorted({line.option for window in windows for line in window.functions})
    if called and settings.functions == "refused":
        first = next(window for window in windows if window.functions)
        yield (
            f"from window {first.id} on the plan calls functions, which a cluster does not run: {', '.join(called)}. Set them "
            "otherwise (planner apply without a target prints what to set) and write kubernetes.functions: elsewhere, or plan "
            "without functions."
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
