"""What EC2 and Auto Scaling reject, found before anything is asked of them; emulators let most of it through."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from planner.errors import nearest
from planner.executors.aws.fleets import KIND as FLEET
from planner.executors.aws.instance_types import MACHINES, instance_types
from planner.executors.aws.launch_templates import KIND as TEMPLATE
from planner.executors.aws.machines import GROUP_NAME_LIMIT, TEMPLATE_NAME_LIMIT
from planner.executors.aws.scaling_groups import KIND as GROUP
from planner.executors.aws.schedules import KIND as SCHEDULE
from planner.executors.aws.schedules import MOST_ACTIONS, NAME_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.executors.resources import Body, Resource

TEMPLATE_NAME = re.compile(
    r"[a-zA-Z0-9().\-/_]{3,}"
)  # EC2 API Reference, CreateLaunchTemplate, LaunchTemplateName
NO_COLON = re.compile(r"[^:]+")  # Auto Scaling API Reference, CreateAutoScalingGroup, AutoScalingGroupName
MOST_USER_DATA = 16_384  # EC2 User Guide, "Run commands on your instance at launch": bytes before base64
MOST_GROUPS = 500  # Auto Scaling User Guide, "Quotas": groups of a region, unless it has been raised
MOST_CAPACITY = 10_000  # EC2 User Guide, "EC2 Fleet quotas": target capacity of one fleet
MOST_TAGS = 50  # EC2 User Guide, "Tag restrictions"
TAG_KEY, TAG_VALUE = 128, 256  # the same: characters of a key and of a value
ZONE_SUFFIX = re.compile(
    r"[a-z]|-[a-z]+-[0-9]+[a-z]"
)  # EC2 User Guide, "Regions and Zones": us-east-1a, us-west-2-lax-1a


def machine_problems(resources: Sequence[Resource], at: datetime) -> Iterator[str]:
    """What the services would reject about templates, groups, scheduled actions and fleets.

    Parameters
    ----------
    at
        The present; scheduled actions must start later.
    """
    count = sum(one.kind == GROUP for one in resources)
    if count > MOST_GROUPS:
        yield f"the plan needs {count} Auto Scaling groups; a region holds {MOST_GROUPS}. Limit the plan's options by max_groups."
    for one in resources:
        what = f"{one.kind}/{one.name}"
        if one.kind == TEMPLATE:
            yield from _named(what, one.name, TEMPLATE_NAME, TEMPLATE_NAME_LIMIT)
            yield from _template(what, one.body)
        elif one.kind == GROUP:
            yield from _named(what, one.name, NO_COLON, GROUP_NAME_LIMIT)
            yield from _size(what, one.body)
        elif one.kind == SCHEDULE:
            yield from _schedule(what, one.body, at)
        elif one.kind == FLEET:
            yield from _fleet(what, one.body, at)
        yield from _tags(what, one.body.get("tags", {}))


def zone_problems(zones: Sequence[str], region: str) -> Iterator[str]:
    """Zones of the settings that are not of the plan's region."""
    for zone in zones:
        if not (zone.startswith(region) and ZONE_SUFFIX.fullmatch(zone.removeprefix(region))):
            yield f"the plan is for {region}; the settings' zone {zone} lies elsewhere. Use the settings of that region."


def _named(what: str, name: str, pattern: re.Pattern[str], limit: int) -> Iterator[str]:
    if len(name) > limit or not pattern.fullmatch(name):
        yield f"{what}: the name has {len(name)} characters; AWS takes at most {limit}, of the form {pattern.pattern}."


def _template(what: str, body: Body) -> Iterator[str]:
    kind, known = body["instance_type"], instance_types(*MACHINES)
    if kind not in known:
        yield (
            f"{what}: EC2 has no instance type {kind!r}.{nearest(kind, known)} Correct the price catalog, or update "
            "boto3 where the type is new."
        )
    size = len(body["user_data"].encode())
    if size > MOST_USER_DATA:
        yield f"{what}: user data take {size} bytes; EC2 takes {MOST_USER_DATA}. Shorten names in the plan."


def _size(what: str, body: Body) -> Iterator[str]:
    if not 0 <= body["min"] <= body["desired"] <= body["max"]:
        yield (
            f"{what}: {body['desired']} machines are desired, with {body['min']} to {body['max']} allowed; a group needs "
            "0 <= least <= desired <= most."
        )


def _schedule(what: str, body: Body, at: datetime) -> Iterator[str]:
    actions = body["actions"]
    if len(actions) > MOST_ACTIONS:
        yield f"{what}: {len(actions)} actions; a group holds {MOST_ACTIONS}."
    for start, times in Counter(action["start"] for action in actions.values()).items():
        if times > 1:
            yield f"{what}: {times} actions start at {start}; a group takes one an instant."
    for name, action in actions.items():
        yield from _named(what, name, NO_COLON, NAME_LIMIT)
        yield from _size(f"{what}: {name}", action)
        if datetime.fromisoformat(action["start"]) <= at:
            yield f"{what}: {name} starts at {action['start']}, which is past; actions start in the future."


def _fleet(what: str, body: Body, at: datetime) -> Iterator[str]:
    if not 0 < body["capacity"] <= MOST_CAPACITY:
        yield f"{what}: {body['capacity']} machines; a fleet has 1 to {MOST_CAPACITY}."
    if datetime.fromisoformat(body["valid_until"]) <= at:
        yield f"{what}: it would end at {body['valid_until']}, which is past."


def _tags(what: str, tags: dict[str, str]) -> Iterator[str]:
    if len(tags) > MOST_TAGS:
        yield f"{what}: {len(tags)} tags; AWS takes {MOST_TAGS}."
    for key, value in tags.items():
        if len(key) > TAG_KEY or len(value) > TAG_VALUE:
            yield f"{what}: tag {key} is too long; AWS takes {TAG_KEY} characters for a key, {TAG_VALUE} for a value."
