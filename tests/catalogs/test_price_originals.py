"""The complete published files, read against plain parsers, and the bundled figures against the originals."""

from __future__ import annotations

import csv
import json
import sqlite3
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalogs.prices import PriceCatalog, load_price_catalog

if TYPE_CHECKING:
    from catalogs.machines import MachineOffer

pytestmark = pytest.mark.real_data

EC2 = "prices/aws_ec2_us-east-1_2026-07-20.csv"
ADVISOR = "prices/aws_spot_advisor_2025-06-28.json"
SPARECORES = "prices/sparecores_aws_ondemand_2024-02-21.db"
SAGEMAKER = ("prices/sagemaker_pricing.yml", "prices/sagemaker_pricing_fallback.yml")


@pytest.fixture(scope="module")
def ec2_rows(shared_data: Path) -> dict[str, dict[str, str]]:
    """The EC2 list as plain text cells, by type: 1,367 rows, 22 of them without a shape."""
    with (shared_data / EC2).open() as handle:
        return {row["instance_type"]: row for row in csv.DictReader(handle)}


@pytest.fixture(scope="module")
def whole(shared_data: Path) -> PriceCatalog:
    """The catalog of us-east-1 from the whole EC2 list and the whole spot advisor, and the bundled files."""
    return load_price_catalog("us-east-1", [shared_data / EC2], [], [shared_data / ADVISOR])


@pytest.fixture(scope="module")
def advisor(shared_data: Path) -> dict[str, dict[str, int]]:
    """The spot advisor's Linux figures of us-east-1."""
    figures: dict[str, dict[str, int]] = json.loads((shared_data / ADVISOR).read_text())["spot_advisor"][
        "us-east-1"
    ]["Linux"]
    return figures


def test_every_priced_type_is_offered_or_set_aside_with_its_reason(
    whole: PriceCatalog, ec2_rows: dict[str, dict[str, str]]
) -> None:
    no_shape = {r.name for r in whole.rejected if "no shape" in r.reason}
    assert len(ec2_rows) == 1367
    assert set(whole.instance_types) | no_shape == set(ec2_rows)
    assert not set(whole.instance_types) & no_shape
    retired = {name for name, row in ec2_rows.items() if not row["vcpu"]}
    assert no_shape == {name for name in retired if name.partition(".")[0] not in ("p2", "p3")}
    assert len(no_shape) == 16


def test_prices_and_shapes_equal_the_cells_of_the_list(
    whole: PriceCatalog, ec2_rows: dict[str, dict[str, str]]
) -> None:
    for offer in whole.machines:
        row = ec2_rows[offer.instance_type]
        assert offer.on_demand_usd_per_h == float(row["on_demand_usd_per_hour"])
        if row["vcpu"]:
            assert (offer.shape.vcpu, offer.shape.memory_mib) == (int(row["vcpu"]), int(row["memory_mib"]))
            accelerator = row["gpu_name"] or row["accelerator_name"] or None
            assert offer.shape.accelerator == accelerator
            assert offer.shape.accelerator_count == int(row["gpu_count"] or row["accelerator_count"] or 0)
            assert (offer.shape.accelerator is None) == (offer.shape.accelerator_memory_mib == 0)


def test_spot_offers_equal_the_advisor(whole: PriceCatalog, advisor: dict[str, dict[str, int]]) -> None:
    bands = [(0, 0.05), (0.05, 0.1), (0.1, 0.15), (0.15, 0.2), (0.2, 1)]
    set_aside = {r.name for r in whole.rejected if r.name.endswith("/spot")}
    offered = 0
    for offer in whole.machines:
        figures = advisor.get(offer.instance_type)
        if figures is None:
            assert offer.spot is None
        elif figures["s"] <= 0:
            assert offer.spot is None
            assert f"{offer.instance_type}/spot" in set_aside
        else:
            offered += 1
            assert offer.spot is not None
            assert offer.spot.saving_share == figures["s"] / 100
            assert (offer.spot.interruption_low_share, offer.spot.interruption_high_share) == bands[
                figures["r"]
            ]
    assert offered > 800
    assert len(set_aside) == 6


def test_the_negative_saving_of_the_advisor_is_set_aside(shared_data: Path, tmp_path: Path) -> None:
    prices = tmp_path / "p.csv"
    prices.write_text(
        "instance_type,region,price_usd_per_h,currency,price_date,source\n"
        "p5.48xlarge,ca-central-1,60,USD,2026-07-20,typed\n"
    )
    catalog = load_price_catalog("ca-central-1", [prices], [], [shared_data / ADVISOR])
    assert catalog.machine("p5.48xlarge").spot is None
    assert "-62%" in catalog.rejected[0].reason


def same_shape(one: MachineOffer, other: MachineOffer) -> bool:
    parts = [
        (o.shape.vcpu, o.shape.memory_mib, o.shape.arch, o.shape.accelerator_count) for o in (one, other)
    ]
    return parts[0] == parts[1]


