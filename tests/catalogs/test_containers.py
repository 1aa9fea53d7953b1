"""Container tariffs: prices by hand, task sizes that exist, least billed time."""

from __future__ import annotations

import dataclasses

import pytest

from catalogs.containers import FargateTariff, load_container_tariffs
from catalogs.errors import CatalogError


@pytest.fixture(scope="module")
def x86() -> FargateTariff:
    """AWS Fargate on x86 in us-east-1."""
    return next(t for t in load_container_tariffs().tariffs if t.arch == "x86_64")


def test_price_of_a_task_by_hand(x86: FargateTariff) -> None:
    """4 vCPU and 8 GB: 4 x 0.04048 + 8 x 0.004445 USD an hour."""
    assert x86.usd_per_h(4, 8192) == pytest.approx(4 * 0.04048 + 8 * 0.004445, rel=1e-12)


def test_arm_costs_less() -> None:
    by_arch = {t.arch: t.usd_per_h(1, 2048) for t in load_container_tariffs().tariffs}
    assert by_arch["arm64"] < by_arch["x86_64"]


def test_the_published_sizes(x86: FargateTariff) -> None:
    assert x86.sizes_mib[0.25] == (512, 1024, 2048)
    assert x86.sizes_mib[0.5] == (1024, 2048, 3072, 4096)
    assert x86.sizes_mib[16] == tuple(range(32768, 122881, 8192))
    assert set(x86.sizes_mib) == {0.25, 0.5, 1, 2, 4, 8, 16}


@pytest.mark.parametrize(
    ("vcpu", "memory_mib", "fragment"),
    [
        (0.25, 4096, "allowed with 0.25 vCPU: 512, 1024, 2048 MiB"),
        (3, 8192, "allowed vCPU: 0.25, 0.5, 1, 2, 4, 8, 16"),
    ],
)
def test_other_sizes_are_refused(x86: FargateTariff, vcpu: float, memory_mib: int, fragment: str) -> None:
    with pytest.raises(CatalogError) as caught:
        x86.usd_per_h(vcpu, memory_mib)
    assert fragment in str(caught.value)


@pytest.mark.parametrize(("running_s", "billed_s"), [(1, 60), (60, 60), (60.2, 61), (3600, 3600)])
def test_running_time_is_billed_by_the_second_from_one_minute(
    x86: FargateTariff, running_s: float, billed_s: float
) -> None:
    assert x86.billed_s(running_s) == billed_s


def test_a_free_or_shapeless_tariff_is_refused(x86: FargateTariff) -> None:
    with pytest.raises(CatalogError) as caught:
        dataclasses.replace(x86, usd_per_vcpu_h=0.0, sizes_mib={})
    assert len(caught.value.problems) == 2


def test_another_region_has_no_tariff_yet() -> None:
    assert load_container_tariffs("mars-1").tariffs == ()
