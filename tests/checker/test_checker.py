"""The checker passes a plan that holds and catches every kind of tampering with it."""

from __future__ import annotations

import ast
import copy
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.checker import check_plan, read_catalogs
from tests.checker.exact import late_share
from tests.checker.groups import Pool, keeps, simulated_late_share
from tests.checker.sample import sample_catalogs, sample_plan
from tests.checker.simulation import latencies, poisson_points

if TYPE_CHECKING:
    from collections.abc import Callable

Plan = dict[str, Any]


def test_a_sound_plan_passes() -> None:
    assert check_plan(sample_plan(), sample_catalogs()) == []


def group(plan: Plan, name: str, window: int = 0) -> Plan:
    return next(one for one in plan["windows"][window]["groups"] if one["id"] == name)


def line(plan: Plan, option: str, window: int = 0) -> Plan:
    return next(one for one in plan["windows"][window]["fleet"] if one["option"] == option)


def option(plan: Plan, name: str) -> Plan:
    return next(one for one in plan["options"] if one["id"] == name)


def scale(row: Plan, key: str | int, factor: float) -> None:
    row[key] *= factor


def resize(plan: Plan, name: str, change: int) -> None:
    """Change a group's machines consistently, so that only what follows from its size is wrong."""
    group(plan, name)["count"] += change
    line(plan, f"{name}@on-demand")["count"] += change


def swap_class(plan: Plan, name: str, **changes: Any) -> None:
    next(one for one in plan["problem"]["classes"] if one["name"] == name).update(changes)


def send_to(plan: Plan, source: str, target: str) -> None:
    """Let another group of the class carry what one carries, routing included."""
    for window in plan["windows"]:
        for name, rows in window["served_rps"].items():
            if source in rows:
                rows[target] = rows.pop(source)
                for route in window["routing"][name]:
                    route["groups"] = {target if j == source else j: w for j, w in route["groups"].items()}


