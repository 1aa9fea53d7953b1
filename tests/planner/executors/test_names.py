"""Names of resources: repeatable, within every service's rules, and never shared by two options."""

from __future__ import annotations

import re
from itertools import product

import pytest

from planner.executors.names import resource_name, slug, tags_of
from tests.planner.plan_case import make_plan

NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")


def test_plain_parts_read_as_they_are() -> None:
    assert resource_name("shop", "resnet", "spot") == "shop-resnet-spot"


def test_what_a_name_cannot_hold_becomes_a_dash_and_digits_tell_it_apart() -> None:
    name = resource_name("shop", "resnet/c5.xlarge@on-demand/us-east-1a")
    assert re.fullmatch(r"shop-resnet-c5-xlarge-on-demand-us-east-1a-[0-9a-f]{8}", name)
    assert name == resource_name("shop", "resnet/c5.xlarge@on-demand/us-east-1a")


def test_no_two_of_many_parts_share_a_name() -> None:
    """Parts that read the same once their signs are dashes, or once they are joined or cut."""
    texts = ("a", "b", "a-b", "a.b", "A-B", "a/b", "", "é", "x" * 80, "x" * 81)
    cases = [(one,) for one in texts] + list(product(texts, texts))
    names = {resource_name("shop", *parts) for parts in cases}
    assert len(names) == len(cases)
    assert all(NAME.fullmatch(name) and len(name) <= 63 for name in names)


def test_a_name_keeps_to_its_limit_and_begins_with_the_service() -> None:
    service = "s" * 32
    name = resource_name(service, "some/option", limit=42)
    assert len(name) <= 42
    assert name.startswith(f"{service}-")


@pytest.mark.parametrize("text", ["../../etc/passwd", "a b", "..", "/", "C:\\x"])
def test_a_slug_is_no_path(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]*", slug(text))


def test_tags_name_service_plan_and_window_and_are_fit_for_labels() -> None:
    plan = make_plan()
    tags = tags_of("shop", plan, plan.windows[1])
    assert tags["planner-service"] == "shop"
    assert tags["planner-window"] == "w1"
    assert len(tags["planner-plan-sha256"]) == 12
    long = plan.model_copy(update={"metadata": plan.metadata.model_copy(update={"name": "Ünïcode " * 20})})
    assert all(LABEL.fullmatch(value) for value in tags_of("shop", long, plan.windows[0]).values())
