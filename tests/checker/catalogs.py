"""The catalogs read from their raw files, as plainly as possible and apart from the planner's readers."""

from __future__ import annotations

import csv
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

BUNDLED = Path(__file__).resolve().parents[2] / "catalogs" / "data"
RIBBON_MODELS = {"resnet": "resnet50", "vgg": "vgg19", "dien": "dien", "mtwnd": "mtwnd", "candle": "candle"}


@dataclass
class Profile:
    """Service time of one call: quantiles as (share, ms) rising, samples in ms where the source has them."""

    mean_ms: float
    quantiles: list[tuple[float, float]]
    samples: list[float] = field(default_factory=list)

    def allows(self, quantile_ms: float, percentile: float) -> bool:
        """Whether the share `percentile` of calls is known to stay within `quantile_ms` (0.1 % of rounding)."""
        if self.samples:
            inside = np.mean(np.array(self.samples) <= quantile_ms * 1.001)
            return bool(inside >= percentile - 1.0 / len(self.samples))
        known = [ms for share, ms in self.quantiles if share >= percentile - 1e-9]
        return not known or quantile_ms >= min(known) * 0.999


@dataclass
class Catalogs:
    """Prices, shapes, tariffs and profiles, by name."""

    on_demand_usd_per_h: dict[tuple[str, str], float] = field(default_factory=dict)
    spot_saving_share: dict[tuple[str, str], float] = field(default_factory=dict)
    vcpu: dict[str, int] = field(default_factory=dict)
    usd_per_gb_s: dict[tuple[str, str, str], float] = field(default_factory=dict)
    usd_per_call: dict[tuple[str, str, str], float] = field(default_factory=dict)
    billing_step_ms: dict[tuple[str, str, str], float] = field(default_factory=dict)
    ready_usd_per_gb_s: dict[tuple[str, str, str], tuple[float, float]] = field(
        default_factory=dict
    )  # of functions kept ready: while they stand, and what their calls pay in place of usd_per_gb_s
    store_usd: dict[str, float] = field(default_factory=dict)  # region -> one tensor written and read
    baseline_share: dict[str, float] = field(default_factory=dict)  # of burstable machines
    container_usd_per_h: dict[str, tuple[float, float]] = field(default_factory=dict)  # region -> vCPU, GB
    variants: dict[str, dict[str, str]] = field(default_factory=dict)
    profiles: dict[tuple[str, str, int, int, int], list[Profile]] = field(default_factory=dict)
    capacities: dict[tuple[str, str, int], list[tuple[float, float, float]]] = field(default_factory=dict)
    throughputs: dict[tuple[str, str, str], float] = field(
        default_factory=dict
    )  # model, host, bucket -> req/s
    function_times: dict[tuple[str, str, str, int], list[dict[str, str]]] = field(default_factory=dict)


def read_catalogs(
    folder: Path = BUNDLED,
    *,
    prices: Iterable[Path] = (),
    shapes: Iterable[Path] = (),
    spot: Iterable[Path] = (),
    samples: Iterable[Path] = (),
    profiles: Iterable[Path] = (),
) -> Catalogs:
    """Read the bundled files, then further ones: price lists, shapes, spot advisors, latency samples, profile tables.

    Later prices override; further profiles stand beside the earlier ones.
    """
    found = Catalogs()
    for path in [*sorted((folder / "prices").glob("aws_*.csv")), *prices]:
        _read_prices(found, path)
    for path in [*sorted((folder / "spot").glob("*.csv")), *spot]:
        _read_spot(found, path)
    for path in [folder / "shapes" / "aws.csv", *shapes]:
        for row in _rows(path):
            found.vcpu[row["instance_type"]] = int(row["vcpu"])
    _read_functions(found, folder / "functions")
    for row in _rows(folder / "object_store" / "object_store.csv"):
        pair_usd = (float(row["usd_per_1000_puts"]) + float(row["usd_per_1000_gets"])) / 1000.0
        found.store_usd[row["region"]] = pair_usd
    for row in _rows(folder / "burstable" / "aws.csv"):
        found.baseline_share[row["instance_type"]] = float(row["credits_per_h"]) / (60.0 * int(row["vcpu"]))
    for row in _rows(folder / "containers" / "fargate.csv"):
        if row["arch"] == "x86_64":
            rates = (float(row["usd_per_vcpu_h"]), float(row["usd_per_gb_h"]))
            found.container_usd_per_h[row["region"]] = rates
    for path in [*sorted((folder / "profiles").glob("*.csv")), *profiles]:
        _read_profiles(found, path)
    for path in samples:
        _read_samples(found, path)
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _read_prices(found: Catalogs, path: Path) -> None:
    for row in _rows(path):
        usd = row.get("price_usd_per_h") or row["on_demand_usd_per_hour"]
        name = row["instance_type"]
        found.on_demand_usd_per_h[name, row.get("region") or "us-east-1"] = float(usd)
        if row.get("vcpu"):
            found.vcpu.setdefault(name, int(float(row["vcpu"])))


