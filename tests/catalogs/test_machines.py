"""Machines: what their parts refuse, and the prices that follow from them."""

from __future__ import annotations

import dataclasses
import math
from datetime import date
from typing import Any

import pytest

from catalogs.errors import CatalogError
from catalogs.machines import EndpointPrice, MachineOffer, MachinePrice, Shape, SpotOffer
from catalogs.shapes import category_of, family_of

DAY = date(2026, 7, 20)
SHAPE = Shape("g4dn.xlarge", "g4dn", "gpu", 4, 16384, "x86_64", "t4", 1, 16384, 5000, "page")
PRICE = MachinePrice("g4dn.xlarge", "us-east-1", 0.526, DAY, "USD", "page")
SPOT = SpotOffer("g4dn.xlarge", 0.6, 0.05, 0.1, "advisor", DAY)
ENDPOINT = EndpointPrice("ml.g4dn.xlarge", "g4dn.xlarge", "us-east-1", 0.7364, DAY, "USD", "page")


def test_the_spot_price_is_the_on_demand_price_less_the_saving() -> None:
    offer = MachineOffer(SHAPE, PRICE, SPOT)
    assert offer.instance_type == "g4dn.xlarge"
    assert offer.on_demand_usd_per_h == 0.526
    assert offer.spot_usd_per_h == pytest.approx(0.526 * 0.4)
    assert MachineOffer(SHAPE, PRICE, None).spot_usd_per_h is None


@pytest.mark.parametrize(
    ("part", "change", "fragment"),
    [
        (PRICE, {"price_usd_per_h": 0.0}, "price_usd_per_h is 0.0; it must be a finite number > 0"),
        (PRICE, {"price_usd_per_h": -0.1}, "price_usd_per_h is -0.1"),
        (PRICE, {"price_usd_per_h": math.nan}, "price_usd_per_h is nan"),
        (PRICE, {"price_usd_per_h": math.inf}, "price_usd_per_h is inf"),
        (PRICE, {"currency": "CNY"}, "currency is 'CNY'"),
        (ENDPOINT, {"price_usd_per_h": 0.0}, "price_usd_per_h is 0.0"),
        (ENDPOINT, {"endpoint_type": "g4dn.xlarge"}, "endpoint type of g4dn.xlarge is ml.g4dn.xlarge"),
        (SPOT, {"saving_share": 0.0}, "saving_share is 0.0; it must be in (0, 1)"),
        (SPOT, {"saving_share": 1.0}, "saving_share is 1.0"),
        (SPOT, {"interruption_low_share": 0.1}, "band is 0.1 to 0.1"),
        (SPOT, {"interruption_high_share": 5.0}, "band is 0.05 to 5.0"),
        (SHAPE, {"category": "graphics"}, "category is 'graphics'"),
        (SHAPE, {"arch": "amd64"}, "arch is 'amd64'; allowed are x86_64, arm64"),
        (SHAPE, {"vcpu": 0}, "vcpu is 0"),
        (SHAPE, {"memory_mib": 0}, "memory_mib is 0"),
        (SHAPE, {"accelerator": None}, "no accelerator is named"),
        (SHAPE, {"accelerator_count": -1}, "must be >= 0"),
    ],
)
def test_impossible_parts_are_refused(part: Any, change: dict[str, Any], fragment: str) -> None:
    with pytest.raises(CatalogError) as caught:
        dataclasses.replace(part, **change)
    assert fragment in str(caught.value)


def test_all_contradictions_of_a_shape_are_told_at_once() -> None:
    with pytest.raises(CatalogError) as caught:
        dataclasses.replace(SHAPE, category="graphics", arch="amd64", vcpu=0)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("instance_type", "category"),
    [
        ("c5.large", "compute"),
        ("c7i-flex.large", "compute"),
        ("m5n.xlarge", "general"),
        ("a1.large", "general"),
        ("r5n.large", "memory"),
        ("x1e.32xlarge", "memory"),
        ("z1d.large", "memory"),
        ("u-6tb1.112xlarge", "memory"),
        ("cr1.8xlarge", "memory"),
        ("t3.xlarge", "burstable"),
        ("t4g.nano", "burstable"),
        ("g4dn.xlarge", "gpu"),
        ("gr6.4xlarge", "gpu"),
        ("p2.xlarge", "gpu"),
        ("inf1.xlarge", "inferentia"),
        ("trn1.2xlarge", "trainium"),
        ("i3.large", "other"),
        ("im4gn.large", "other"),
        ("is4gen.large", "other"),
        ("f1.2xlarge", "other"),
        ("dl1.24xlarge", "other"),
        ("vt1.3xlarge", "other"),
        ("hpc7g.4xlarge", "other"),
        ("h1.2xlarge", "other"),
        ("d3.xlarge", "other"),
    ],
)
def test_families_fall_into_their_category(instance_type: str, category: str) -> None:
    assert category_of(family_of(instance_type)) == category
