"""The two windows of the full sample."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np

from tests.checker.exact import late_share
from tests.checker.full_case import (
    BATCH_RPS,
    BOOT_S,
    CALL_S,
    CHAT_RPS,
    CONCURRENCY,
    DEADLINE_S,
    DEMAND,
    FLEET,
    HEADROOM_SHARE,
    HOST,
    LEVELS,
    LOAD_S,
    LOSS_SHARE,
    MODEL,
    POOLS,
    REGION,
    SERVICE_S,
    SHOCK_SHARE,
    UTILISATION,
    WINDOW_H,
    Plan,
    exact_capacity_rps,
    option_id,
    spot_terms,
    usd_per_h,
)
from tests.checker.spot import violation_share


def window_of(n: int) -> Plan:
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
        "option": option_id(group, market, zone),
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
    machines = sum(counts[n] * usd_per_h(group, market) for group, market, _, counts in FLEET) * WINDOW_H
    joining = n * usd_per_h("exact", "spot") / 3600.0
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
    spot = spot_terms("chance")
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
