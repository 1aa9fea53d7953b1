"""A small plan that holds under every operators' and spot limit: two zones, five markets, two windows, three classes.

`web` runs on four machines of one exact group, two of them spot in different zones; a stopped machine of a group of its own and
functions cover a loss. `chat` is a class of one size of requests on committed machines, at a rate per class. `batch` runs in
containers. In the second window a spot machine joins, and what was started stays.
"""

from __future__ import annotations

from tests.checker.catalogs import Catalogs, Profile
from tests.checker.full_case import (
    BATCH_RPS,
    BOOT_S,
    CALL_S,
    CHAT_RPS,
    CONCURRENCY,
    CONTAINER_USD_PER_H,
    DEMAND,
    DISK_GB,
    FLEET,
    HEADROOM_SHARE,
    HOST,
    LOAD_S,
    MODEL,
    PRICES,
    REGION,
    SPOT_SAVING,
    TASK,
    UTILISATION,
    VCPU,
    Plan,
    option_id,
    spot_terms,
    usd_per_h,
)
from tests.checker.full_windows import window_of


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


def full_plan(policy: str = "survive-loss") -> Plan:
    """The plan; under the policy ``chance`` the probability of too little is limited, else any pool may vanish."""
    windows = [window_of(n) for n in range(2)]
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
        "spot": spot_terms(policy),
        "target_utilisation": UTILISATION,
        "boot_s": BOOT_S,
    }


def _machine_option(group: str, market: str, zone: str | None) -> Plan:
    usd, load_s = usd_per_h(group, market), 0.0 if market == "standby" else LOAD_S[MODEL[group]]
    return {
        "kind": "machine",
        "id": option_id(group, market, zone),
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
        "batch_size": 1,
        "batch_timeout_ms": 0.0,
        "rate_rps": None,
        "mean_batch": 1.0,
        "provisioned_concurrency": 0,
        "usd_per_h": 0.0,
        "arrivals": None,
        "partition": None,
    }