TAMPERINGS: dict[str, tuple[Callable[[Plan], object], str]] = {
    "window left out": (
        lambda p: p["windows"][1].update(start="2026-01-01T00:20:00Z", id="w9"),
        "the one before ends",
    ),
    "horizon cut short": (lambda p: p["validity"].update(not_after="2026-01-01T01:00:00Z"), "validity"),
    "level weight": (lambda p: scale(p["windows"][0]["levels"][1], "weight_share", 0.5), "levels weigh"),
    "levels fall": (
        lambda p: scale(p["windows"][0]["levels"][0]["demand_rps"], "strict", 3.0),
        "do not rise",
    ),
    "demand raised": (
        lambda p: scale(p["windows"][0]["levels"][1]["demand_rps"], "relaxed", 1.01),
        "coverage",
    ),
    "served less": (lambda p: scale(p["windows"][1]["served_rps"]["strict"]["exact"], 1, 0.9), "coverage"),
    "overflow less": (
        lambda p: scale(p["windows"][1]["overflow_rps"]["relaxed"]["lambda/small/1024"], 0, 0.9),
        "coverage",
    ),
    "unserved": (
        lambda p: (
            p["windows"][0]["unserved_rps"].update(strict=[0.0, 3.0]),
            p["windows"][0]["served_rps"]["strict"].update(exact=[6.0, 9.0]),
        ),
        "unserved",
    ),
    "routing": (lambda p: p["windows"][0]["routing"]["strict"][0].update(groups={"exact": 1.0}), "routing"),
    "task": (lambda p: swap_class(p, "strict", task="speech"), "task"),
    "items": (lambda p: swap_class(p, "strict", items_per_request=10), "items"),
    "accuracy floor": (
        lambda p: swap_class(
            p, "strict", min_accuracy={"value": 0.78, "kind": "per_request", "metric": None}
        ),
        "accuracy: linear",
    ),
    "accuracy metric": (
        lambda p: swap_class(
            p, "strict", min_accuracy={"value": 0.5, "kind": "per_request", "metric": "bleu"}
        ),
        "accuracy",
    ),
    "accuracy claimed": (lambda p: option(p, "exact@on-demand").update(accuracy=0.9), "model: accuracy"),
    "deadline of a class": (lambda p: swap_class(p, "strict", deadline_ms=260.0), "tier: exact"),
    "percentile of a class": (lambda p: swap_class(p, "relaxed", percentile=0.9999), "tier: lambda"),
    "function too late": (lambda p: swap_class(p, "relaxed", deadline_ms=230.0), "tier: lambda/small/1024"),
    "too strict for a published figure": (
        lambda p: group(p, "linear")["published"].update(deadline_ms=300.0),
        "published for",
    ),
    "sent to a group too small": (lambda p: send_to(p, "linear", "exact"), "are sent to it"),
    "exact capacity, one in 100,000": (
        lambda p: scale(group(p, "exact"), "capacity_rps", 1.00001),
        "do not keep 0.98",
    ),
    "exact group shrunk": (lambda p: resize(p, "exact", -1), "group exact: capacity"),
    "noisy group shrunk": (lambda p: resize(p, "noisy", -1), "group noisy: capacity"),
    "batched capacity": (
        lambda p: scale(group(p, "batched"), "capacity_rps", 1.3),
        "group batched: capacity",
    ),
    "bursty capacity": (lambda p: scale(group(p, "bursty"), "capacity_rps", 1.5), "group bursty: capacity"),
    "published capacity": (
        lambda p: scale(group(p, "linear"), "capacity_rps", 1.01),
        "published for its size",
    ),
    "faster service": (lambda p: scale(group(p, "exact")["service"], "mean_ms", 0.8), "no row says so"),
    "lighter tail": (lambda p: group(p, "noisy")["service"].update(quantile_ms=41.0), "no row says so"),
    "noise denied": (lambda p: group(p, "noisy")["service"].update(quantile_ms=30.0), "below its mean"),
    "published nowhere": (
        lambda p: scale(group(p, "linear")["published"], "capacity_rps", 2.0),
        "published nowhere",
    ),
    "profile of another batch": (lambda p: group(p, "batched").update(batch_size=8), "no row for batch 8"),
    "machines missing": (lambda p: line(p, "noisy@on-demand").update(count=1), "2 machines, 3 stated"),
    "fleet of another type": (
        lambda p: line(p, "exact@on-demand").update(instance_type="c5.xlarge"),
        "instance_type",
    ),
    "fleet of no option": (lambda p: line(p, "exact@on-demand").update(option="none"), "no such option"),
    "function not listed": (lambda p: p["windows"][0].update(functions=[]), "functions: lambda"),
    "spot share": (lambda p: p["problem"]["spot"].update(max_share=0.3), "spot: 1 of 3"),
    "no spot wanted": (lambda p: p["problem"]["spot"].update(policy="none"), "spot: 1 of 3 machines, 0 is"),
    "on-demand floor": (lambda p: p["problem"].update(on_demand_floor_share=0.7), "spot"),
    "quota": (lambda p: p["problem"]["quotas"][0].update(vcpu=21), "quota: 22 vCPU of standard/on-demand"),
    "shape": (lambda p: option(p, "exact@on-demand").update(vcpu=1), "shape"),
    "concurrency limit": (lambda p: p["problem"].update(function_concurrency_limit=2), "concurrency: 2.08"),
    "function held shorter": (
        lambda p: option(p, "lambda/small/1024").update(concurrency_s=0.1),
        "concurrency",
    ),
    "smaller current fleet": (lambda p: p["problem"]["current_fleet"].pop(2), "boot: 1 x c5.xlarge/spot"),
    "longer boot": (lambda p: p["problem"].update(boot_s=1000.0), "boot: 2 x c5.xlarge/spot"),
    "no launch time": (lambda p: line(p, "linear@spot", 1).update(launch_at=None), "no time is given"),
    "launched late": (
        lambda p: line(p, "linear@spot", 1).update(launch_at="2026-01-01T00:14:00Z"),
        "less than its boot",
    ),
    "machines billed less": (lambda p: scale(p["windows"][0]["cost"], "machines_usd", 0.99), "machines_usd"),
    "start forgotten": (lambda p: p["windows"][1]["cost"].update(starts_usd=0.0), "starts_usd"),
    "functions forgotten": (lambda p: p["windows"][1]["cost"].update(functions_usd=0.0), "functions_usd"),
    "sum": (lambda p: scale(p["windows"][1]["cost"], "total_usd", 1.01), "total_usd"),
    "objective": (lambda p: scale(p["certificate"], "objective_usd", 0.9), "the objective is"),
    "bound above the cost": (
        lambda p: scale(p["certificate"]["bound"], "value", 1.1),
        "is above the objective",
    ),
    "effective accuracy": (
        lambda p: p["windows"][0]["expected"]["classes"]["strict"].update(effective_accuracy=0.77),
        "effective accuracy: 0.77 is stated",
    ),
    "mean accuracy": (
        lambda p: p["windows"][0]["expected"]["classes"]["relaxed"].update(accuracy=0.9),
        "accuracy: 0.9 is stated",
    ),
    "gap": (lambda p: p["certificate"].update(gap=0.001), "the gap is"),
    "status": (lambda p: p["certificate"].update(gap_asked=0.01), "was asked"),
    "price": (lambda p: scale(option(p, "noisy@spot"), "price_usd_per_h", 0.9), "price"),
    "start price": (lambda p: scale(option(p, "noisy@spot"), "start_usd", 0.9), "a launch at"),
    "no price": (lambda p: option(p, "exact@on-demand").update(region="eu-north-9"), "has none in"),
    "call price": (lambda p: scale(option(p, "lambda/small/1024"), "usd_per_request", 0.9), "USD a request"),
    "billed time": (lambda p: option(p, "lambda/small/1024").update(billed_ms=200.0), "ms billed"),
    "no tariff": (lambda p: option(p, "lambda/small/1024").update(architecture="arm64"), "no tariff"),
    "unknown model": (lambda p: option(p, "exact@on-demand").update(model="other"), "is in no catalog"),
}


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_tampering_is_caught(kind: str) -> None:
    tamper, expected = TAMPERINGS[kind]
    plan = copy.deepcopy(sample_plan())
    tamper(plan)
    problems = check_plan(plan, sample_catalogs())
    assert any(expected in problem for problem in problems), problems


