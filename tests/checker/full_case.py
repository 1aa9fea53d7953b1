"""The facts of the full sample: what is rented, what is asked for, and what it costs and carries."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tests.checker.exact import late_share

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


@lru_cache
def exact_capacity_rps(servers: int) -> float:
    """Largest rate of so many machines of the exact groups, by bisection; a little is taken off."""
    low, high = 0.0, servers / SERVICE_S
    for _ in range(60):
        middle = (low + high) / 2
        late = late_share(servers, middle * SERVICE_S, DEADLINE_S / SERVICE_S - 1.0)
        low, high = (middle, high) if late <= 1.0 - PERCENTILE else (low, middle)
    return low * (1.0 - 1e-9)


def spot_terms(policy: str) -> Plan:
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


def usd_per_h(group: str, market: str) -> float:
    match market:
        case "committed":
            return 0.0
        case "standby":
            return DISK_GB * 0.08 / 730.0
        case "container":
            return CONTAINER_USD_PER_H[0] + 2 * CONTAINER_USD_PER_H[1] + EXTRA_USD_PER_H
    usd = PRICES[HOST[group]] * (1.0 - SPOT_SAVING if market == "spot" else 1.0)
    return usd + EXTRA_USD_PER_H


def option_id(group: str, market: str, zone: str | None) -> str:
    return f"{group}@{market}" + (f"/{zone}" if zone else "")
