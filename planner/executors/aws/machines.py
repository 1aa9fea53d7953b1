"""The machines of a plan as AWS needs them: one group an option, with its sizes over time.

An option is one worker group x instance type x market x zone, so its machines are one Auto Scaling group of one type and market.
Its size at an instant is the largest that any window asks of it then. A window that needs more machines than the one before counts
from `launch_at`, so that they have booted and loaded when it starts; the first counts from ever, the last for ever: the end of a
plan stops no machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from planner.executors.aws.sizes import split
from planner.executors.names import resource_name
from planner.executors.sizes import sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from planner.executors.aws.kinds import Task
    from planner.executors.settings import AwsSettings
    from planner.executors.sizes import Size
    from planner.plan import FleetLine, Window

PROVIDER = "aws"
GROUP_NAME_LIMIT = 255  # Auto Scaling API Reference, CreateAutoScalingGroup, AutoScalingGroupName
TEMPLATE_NAME_LIMIT = 128  # EC2 API Reference, CreateLaunchTemplate, LaunchTemplateName
WHY_NOT = {  # market -> why no group can hold its machines
    "standby": "machines that stand stopped until spot machines are lost are started by whoever sees the loss, which no group "
    "does; plan without a standby market, or prepare them yourself and leave the target dry-run",
    "container": "containers of a serverless service are not machines of an Auto Scaling group; plan without the container market",
}


@dataclass(frozen=True)
class MachineGroup:
    """Machines of one option, with all that AWS must know of them."""

    service: str
    option: str
    line: FleetLine  # of the first window that has the option: what the machines run
    image_id: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    instance_profile: str | None
    count: int  # at once
    later: tuple[Size, ...]  # changes after that, rising in time
    tags: dict[str, str]

    @property
    def market(self) -> Literal["on-demand", "spot"]:
        """How AWS sells them; machines that are paid for already are launched like on-demand ones."""
        return "spot" if self.line.market == "spot" else "on-demand"

    @property
    def template_name(self) -> str:
        """Name of the launch template."""
        return resource_name(self.service, self.option, limit=TEMPLATE_NAME_LIMIT)

    @property
    def group_name(self) -> str:
        """Name of the Auto Scaling group."""
        return resource_name(self.service, self.option, limit=GROUP_NAME_LIMIT)


def machine_groups(
    task: Task, windows: Sequence[Window], at: datetime
) -> tuple[list[MachineGroup], list[str]]:
    """Groups of every option that one of the windows uses, and what is wrong with plan or settings.

    Parameters
    ----------
    windows
        The window to apply, and those after it that are to be scheduled.
    at
        Sizes due by then are applied at once.
    """
    aws = task.aws
    lines: dict[str, FleetLine] = {}
    for one in windows:
        for line in one.fleet:
            lines.setdefault(line.option, line)
    groups, problems = [], []
    for option, line in sorted(lines.items()):
        found = list(_problems(task, line))
        problems += found
        model = aws.models.get(line.model)
        if found or model is None or model.image_id is None:
            continue
        count, later = split(list(sizes(windows, option)), at)
        groups.append(
            MachineGroup(
                service=task.settings.service,
                option=option,
                line=line,
                image_id=model.image_id,
                subnets=_subnets(line, aws),
                security_groups=tuple(sorted(aws.security_groups)),
                instance_profile=aws.instance_profile,
                count=count,
                later=later,
                tags=task.tags,
            )
        )
    return groups, problems


def _subnets(line: FleetLine, aws: AwsSettings) -> tuple[str, ...]:
    zones = aws.subnets.values() if line.zone is None else [aws.subnets[line.zone]]
    return tuple(sorted(set(zones)))


def _problems(task: Task, line: FleetLine) -> Iterator[str]:
    what, aws = f"option {line.option}", task.aws
    if line.provider != PROVIDER:
        yield f"{what}: its machines are of {line.provider}; the target aws launches machines of {PROVIDER} alone."
    yield from task.elsewhere(line)
    if line.market in WHY_NOT:
        yield f"{what}: market {line.market}: {WHY_NOT[line.market]}."
    model = aws.models.get(line.model)
    if model is None or model.image_id is None:
        yield task.unset("no image serves", line.model, "image_id")
    if line.zone is not None and line.zone not in aws.subnets:
        yield f"{what}: zone {line.zone} has no subnet; aws.subnets has {', '.join(sorted(aws.subnets))}. Add it there."
