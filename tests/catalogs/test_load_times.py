"""Load times of models: measured on a machine, known for the model, or fitted to the size of its file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from catalogs.errors import CatalogError
from catalogs.load_times import FIXED_LOAD_S, LOAD_S_PER_MIB, LONGEST_LOAD_S, LoadTime, load_time_of
from catalogs.profiles import load_profile_catalog

if TYPE_CHECKING:
    from pathlib import Path

OWN = (
    "model,instance_type,batch,mean_ms,load_s,threads,source,obtained\n"
    "resnet50,c5.xlarge,1,80,4.5,1,our bench,measured\n"
    "resnet50,c5.xlarge,1,50,5.5,4,our bench,measured\n"
)


def test_a_load_time_measured_with_the_service_times_comes_first(tmp_path: Path) -> None:
    """Of several settings of one machine the slowest; another machine keeps the time known for the model."""
    path = tmp_path / "own.csv"
    path.write_text(OWN)
    catalog = load_profile_catalog(["bundled", path])
    assert load_time_of(catalog, "resnet50", "c5.xlarge") == LoadTime(
        "resnet50", "c5.xlarge", 5.5, "our bench", "measured"
    )
    assert load_time_of(catalog, "resnet50", "c5.large").load_s == 6.82


def test_a_time_of_the_machine_comes_before_one_of_the_model(tmp_path: Path) -> None:
    path = tmp_path / "loads.csv"
    path.write_text(
        "model,instance_type,load_s,source,obtained\n"
        "resnet50,c5.large,3.5,our bench,measured\nresnet50,,9,our bench,measured\n"
    )
    catalog = load_profile_catalog(["bundled", path])
    assert load_time_of(catalog, "resnet50", "c5.large").load_s == 3.5
    assert load_time_of(catalog, "resnet50", "c5.xlarge").load_s == 9
    assert any("1 load times gave way" in warning for warning in catalog.warnings)


def test_other_models_take_the_line_over_the_size_of_their_file() -> None:
    """VGG-19: 5.83 + 0.01146 x 548 MiB = 12.1 s; DIEN's file is of unknown size."""
    catalog = load_profile_catalog()
    fitted = load_time_of(catalog, "vgg19", "c5.xlarge")
    assert fitted.load_s == pytest.approx(12.11, abs=0.01)
    assert (fitted.obtained, "548 MiB" in fitted.source) == ("derived", True)
    unknown = load_time_of(catalog, "dien", "c5.xlarge")
    assert (unknown.load_s, unknown.obtained) == (LONGEST_LOAD_S, "derived")


def test_the_line_is_the_least_squares_fit_of_the_bundled_times() -> None:
    catalog = load_profile_catalog()
    sizes = np.array([catalog.variants[one.model].artifact_mib for one in catalog.load_times], dtype=float)
    times = np.array([one.load_s for one in catalog.load_times])
    slope, fixed = np.polyfit(sizes, times, 1)
    assert (fixed, slope) == pytest.approx((FIXED_LOAD_S, LOAD_S_PER_MIB), rel=1e-3)
    assert np.abs(times - fixed - slope * sizes).max() < 0.14
    assert times.max() == LONGEST_LOAD_S


@pytest.mark.real_data
def test_bundled_times_are_those_of_the_published_problem(shared_data: Path) -> None:
    published = json.loads((shared_data / "peers/core_split/infadapter_sla750.json").read_text())
    bundled = {one.model: one.load_s for one in load_profile_catalog().load_times}
    assert bundled == {f"resnet{depth}": time for depth, time in published["load_times_s"].items()}


def test_an_unknown_model_and_an_impossible_time_are_refused() -> None:
    catalog = load_profile_catalog()
    with pytest.raises(CatalogError, match=r"resnet5: no profile names this model\. Did you mean"):
        load_time_of(catalog, "resnet5", "c5.xlarge")
    with pytest.raises(CatalogError) as caught:
        replace(catalog.load_times[0], load_s=0.0, obtained="guessed")
    assert len(caught.value.problems) == 2