def test_a_tier_may_be_kept_without_being_covered() -> None:
    """At light load the exact group keeps a stricter class than its own tier, and not at its capacity."""
    plan = sample_plan()
    swap_class(plan, "strict", deadline_ms=260.0)
    assert any("tier: exact" in problem for problem in check_plan(plan, sample_catalogs()))
    for window in plan["windows"]:
        for q, rate in enumerate(window["served_rps"]["strict"]["exact"]):
            window["served_rps"]["strict"]["exact"][q] = 0.8 * rate
    assert not any("tier: exact" in problem for problem in check_plan(plan, sample_catalogs()))


def test_nothing_of_the_planner_is_imported() -> None:
    for file in Path(__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] not in {"planner", "solvers", "catalogs", "workloads"}, (file, name)


# ---- its own mathematics ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [0.1, 0.6, 0.9])
@pytest.mark.parametrize("budget", [0.0, 0.7, 1.0, 3.4])
def test_one_server_matches_the_closed_form(rho: float, budget: float) -> None:
    """P(W <= d) of M/D/1 = (1 - rho) sum_k (rho (k - d))^k e^{-rho (k - d)} / k! (Erlang 1909)."""
    terms = [
        (rho * (k - budget)) ** k / math.factorial(k) * math.exp(-rho * (k - budget))
        for k in range(math.floor(budget) + 1)
    ]
    assert late_share(1, rho, budget) == pytest.approx(1.0 - (1.0 - rho) * sum(terms), abs=1e-11)


