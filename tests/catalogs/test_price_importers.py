"""Importers of published price files, on small files of their format: what is taken and what is set aside."""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from catalogs.importers.file_names import facts_in
from catalogs.prices import load_price_catalog

if TYPE_CHECKING:
    from pathlib import Path

EC2_HEADER = (
    "instance_type,on_demand_usd_per_hour,vcpu,memory_mib,cpu_manufacturer,arch,gpu_name,gpu_count,"
    "gpu_memory_mib,accelerator_name,accelerator_count,network_mbps"
)
BANDS = [
    {"index": index, "label": label}
    for index, label in enumerate(("<5%", "5-10%", "10-15%", "15-20%", ">20%"))
]


def ec2(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([EC2_HEADER, *rows]) + "\n")
    return path


def advisor(path: Path, figures: dict[str, dict[str, int]], region: str = "us-east-1") -> Path:
    document = {
        "ranges": BANDS,
        "spot_advisor": {region: {"Linux": figures, "Windows": {"c5.large": {"s": 1, "r": 4}}}},
    }
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("name", "region", "day"),
    [
        ("aws_ec2_us-east-1_2026-07-20.csv", "us-east-1", date(2026, 7, 20)),
        ("prices-ap-southeast-2.csv", "ap-southeast-2", None),
        ("us-gov-west-1.csv", "us-gov-west-1", None),
        ("list_2025-13-45.csv", None, None),
        ("prices.csv", None, None),
    ],
)
def test_region_and_date_are_read_from_a_file_name(name: str, region: str | None, day: date | None) -> None:
    facts = facts_in(name)
    assert (facts.region, facts.day) == (region, day)


def test_the_ec2_list_gives_prices_and_shapes_of_machines_with_and_without_accelerators(
    tmp_path: Path,
) -> None:
    path = ec2(
        tmp_path / "ec2_us-east-1_2026-08-01.csv",
        "z9.large,0.5,2,4096,aws,arm64,,,,,,750",
        "g9.xlarge,1.5,4,16384,amd,amd64,l9,2,22888,,,",
        "g6f.large,0.202,2,8192,amd,amd64,l4,0,2861,,,1500",
        "inf2.9xlarge,2,8,16384,amd,amd64,,,,inferentia2,3,5000",
        "old.xlarge,0.7,,,,,,,,,,",
    )
    catalog = load_price_catalog("us-east-1", [path], bundled=False)
    plain, gpu, part, chip = (
        catalog.machine(name) for name in ("z9.large", "g9.xlarge", "g6f.large", "inf2.9xlarge")
    )
    assert (plain.on_demand_usd_per_h, plain.price.price_date) == (0.5, date(2026, 8, 1))
    assert (plain.shape.arch, plain.shape.category, plain.shape.network_mbps) == ("arm64", "memory", 750)
    assert (gpu.shape.accelerator, gpu.shape.accelerator_count, gpu.shape.accelerator_memory_mib) == (
        "l9",
        2,
        22888,
    )
    assert (gpu.shape.arch, gpu.shape.network_mbps) == ("x86_64", None)
    assert (part.shape.accelerator, part.shape.accelerator_count, part.shape.accelerator_memory_mib) == (
        "l4",
        0,
        2861,
    )
    assert (chip.shape.accelerator, chip.shape.accelerator_count) == ("inferentia2", 3)
    assert chip.shape.accelerator_memory_mib == 32768
    assert [r.name for r in catalog.rejected] == ["old.xlarge"]
    assert catalog.warnings == ()


def test_files_are_known_by_content_and_an_unnamed_region_or_date_is_a_warning(tmp_path: Path) -> None:
    price = ec2(tmp_path / "list.txt", "z9.large,0.5,2,4096,aws,arm64,,,,,,750")
    spot = advisor(tmp_path / "numbers.csv", {"z9.large": {"s": 40, "r": 1}})
    catalog = load_price_catalog("us-east-1", [price], [], [spot], bundled=False)
    offer = catalog.machine("z9.large")
    assert offer.price.price_date is None
    assert offer.spot is not None
    assert offer.spot.date is None
    assert [w.partition(": ")[0].rpartition("/")[2] for w in catalog.warnings] == [
        "list.txt",
        "list.txt",
        "numbers.csv",
    ]
    assert "taken for us-east-1" in catalog.warnings[0]
    assert "age cannot be checked" in catalog.warnings[1]