def _read_spot(found: Catalogs, path: Path) -> None:
    if path.suffix == ".json":
        advisor: dict[str, Any] = json.loads(path.read_text())["spot_advisor"]
        for region, systems in advisor.items():
            for name, figures in systems.get("Linux", {}).items():
                found.spot_saving_share[name, region] = figures["s"] / 100.0
        return
    for row in _rows(path):
        found.spot_saving_share[row["instance_type"], row["region"]] = float(row["saving_share"])


def _read_functions(found: Catalogs, folder: Path) -> None:
    for row in _rows(folder / "lambda.csv"):
        key = (row["provider"], row["arch"], row["region"])
        found.usd_per_call[key] = float(row["usd_per_million_requests"]) / 1e6
        found.billing_step_ms[key] = float(row["billing_step_ms"])
        if row["usd_per_provisioned_gb_s"]:
            prices = (float(row["usd_per_provisioned_gb_s"]), float(row["usd_per_gb_s_on_provisioned"]))
            found.ready_usd_per_gb_s[key] = prices
    for row in _rows(folder / "lambda_tiers.csv"):
        key = (row["provider"], row["arch"], row["region"])
        found.usd_per_gb_s[key] = max(found.usd_per_gb_s.get(key, 0.0), float(row["usd_per_gb_s"]))


def _read_profiles(found: Catalogs, path: Path) -> None:
    for row in _rows(path):
        if "task" in row:
            found.variants[row["model"]] = row
        elif "deadline_ms" in row and "capacity_rps" in row:
            figure = (float(row["capacity_rps"]), float(row["deadline_ms"]), float(row["percentile"]))
            host = row["instance_type"] or f"{row['cores']} cores"
            key = (row["model"], host, int(row["batch"]))
            found.capacities.setdefault(key, []).append(figure)
        elif "throughput_rps" in row:
            bucket = row.get("bucket") or f"i{row['input_tokens']}o{row['output_tokens']}"
            found.throughputs[row["model"], row["instance_type"], bucket] = float(row["throughput_rps"])
        elif "memory_mb" in row and "mean_ms" in row:
            name = (row["model"], row["provider"], row["arch"], int(row["memory_mb"]))
            found.function_times.setdefault(name, []).append(row)
        elif "instance_type" in row and "mean_ms" in row:
            call = _call(row)
            found.profiles.setdefault(call, []).append(Profile(float(row["mean_ms"]), _quantiles(row)))


def _call(row: dict[str, str]) -> tuple[str, str, int, int, int]:
    sizes = [int(row.get(name) or 1) for name in ("batch", "items_per_request", "replicas")]
    return row["model"], row["instance_type"], sizes[0], sizes[1], sizes[2]


def _quantiles(row: dict[str, str]) -> list[tuple[float, float]]:
    return sorted(
        (float(name[1:-3]) / 100.0, float(value))
        for name, value in row.items()
        if value and name.startswith("p") and name.endswith("_ms") and name[1:-3].isdigit()
    )


def _read_samples(found: Catalogs, path: Path) -> None:
    """Latency samples ``logs/INSTANCE/MODEL_ITEMS_1.json``: one query of so many items is one request."""
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            parts = member.name.removesuffix(".json").split("/")
            if not member.name.endswith(".json") or len(parts) < 3:
                continue
            model, items, _ = parts[-1].split("_")
            file = archive.extractfile(member)
            times = [float(ms) for ms in json.load(file)] if file else []
            if times:
                key = (RIBBON_MODELS[model], parts[-2], 1, int(items), 1)
                found.profiles.setdefault(key, []).append(Profile(float(np.mean(times)), [], times))
