"""Complete published profiles: row counts, traps, and the bundled figures against their originals."""

from __future__ import annotations

import csv
import json
import tarfile
from dataclasses import astuple
from typing import TYPE_CHECKING

import pytest

from catalogs.importers.part import summarise_ms
from catalogs.profiles import ProfileCatalog, load_profile_catalog

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real_data
ROUNDING = 1e-4  # bundled figures carry five significant digits


@pytest.fixture(scope="module")
def profiles(shared_data: Path) -> Path:
    return shared_data / "profiles"


@pytest.fixture(scope="module")
def originals(profiles: Path) -> ProfileCatalog:
    """All original files, 4,500 service times of 1,100 models."""
    return load_profile_catalog([profiles])


@pytest.fixture(scope="module")
def bundled() -> ProfileCatalog:
    return load_profile_catalog()


def test_every_original_is_read(originals: ProfileCatalog) -> None:
    """2,000 of Ribbon, 391 of InfAdapter, 14 of MArk; 30 Lambda settings, 6 of Paragon, 3 x 6 x 7 of BATCH."""
    by_source = {
        name: sum(time.source.startswith(name) for time in originals.service_times)
        for name in ("Ribbon", "Schmid", "AWS Neuron", "timm")
    }
    assert by_source["Ribbon"] == 2000
    assert by_source["Schmid"] == 136  # of 137 one, ViT on inf2.xlarge, gives way to Neuron's p99
    assert by_source["AWS Neuron"] > 80
    assert by_source["timm"] > 2000
    assert len(originals.capacities) == 391 + 14
    assert len(originals.function_times) == 30 + 6 + 3 * 6 * 7
    assert not any("no variant" in warning for warning in originals.warnings)


def test_what_is_left_out_of_the_folder_is_named(originals: ProfileCatalog) -> None:
    text = "\n".join(originals.warnings)
    for name in ("inf1/instance_prices.csv", "latency_data_decoder.csv", "training_data_encoder.csv"):
        assert name in text
    assert "keras_layers.csv" in text


def test_the_eighty_failed_lambda_calls_are_infeasible_settings(profiles: Path) -> None:
    """Four settings of 20 failed calls each, and VGG-19 at 1024 MB, which no machine can run in 18 ms."""
    catalog = load_profile_catalog([profiles / "lambda_mxnet_cnn.csv"])
    failed = {(entry.model, entry.host): entry.reason for entry in catalog.failed}
    calls = [reason for reason in failed.values() if reason.startswith("20 of 20 calls failed")]
    assert len(calls) == 4
    assert len(failed) == 5
    assert failed["vgg19", "aws-lambda 1024 MB"].startswith("not credible")
    assert len(catalog.function_times) == 7 * 5 - 5


def test_memory_rule_separates_settings_that_ran_from_those_that_failed(
    profiles: Path, originals: ProfileCatalog, bundled: ProfileCatalog
) -> None:
    """2 x weights file + 256 MiB is at most every memory setting that ran and above every one that failed."""
    catalog = load_profile_catalog([profiles / "lambda_mxnet_cnn.csv"])
    for time in catalog.function_times:
        assert (bundled.variants[time.model].memory_mib or 0) <= time.memory_mb, time
    for entry in catalog.failed:
        assert (bundled.variants[entry.model].memory_mib or 0) > int(entry.host.split()[1]), entry


def test_published_batch_surfaces_are_monotone_and_joined(bundled: ProfileCatalog) -> None:
    """A larger batch takes longer, more memory no longer; a request's share of a batch falls with the batch."""
    times = {
        (t.model, t.memory_mb, t.batch): t.mean_ms for t in bundled.function_times if "BATCH" in t.source
    }
    assert len(times) == 3 * 6 * 7
    for (model, memory_mb, batch), ms in times.items():
        assert all(
            ms >= times[model, more, batch]
            for m, more, b in times
            if m == model and b == batch and more > memory_mb
        )
        assert all(
            ms < times[model, memory_mb, more]
            for m, size, more in times
            if (m, size) == (model, memory_mb) and more > batch
        )
    assert bundled.variants["inception_v4"].accuracy_share == 0.80144
    assert times["inception_v4", 3008, 20] / 20 < times["inception_v4", 3008, 1]


