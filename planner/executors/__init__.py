"""Carry out one window of a plan: one module a target, and one runner for the differences, order, retries and receipts."""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import TYPE_CHECKING

from planner.errors import InputError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.executors.settings import DeploymentSettings
    from planner.executors.target import Target

DRY_RUN = "dry-run"  # works out a change set from the plan alone: planner.executors.dry_run
TARGETS: Mapping[str, str] = MappingProxyType(  # name -> module:class, loaded when it is asked for
    {
        "aws": "planner.executors.aws.target:AwsTarget",
        "kubernetes": "planner.executors.kubernetes.target:KubernetesTarget",
        "terraform": "planner.executors.terraform.target:TerraformTarget",
    }
)


def check_target_name(name: str) -> None:
    """Find out whether there is such a target.

    Raises
    ------
    InputError, with the names there are and the nearest one.
    """
    known = (DRY_RUN, *TARGETS)
    if name not in known:
        raise InputError(f"--target is {name!r}; it must be one of {', '.join(known)}.{nearest(name, known)}")


def check_place_name(name: str) -> None:
    """Find out whether there is such a target, and whether it is a place at all.

    Raises
    ------
    InputError, as `check_target_name`, and for the dry run.
    """
    check_target_name(name)
    if name == DRY_RUN:
        raise InputError(
            f"--target {name} reads the plan alone, for apply; name one of {', '.join(TARGETS)}."
        )


def target_for(name: str, settings: DeploymentSettings, region: str) -> Target:
    """Return the target of a name, made for the settings and the plan's region; it contacts nothing yet.

    Raises
    ------
    InputError, where there is no such target, or the settings have no part for it, or its extra is not installed.
    """
    check_place_name(name)
    module, made = TARGETS[name].split(":")
    maker = getattr(importlib.import_module(module), made)
    target: Target = maker(settings, region)
    return target
