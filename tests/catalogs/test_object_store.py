"""The object store between functions: prices by hand, files that override, broken tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from catalogs.errors import CatalogError
from catalogs.object_store import COLUMNS, load_object_store

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ",".join(COLUMNS) + "\n"


def test_a_hand_over_by_hand() -> None:
    """0.005 USD per 1,000 PUT, 0.0004 per 1,000 GET; 8.5 MB at 85 MB/s after 200 ms."""
    store = load_object_store()
    assert (store.provider, store.region) == ("aws-s3", "us-east-1")
    assert store.put_usd + store.get_usd == pytest.approx(5.4e-6, rel=1e-12)
    assert store.transfer_ms(8.5e6) == pytest.approx(300)
    assert store.transfer_ms(0) == store.first_byte_ms == 200
    assert set(store.digests) == {"bundled/object_store/object_store.csv"}


def test_a_later_file_overrides(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(HEADER + "minio,us-east-1,0,0,5,1000,USD,2026-02-01,our own\n")
    store = load_object_store("us-east-1", [own])
    assert (store.provider, store.put_usd, store.source) == ("minio", 0, "our own")
    assert "own.csv" in store.digests


def test_a_region_without_a_store_is_told() -> None:
    with pytest.raises(CatalogError, match="us-east-2 has no object store"):
        load_object_store("us-east-2")


def test_every_problem_of_a_table_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(
        HEADER
        + "s,mars-1,-1,0.1,100,85,USD,2026-02-01,page\n"
        + "s,mars-2,1,0.1,100,0,EUR,2026-02-01,page\n"
        + "s,mars-3,1,0.1,100,85,USD,2026-02-01,page\n"
        + "t,mars-3,1,0.1,100,85,USD,2026-02-01,page\n"
    )
    with pytest.raises(CatalogError) as caught:
        load_object_store("mars-3", [path])
    text = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 4
    assert "row 2: usd_per_1000_puts is -1; it must be >= 0" in text
    assert "row 3: mb_per_s is 0; it must be > 0" in text
    assert "row 3: currency is 'EUR'" in text
    assert "row 5: the object store of mars-3 stands in this file already" in text
