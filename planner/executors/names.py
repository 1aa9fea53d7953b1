"""Names and tags of what a plan puts in place: the same ones whenever the same plan is applied, so that a retry finds them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from planner.plan import plan_digest

if TYPE_CHECKING:
    from planner.plan import ProvisioningPlan, Window

SERVICE_TAG = "planner-service"
PLAN_TAG = "planner-plan"
DIGEST_TAG = "planner-plan-sha256"
WINDOW_TAG = "planner-window"

NAME_LIMIT = 63  # Kubernetes, object names and label values: the shortest limit of all targets
SHOWN_DIGITS = 12  # ours: of a plan's digest, enough to tell plans apart by eye
_DIGITS = (
    8  # ours: 32 bits; some thousand options share one by chance once in 1,000 plans, and are then refused
)
_SHORTEST_LIMIT = 42  # a service's name of 32, a dash, one letter of the rest, a dash and the digits


def resource_name(service: str, *parts: str, limit: int = NAME_LIMIT) -> str:
    """Name of a resource: the service and what tells its resources apart, for example the id of an option.

    It has small letters, digits and single dashes only, and begins with the service. Eight digits of a SHA-256 over all parts
    close it where it would be too long, or where different parts could read the same.

    Parameters
    ----------
    limit
        Most characters, >= 42.
    """
    assert limit >= _SHORTEST_LIMIT, f"no name of {limit} characters tells options apart"
    plain = "-".join((service, *(slug(part) for part in parts if slug(part))))
    if len(plain) <= limit and all(part and part == slug(part) and "-" not in part for part in parts):
        return plain
    digits = hashlib.sha256("\0".join((service, *parts)).encode()).hexdigest()[:_DIGITS]
    return f"{plain[: limit - _DIGITS - 1].rstrip('-')}-{digits}"


def slug(text: str) -> str:
    """Return a text in small letters, digits and single dashes: safe in names, addresses and paths; may be empty."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def tags_of(service: str, plan: ProvisioningPlan, window: Window) -> dict[str, str]:
    """Return the tags, or labels, that everything of a service carries; `SERVICE_TAG` alone says that a thing is ours.

    The values are fit for Kubernetes labels, the strictest of the targets: names of plans and windows are written as slugs.
    """
    return {
        SERVICE_TAG: service,
        PLAN_TAG: _tag_value(plan.metadata.name),
        DIGEST_TAG: plan_digest(plan)[:SHOWN_DIGITS],
        WINDOW_TAG: _tag_value(window.id),
    }


def _tag_value(text: str) -> str:
    return slug(text)[:NAME_LIMIT].strip("-")
