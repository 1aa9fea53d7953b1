"""Broken price, shape, spot and tariff files: each is refused with where, what and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogs.burstable import load_burst_catalog
from catalogs.containers import load_container_tariffs
from catalogs.errors import CatalogError
from catalogs.functions import load_function_tariffs
from catalogs.prices import load_price_catalog

BAD = Path(__file__).parents[1] / "data" / "bad" / "catalog"
NEVER_ZERO = "A price that is not known is never 0"

CASES = {
    "price_missing.csv": [f"row 2: price_usd_per_h is empty; a finite number is needed. {NEVER_ZERO}"],
    "price_zero.csv": [f"row 2: price_usd_per_h is 0; it must be > 0. {NEVER_ZERO}"],
    "price_negative.csv": ["row 2: price_usd_per_h is -0.085; it must be > 0."],
    "price_nan.csv": ["row 2: price_usd_per_h is 'nan'; a finite number is needed."],
    "price_infinite.csv": ["row 2: price_usd_per_h is 'inf'; a finite number is needed."],
    "price_decimal_comma.csv": ["row 2: price_usd_per_h is '0,085'; a plain number is needed"],
    "price_in_yuan.csv": ["row 2: currency is 'CNY'; only USD is planned with."],
    "price_twice.csv": ["row 3: the price of c5.large in us-east-1 stands in this file already."],
    "price_undated.csv": ["row 2: price_date is '20.07.2026'; a date YYYY-MM-DD is needed."],
    "price_without_source.csv": ["row 2: source is empty."],
    "price_unit_misspelt.csv": [
        "row 1: column price_usd_per_h is missing. Did you mean price_usd_per_hour?",
        "row 1: column 'price_usd_per_hour' is not known. Did you mean price_usd_per_h?",
    ],
    "price_column_missing.csv": ["row 1: column price_date is missing."],
    "price_column_doubled.csv": ["row 1: column 'price_usd_per_h' stands 2 times."],
    "price_short_row.csv": ["row 2: has 4 cells, the header 6."],
    "price_no_rows.csv": ["has a header and no rows."],
    "price_empty_file.csv": ["is empty. It needs a header with the columns instance_type, region,"],
    "price_not_utf8.csv": ["line 2: byte 0xff is not UTF-8 text."],
    "price_open_quote.csv": ["not readable as CSV (unexpected end of data)."],
    "price_many_problems.csv": [
        "row 2: price_usd_per_h is empty",
        "row 2: currency is 'EUR'",
        "row 3: price_usd_per_h is -1",
        "row 4: instance_type is empty",
        "row 4: price_date is 'yesterday'",
    ],
    "endpoint_not_ml.csv": ["row 2: endpoint_type is 'c5.large'; endpoint types are written ml.TYPE."],
    "ec2_price_missing.csv": ["row 2: on_demand_usd_per_hour is empty; a finite number is needed."],
    "ec2_half_a_shape.csv": ["row 2: memory_mib is empty"],
    "ec2_other_processor.csv": ["row 2: arch is 'amd46'; allowed are amd64, x86_64, arm64."],
    "ec2_twice.csv": ["row 3: c5.large stands in this file already."],
    "ec2_other_size.csv": ["c5.large has 4 vCPU and 4096 MiB, but 2 vCPU and 4096 MiB by"],
    "sagemaker_negative.yml": [
        "ml.c5.xlarge costs -0.204; it must be",
        "ml.c5.2xlarge costs 'free'; it must be",
    ],
    "sagemaker_broken.yml": ["is not readable as pricing > instance_based > type: USD"],
    "sparecores_cut_off.db": ["cannot be queried as a Spare Cores database (file is not a database)"],
    "shape_bundled_already.csv": ["the shape of c5.large is also in bundled/shapes/aws.csv."],
    "shape_twice.csv": ["row 3: the shape of z9.large stands in this file already."],
    "shape_category_misspelt.csv": ["row 2: category is 'memmory'; allowed are general,"],
    "shape_without_cores.csv": ["row 2: vcpu is 0; it must be >= 1."],
    "shape_half_a_core.csv": ["row 2: vcpu is 0.5; a whole number is needed."],
    "shape_card_unnamed.csv": ["row 2: accelerator is empty, its count or memory is not."],
    "shape_card_without_memory.csv": ["row 2: accelerator is 't4', and its count or its memory is missing."],
    "shape_in_gigabytes.csv": [
        "row 1: column memory_mib is missing.",
        "row 1: column 'memory_gib' is not known. Did you mean memory_mib?",
    ],
    "spot_saving_in_percent.csv": ["row 2: saving_share is 59; it must be < 1."],
    "spot_band_reversed.csv": ["row 2: the interruption band is 0.1 to 0.05; its low end must be below"],
    "spot_band_above_one.csv": ["row 2: interruption_high_share is 100; it must be > 0 and <= 1."],
    "spot_saving_missing.csv": ["row 2: saving_share is empty"],
    "spot_twice.csv": ["row 3: the spot offer of c5.large in us-east-1 stands in this file already."],
    "advisor_not_json.json": ["is not the spot advisor's JSON (JSONDecodeError"],
    "advisor_without_bands.json": ["is not the spot advisor's JSON (KeyError: 'ranges')"],
    "advisor_unknown_band.json": [
        "c5.large on Linux has {'s': 59, 'r': 7}",
        "c5.xlarge on Linux has {'s': 159",
    ],
    "advisor_odd_label.json": ["band 'rarely' is none of <A%, A-B%, >B%"],
    "tiers_unsorted.csv": ["row 3: up_to_gb_s is 6000; it must be > 9000."],
    "tiers_with_an_end.csv": ["the last tier of f/x86_64/us-east-1 ends at 9000 GB-s"],
    "tiers_after_the_last.csv": ["row 3: follows a tier without an end"],
    "tariff_without_tiers.csv": ["row 2: f/arm64/us-east-1 has no tiers."],
    "tariff_sizes_reversed.csv": ["row 2: memory_mb_max is 128; it must be >= 10240."],
    "tariff_in_euro.csv": ["row 2: currency is 'EUR'", "row 2: concurrency_limit is 0; it must be >= 1."],
    "container_free.csv": [f"row 2: usd_per_vcpu_h is 0; it must be > 0. {NEVER_ZERO}"],
    "container_without_sizes.csv": ["row 2: boxes has no task sizes."],
    "burst_twice.csv": ["row 3: the credits of z9.large stand in this file already."],
    "burst_many_problems.csv": [
        "row 2: credits_per_h is 120; it must be > 0 and < 120.",
        "row 3: vcpu is 0; it must be >= 1.",
        "row 3: launch_credits is -30; it must be >= 0.",
        "row 4: surplus_usd_per_vcpu_h is 0; it must be > 0.",
        "row 4: source_date is 'today'; a date YYYY-MM-DD is needed.",
        "row 4: source is empty.",
    ],
    "burst_without_price.csv": ["row 1: column surplus_usd_per_vcpu_h is missing."],
}


def load(path: Path) -> None:
    """Give the file to the loader of its kind, which its name starts with."""
    kind = path.name.partition("_")[0]
    if kind in ("tiers", "tariff"):
        load_function_tariffs("us-east-1", [path])
    elif kind == "burst":
        load_burst_catalog([path])
    elif kind == "container":
        load_container_tariffs("us-east-1", [path])
    elif kind == "shape":
        load_price_catalog("us-east-1", shape_files=[path])
    elif kind in ("spot", "advisor"):
        load_price_catalog("us-east-1", spot_files=[path])
    else:
        load_price_catalog("us-east-1", [path])


@pytest.mark.parametrize(("name", "fragments"), CASES.items(), ids=CASES)
def test_a_broken_file_is_refused_with_all_its_problems(name: str, fragments: list[str]) -> None:
    with pytest.raises(CatalogError) as caught:
        load(BAD / name)
    problems = caught.value.problems
    assert len(problems) == len(fragments)
    for problem, fragment in zip(problems, fragments, strict=True):
        assert problem.startswith(str(BAD / name)), problem
        assert fragment in problem


def test_every_broken_file_has_a_case() -> None:
    own = (
        "price",
        "endpoint",
        "ec2",
        "sagemaker",
        "sparecores",
        "shape",
        "spot",
        "advisor",
        "tiers",
        "tariff",
        "container",
        "burst",
    )
    present = {path.name for path in BAD.iterdir() if path.name.startswith(own)}
    assert present == set(CASES)
