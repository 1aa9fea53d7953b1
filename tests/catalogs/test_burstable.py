"""Burstable machines: baseline, full speed on credits, surplus price, stopped disks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from catalogs.burstable import BurstFacts, load_burst_catalog, stopped_usd_per_h
from catalogs.errors import CatalogError
from catalogs.prices import load_price_catalog

if TYPE_CHECKING:
    from pathlib import Path


def facts_of(instance_type: str) -> BurstFacts:
    return load_burst_catalog().facts[instance_type]


@pytest.mark.parametrize(
    ("instance_type", "baseline_share"),
    [  # EC2 user guide, burstable instances, key concepts: baseline utilisation per vCPU
        ("t2.nano", 0.05),
        ("t2.xlarge", 0.225),
        ("t2.2xlarge", 0.17),
        ("t3.nano", 0.05),
        ("t3.micro", 0.10),
        ("t3.small", 0.20),
        ("t3.medium", 0.20),
        ("t3.large", 0.30),
        ("t3a.xlarge", 0.40),
        ("t4g.2xlarge", 0.40),
    ],
)
def test_credits_earned_give_the_published_baseline(instance_type: str, baseline_share: float) -> None:
    assert facts_of(instance_type).baseline_share == pytest.approx(baseline_share, rel=1e-12)


def test_launch_credits_carry_a_stopped_machine_for_a_while() -> None:
    """t2.2xlarge: 240 credits, 480 spent and 81.6 earned an hour: 0.602 h; t3 has none at its start."""
    t2, t3 = facts_of("t2.2xlarge"), facts_of("t3.2xlarge")
    assert t2.full_speed_h(t2.launch_credits) == pytest.approx(240 / (480 - 81.6), rel=1e-12)
    assert t3.full_speed_h(t3.launch_credits) == 0
    assert t3.full_speed_h(192 * 24) == pytest.approx(16, rel=1e-12)  # a full balance: 4,608 / (480 - 192)


def test_every_burstable_machine_of_the_catalog_has_its_credits() -> None:
    machines = load_price_catalog("us-east-1").machines
    burstable = [one.shape for one in machines if one.shape.category == "burstable"]
    assert burstable
    for shape in burstable:
        assert facts_of(shape.instance_type).vcpu == shape.vcpu
    others = {one.instance_type for one in machines if one.shape.category != "burstable"}
    assert others.isdisjoint(load_burst_catalog().facts)


def test_the_bundled_table_is_whole_and_says_where_it_comes_from() -> None:
    catalog = load_burst_catalog()
    assert len(catalog.facts) == 28  # nano to 2xlarge of t2, t3, t3a and t4g
    assert list(catalog.digests) == ["bundled/burstable/aws.csv"]
    assert all(facts.source and facts.date.year == 2026 for facts in catalog.facts.values())


def test_a_later_file_overrides(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "instance_type,vcpu,credits_per_h,launch_credits,surplus_usd_per_vcpu_h,source_date,source\n"
        "t3.large,2,36,0,0.06,2026-08-01,own region\n"
    )
    catalog = load_burst_catalog([path])
    assert catalog.facts["t3.large"].surplus_usd_per_vcpu_h == 0.06
    assert catalog.facts["t3.small"] == facts_of("t3.small")


def test_a_stopped_machine_costs_its_disk() -> None:
    """50 GB of gp3 at 0.08 USD a month of 730 h."""
    assert stopped_usd_per_h(50) == pytest.approx(4 / 730, rel=1e-12)
    assert stopped_usd_per_h(50, usd_per_gb_month=0.1) == pytest.approx(5 / 730, rel=1e-12)


def test_impossible_credits_are_refused() -> None:
    with pytest.raises(CatalogError) as caught:
        dataclasses.replace(
            facts_of("t3.large"), credits_per_h=120, launch_credits=-1, surplus_usd_per_vcpu_h=0.0
        )
    assert len(caught.value.problems) == 3