def test_bundled_figures_equal_the_originals(shared_data: Path) -> None:
    bundled = load_price_catalog("us-east-1")
    original = load_price_catalog(
        "us-east-1", [shared_data / EC2], [], [shared_data / ADVISOR], bundled=False
    )
    known = {offer.instance_type: offer for offer in original.machines}
    typed_in = [offer for offer in bundled.machines if offer.instance_type not in known]
    assert {offer.shape.family for offer in typed_in} == {"p2", "p3"}
    for offer in bundled.machines:
        twin = known.get(offer.instance_type)
        if twin is not None:
            assert offer.on_demand_usd_per_h == twin.on_demand_usd_per_h
            assert offer.shape.category == twin.shape.category
            assert offer.shape.network_mbps == twin.shape.network_mbps
            assert same_shape(offer, twin)
            assert (offer.spot is None) == (twin.spot is None)
            if offer.spot is not None and twin.spot is not None:
                assert offer.spot.saving_share == twin.spot.saving_share
                assert offer.spot.interruption_high_share == twin.spot.interruption_high_share


def test_typed_shapes_equal_those_of_the_database(shared_data: Path) -> None:
    bundled = load_price_catalog("us-east-1")
    database = load_price_catalog("us-east-1", [shared_data / SPARECORES], bundled=False)
    for name in ("p2.xlarge", "p2.8xlarge", "p2.16xlarge", "p3.2xlarge", "p3.8xlarge", "p3.16xlarge"):
        assert same_shape(bundled.machine(name), database.machine(name)), name
        assert bundled.machine(name).shape.accelerator == database.machine(name).shape.accelerator
        memory_mib = [catalog.machine(name).shape.accelerator_memory_mib for catalog in (bundled, database)]
        assert memory_mib[0] == memory_mib[1]


def test_every_profiled_type_is_bundled(shared_data: Path) -> None:
    """Types of the latency samples, of MArk's table and of the transformer benchmarks."""
    bundled = set(load_price_catalog("us-east-1").instance_types)
    with tarfile.open(shared_data / "profiles/ribbon_latency_samples.tar.gz") as samples:
        profiled = {Path(name).parent.name for name in samples.getnames() if name.endswith(".json")}
    with (shared_data / "profiles/mark_capacity.csv").open() as handle:
        profiled |= {row["instance"] for row in csv.DictReader(handle)}
    profiled |= {path.name.split("_")[1] for path in (shared_data / "profiles/philschmid_aws").glob("*.csv")}
    assert len(profiled) >= 24
    assert profiled <= bundled


def test_the_database_is_read_region_by_region(shared_data: Path) -> None:
    connection = sqlite3.connect(f"file:{shared_data / SPARECORES}?mode=ro&immutable=1", uri=True)
    query = "SELECT server_id, price FROM server_price WHERE datacenter_id = ?"
    for region in ("us-east-1", "ap-south-1"):
        expected = dict(connection.execute(query, (region,)).fetchall())
        catalog = load_price_catalog(region, [shared_data / SPARECORES], bundled=False)
        offered = {offer.instance_type: offer.on_demand_usd_per_h for offer in catalog.machines}
        assert offered == {name: expected[name] for name in offered}
        neuron = {name for name in expected if name.startswith(("inf", "trn"))}
        assert {r.name for r in catalog.rejected} == neuron == set(expected) - set(offered)
    connection.close()


@pytest.mark.parametrize(("region", "rows"), [("cn-north-1", 300), ("cn-northwest-1", 298)])
def test_yuan_prices_are_never_planned_with(shared_data: Path, region: str, rows: int) -> None:
    with pytest.raises(ValueError, match=f"{rows} prices were set aside.*CNY"):
        load_price_catalog(region, [shared_data / SPARECORES])


def test_lists_of_two_years_agree_on_shapes_and_the_later_file_prices(shared_data: Path) -> None:
    catalog = load_price_catalog("us-east-1", [shared_data / SPARECORES, shared_data / EC2])
    assert catalog.machine("p4d.24xlarge").on_demand_usd_per_h == 21.957642
    older = load_price_catalog("us-east-1", [shared_data / EC2, shared_data / SPARECORES])
    assert older.machine("p4d.24xlarge").on_demand_usd_per_h > 32
    assert older.machine("g3.4xlarge").shape.accelerator == "m60"


@pytest.mark.parametrize("name", SAGEMAKER)
def test_endpoint_prices_of_both_files(shared_data: Path, name: str) -> None:
    catalog = load_price_catalog("us-east-1", [shared_data / name])
    bundled = load_price_catalog("us-east-1")
    assert {e.endpoint_type: e.price_usd_per_h for e in catalog.endpoints} == {
        e.endpoint_type: e.price_usd_per_h for e in bundled.endpoints
    }
    assert all("is no endpoint type" in r.reason for r in catalog.rejected)
    assert len(catalog.warnings) == 2


def test_originals_are_known_by_content_under_any_name(shared_data: Path, tmp_path: Path) -> None:
    copies = []
    for index, name in enumerate((EC2, SPARECORES, SAGEMAKER[0], ADVISOR)):
        copies.append(tmp_path / f"file{index}")
        copies[-1].write_bytes((shared_data / name).read_bytes())
    catalog = load_price_catalog("us-east-1", copies[:3], [], copies[3:])
    assert len(catalog.machines) > 1350
    assert {"file0", "file1", "file2", "file3"} <= set(catalog.digests)