def test_an_ec2_list_of_another_region_lends_its_shapes_only(tmp_path: Path) -> None:
    east = ec2(tmp_path / "us-east-1_2026-01-01.csv", "z9.large,0.5,2,4096,aws,arm64,,,,,,750")
    west = ec2(tmp_path / "us-west-2_2026-01-01.csv", "z9.large,0.9,,,,,,,,,,")
    catalog = load_price_catalog("us-west-2", [east, west], bundled=False)
    assert catalog.machine("z9.large").on_demand_usd_per_h == 0.9
    assert catalog.machine("z9.large").shape.vcpu == 2


def test_an_ec2_list_may_stand_among_the_shape_files(tmp_path: Path) -> None:
    path = ec2(tmp_path / "us-east-1_2026-01-01.csv", "z9.large,0.5,2,4096,aws,arm64,,,,,,750")
    catalog = load_price_catalog("us-east-1", [path], [path], bundled=False)
    assert catalog.instance_types == ("z9.large",)


@pytest.mark.parametrize(
    ("index", "low", "high"), [(0, 0, 0.05), (1, 0.05, 0.1), (2, 0.1, 0.15), (3, 0.15, 0.2), (4, 0.2, 1)]
)
def test_spot_bands_are_ranges_a_month(tmp_path: Path, index: int, low: float, high: float) -> None:
    path = advisor(tmp_path / "advisor_2025-06-28.json", {"c5.large": {"s": 59, "r": index}})
    spot = load_price_catalog("us-east-1", (), (), [path]).machine("c5.large").spot
    assert spot is not None
    assert (spot.saving_share, spot.interruption_low_share, spot.interruption_high_share) == (0.59, low, high)
    assert spot.date == date(2025, 6, 28)


def test_spot_without_a_saving_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    path = advisor(
        tmp_path / "a_2025-06-28.json", {"c5.large": {"s": -62, "r": 0}, "c5.xlarge": {"s": 0, "r": 4}}
    )
    catalog = load_price_catalog("us-east-1", (), (), [path])
    assert catalog.machine("c5.large").spot is None
    assert [r.name for r in catalog.rejected] == ["c5.large/spot", "c5.xlarge/spot"]
    assert "the spot saving is -62%" in catalog.rejected[0].reason


def test_a_spot_advisor_without_the_region_is_a_warning(tmp_path: Path) -> None:
    path = advisor(tmp_path / "a_2025-06-28.json", {"c5.large": {"s": 50, "r": 0}}, region="eu-west-1")
    catalog = load_price_catalog("us-east-1", (), (), [path])
    assert len(catalog.warnings) == 1
    assert "has no spot figures for us-east-1, only for eu-west-1" in catalog.warnings[0]


def test_endpoint_prices_are_taken_and_other_entries_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "prices_us-east-1_2026-01-02.yml"
    path.write_text(
        "pricing:\n  instance_based:\n    ml.c5.xlarge: 0.3\n    c5.xlarge: 0.17\n    some.model: 88\n"
        "  token_based:\n    some.model: {input-per-1k-tokens: 0.1}\n"
    )
    catalog = load_price_catalog("us-east-1", [path])
    (endpoint,) = (e for e in catalog.endpoints if e.endpoint_type == "ml.c5.xlarge")
    assert (endpoint.instance_type, endpoint.price_usd_per_h, endpoint.price_date) == (
        "c5.xlarge",
        0.3,
        date(2026, 1, 2),
    )
    assert catalog.machine("c5.xlarge").on_demand_usd_per_h == 0.17
    assert [r.name for r in catalog.rejected] == ["some.model"]


