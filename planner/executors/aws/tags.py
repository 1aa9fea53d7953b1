"""Tags as AWS takes and gives them; only ours are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.executors.names import DIGEST_TAG, PLAN_TAG, SERVICE_TAG, WINDOW_TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from types_boto3_ec2.type_defs import FilterTypeDef

    from planner.executors.aws.session import Session

UNTIL_TAG = "planner-scheduled-until"  # instant up to which sizes are scheduled: apply again before then
ALIAS_TAG = "planner-alias"  # of a function: the alias that provisioned concurrency is kept for
FLEET_TAG = "planner-fleet"  # a fleet's name, as EC2 gives it none
OWN = frozenset((SERVICE_TAG, PLAN_TAG, DIGEST_TAG, WINDOW_TAG, UNTIL_TAG, ALIAS_TAG, FLEET_TAG))
MOST_VALUES = 200  # EC2 API Reference, "Filtering": values of one filter


def tag_list(tags: Mapping[str, str]) -> list[Any]:
    """Tags as AWS takes them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def tags_by_id(session: Session, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Id of an EC2 resource -> its tags of ours, as they are now: moto describes a resource with the tags it was made with."""
    pages = session.ec2.get_paginator("describe_tags")
    found: dict[str, dict[str, str]] = {one: {} for one in ids}
    for start in range(0, len(ids), MOST_VALUES):
        by_id: FilterTypeDef = {"Name": "resource-id", "Values": list(ids[start : start + MOST_VALUES])}
        for page in pages.paginate(Filters=[by_id]):
            for one in page["Tags"]:
                found[one["ResourceId"]] |= own_tags([one])
    return found


def own_tags(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Tags of ours among those that AWS answers with; others' tags are no business of a plan."""
    return {one["Key"]: one["Value"] for one in tags if one["Key"] in OWN}
