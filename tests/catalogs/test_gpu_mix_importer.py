"""Mélange's problem files: read as they are, or refused with every problem they have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from catalogs.errors import CatalogError
from catalogs.importers.gpu_mix import read_gpu_mix

if TYPE_CHECKING:
    from pathlib import Path

PROBLEM: dict[str, Any] = {
    "gpu_info": {
        "A10G": {"cost": 1.01, "tputs": [[5.0, 1.0], [2.0, 0]]},
        "A100": {"cost": 3.67, "tputs": [[20.0, 4.0], [10.0, 2.0]]},
    },
    "workload_distribution": [[0.25, 0.25], [0.25, 0.25]],
    "total_request_rate": 16.0,
    "slice_factor": 8,
}


def read(tmp_path: Path, document: object) -> Any:
    file = tmp_path / "mix.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return read_gpu_mix(file)


def changed(**changes: Any) -> dict[str, Any]:
    return PROBLEM | changes


def test_a_problem_is_read_bucket_by_bucket(tmp_path: Path) -> None:
    mix = read(tmp_path, PROBLEM)
    assert mix.price_usd_per_h == {"A10G": 1.01, "A100": 3.67}
    assert mix.throughput_rps["A10G"] == ((5.0, 1.0), (2.0, 0.0))
    assert mix.buckets == (("i1o1", 0, 0), ("i1o2", 0, 1), ("i2o1", 1, 0), ("i2o2", 1, 1))
    assert (mix.bucket_share[1][0], mix.rate_rps) == (0.25, 16.0)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("", "this is not readable JSON"),
        ("[]", "the document is a list"),
        ('{"gpu_info": {}, "gpu_info": {}}', "gpu_info stands twice"),
        ({"gpu_inf": {}}, "gpu_info is missing; it is required. Did you mean gpu_inf?"),
        (changed(gpu_info={}), "gpu_info is {}; it must map one GPU type or more"),
        (changed(gpu_info={"A/B": {"cost": 1, "tputs": [[1, 1], [1, 1]]}}), "without '/'"),
        (changed(gpu_info={"A": 3}), "gpu_info.A is 3; it must be a mapping"),
        (changed(gpu_info={"A": {"cost": 0, "tputs": [[1, 1], [1, 1]]}}), "gpu_info.A.cost is 0"),
        (changed(gpu_info={"A": {"cost": 1, "tput": [[1]]}}), "gpu_info.A.tputs is missing"),
        (changed(gpu_info={"A": {"cost": 1, "tputs": [[1, 1], [1]]}}), "a list of rows of equal length"),
        (changed(gpu_info={"A": {"cost": 1, "tputs": [[1, 1]]}}), "gpu_info.A.tputs is 1 x 2; workload"),
        (changed(gpu_info={"A": {"cost": 1, "tputs": [[1, -1], [1, 1]]}}), "gpu_info.A.tputs[0][1] is -1"),
        (changed(gpu_info={"A": {"cost": 1, "tputs": [[1, None], [1, 1]]}}), "tputs[0][1] is missing"),
        (changed(workload_distribution=[[0.5, 0.5], [0.5, 0.5]]), "sums to 2; its shares must sum to 1"),
        (changed(workload_distribution=[[True, 0], [0, 0]]), "workload_distribution[0][0] is True"),
        (changed(total_request_rate=0), "total_request_rate is 0; it must be a number > 0"),
        ('{"gpu_info": NaN, "workload_distribution": [[NaN]], "total_request_rate": NaN}', "is nan"),
    ],
)
def test_a_malformed_file_is_an_error_that_names_the_place(
    tmp_path: Path, document: object, expected: str
) -> None:
    with pytest.raises(CatalogError) as error:
        read(tmp_path, document)
    assert expected in str(error.value)
    assert all(str(tmp_path / "mix.json") in problem for problem in error.value.problems)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    document = changed(
        gpu_info={"A": {"cost": -1, "tputs": [[1, -1], [1, 1]]}, "B": {}}, total_request_rate="fast"
    )
    with pytest.raises(CatalogError) as error:
        read(tmp_path, document)
    told = "\n".join(error.value.problems)
    for place in ("A.cost", "A.tputs[0][1]", "B.cost is missing", "B.tputs is missing", "total_request_rate"):
        assert place in told


def test_an_absent_file_offers_the_near_one(tmp_path: Path) -> None:
    (tmp_path / "mix.json").write_text("{}")
    with pytest.raises(CatalogError, match=r"Did you mean mix\.json"):
        read_gpu_mix(tmp_path / "mixx.json")


@pytest.mark.real_data
def test_the_published_problems_are_read(shared_data: Path) -> None:
    files = sorted((shared_data / "peers" / "gpu_mix").glob("*_r*.json"))
    sizes = {file.stem: len(read_gpu_mix(file).buckets) for file in files}
    assert sizes["own_r30_sf1"] == 4
    assert sizes["syn_g4_b60_r80_sf8"] == 60
