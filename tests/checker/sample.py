"""A small plan that holds, with the catalogs it was made from: one group of every kind and a function, two windows."""

from __future__ import annotations

from typing import Any

from tests.checker.catalogs import Catalogs, Profile

Plan = dict[str, Any]
REGION = "us-east-1"
LEVELS = ((0.5, 0.5), (0.9, 0.5))  # probability, weight
WINDOW_H = 0.25
BOOT_S = 180.0
PRICES = {"c5.large": 0.085, "c5.xlarge": 0.17, "g4dn.xlarge": 0.526}
VCPU = {"c5.large": 2, "c5.xlarge": 4, "g4dn.xlarge": 4}
SPOT_SAVING = 0.6


def sample_catalogs() -> Catalogs:
    """Three machine types, four models, one function tariff."""
    key = ("aws-lambda", "x86_64", REGION)
    tasks = {"exact": 0.8, "noisy": 0.7, "batched": 0.9, "bursty": 0.7, "linear": 0.75, "small": 0.72}
    return Catalogs(
        on_demand_usd_per_h={(name, REGION): usd for name, usd in PRICES.items()},
        spot_saving_share={(name, REGION): SPOT_SAVING for name in PRICES},
        vcpu=dict(VCPU),
        usd_per_gb_s={key: 1.6e-5},
        usd_per_call={key: 2e-7},
        billing_step_ms={key: 1.0},
        variants={name: {"task": "vision", "accuracy_share": str(share)} for name, share in tasks.items()},
        profiles={
            ("exact", "c5.large", 1, 1, 1): [Profile(100.0, [])],
            ("noisy", "c5.xlarge", 1, 1, 1): [Profile(40.0, [(0.95, 42.0), (0.99, 47.0)])],
            ("batched", "g4dn.xlarge", 4, 1, 1): [Profile(100.0, [])],
            ("bursty", "c5.large", 1, 1, 2): [Profile(50.0, [])],
        },
        capacities={("linear", "c5.xlarge", 1): [(12.0, 250.0, 0.98)]},
    )


# id, instance type, service (mean, quantile, deterministic) or None, tier, batch, replicas, index, machines, requests/s
# 12.6114 requests/s: M/D/2 with S = 100 ms keeps 98 % within 300 ms (tests.checker.exact agrees to 1e-6)
GROUPS = (
    ("exact", "c5.large", (100.0, 100.0, True), (300.0, 0.98), 1, 1, 1.0, 2, 12.6114),
    ("noisy", "c5.xlarge", (40.0, 42.0, False), (200.0, 0.95), 1, 1, 1.0, 3, 60.0),
    ("batched", "g4dn.xlarge", (100.0, 100.0, True), (400.0, 0.95), 4, 1, 1.0, 1, 28.0),
    ("bursty", "c5.large", (50.0, 50.0, True), (500.0, 0.95), 1, 2, 2.0, 1, 24.0),
    ("linear", "c5.xlarge", None, (250.0, 0.98), 1, 1, 1.0, 2, 24.0),
)
# class, deadline, percentile, least accuracy, its groups with their shares of it
CLASSES = (
    ("strict", 300.0, 0.98, 0.75, {"exact": 0.4, "linear": 0.6}),
    ("relaxed", 500.0, 0.95, None, {"noisy": 0.5, "batched": 0.2, "bursty": 0.2}),
)
DEMAND = {"strict": (15.0, 30.0), "relaxed": (60.0, 100.0)}
CURRENT_FLEET = (
    ("c5.large", "on-demand", 3),
    ("c5.xlarge", "on-demand", 4),
    ("c5.xlarge", "spot", 1),
    ("g4dn.xlarge", "on-demand", 1),
)
OVERFLOW_SHARE = 0.1  # of the relaxed class
EFFECTIVE_ACCURACY = {"strict": 0.758107}  # 0.4 x 0.8 x share of the exact group in time + 0.6 x 0.75 x 0.98


