"""Container tariffs: prices by hand, task sizes that exist, least billed time."""

from __future__ import annotations

import dataclasses

import pytest

from catalogs.containers import FargateTariff, container_shapes, least_shape, load_container_tariffs
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


def test_a_free_or_shapeless_tariff_is_refused(x86: FargateTariff) -> None:
    with pytest.raises(CatalogError) as caught:
        dataclasses.replace(x86, usd_per_vcpu_h=0.0, sizes_mib={})
    assert len(caught.value.problems) == 2


def test_another_region_has_no_tariff_yet() -> None:
    assert load_container_tariffs("mars-1").tariffs == ()


def test_every_legal_size_is_listed_once_with_its_price(x86: FargateTariff) -> None:
    """3 + 4 + 7 + 13 + 23 + 12 + 12 sizes of the seven numbers of vCPU; 1 vCPU and 2 GB cost 0.04937 USD/h."""
    shapes = container_shapes(x86)
    assert len(shapes) == len({(shape.vcpu, shape.memory_mib) for shape in shapes}) == 74
    assert all(shape.usd_per_h == x86.usd_per_h(shape.vcpu, shape.memory_mib) for shape in shapes)
    assert next(s.usd_per_h for s in shapes if (s.vcpu, s.memory_mib) == (1, 2048)) == pytest.approx(0.04937)


@pytest.mark.parametrize(
    ("vcpu", "memory_mib", "expected"),
    [
        (1, 100, (1, 2048)),
        (1, 2048, (1, 2048)),
        (1, 2048.5, (1, 3072)),
        (3, 100, (4, 8192)),
        (1, 9000, (2, 9216)),
        (8, 17000, (8, 20480)),
        (16, 122880, (16, 122880)),
    ],
)
def test_the_least_size_is_the_cheapest_that_holds_vcpu_and_memory(
    x86: FargateTariff, vcpu: float, memory_mib: float, expected: tuple[float, int]
) -> None:
    found = least_shape(x86, vcpu, memory_mib)
    assert found is not None
    assert (found.vcpu, found.memory_mib) == expected
    fitting = [s for s in container_shapes(x86) if s.vcpu >= vcpu and s.memory_mib >= memory_mib]
    assert found.usd_per_h == min(shape.usd_per_h for shape in fitting)


@pytest.mark.parametrize(("vcpu", "memory_mib"), [(20, 100), (1, 122881)])
def test_what_no_size_holds_has_no_container(x86: FargateTariff, vcpu: float, memory_mib: float) -> None:
    assert least_shape(x86, vcpu, memory_mib) is None
