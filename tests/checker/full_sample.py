"""A small plan that holds under every operators' and spot limit: two zones, five markets, two windows, three classes.

`web` runs on four machines of one exact group, two of them spot in different zones; a stopped machine of a group of its own and
functions cover a loss. `chat` is a class of one size of requests on committed machines, at a rate per class. `batch` runs in
containers. In the second window a spot machine joins, and what was started stays.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from tests.checker.catalogs import Catalogs, Profile
from tests.checker.exact import late_share
from tests.checker.spot import violation_share

Plan = dict[str, Any]
REGION = "us-east-1"
LEVELS = ((0.5, 0.5), (0.9, 0.5))  # probability, weight
WINDOW_H, BOOT_S, EXTRA_USD_PER_H = 0.25, 180.0, 0.01
HEADROOM_SHARE, UTILISATION, DISK_GB = 0.05, 0.8, 30.0
PRICES = {"c5.large": 0.085, "t3.large": 0.0832, "g4dn.xlarge": 0.526}
VCPU = {"c5.large": 2, "t3.large": 2, "g4dn.xlarge": 4, "fargate-1vcpu-2gb": 1}
SPOT_SAVING = 0.6
CONTAINER_USD_PER_H = (0.04, 0.004)  # per vCPU, per GB
DEMAND = {"web": (14.0, 29.0), "chat": (2.0, 4.0), "batch": (3.0, 6.0)}
LOAD_S = {"exact": 20.0, "llm": 60.0, "published": 0.0}
SERVICE_S, DEADLINE_S, PERCENTILE = 0.1, 0.3, 0.98
POOLS = ("c5.large/a", "c5.large/b")
LOSS_SHARE, SHOCK_SHARE, VIOLATION_SHARE = 0.03, 0.01, 0.05
CALL_S, CONCURRENCY = 0.208, 1
CHAT_RPS, BATCH_RPS = 2.0, 5.0
# option: group, market, zone, machines in each window
FLEET = (
    ("exact", "on-demand", "a", (2, 2)),
    ("exact", "spot", "a", (1, 1)),
    ("exact", "spot", "b", (1, 2)),
    ("ready", "standby", "b", (1, 1)),
    ("chat", "committed", None, (3, 3)),
    ("boxed", "container", None, (2, 2)),
)
HOST = {"exact": "c5.large", "ready": "t3.large", "chat": "g4dn.xlarge", "boxed": "fargate-1vcpu-2gb"}
MODEL = {"exact": "exact", "ready": "exact", "chat": "llm", "boxed": "published"}
TASK = {"exact": "vision", "llm": "chat", "published": "speech"}


def full_catalogs() -> Catalogs:
    """Three machine types, a container, three models, one function tariff."""
    key = ("aws-lambda", "x86_64", REGION)
    return Catalogs(
        on_demand_usd_per_h={(name, REGION): usd for name, usd in PRICES.items()},
        spot_saving_share={(name, REGION): SPOT_SAVING for name in PRICES},
        vcpu=dict(VCPU),
        usd_per_gb_s={key: 1.6e-5},
        usd_per_call={key: 2e-7},
        billing_step_ms={key: 1.0},
        container_usd_per_h={REGION: CONTAINER_USD_PER_H},
        variants={name: {"task": task, "accuracy_share": "0.8"} for name, task in TASK.items()},
        profiles={("exact", host, 1, 1, 1): [Profile(100.0, [])] for host in ("c5.large", "t3.large")},
        capacities={("published", "1 cores", 1): [(BATCH_RPS, 1000.0, 0.95)]},
        throughputs={("llm", "g4dn.xlarge", "i250o100"): CHAT_RPS},
    )


@lru_cache
def exact_capacity_rps(servers: int) -> float:
    """Largest rate of so many machines of the exact groups, by bisection; a little is taken off."""
    low, high = 0.0, servers / SERVICE_S
    for _ in range(60):
        middle = (low + high) / 2
        late = late_share(servers, middle * SERVICE_S, DEADLINE_S / SERVICE_S - 1.0)
        low, high = (middle, high) if late <= 1.0 - PERCENTILE else (low, middle)
    return low * (1.0 - 1e-9)


def full_plan(policy: str = "survive-loss") -> Plan:
    """The plan; under the policy ``chance`` the probability of too little is limited, else any pool may vanish."""
    windows = [_window(n) for n in range(2)]
    total = sum(window["cost"]["total_usd"] for window in windows)
    return {
        "certificate": {
            "sense": "minimise",
            "objective_usd": total,
            "objective": {"value": total, "unit": "USD per horizon"},
            "bound_usd": 0.99 * total,
            "bound": {"value": 0.99 * total, "unit": "USD per horizon"},
            "spend_usd": total,
            "gap": 0.01,
            "gap_asked": 0.03,
            "status": "optimal",
        },
        "validity": {"not_before": "2026-01-01T00:00:00Z", "not_after": "2026-01-01T00:30:00Z"},
        "problem": _problem(policy, total),
        "windows": windows,
        "options": [_machine_option(*row[:3]) for row in FLEET] + [_function()],
    }


def _problem(policy: str, total: float) -> Plan:
    times = {"web": (300.0, 0.98), "chat": (None, None), "batch": (1000.0, 0.95)}
    return {
        "objective": {"quantity": "cost"},
        "classes": [
            {
                "name": name,
                "task": {"web": "vision", "chat": None, "batch": "speech"}[name],
                "models": ["llm"] if name == "chat" else None,
                "bucket": "i250o100" if name == "chat" else None,
                "items_per_request": 1,
                "deadline_ms": times[name][0],
                "percentile": times[name][1],
                "min_accuracy": {"value": 0.75, "kind": "mean", "metric": None} if name == "web" else None,
                "min_instances": 4 if name == "web" else 2,
            }
            for name in DEMAND
        ],
        "current_fleet": [
            {
                "instance_type": HOST[group],
                "market": market,
                "zone": zone,
                "model": MODEL[group],
                "count": counts[0],
            }
            for group, market, zone, counts in FLEET
        ],
        "commitments": [{"instance_type": "g4dn.xlarge", "count": 3}],
        "quotas": [
            {"family": "standard", "market": "on-demand", "vcpu": 6},
            {"family": "standard", "market": "spot", "vcpu": 6},
            {"family": "fargate", "market": "on-demand", "vcpu": 2},
        ],
        "function_concurrency_limit": CONCURRENCY,
        "on_demand_floor_share": 0.0,
        "zones": ["a", "b"],
        "min_zones": 1,
        "headroom_share": HEADROOM_SHARE,
        "scale_in_delay_s": 1800.0,
        "max_groups": 4,
        "max_churn": 1,
        "budget_usd": 1.1 * total,
        "containers": True,
        "burstable_standby": True,
        "standby_disk_gb": DISK_GB,
        "spot": _spot(policy),
        "target_utilisation": UTILISATION,
        "boot_s": BOOT_S,
    }


def _spot(policy: str) -> Plan:
    shared = SHOCK_SHARE / (1.0 - SHOCK_SHARE) * (1.0 - LOSS_SHARE) ** 2
    own = LOSS_SHARE * (1.0 - LOSS_SHARE)
    return {
        "policy": policy,
        "max_share": 1.0,
        "level": 0.9,
        "violation_share": VIOLATION_SHARE if policy == "chance" else None,
        "risk_aversion_usd": 0.0,
        "common_shock_share": SHOCK_SHARE,
        "pools": [{"name": name, "loss_share": LOSS_SHARE} for name in POOLS],
        "covariance": [[own, shared], [shared, own]],
        "guards": [{"name": "web", "classes": ["web"]}],
    }


def _usd_per_h(group: str, market: str) -> float:
    match market:
        case "committed":
            return 0.0
        case "standby":
            return DISK_GB * 0.08 / 730.0
        case "container":
            return CONTAINER_USD_PER_H[0] + 2 * CONTAINER_USD_PER_H[1] + EXTRA_USD_PER_H
    usd = PRICES[HOST[group]] * (1.0 - SPOT_SAVING if market == "spot" else 1.0)
    return usd + EXTRA_USD_PER_H


def _option_id(group: str, market: str, zone: str | None) -> str:
    return f"{group}@{market}" + (f"/{zone}" if zone else "")


def _machine_option(group: str, market: str, zone: str | None) -> Plan:
    usd, load_s = _usd_per_h(group, market), 0.0 if market == "standby" else LOAD_S[MODEL[group]]
    return {
        "kind": "machine",
        "id": _option_id(group, market, zone),
        "group": group,
        "instance_type": HOST[group],
        "market": market,
        "zone": zone,
        "pool": f"{HOST[group]}/{zone}" if market == "spot" else None,
        "region": REGION,
        "model": MODEL[group],
        "task": TASK[MODEL[group]],
        "accuracy": 0.8,
        "accuracy_metric": "top1",
        "price_usd_per_h": usd,
        "start_usd": 0.0 if market == "standby" else usd / 3600.0 * BOOT_S,
        "load_s": load_s,
        "load_usd": usd / 3600.0 * load_s,
        "vcpu": VCPU[HOST[group]],
        "memory_mib": 2048,
        "sources": {"profile": "measured"},
    }


def _function() -> Plan:
    """Called only when a pool is lost."""
    return {
        "kind": "function",
        "id": "lambda/exact/1024",
        "provider": "aws-lambda",
        "architecture": "x86_64",
        "region": REGION,
        "model": "exact",
        "task": "vision",
        "accuracy": 0.8,
        "accuracy_metric": "top1",
        "memory_mb": 1024,
        "items_per_request": 1,
        "mean_ms": 208.0,
        "quantiles_ms": {"0.99": 260.0},
        "billed_ms": 208.0,
        "cold_start_ms": 400.0,
        "cold_start_share": 0.0,
        "usd_per_request": 2e-7 + 0.208 * 1.6e-5,
        "concurrency_s": CALL_S,
    }


def _window(n: int) -> Plan:
    serving = {"web": "exact", "chat": "chat", "batch": "boxed"}
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
        "served_rps": {name: {serving[name]: list(rates)} for name, rates in DEMAND.items()},
        "overflow_rps": {name: {} for name in DEMAND},
        "unserved_rps": {name: [0.0, 0.0] for name in DEMAND},
        "routing": {name: [{"groups": {serving[name]: 1.0}, "functions": {}}] * 2 for name in DEMAND},
        "groups": [_group(name, n) for name in HOST],
        "fleet": [_line(row, n) for row in FLEET],
        "functions": [],
        "cost": _cost(n),
        "expected": {"classes": {name: _expected(name, n) for name in DEMAND}},
        "spot_risk": _risk(n),
    }


def _working(group: str, n: int) -> int:
    return sum(counts[n] for name, market, _, counts in FLEET if name == group and market != "standby")


def _group(name: str, n: int) -> Plan:
    count, exact = _working(name, n), MODEL[name] == "exact"
    tier = {"deadline_ms": 300.0, "percentile": 0.98} if exact else None
    capacity = exact_capacity_rps(count) if exact else count * CHAT_RPS * UTILISATION
    published = None
    if name == "boxed":
        tier = {"deadline_ms": 1000.0, "percentile": 0.95}
        published = {**tier, "capacity_rps": BATCH_RPS}
        capacity = count * BATCH_RPS * UTILISATION
    return {
        "id": name,
        "model": MODEL[name],
        "instance_type": HOST[name],
        "tier": tier,
        "capacity_mode": "queueing" if exact else "linear",
        "service": {"mean_ms": 100.0, "quantile_ms": 100.0, "deterministic": True} if exact else None,
        "published": published,
        "class_rps": {"chat": CHAT_RPS} if name == "chat" else None,
        "batch_size": 1,
        "batch_timeout_ms": 0.0,
        "items_per_request": 1,
        "replicas": 1,
        "threads": None,
        "dispersion_index": 1.0,
        "standby": name == "ready",
        "count": count,
        "capacity_rps": capacity,
    }


def _line(row: tuple[Any, ...], n: int) -> Plan:
    group, market, zone, counts = row
    joins = n == 1 and counts[1] > counts[0]
    return {
        "option": _option_id(group, market, zone),
        "group": group,
        "region": REGION,
        "instance_type": HOST[group],
        "market": market,
        "zone": zone,
        "count": counts[n],
        "model": MODEL[group],
        "batch_size": 1,
        "batch_timeout_ms": 0.0,
        "replicas": 1,
        "threads": None,
        "launch_at": "2026-01-01T00:12:00Z" if joins else None,
    }


def _cost(n: int) -> Plan:
    machines = sum(counts[n] * _usd_per_h(group, market) for group, market, _, counts in FLEET) * WINDOW_H
    joining = n * _usd_per_h("exact", "spot") / 3600.0
    parts = {
        "machines_usd": machines,
        "starts_usd": joining * BOOT_S,
        "loads_usd": joining * LOAD_S["exact"],
        "functions_usd": 0.0,
    }
    return {**parts, "total_usd": sum(parts.values())}


def _expected(name: str, n: int) -> Plan:
    met = 1.0
    if name == "batch":
        met = 0.95
    elif name == "web":
        rates = DEMAND[name]
        erlangs = [rate * SERVICE_S for rate in rates]
        late = [late_share(_working("exact", n), a, DEADLINE_S / SERVICE_S - 1.0) for a in erlangs]
        met = 1.0 - sum(rate * share for rate, share in zip(rates, late, strict=True)) / sum(rates)
    return {"served_share": 1.0, "accuracy": 0.8, "effective_accuracy": 0.8 * met}


def _risk(n: int) -> Plan:
    count = _working("exact", n)
    gone = {"c5.large/a": 1, "c5.large/b": 1 + n}
    left = {name: exact_capacity_rps(count - lost) for name, lost in gone.items()}
    whole = exact_capacity_rps(count)
    used = 1.0 - HEADROOM_SHARE
    lost_rps = {name: used * (whole - capacity) for name, capacity in left.items()}
    spare = used * whole + CONCURRENCY / CALL_S - DEMAND["web"][1]
    spot = _spot("chance")
    lost = np.array([lost_rps[name] for name in POOLS])
    spread = float(np.sqrt(lost @ np.array(spot["covariance"]) @ lost))
    tail = 1.0 - NormalDist().cdf((spare - LOSS_SHARE * float(lost.sum())) / spread)
    share = np.full(len(POOLS), LOSS_SHARE)
    return {
        "pools": {
            name: {
                "machines": lost_count,
                "left": {"exact": {"count": count - lost_count, "capacity_rps": left[name]}},
            }
            for name, lost_count in gone.items()
        },
        "standby": {"ready": {"count": 1, "capacity_rps": exact_capacity_rps(1)}},
        "guards": {
            "web": {
                "spare_rps": spare,
                "lost_rps": lost_rps,
                "violation_share": violation_share(share, lost, spare, SHOCK_SHARE),
                "normal_violation_share": tail,
            }
        },
    }
