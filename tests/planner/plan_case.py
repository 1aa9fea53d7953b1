"""A plan small enough to price by hand: two windows of an hour, two classes, one group, one function.

Window w0 runs 2 machines at 0.5 USD/h (one of them spot at 0.2), w1 runs 3 (one spot); a launch costs 0.01 USD. At the
lower level (weight 0.8) the function carries nothing, at the upper one (weight 0.2) 1 req/s of class `lax`, at
1e-5 USD a request.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from planner.plan import ProvisioningPlan

START = datetime(2026, 11, 23, tzinfo=UTC)
GROUP = "resnet50/c5.xlarge/b1x1/d200p98"
FUNCTION = "lambda/resnet50/2048"
ON_DEMAND, SPOT = f"{GROUP}@on-demand", f"{GROUP}@spot"
FUNCTION_USD = 3600 * 0.2 * 1.0 * 1e-5  # per window: weight of the upper level x 1 req/s x USD per request
WINDOW_USD = (0.5 + 0.2 + 0.02 + FUNCTION_USD, 2 * 0.5 + 0.2 + 0.01 + FUNCTION_USD)
TOTAL_USD = sum(WINDOW_USD)


def machine_option(market: str, price: float) -> dict[str, Any]:
    return {
        "kind": "machine",
        "id": f"{GROUP}@{market}",
        "group": GROUP,
        "machine": f"c5.xlarge/{market}",
        "provider": "aws",
        "region": "us-east-1",
        "zone": None,
        "instance_type": "c5.xlarge",
        "market": market,
        "price_usd_per_h": price,
        "start_usd": 0.01,
        "load_s": 0.0,
        "load_usd": 0.0,
        "vcpu": 4,
        "memory_mib": 8192,
        "quota_family": "standard",
        "interruption_share": 0.05 if market == "spot" else None,
        "pool": "c5.xlarge" if market == "spot" else None,
        "model": "resnet50",
        "task": "image-classification",
        "accuracy": 0.76,
        "accuracy_metric": "imagenet-top1",
        "capacity_mode": "queueing",
        "sources": {"price": "made up for this test"},
    }


def function_option() -> dict[str, Any]:
    return {
        "kind": "function",
        "id": FUNCTION,
        "provider": "aws-lambda",
        "region": "us-east-1",
        "model": "resnet50",
        "task": "image-classification",
        "accuracy": 0.76,
        "accuracy_metric": "imagenet-top1",
        "architecture": "x86_64",
        "memory_mb": 2048,
        "batch_size": 1,
        "items_per_request": 1,
        "mean_ms": 100.0,
        "quantile_ms": 120.0,
        "quantiles_ms": {"0.95": 120.0},
        "billed_ms": 101.0,
        "cold_start_ms": 2000.0,
        "cold_start_share": 0.001,
        "deadline_meet_rate": {"lax": 0.96},
        "usd_per_request": 1e-5,
        "concurrency_s": 0.101,
        "sources": {"tariff": "made up for this test"},
    }


def window(index: int, on_demand: int, spot: int, starts_usd: float) -> dict[str, Any]:
    start = START + timedelta(hours=index)
    count = on_demand + spot
    machines = 0.5 * on_demand + 0.2 * spot
    return {
        "id": f"w{index}",
        "start": start.isoformat(),
        "end": (start + timedelta(hours=1)).isoformat(),
        "levels": [
            {"probability": 0.8, "weight_share": 0.8, "demand_rps": {"strict": 6.0, "lax": 2.0}},
            {"probability": 0.99, "weight_share": 0.2, "demand_rps": {"strict": 8.0, "lax": 3.0}},
        ],
        "served_rps": {"strict": {GROUP: [6.0, 8.0]}, "lax": {GROUP: [2.0, 2.0]}},
        "overflow_rps": {"lax": {FUNCTION: [0.0, 1.0]}},
        "unserved_rps": {"strict": [0.0, 0.0], "lax": [0.0, 0.0]},
        "dispatch": "shared-queue",
        "groups": [
            {
                "id": GROUP,
                "model": "resnet50",
                "instance_type": "c5.xlarge",
                "tier": {"deadline_ms": 200.0, "percentile": 0.98},
                "capacity_mode": "queueing",
                "service": {"mean_ms": 50.0, "quantile_ms": 50.0, "deterministic": True},
                "published": None,
                "class_rps": None,
                "target_utilisation": 1.0,
                "batch_size": 1,
                "batch_timeout_ms": 0.0,
                "items_per_request": 1,
                "replicas": 1,
                "threads": None,
                "dispersion_index": 1.0,
                "standby": False,
                "count": count,
                "capacity_rps": 12.0 * count,
            }
        ],
        "fleet": [
            {
                "option": option,
                "group": GROUP,
                "provider": "aws",
                "region": "us-east-1",
                "zone": None,
                "instance_type": "c5.xlarge",
                "market": market,
                "count": machines_of,
                "model": "resnet50",
                "batch_size": 1,
                "batch_timeout_ms": 0.0,
                "replicas": 1,
                "threads": None,
                "launch_at": (start - timedelta(seconds=180)).isoformat(),
            }
            for option, market, machines_of in ((ON_DEMAND, "on-demand", on_demand), (SPOT, "spot", spot))
        ],
        "functions": [
            {
                "option": FUNCTION,
                "provider": "aws-lambda",
                "region": "us-east-1",
                "model": "resnet50",
                "memory_mb": 2048,
                "batch_size": 1,
                "batch_timeout_ms": 0.0,
                "provisioned_concurrency": 0,
                "reserved_concurrency": 8,
                "partition": None,
            }
        ],
        "routing": {
            "strict": [{"groups": {GROUP: 1.0}, "functions": {}}] * 2,
            "lax": [
                {"groups": {GROUP: 1.0}, "functions": {}},
                {"groups": {GROUP: 2 / 3}, "functions": {FUNCTION: 1 / 3}},
            ],
        },
        "cost": {
            "machines_usd": machines,
            "starts_usd": starts_usd,
            "loads_usd": 0.0,
            "functions_usd": FUNCTION_USD,
            "total_usd": machines + starts_usd + FUNCTION_USD,
        },
        "expected": {
            "capacity_rps": 12.0 * count,
            "deadline_meet_rate": 0.99,
            "accuracy": 0.76,
            "effective_accuracy": 0.7524,
            "classes": {
                name: {
                    "served_share": 1.0,
                    "accuracy": 0.76,
                    "deadline_meet_rate": 0.99,
                    "effective_accuracy": 0.7524,
                }
                for name in ("strict", "lax")
            },
            "utilisation": 0.4,
            "overflow_share": 0.02,
            "unserved_share": 0.0,
            "spot_survival": 0.999,
        },
        "spot_risk": None,
    }


def plan_data() -> dict[str, Any]:
    """Plain data of the plan, to be changed before it is checked."""
    return {
        "schema_version": 2,
        "kind": "ProvisioningPlan",
        "metadata": {
            "name": "case",
            "region": "us-east-1",
            "created_at": "2026-11-22T12:00:00+00:00",
            "tool_version": "0.1.0",
            "versions": {"highspy": "1"},
            "method": "optimal",
            "solver": "highs",
            "seed": 0,
            "inputs": {"scenario": "0" * 64},
            "warnings": ["the trace is synthetic"],
        },
        "certificate": {
            "sense": "minimise",
            "objective": {"value": TOTAL_USD, "unit": "USD per horizon"},
            "bound": {"value": 0.99 * TOTAL_USD, "unit": "USD per horizon"},
            "gap": 0.01,
            "gap_asked": 0.03,
            "status": "optimal",
            "bound_name": "sum of the windows' optima",
            "reproducible": True,
            "objective_usd": TOTAL_USD,
            "bound_usd": 0.99 * TOTAL_USD,
            "spend_usd": TOTAL_USD,
            "errors": [],
            "infeasible": None,
            "fixed_capacity_gap": 0.0005,
            "fixed_capacity_bound_usd": 0.9995 * TOTAL_USD,
            "fixed_capacity_objective_usd": TOTAL_USD,
            "fixed_capacity_program_gap": 0.0005,
            "bounds": [
                {
                    "name": "windows",
                    "problem": "exact",
                    "bound": {"value": 0.99 * TOTAL_USD, "unit": "USD per horizon"},
                    "runtime_s": 0.5,
                }
            ],
            "runtime_s": 1.5,
            "phases_s": {"bound": 0.5},
        },
        "validity": {
            "not_before": START.isoformat(),
            "replan_after": (START + timedelta(hours=1)).isoformat(),
            "not_after": (START + timedelta(hours=2)).isoformat(),
        },
        "problem": {
            "objective": {
                "sense": "minimise",
                "quantity": "cost",
                "request_class": None,
                "meet_rate_grid": [],
                "latency_factors": [],
                "cost_weight_per_usd": 0.0,
            },
            "classes": [
                {
                    "name": name,
                    "trace": "web",
                    "share": 0.5,
                    "task": "image-classification",
                    "models": None,
                    "bucket": None,
                    "items_per_request": 1,
                    "deadline_ms": deadline_ms,
                    "percentile": 0.98,
                    "min_accuracy": {"value": 0.7, "kind": "per_request", "metric": None},
                    "min_instances": 0,
                }
                for name, deadline_ms in (("strict", 200.0), ("lax", 1000.0))
            ],
            "current_fleet": [
                {
                    "provider": "aws",
                    "instance_type": "c5.xlarge",
                    "market": "on-demand",
                    "zone": None,
                    "model": None,
                    "count": 4,
                    "price_usd_per_h": 0.5,
                    "source": "made up for this test",
                }
            ],
            "commitments": [],
            "quotas": [],
            "function_concurrency_limit": 1000,
            "on_demand_floor_share": 0.5,
            "zones": [],
            "min_zones": 1,
            "headroom_share": 0.0,
            "scale_in_delay_s": 0.0,
            "max_groups": None,
            "max_churn": None,
            "budget_usd": None,
            "containers": False,
            "burstable_workers": True,
            "burstable_standby": False,
            "standby_disk_gb": 30.0,
            "spot": {
                "policy": "share",
                "max_share": 0.5,
                "level": None,
                "exposure_s": None,
                "violation_share": None,
                "risk_aversion_usd": 0.0,
                "common_shock_share": 0.0,
                "pools": [],
                "covariance": [],
                "guards": [],
            },
            "target_utilisation": 1.0,
            "boot_s": 180.0,
            "joint_demand": "comonotone",
        },
        "forecasts": [
            {
                "trace": "web",
                "method": "auto (median of 5 members)",
                "history_start": "2026-10-26T00:00:00+00:00",
                "history_end": START.isoformat(),
                "dispersion_index": 1.0,
                "uncovered_share": 0.01,
                "raw_wape": 0.1,
                "warnings": [],
            }
        ],
        "windows": [window(0, 1, 1, 0.02), window(1, 2, 1, 0.01)],
        "options": [machine_option("on-demand", 0.5), machine_option("spot", 0.2), function_option()],
        "rejected": [{"option": "alexnet", "reason": "its accuracy is 0.57; the classes ask 0.7"}],
        "binding": [],
        "baselines": [
            {
                "name": "mark-greedy-paper",
                "feasible": False,
                "reason": "lax lacks 1 req/s",
                "objective": None,
            },
            {
                "name": "mark-greedy-strengthened",
                "feasible": True,
                "reason": "",
                "objective": {"value": 2 * TOTAL_USD, "unit": "USD per horizon"},
            },
        ],
    }


def make_plan() -> ProvisioningPlan:
    """The plan of this module's docstring."""
    return ProvisioningPlan.model_validate(plan_data())