def database(path: Path, prices: list[tuple[Any, ...]]) -> Path:
    """Write a database of three servers and the given (region, server, price, currency) rows."""
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE server (id, vendor_id, vcpus, memory, cpu_architecture, gpu_count, gpu_memory, "
        "gpu_name, network_speed)"
    )
    connection.execute(
        "CREATE TABLE server_price (vendor_id, datacenter_id, zone_id, server_id, operating_system, "
        "allocation, price, currency, duration, inserted_at)"
    )
    connection.executemany(
        "INSERT INTO server VALUES (?, 'aws', ?, ?, ?, ?, ?, ?, ?)",
        [
            ("z9.large", 2, 4096, "ARM64", 0, None, None, 0.75),
            ("g9.xlarge", 4, 16384, "X86_64", 4, 65536, "NVIDIA T4", None),
            ("inf1.xlarge", 4, 8192, "X86_64", 0, None, None, 5.0),
        ],
    )
    connection.executemany(
        "INSERT INTO server_price VALUES ('aws', ?, '', ?, 'Linux', 'ONDEMAND', ?, ?, 'HOUR', '2024-02-21')",
        prices,
    )
    connection.commit()
    connection.close()
    return path


def test_the_database_gives_one_region_and_memory_per_card(tmp_path: Path) -> None:
    rows = [
        ("r-1", "z9.large", 0.5, "USD"),
        ("r-1", "g9.xlarge", 1.5, "USD"),
        ("r-2", "z9.large", 9.0, "USD"),
    ]
    catalog = load_price_catalog("r-1", [database(tmp_path / "p.db", rows)], bundled=False)
    plain, gpu = catalog.machine("z9.large"), catalog.machine("g9.xlarge")
    assert (plain.on_demand_usd_per_h, plain.price.price_date) == (0.5, date(2024, 2, 21))
    assert (plain.shape.arch, plain.shape.network_mbps, plain.shape.accelerator) == ("arm64", 750, None)
    assert (gpu.shape.accelerator, gpu.shape.accelerator_count, gpu.shape.accelerator_memory_mib) == (
        "t4",
        4,
        16384,
    )


def test_yuan_is_never_taken_for_dollars_whatever_its_label(tmp_path: Path) -> None:
    rows = [
        ("cn-north-1", "z9.large", 4.2, "USD"),
        ("r-1", "z9.large", 4.2, "CNY"),
        ("r-1", "g9.xlarge", 1, "USD"),
    ]
    path = database(tmp_path / "p.db", rows)
    catalog = load_price_catalog("r-1", [path], bundled=False)
    assert [(r.name, "labelled CNY" in r.reason) for r in catalog.rejected] == [("z9.large", True)]
    with pytest.raises(ValueError, match=r"labelled USD; prices of this region are in CNY"):
        load_price_catalog("cn-north-1", [path], bundled=False)


def test_the_database_leaves_out_the_chips_of_neuron_machines_so_their_shape_is_not_believed(
    tmp_path: Path,
) -> None:
    rows = [("us-east-1", "inf1.xlarge", 0.2, "USD"), ("us-east-1", "z9.large", 0.5, "USD")]
    path = database(tmp_path / "p.db", rows)
    catalog = load_price_catalog("us-east-1", [path])
    assert catalog.machine("inf1.xlarge").shape.accelerator == "inferentia"
    alone = load_price_catalog("us-east-1", [path], bundled=False)
    assert [r.name for r in alone.rejected] == ["inf1.xlarge"]


def test_a_database_price_of_zero_or_a_doubled_one_is_refused(tmp_path: Path) -> None:
    rows = [("r-1", "z9.large", 0.0, "USD"), ("r-1", "g9.xlarge", 1, "USD"), ("r-1", "g9.xlarge", 2, "USD")]
    with pytest.raises(ValueError, match=r"g9\.xlarge in r-1 twice.*\n.*z9\.large in r-1 is 0\.0, not > 0"):
        load_price_catalog("r-1", [database(tmp_path / "p.db", rows)], bundled=False)