def sample_plan() -> Plan:
    """The plan: every figure follows from the tables above."""
    windows = [_window(n) for n in range(2)]
    total = sum(window["cost"]["total_usd"] for window in windows)
    return {
        "certificate": {
            "sense": "minimise",
            "spend_usd": total,
            "objective_usd": total,
            "objective": {"value": total, "unit": "USD per horizon"},
            "bound_usd": 0.98 * total,
            "bound": {"value": 0.98 * total, "unit": "USD per horizon"},
            "gap": 0.02,
            "gap_asked": 0.03,
            "status": "optimal",
        },
        "validity": {"not_before": "2026-01-01T00:00:00Z", "not_after": "2026-01-01T00:30:00Z"},
        "problem": {
            "objective": {"quantity": "cost"},
            "classes": [
                {
                    "name": name,
                    "task": "vision",
                    "models": None,
                    "bucket": None,
                    "min_instances": 0,
                    "items_per_request": 1,
                    "deadline_ms": deadline,
                    "percentile": percentile,
                    "min_accuracy": least and {"value": least, "kind": "per_request", "metric": None},
                }
                for name, deadline, percentile, least, _ in CLASSES
            ],
            "current_fleet": [
                {"instance_type": host, "market": market, "count": count, "zone": None, "model": None}
                for host, market, count in CURRENT_FLEET
            ],
            "quotas": [{"family": "standard", "market": "on-demand", "vcpu": 24}],
            "function_concurrency_limit": 3,
            "on_demand_floor_share": 0.0,
            "commitments": [],
            "zones": [],
            "min_zones": 1,
            "headroom_share": 0.0,
            "scale_in_delay_s": 0.0,
            "max_groups": None,
            "max_churn": None,
            "budget_usd": None,
            "containers": False,
            "burstable_standby": False,
            "standby_disk_gb": 30.0,
            "spot": {"policy": "share", "max_share": 0.5, "risk_aversion_usd": 0.0},
            "target_utilisation": 1.0,
            "boot_s": BOOT_S,
        },
        "windows": windows,
        "options": [_machine_option(row, market) for row in GROUPS for market in ("on-demand", "spot")]
        + [_function()],
    }


def _price(host: str, market: str) -> float:
    return PRICES[host] * (1.0 - SPOT_SAVING if market == "spot" else 1.0)


def _machine_option(row: tuple[Any, ...], market: str) -> Plan:
    name, host = row[0], row[1]
    usd = _price(host, market)
    return {
        "kind": "machine",
        "id": f"{name}@{market}",
        "group": name,
        "instance_type": host,
        "market": market,
        "zone": None,
        "pool": host if market == "spot" else None,
        "region": REGION,
        "model": name,
        "task": "vision",
        "accuracy": float(sample_catalogs().variants[name]["accuracy_share"]),
        "accuracy_metric": "top1",
        "price_usd_per_h": usd,
        "start_usd": usd / 3600.0 * BOOT_S,
        "load_s": 0.0,
        "load_usd": 0.0,
        "vcpu": VCPU[host],
        "sources": {"profile": "measured"},
    }


def _function() -> Plan:
    return {
        "kind": "function",
        "id": "lambda/small/1024",
        "provider": "aws-lambda",
        "architecture": "x86_64",
        "region": REGION,
        "model": "small",
        "task": "vision",
        "accuracy": 0.72,
        "accuracy_metric": "top1",
        "memory_mb": 1024,
        "items_per_request": 1,
        "mean_ms": 200.0,
        "quantiles_ms": {"0.5": 190.0, "0.95": 240.0, "0.99": 260.0},
        "billed_ms": 208.0,
        "cold_start_ms": 400.0,
        "cold_start_share": 0.02,
        "usd_per_request": 2e-7 + 0.208 * 1.6e-5,
        "concurrency_s": 0.208,
        "batch_size": 1,
        "batch_timeout_ms": 0.0,
        "rate_rps": None,
        "mean_batch": 1.0,
        "provisioned_concurrency": 0,
        "usd_per_h": 0.0,
        "arrivals": None,
        "partition": None,
    }


def function_line(option: Plan, reserved: int) -> Plan:
    """A function as a window lists it."""
    names = ("provider", "region", "model", "memory_mb", "batch_size", "batch_timeout_ms")
    kept = {name: option[name] for name in (*names, "provisioned_concurrency", "partition")}
    return {"option": option["id"], "reserved_concurrency": reserved, **kept}