@pytest.mark.parametrize(("servers", "rho", "budget"), [(3, 0.8, 1.5), (12, 0.93, 0.6), (150, 0.985, 0.4)])
def test_pools_match_simulation(servers: int, rho: float, budget: float) -> None:
    arrivals = poisson_points(np.random.default_rng(8), 600_000) / (servers * rho)
    late = (latencies(arrivals, servers, np.ones(1)) > 1.0 + budget)[30_000:].reshape(30, -1).mean(axis=1)
    expected = late_share(servers, servers * rho, budget)
    assert abs(late.mean() - expected) < 4.0 * late.std(ddof=1) / math.sqrt(30)


def test_late_share_at_the_edges() -> None:
    assert late_share(3, 3.0, 5.0) == late_share(3, 4.0, 5.0) == late_share(3, 1.0, -0.1) == 1.0
    assert late_share(3, 0.0, 0.0) == 0.0
    assert late_share(400, 390.0, 2.0) < late_share(400, 395.0, 2.0) < 1.0


def test_simulated_pool_agrees_with_the_exact_one() -> None:
    """The same pool, simulated because its dispersion index is a hair above 1."""
    pool = Pool(0.1, 0.1, 0.98, True, 1, 0.0, 4, 1.0 + 1e-12)
    late, error = simulated_late_share(pool, 30.0, 0.25)
    assert abs(late - late_share(4, 3.0, 1.5)) < 4.0 * error + 1e-4
    assert not pool.exact


def test_bursts_and_noise_make_requests_late() -> None:
    calm = Pool(0.1, 0.1, 0.98, True, 1, 0.0, 4, 1.0)
    noisy = Pool(0.1, 0.16, 0.98, False, 1, 0.0, 4, 1.0)
    bursty = Pool(0.1, 0.1, 0.98, True, 1, 0.0, 4, 4.0)
    shares = [simulated_late_share(pool, 28.0, 0.25)[0] for pool in (calm, noisy, bursty)]
    assert shares[0] < shares[1] < shares[2]
    assert keeps(calm, 28.0, 0.25, 0.9)
    assert not keeps(bursty, 28.0, 0.25, 0.9)
    assert not keeps(Pool(0.1, 0.1, 0.98, True, 1, 0.0, 0, 1.0), 1.0, 0.25, 0.9)
    assert keeps(calm, 0.0, 0.25, 0.9)


# ---- its own reading of the catalogs ---------------------------------------------------------------------------


def test_bundled_catalogs_are_read() -> None:
    found = read_catalogs()
    assert found.on_demand_usd_per_h["c5.large", "us-east-1"] == 0.085
    assert found.vcpu["c5.large"] == 2
    assert 0.0 < found.spot_saving_share["c5.large", "us-east-1"] < 1.0
    assert found.usd_per_gb_s["aws-lambda", "x86_64", "us-east-1"] == 0.0000166667
    assert found.variants["alexnet"]["task"] == "image-classification"
    profile = found.profiles["dien", "c5.2xlarge", 1, 10, 1][0]
    assert profile.allows(3.329, 0.98)
    assert not profile.allows(3.2, 0.98)
    assert (12.85, 600.0, 0.98) in found.capacities["inception_v3", "c5.2xlarge", 2]


@pytest.mark.real_data
def test_published_files_are_read(shared_data: Path) -> None:
    found = read_catalogs(
        prices=[shared_data / "prices" / "aws_ec2_us-east-1_2026-07-20.csv"],
        spot=[shared_data / "prices" / "aws_spot_advisor_2025-06-28.json"],
        samples=[shared_data / "profiles" / "ribbon_latency_samples.tar.gz"],
    )
    assert len(found.on_demand_usd_per_h) > 1300
    bundled, samples = found.profiles["dien", "c5.2xlarge", 1, 10, 1]
    assert samples.mean_ms == pytest.approx(bundled.mean_ms, rel=1e-3)
    assert samples.allows(3.329, 0.98)
    assert not samples.allows(3.0, 0.98)
