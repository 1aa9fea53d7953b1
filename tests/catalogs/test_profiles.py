"""The profile catalog: bundled figures, merging, provenance, and broken files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from catalogs.errors import CatalogError
from catalogs.profiles import load_profile_catalog

BAD = Path(__file__).parents[1] / "data" / "bad" / "profile"
TIMES = "model,instance_type,batch,mean_ms,p95_ms,source,obtained\n"
VARIANTS = "model,task,accuracy_share,accuracy_metric,memory_mib,source,obtained\n"

BAD_FILES = {
    "batch_surface_gap.json": "poly.anet: is {'t0': 1.0, 't2': 2.0}; coefficients t0, t1, .. without a gap",
    "bench_c5.xlarge_bert_base_uncased.csv": "c6i.2xlarge and the file's name says c5.xlarge",
    "capacities_no_host.csv": "row 2: resnet50 on an unnamed host",
    "capacities_percentile_98.csv": "percentile is 98; it must be > 0 and < 1. Write 98 % as 0.98",
    "capacities_zero.csv": "capacity_rps is 0; it must be a finite number > 0",
    "cocktail_accuracy.csv": "top1_measured_on_their_split is 650",
    "empty.csv": "no profile reader knows this file",
    "failures_no_reason.csv": "row 2: reason is empty",
    "folder_without_profiles": "holds no profile file",
    "function_times_text.csv": "row 2: mean_ms is 'fast'",
    "infadapter_p99_above_deadline.csv": "p99_latency 561.99 ms is above SLA 500 ms",
    "lambda_negative_time.csv": "row 2: times are '[1.1, -0.2]'",
    "lambda_short_line.csv": "row 2: starts '512, resnet50, intel'",
    "latin1.csv": "line 2: byte 0xfc is not UTF-8 text",
    "load_times_many_problems.csv": "row 3: load time of resnet50: load_s is -1; it must be a finite number > 0",
    "load_times_repeated_row.csv": "row 3: repeats the configuration of row 2",
    "mark_percent.csv": "row 2: slmin_pct is 150",
    "neuron_zero_throughput.csv": "row 2: Throughput (inference/sec) is 0",
    "paragon_no_time.csv": "row 2: avg_exec_ms is empty",
    "ribbon_bad_members.tar.gz": "member logs/c5.xlarge/resnet_10_1.json sample 2: is -2.0",
    "ribbon_truncated.tar.gz": "not a readable tar.gz",
    "schmid_without_model.csv": "NAME_INSTANCE_MODEL.csv",
    "service_times_batch_zero.csv": "row 2: resnet50 on c5.xlarge, batch 0: batch is 0",
    "service_times_falling_quantiles.csv": "quantile 0.5 is 5 ms and quantile 0.99 is 4 ms",
    "service_times_half_samples.csv": "samples is 99.5; a whole number is needed",
    "service_times_header_only.csv": "has a header and no rows",
    "service_times_infinite.csv": "mean_ms is 'inf'; a finite number is needed",
    "service_times_many_problems.csv": "row 4: obtained is 'guessed'",
    "service_times_negative_mean.csv": "mean_ms is -3",
    "service_times_no_batch_column.csv": "row 1: column batch is missing",
    "service_times_no_source.csv": "row 2: source is empty",
    "service_times_open_quote.csv": "row 2: not readable as CSV",
    "service_times_repeated_row.csv": "row 3: repeats the configuration of row 2",
    "service_times_short_row.csv": "row 2: has 4 cells",
    "service_times_unknown_column.csv": "column 'p95' is not known. Did you mean p95_ms?",
    "service_times_unknown_origin.csv": "obtained is 'measurd'",
    "timm_parameters.csv": "row 2: param_count is 'many'",
    "torchvision_metrics.csv": "row 2: metrics is 'top1 76.13'",
    "unknown_kind.csv": "its first line has the columns colour, taste",
    "variants_accuracy_in_percent.csv": "accuracy_share is 76.13; it must be within 0..1",
    "variants_accuracy_without_metric.csv": "give both or neither",
    "variants_negative_memory.csv": "memory_mib is -452",
}


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "fragment"), sorted(BAD_FILES.items()))
def test_a_broken_file_is_refused_with_its_place_and_reason(name: str, fragment: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_profile_catalog([BAD / name])
    assert fragment in str(caught.value)
    assert all(problem.startswith(str(BAD / name)) for problem in caught.value.problems)


def test_every_broken_file_has_its_expectation() -> None:
    assert {path.name for path in BAD.iterdir()} == set(BAD_FILES)


def test_all_problems_of_all_files_are_told_at_once() -> None:
    """Four cells of one table, a bad member of an archive and an absent file: one error with all of them."""
    with pytest.raises(CatalogError) as caught:
        load_profile_catalog(
            [
                BAD / "service_times_many_problems.csv",
                BAD / "ribbon_bad_members.tar.gz",
                BAD / "service_times_batch_zer.csv",
            ]
        )
    problems = caught.value.problems
    assert len(problems) == 4 + 4 + 1
    assert "Did you mean service_times_batch_zero.csv" in problems[-1]


def test_bundled_profiles_are_whole_and_say_where_they_come_from() -> None:
    catalog = load_profile_catalog()
    assert catalog.warnings == ()
    assert len(catalog.digests) == 9
    assert all(name.startswith("bundled/profiles/") for name in catalog.digests)
    assert {time.model for time in catalog.service_times} <= set(catalog.variants)
    assert {time.model for time in catalog.function_times} <= set(catalog.variants)
    assert {capacity.model for capacity in catalog.capacities} <= set(catalog.variants)
    assert {variant.task for variant in catalog.variants.values()} == {
        "image-classification",
        "language-modelling",
        "recommendation",
        "text-encoding",
        "translation",
    }
    resnet50 = catalog.variants["resnet50"]
    assert (resnet50.accuracy_share, resnet50.accuracy_metric) == (0.7613, "imagenet-top1")


def test_bundled_ribbon_profiles_refuse_percentiles_beyond_their_samples() -> None:
    """99 samples of 16 types x 4 models x 5 item counts; .98 is known, .99 needs 100 samples."""
    times = [time for time in load_profile_catalog().service_times if time.source.startswith("Ribbon")]
    assert len(times) == 160
    assert len({time.instance_type for time in times}) == 16
    assert {(time.batch, time.items_per_request) for time in times} == {(1, n) for n in (10, 20, 30, 50, 100)}
    for time in times:
        assert time.samples is not None
        assert (time.quantile_ms(0.99) is None) == (time.samples < 100)
        assert (time.quantile_ms(0.98) or 0) >= (time.p50_ms or 0) > 0


def test_failures_of_the_sources_are_not_data() -> None:
    """VGG-16 ran out of memory at 512 and 1024 MB: no time for it there, and the reason is kept."""
    catalog = load_profile_catalog()
    settings = {(time.model, time.memory_mb) for time in catalog.function_times}
    reasons = {(profile.model, profile.host): profile.reason for profile in catalog.failed}
    for memory_mb in (512, 1024):
        assert ("vgg16", memory_mb) not in settings
        assert "out of memory" in reasons["vgg16", f"aws-lambda {memory_mb} MB"]
    assert ("vgg16", 2048) in settings
    assert catalog.failed_sizes("vgg16", "aws-lambda") == {512, 1024}
    assert catalog.failed_sizes("vgg16", "other-cloud") == frozenset()
    assert (
        catalog.failed_sizes("resnet152", "aws-lambda") == frozenset()
    )  # failed on 4 cores, which is no setting


def test_a_later_file_overrides_and_the_catalog_says_so(tmp_path: Path) -> None:
    own = write(tmp_path, "own.csv", TIMES + "vit_base_patch16_224,g5.2xlarge,1,6.5,7.0,our bench,measured\n")
    catalog = load_profile_catalog(["bundled", own])
    (time,) = [
        time
        for time in catalog.service_times
        if (time.model, time.instance_type) == ("vit_base_patch16_224", "g5.2xlarge")
    ]
    assert (time.mean_ms, time.source) == (6.5, "our bench")
    (warning,) = catalog.warnings
    assert warning.startswith("1 service times gave way to others of the same configuration: of a later path")
    assert catalog.digests["own.csv"] == hashlib.sha256(own.read_bytes()).hexdigest()
    assert load_profile_catalog([own, "bundled"]).service_times != catalog.service_times


def test_a_later_row_of_one_variant_fills_and_overrides_field_by_field(tmp_path: Path) -> None:
    first = write(
        tmp_path, "a.csv", VARIANTS + "net,image-classification,0.7,imagenet-top1,,first,published\n"
    )
    second = write(tmp_path, "b.csv", VARIANTS + "net,image-classification,,,300,second,measured\n")
    variant = load_profile_catalog([first, second]).variants["net"]
    assert (variant.accuracy_share, variant.memory_mib, variant.source) == (0.7, 300.0, "first | second")


def test_an_accuracy_by_another_metric_does_not_replace_the_first(tmp_path: Path) -> None:
    first = write(
        tmp_path, "a.csv", VARIANTS + "net,image-classification,0.7,imagenet-top1,,first,published\n"
    )
    second = write(tmp_path, "b.csv", VARIANTS + "net,image-classification,0.6,own-top1,,second,published\n")
    catalog = load_profile_catalog([first, second])
    assert catalog.variants["net"].accuracy_share == 0.7
    (warning,) = catalog.warnings
    assert "0.7 (imagenet-top1) is kept; 0.6 is by another metric (own-top1, second)" in warning


def test_mixed_metrics_of_a_task_and_unknown_models_are_warned_about(tmp_path: Path) -> None:
    rows = "a,image,0.7,imagenet-top1,,x,published\nb,image,0.6,own-top1,,x,published\n"
    variants = write(tmp_path, "variants.csv", VARIANTS + rows)
    times = write(tmp_path, "times.csv", TIMES + "c,c5.xlarge,1,6.5,7.0,our bench,measured\n")
    unknown, mixed = load_profile_catalog([variants, times]).warnings
    assert "1 models have times but no variant" in unknown
    assert "imagenet-top1, own-top1" in mixed


def test_a_folder_is_read_in_the_order_of_its_paths_and_other_files_are_named(tmp_path: Path) -> None:
    write(tmp_path, "b.csv", TIMES + "net,c5.xlarge,1,2,3,second,measured\n")
    write(tmp_path, "a.csv", TIMES + "net,c5.xlarge,1,1,3,first,measured\n")
    write(tmp_path, "v.csv", VARIANTS + "net,image-classification,0.7,imagenet-top1,,x,published\n")
    write(tmp_path, "other.json", "{}")
    catalog = load_profile_catalog([tmp_path])
    assert [time.source for time in catalog.service_times] == ["second"]
    assert any("other.json" in warning for warning in catalog.warnings)
    assert list(catalog.digests) == ["a.csv", "b.csv", "v.csv"]


def test_in_one_folder_the_higher_percentile_stands_and_a_later_path_always_does(tmp_path: Path) -> None:
    """The p99 of a.csv is not lost to the p95 of b.csv; a file given after the folder overrides both."""
    with_p99 = TIMES.replace("p95_ms", "p99_ms")
    folder, later = tmp_path / "folder", tmp_path / "later.csv"
    folder.mkdir()
    write(folder, "a.csv", with_p99 + "net,c5.xlarge,1,1,3,first,measured\n")
    write(folder, "b.csv", TIMES + "net,c5.xlarge,1,2,3,second,measured\n")
    write(tmp_path, "later.csv", TIMES + "net,c5.xlarge,1,4,5,third,measured\n")
    assert [time.source for time in load_profile_catalog([folder]).service_times] == ["first"]
    assert [time.source for time in load_profile_catalog([folder, later]).service_times] == ["third"]


def test_records_are_sorted_and_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = [f"net,c5.xlarge,{batch},{batch},,bench,measured\n" for batch in (1, 2, 4, 8)]
    up = write(tmp_path, "up.csv", TIMES + "".join(rows))
    down = write(tmp_path, "down.csv", TIMES + "".join(reversed(rows)))
    assert load_profile_catalog([up]).service_times == load_profile_catalog([down]).service_times