READY_USD_PER_H = 0.06  # of two functions kept ready in `buffered_plan_data`


def part(first: str, last: str, memory_mb: int, billed_ms: float, **more: Any) -> dict[str, Any]:
    """One part of a cut model."""
    return {
        "first_layer": first,
        "last_layer": last,
        "blocks": [first, last],
        "memory_mb": memory_mb,
        "usd": 4e-6,
        "latency_ms": billed_ms + 10,
        "billed_ms": billed_ms,
        "compute_ms": billed_ms - 10,
        "load_ms": 500.0,
        "package_mib": 180.0,
        "memory_used_mib": 400.0,
        "receives": {"via": "caller", "bytes": 600_000, "ms": 0.0},
        "sends": {"via": "caller", "bytes": 4_000, "ms": 0.0},
        "workers": [],
    } | more


def buffered_plan_data() -> dict[str, Any]:
    """The same plan, its function cut in two, behind a buffer, with two of each part kept ready."""
    data = plan_data()
    handed = {"via": "store", "bytes": 3_000_000, "ms": 235.0}
    parts = [
        part("conv1", "conv3", 1024, 300.0, sends=handed),
        part("conv4", "fc", 2048, 100.0, receives=handed),
    ]
    setting = {"batch_size": 8, "batch_timeout_ms": 40.0, "provisioned_concurrency": 2, "partition": parts}
    (option,) = (one for one in data["options"] if one["kind"] == "function")
    option.update(
        **setting,
        rate_rps={"least": 0.5, "most": 2.0},
        mean_batch=1.04,
        usd_per_h=READY_USD_PER_H,
        arrivals="Poisson",
    )
    for one in data["windows"]:
        one["functions"][0].update(**setting, reserved_concurrency=6)
        for name in ("functions_usd", "total_usd"):
            one["cost"][name] += READY_USD_PER_H
    for name in ("objective", "bound"):
        data["certificate"][name]["value"] += 2 * READY_USD_PER_H
        data["certificate"][f"{name}_usd"] += 2 * READY_USD_PER_H
    data["certificate"]["spend_usd"] += 2 * READY_USD_PER_H
    return data