def test_bundled_times_and_capacities_are_those_of_the_originals(
    originals: ProfileCatalog, bundled: ProfileCatalog, profiles: Path
) -> None:
    """Every bundled row is found in its original with the same figures, to five digits."""
    neuron = load_profile_catalog([profiles / "aws_neuron"])
    known = {time.key: time for time in (*originals.service_times, *neuron.service_times)}
    schmid = {time.key: time for time in load_profile_catalog([profiles / "philschmid_aws"]).service_times}
    for time in bundled.service_times:
        original = (schmid if time.source.startswith("Schmid") else known)[time.key]
        assert time.source == original.source
        assert time.mean_ms == pytest.approx(original.mean_ms, rel=ROUNDING)
        assert time.samples == original.samples
        assert [p for p, _ in time.quantiles] == [p for p, _ in original.quantiles]
        assert [ms for _, ms in time.quantiles] == pytest.approx(
            [ms for _, ms in original.quantiles], rel=ROUNDING
        )
    capacities = {capacity.key: capacity for capacity in originals.capacities}
    for capacity in bundled.capacities:
        assert capacity.capacity_rps == pytest.approx(capacities[capacity.key].capacity_rps, rel=ROUNDING)
    functions = {time.key: time for time in originals.function_times}
    for function in bundled.function_times:
        original_function = functions[function.key]
        assert function.mean_ms == pytest.approx(original_function.mean_ms, rel=ROUNDING)
        assert [ms for _, ms in function.quantiles] == pytest.approx(
            [ms for _, ms in original_function.quantiles], rel=ROUNDING
        )
    assert {astuple(entry) for entry in bundled.failed} <= {astuple(entry) for entry in originals.failed}


def test_bundled_accuracies_are_those_of_the_published_weights(
    profiles: Path, bundled: ProfileCatalog
) -> None:
    torchvision = load_profile_catalog([profiles / "torchvision_weights.csv"]).variants
    timm = load_profile_catalog([profiles / "timm" / "results-imagenet.csv"]).variants
    named = [v for v in bundled.variants.values() if v.accuracy_share is not None]
    assert len(named) == 16
    for variant in named:
        original = (torchvision if variant.source.startswith("torchvision") else timm)[variant.name]
        assert variant.accuracy_share == pytest.approx(original.accuracy_share, abs=1e-9)
        assert variant.parameters == original.parameters
        assert variant.memory_mib == pytest.approx(original.memory_mib, rel=ROUNDING)


def test_ribbon_quantiles_follow_from_the_raw_samples(
    profiles: Path, tmp_path: Path, originals: ProfileCatalog
) -> None:
    """One configuration recomputed from its unpacked samples."""
    with tarfile.open(profiles / "ribbon_latency_samples.tar.gz") as archive:
        member = archive.extractfile("logs/c5.4xlarge/resnet_20_1.json")
        assert member is not None
        samples = json.load(member)
    (time,) = [
        time
        for time in originals.service_times
        if (time.model, time.instance_type, time.items_per_request) == ("resnet50", "c5.4xlarge", 20)
    ]
    assert (time.mean_ms, time.quantiles) == summarise_ms(samples)
    below = sum(sample <= (time.quantile_ms(0.95) or 0) for sample in samples)
    assert below >= 0.95 * len(samples)


def test_neuron_never_carries_more_than_the_published_throughput(profiles: Path) -> None:
    """Recomputed from the raw vision table: replicas x batch / mean is at most the table's rate."""
    catalog = load_profile_catalog([profiles / "aws_neuron" / "inf2" / "throughput_data_vision_cnn.csv"])
    times = {(time.model, time.batch): time for time in catalog.service_times}
    with (profiles / "aws_neuron" / "inf2" / "throughput_data_vision_cnn.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(times)
    for row in rows:
        time = times[row["Model"].lower(), int(row["Batch Size"])]
        per_s = float(row["Throughput (inference/sec)"])
        carried = 1000 * time.replicas * time.batch / time.mean_ms
        assert 0.9 * per_s <= carried <= per_s * (1 + 1e-9)


def test_infadapter_rows_join_no_instance_type(profiles: Path) -> None:
    catalog = load_profile_catalog([profiles / "infadapter_resnet_capacity.csv"])
    assert len(catalog.capacities) == 391
    assert len(catalog.failed) == 9
    assert all(c.instance_type is None and c.cores and c.percentile == 0.99 for c in catalog.capacities)


def test_an_original_replaces_its_bundled_figures_without_a_warning(profiles: Path) -> None:
    catalog = load_profile_catalog(["bundled", profiles / "ribbon_latency_samples.tar.gz"])
    assert catalog.warnings == ()
    assert catalog.variants["resnet50"].accuracy_share == 0.7613