def _window(n: int) -> Plan:
    """Window n of two: in the second, a spot machine takes the place of one of the linear group's."""
    fleet = [
        _line(row, market, count, n) for row in GROUPS for market, count in _machines(row, n).items() if count
    ]
    return {
        "id": f"w{n}",
        "start": f"2026-01-01T00:{15 * n:02d}:00Z",
        "end": f"2026-01-01T00:{15 * n + 15:02d}:00Z",
        "levels": [
            {
                "probability": probability,
                "weight_share": weight,
                "demand_rps": {name: rates[q] for name, rates in DEMAND.items()},
            }
            for q, (probability, weight) in enumerate(LEVELS)
        ],
        "served_rps": {
            name: {group: [share * rate for rate in DEMAND[name]] for group, share in shares.items()}
            for name, *_, shares in CLASSES
        },
        "overflow_rps": {
            "strict": {},
            "relaxed": {"lambda/small/1024": [OVERFLOW_SHARE * rate for rate in DEMAND["relaxed"]]},
        },
        "unserved_rps": {name: [0.0, 0.0] for name in DEMAND},
        "routing": {name: [_route(name, shares)] * len(LEVELS) for name, *_, shares in CLASSES},
        "groups": [_group(row) for row in GROUPS],
        "fleet": fleet,
        "functions": [function_line(_function(), 3)],
        "cost": _cost(fleet, n),
        "expected": {"classes": {name: _expected(name, shares) for name, *_, shares in CLASSES}},
        "spot_risk": None,
    }


def _machines(row: tuple[Any, ...], n: int) -> dict[str, int]:
    spot = 1 if row[0] == "noisy" or (row[0] == "linear" and n == 1) else 0
    return {"on-demand": row[7] - spot, "spot": spot}


def _line(row: tuple[Any, ...], market: str, count: int, n: int) -> Plan:
    name, host, _, _, batch, replicas = row[:6]
    return {
        "option": f"{name}@{market}",
        "group": name,
        "region": REGION,
        "instance_type": host,
        "market": market,
        "zone": None,
        "count": count,
        "model": name,
        "batch_size": batch,
        "batch_timeout_ms": 50.0 if batch > 1 else 0.0,
        "replicas": replicas,
        "threads": None,
        "launch_at": "2026-01-01T00:12:00Z" if (name, market, n) == ("linear", "spot", 1) else None,
    }


def _group(row: tuple[Any, ...]) -> Plan:
    name, host, service, tier, batch, replicas, index, count, capacity = row
    deadline, percentile = tier
    published = {"capacity_rps": capacity / count, "deadline_ms": deadline, "percentile": percentile}
    return {
        "id": name,
        "model": name,
        "instance_type": host,
        "tier": {"deadline_ms": deadline, "percentile": percentile},
        "capacity_mode": "queueing" if service else "linear",
        "service": service and dict(zip(("mean_ms", "quantile_ms", "deterministic"), service, strict=True)),
        "published": None if service else published,
        "class_rps": None,
        "standby": False,
        "batch_size": batch,
        "batch_timeout_ms": 50.0 if batch > 1 else 0.0,
        "items_per_request": 1,
        "replicas": replicas,
        "threads": None,
        "dispersion_index": index,
        "count": count,
        "capacity_rps": capacity,
    }


def _expected(name: str, shares: dict[str, float]) -> Plan:
    accuracies = {model: float(row["accuracy_share"]) for model, row in sample_catalogs().variants.items()}
    parts = {**shares, "small": 1.0 - sum(shares.values())}
    return {
        "served_share": 1.0,
        "accuracy": sum(share * accuracies[model] for model, share in parts.items()),
        "effective_accuracy": EFFECTIVE_ACCURACY.get(name),
    }


def _route(name: str, shares: dict[str, float]) -> Plan:
    return {"groups": shares, "functions": {"lambda/small/1024": OVERFLOW_SHARE} if name == "relaxed" else {}}


def _cost(fleet: list[Plan], n: int) -> Plan:
    machines = sum(line["count"] * _price(line["instance_type"], line["market"]) for line in fleet) * WINDOW_H
    starts = _price("c5.xlarge", "spot") / 3600.0 * BOOT_S * n
    rates = [OVERFLOW_SHARE * rate for rate in DEMAND["relaxed"]]
    calls = sum(weight * rate for (_, weight), rate in zip(LEVELS, rates, strict=True)) * 3600.0 * WINDOW_H
    functions = calls * (2e-7 + 0.208 * 1.6e-5)
    return {
        "machines_usd": machines,
        "starts_usd": starts,
        "loads_usd": 0.0,
        "functions_usd": functions,
        "total_usd": machines + starts + functions,
    }
