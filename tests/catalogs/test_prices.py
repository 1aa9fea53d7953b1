"""The price catalog: what is bundled, how files join, override and contradict each other."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from catalogs.errors import CatalogError
from catalogs.prices import PriceCatalog, load_price_catalog
from catalogs.shapes import COLUMNS as SHAPE_COLUMNS
from catalogs.spot import COLUMNS as SPOT_COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

PRICES = "instance_type,region,price_usd_per_h,currency,price_date,source"
SHAPES = ",".join(SHAPE_COLUMNS)
SPOT = ",".join(SPOT_COLUMNS)
PROFILED = [
    "c5.large",
    "c5.xlarge",
    "c5.2xlarge",
    "c5.4xlarge",
    "c5a.2xlarge",
    "c5a.4xlarge",
    "g4dn.xlarge",
    "g4dn.2xlarge",
    "m5.xlarge",
    "m5.2xlarge",
    "m5n.xlarge",
    "m5n.2xlarge",
    "r5.large",
    "r5.xlarge",
    "r5n.large",
    "r5n.xlarge",
    "t3.xlarge",
    "t3.2xlarge",
    "p2.xlarge",
    "c6i.2xlarge",
    "g5.2xlarge",
    "inf1.xlarge",
    "inf1.2xlarge",
    "inf2.xlarge",
    "inf2.48xlarge",
    "trn1.2xlarge",
    "trn1.32xlarge",
]


@pytest.fixture(scope="module")
def bundled() -> PriceCatalog:
    """The catalog of us-east-1 from the files that ship with the package."""
    return load_price_catalog("us-east-1")


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_bundled_catalog_spans_the_families(bundled: PriceCatalog) -> None:
    assert len(bundled.machines) >= 90
    by_category = Counter(offer.shape.category for offer in bundled.machines)
    expected = {"general", "compute", "memory", "burstable", "gpu", "inferentia", "trainium"}
    assert set(by_category) == expected
    families = {offer.shape.family for offer in bundled.machines}
    assert {
        "g4dn",
        "g5",
        "g6",
        "p2",
        "p3",
        "p4d",
        "inf1",
        "inf2",
        "c5",
        "c5a",
        "m5",
        "m5n",
        "r5",
        "r5n",
        "t3",
    } <= families
    assert bundled.rejected == ()
    assert bundled.warnings == ()


@pytest.mark.parametrize("instance_type", PROFILED)
def test_every_profiled_type_can_be_rented(bundled: PriceCatalog, instance_type: str) -> None:
    offer = bundled.machine(instance_type)
    assert offer.on_demand_usd_per_h > 0
    assert offer.price.source
    assert offer.shape.source
    assert offer.price.price_date == date(2026, 7, 20)


def test_known_figures_of_a_few_types(bundled: PriceCatalog) -> None:
    c5, p2, p3 = (bundled.machine(name) for name in ("c5.large", "p2.xlarge", "p3.2xlarge"))
    assert (c5.on_demand_usd_per_h, c5.shape.vcpu, c5.shape.memory_mib, c5.shape.accelerator) == (
        0.085,
        2,
        4096,
        None,
    )
    assert (p2.on_demand_usd_per_h, p2.shape.vcpu, p2.shape.memory_mib) == (0.9, 4, 61 * 1024)
    assert (p2.shape.accelerator, p2.shape.accelerator_count, p2.shape.accelerator_memory_mib) == (
        "k80",
        1,
        12288,
    )
    assert (p3.on_demand_usd_per_h, p3.shape.vcpu, p3.shape.memory_mib) == (3.06, 8, 61 * 1024)
    assert (p3.shape.accelerator, p3.shape.accelerator_memory_mib) == ("v100", 16384)
    assert c5.spot is not None
    assert (c5.spot.saving_share, c5.spot.interruption_low_share, c5.spot.interruption_high_share) == (
        0.59,
        0,
        0.05,
    )
    assert c5.spot_usd_per_h == pytest.approx(0.085 * 0.41)


def test_larger_machines_of_a_family_cost_more(bundled: PriceCatalog) -> None:
    """Prices of one family rise with its vCPU: catches a cell typed into the wrong row."""
    for family in ("c5", "c5a", "c6i", "m5", "m5n", "r5", "r5n", "inf2", "p2", "p3"):
        offers = sorted(
            (offer for offer in bundled.machines if offer.shape.family == family), key=lambda o: o.shape.vcpu
        )
        prices = [offer.on_demand_usd_per_h for offer in offers]
        assert prices == sorted(prices), family


def test_endpoint_prices_exceed_those_of_the_machine_under_them(bundled: PriceCatalog) -> None:
    assert len(bundled.endpoints) >= 30
    for endpoint in bundled.endpoints:
        ratio = endpoint.price_usd_per_h / bundled.machine(endpoint.instance_type).on_demand_usd_per_h
        assert ratio >= 1.19, endpoint
        if endpoint.instance_type.partition(".")[0] not in (
            "p4d",
            "p5",
        ):  # the list is older than their price cut
            assert ratio <= 1.41, endpoint


def test_digests_are_those_of_the_shipped_files(bundled: PriceCatalog) -> None:
    assert set(bundled.digests) == {
        "bundled/prices/aws_us-east-1.csv",
        "bundled/prices/sagemaker_us-east-1.csv",
        "bundled/shapes/aws.csv",
        "bundled/spot/aws_us-east-1.csv",
    }
    for name, digest in bundled.digests.items():
        data = (files("catalogs") / "data").joinpath(*name.split("/")[1:]).read_bytes()
        assert digest == hashlib.sha256(data).hexdigest()


def test_a_later_price_file_overrides(tmp_path: Path) -> None:
    first = write(tmp_path / "first.csv", PRICES, "c5.large,us-east-1,0.07,USD,2026-08-01,offer A")
    second = write(
        tmp_path / "second.csv",
        PRICES,
        "c5.large,us-east-1,0.06,USD,2026-08-02,offer B",
        "c5.xlarge,eu-west-1,0.01,USD,2026-08-02,offer B",
    )
    catalog = load_price_catalog("us-east-1", [first, second])
    assert catalog.machine("c5.large").price.source == "offer B"
    assert catalog.machine("c5.large").on_demand_usd_per_h == 0.06
    assert catalog.machine("c5.xlarge").on_demand_usd_per_h == 0.17
    assert load_price_catalog("us-east-1", [second, first]).machine("c5.large").on_demand_usd_per_h == 0.07
    assert {"first.csv", "second.csv"} <= set(catalog.digests)


def test_a_priced_type_without_a_shape_is_set_aside_until_a_shape_file_knows_it(tmp_path: Path) -> None:
    prices = write(tmp_path / "prices.csv", PRICES, "g2.2xlarge,us-east-1,0.65,USD,2026-07-20,page")
    catalog = load_price_catalog("us-east-1", [prices])
    assert [r.name for r in catalog.rejected] == ["g2.2xlarge"]
    assert "no shape" in catalog.rejected[0].reason
    with pytest.raises(CatalogError, match="set aside: has a price"):
        catalog.machine("g2.2xlarge")
    shapes = write(tmp_path / "shapes.csv", SHAPES, "g2.2xlarge,gpu,8,15360,x86_64,k520,1,4096,,page")
    catalog = load_price_catalog("us-east-1", [prices], [shapes])
    assert catalog.rejected == ()
    assert catalog.machine("g2.2xlarge").shape.accelerator == "k520"


def test_a_shape_in_two_files_is_an_error_that_names_both(tmp_path: Path) -> None:
    line = "z9.large,memory,2,4096,x86_64,,,,,page"
    one, two = (write(tmp_path / name, SHAPES, line) for name in ("one.csv", "two.csv"))
    with pytest.raises(CatalogError) as caught:
        load_price_catalog("us-east-1", (), [one, two])
    assert len(caught.value.problems) == 1
    assert "one.csv" in str(caught.value)
    assert "two.csv: the shape of z9.large" in str(caught.value)


def test_a_later_spot_file_overrides_and_may_withdraw_an_offer(tmp_path: Path) -> None:
    spot = write(
        tmp_path / "spot.csv",
        SPOT,
        "c5.large,us-east-1,0.3,0.2,1,2026-07-01,mine",
        "c5.xlarge,us-east-1,-0.62,0,0.05,2026-07-01,mine",
        "c5.2xlarge,us-east-1,0,0,0.05,2026-07-01,mine",
        "m5.large,eu-west-1,0.9,0,0.05,2026-07-01,mine",
    )
    catalog = load_price_catalog("us-east-1", (), (), [spot])
    offer = catalog.machine("c5.large").spot
    assert offer is not None
    assert (offer.saving_share, offer.interruption_low_share, offer.interruption_high_share) == (0.3, 0.2, 1)
    assert catalog.machine("c5.xlarge").spot is None
    assert catalog.machine("c5.2xlarge").spot is None
    kept = catalog.machine("m5.large").spot
    assert kept is not None
    assert kept.source != "mine"
    assert [r.name for r in catalog.rejected] == ["c5.2xlarge/spot", "c5.xlarge/spot"]
    assert "spot.csv row 3: the spot saving is -62%" in catalog.rejected[1].reason


def test_without_the_bundled_files_only_the_given_ones_count(tmp_path: Path) -> None:
    prices = write(tmp_path / "p.csv", PRICES, "z9.large,mars-1,1.5,USD,2026-07-20,page")
    shapes = write(tmp_path / "s.csv", SHAPES, "z9.large,memory,2,4096,arm64,,,,,page")
    catalog = load_price_catalog("mars-1", [prices], [shapes], bundled=False)
    assert catalog.instance_types == ("z9.large",)
    assert set(catalog.digests) == {"p.csv", "s.csv"}


def test_a_region_without_prices_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(CatalogError, match=r"region us-east-2: no machine.*Did you mean us-east-1\?"):
        load_price_catalog("us-east-2")


def test_an_unknown_type_offers_near_names(bundled: PriceCatalog) -> None:
    with pytest.raises(CatalogError, match=r"c5\.lrge is not offered in us-east-1\. Did you mean c5\.large"):
        bundled.machine("c5.lrge")


def test_files_in_the_wrong_list_are_told_by_their_content(tmp_path: Path) -> None:
    prices = write(tmp_path / "a.csv", PRICES, "c5.large,us-east-1,0.07,USD,2026-08-01,page")
    shapes = write(tmp_path / "b.csv", SHAPES, "z9.large,memory,2,4096,x86_64,,,,,page")
    spot = write(tmp_path / "c.csv", SPOT, "c5.large,us-east-1,0.3,0.2,1,2026-07-01,page")
    with pytest.raises(CatalogError) as caught:
        load_price_catalog("us-east-1", [shapes, spot], [prices, spot], [prices, shapes])
    assert len(caught.value.problems) == 6
    assert "b.csv: holds shapes, but stands among the prices files" in str(caught.value)
    assert "c.csv: holds spot, but stands among the shapes files" in str(caught.value)


def test_the_problems_of_all_files_are_told_together(tmp_path: Path) -> None:
    prices = write(tmp_path / "a.csv", PRICES, "c5.large,us-east-1,,USD,2026-08-01,page")
    shapes = write(tmp_path / "b.csv", SHAPES, "z9.large,memory,two,4096,x86_64,,,,,page")
    spot = write(tmp_path / "c.csv", SPOT, "c5.large,us-east-1,1.3,0.2,1,2026-07-01,page")
    with pytest.raises(CatalogError) as caught:
        load_price_catalog("us-east-1", [prices, tmp_path / "none.csv"], [shapes], [spot])
    starts = sorted(line.removeprefix(f"{tmp_path}/").split(":")[0] for line in caught.value.problems)
    assert starts == ["a.csv row 2", "b.csv row 2", "c.csv row 2", "none.csv"]


def test_the_same_files_give_the_same_catalog() -> None:
    assert load_price_catalog("us-east-1") == load_price_catalog("us-east-1")
