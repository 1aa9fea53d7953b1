"""The GPU-mix problem of another planner as a scenario: which accelerators serve one language model at least cost.

Mélange (Griggs et al. 2024, "Mélange: Cost Efficient Large Language Model Serving by Exploiting GPU Heterogeneity") divides the
requests into buckets by input and output size, profiles every GPU type on every bucket, and rents whole GPUs for one rate. Here
each bucket becomes a request class and each type a machine with one throughput a class (capacity mode `linear`). Its
`slice_factor`, the number of indivisible parts of a bucket, has no counterpart: requests are split freely.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from catalogs.importers.gpu_mix import read_gpu_mix
from planner.errors import InputError
from planner.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalogs.importers.gpu_mix import GpuMix

MODEL = "language-model"
TASK = "text-generation"
SCENARIO = "scenario.yaml"

TEMPLATE = """\
# Imported from {source}: one hour at a constant rate, served by whole machines at least cost.
# The file states neither sizes of buckets nor deadlines: i2o3 is row 2, column 3 of its tables, and every bucket is served
# at the throughput that the file gives. It states no shapes either: those in shapes.csv stand in for them.
version: 1
name: {name}
region: unstated
horizon: {{start: "2026-01-01T00:00:00Z", duration: 1h}}  # any hour: prices and rate are constant
window: 1h

workload:
  traces:
    load: {{generator: constant, rate_rps: {rate_rps!r}}}
  classes:
  - name: requests
    trace: load
    task: {task}
    buckets:
{buckets}

forecast: {{levels: [0.99]}}  # a constant rate is the same at every level
models: {{profiles: [models.csv, throughput.csv]}}
resources:
  prices: [prices.csv]
  shapes: [shapes.csv]
  markets: [on-demand]
  functions: {{enabled: false}}
  boot_s: 0
  capacity: linear
  target_utilisation: 1.0
spot: {{policy: none}}
solver: {{gap: 1.0e-6}}
"""


def import_gpu_mix(file: str | Path, directory: str | Path, *, replace: bool = False) -> Path:
    """Write a scenario folder for a problem file and return the scenario's path.

    Raises
    ------
    CatalogError, with every problem of the file. InputError, when the folder holds a scenario already, or cannot be made.
    """
    problem = read_gpu_mix(file)
    folder = Path(directory)
    scenario = folder / SCENARIO
    if scenario.exists() and not replace:
        raise InputError(f"{scenario} exists; name another folder, or add --force to replace it.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}. Name another folder.") from None
    for name, text in scenario_files(problem, Path(file).name).items():
        write_whole(folder / name, text.encode())
    return scenario


def scenario_files(problem: GpuMix, source: str) -> dict[str, str]:
    """The files of the scenario folder by name; `source` stands in each row for where the figures are from."""
    total = sum(map(sum, problem.bucket_share))
    shares = [(name, problem.bucket_share[x][y] / total) for name, x, y in problem.buckets]
    types = sorted(problem.price_usd_per_h)
    stand_in = f"stand-in: {source} states no shape"
    return {
        "models.csv": _csv("model,task,source,obtained", [(MODEL, TASK, source, "published")]),
        "throughput.csv": _csv(
            "model,instance_type,bucket,throughput_rps,source,obtained",
            (
                (MODEL, name, bucket, repr(problem.throughput_rps[name][x][y]), source, "published")
                for name in types
                for bucket, x, y in problem.buckets
            ),
        ),
        "prices.csv": _csv(
            "instance_type,region,price_usd_per_h,currency,price_date,source",
            ((name, "unstated", repr(problem.price_usd_per_h[name]), "USD", "", source) for name in types),
        ),
        "shapes.csv": _csv(
            "instance_type,category,vcpu,memory_mib,arch,accelerator,accelerator_count,accelerator_memory_mib,"
            "network_mbps,source",
            ((name, "gpu", 1, 1, "x86_64", "", "", "", "", stand_in) for name in types),
        ),
        SCENARIO: TEMPLATE.format(
            source=source,
            name=_plain_name(Path(source).stem),
            rate_rps=problem.rate_rps * total,
            task=TASK,
            buckets="\n".join(
                f"    - {{name: {name}, share: {share!r}}}" for name, share in shares if share > 0
            ),
        ),
    }


def _csv(header: str, rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    text.write(header + "\n")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _plain_name(stem: str) -> str:
    """A scenario's name from a file's: what is no letter, digit, point, line or underscore becomes a line."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in stem).lstrip("._-")
    return plain or "gpu-mix"
