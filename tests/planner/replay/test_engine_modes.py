"""The sampled mode against the exact one: the same machines and bills, and requests within the error that it states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.replay.decisions import Decision
from planner.replay.engine import replay
from planner.replay.interruptions import Interruptions, PoolHistory
from planner.replay.sampling import SAMPLE_SHARE
from planner.replay.summaries import summary_of
from tests.planner.replay.fixed_policy import (
    POOL,
    SUPPLY,
    FixedPolicy,
    machines,
    routes_to,
    steady_requests,
)

EDGES = np.arange(0.0, 3601.0, 300.0)
BATCHED = replace(SUPPLY, pools=(replace(POOL, batch=4, batch_timeout_s=0.02),))
ERROR = 0.004 * np.sqrt(2.0)  # stated by `planner.replay.sampling` for twice the requests
OVERLOAD_ERROR = 0.005 * np.sqrt(2.0)  # likewise
CASES = {
    "busy": (SUPPLY, {-200.0: machines(6)}),
    "in batches": (BATCHED, {-200.0: machines(2)}),
    "with functions": (
        SUPPLY,
        {-200.0: Decision({("resnet", "c5/on-demand"): 5}, routes_to(0.95, 0.05, overflow="lambda"))},
    ),
    "changing": (
        SUPPLY,
        {-200.0: machines(7)} | {300.0 * t: machines(6 + t % 3) for t in range(1, 12)},
    ),
    "overloaded for a while": (
        SUPPLY,
        {-200.0: machines(7), 900.0: machines(4), 1500.0: machines(7)},
    ),
}


def modes_of(case: str, **more: object) -> list:
    """The case in both modes: what happened, and the policy with what it saw."""
    supply, decisions = CASES[case]
    found = []
    for mode in ("exact", "sampled"):
        policy = FixedPolicy(decisions)
        given: dict = {"seed": 5, "window_edge_s": EDGES, "mode": mode, **more}
        found.append((replay(policy, supply, steady_requests(100.0, 3600.0), **given), policy))
    return found


@pytest.mark.parametrize("case", CASES)
def test_sampled_agrees_with_exact_within_its_stated_error(case: str) -> None:
    (exact, _), (sampled, _) = modes_of(case)
    one, other = summary_of(exact), summary_of(sampled)
    error = OVERLOAD_ERROR if case == "overloaded for a while" else ERROR
    assert sampled.simulated_share == pytest.approx(SAMPLE_SHARE)
    assert other.requests.sum() == pytest.approx(one.requests.sum(), rel=0.02)
    assert other.deadline_meet_rate == pytest.approx(one.deadline_meet_rate, abs=3 * error)
    assert other.functions_share == pytest.approx(one.functions_share, abs=3 * error)
    assert other.overflow_share == pytest.approx(one.overflow_share, abs=3 * error)
    assert other.utilisation == pytest.approx(one.utilisation, abs=0.03)
    assert sampled.arrived == pytest.approx(sampled.served.sum(axis=1) + sampled.refused)
    assert other.usd_by_part["functions_usd"] == pytest.approx(one.usd_by_part["functions_usd"], rel=0.15)


def test_machines_and_their_bills_are_those_of_the_exact_mode() -> None:
    lost = Interruptions({"c5/a": PoolHistory(np.array([700.0]), np.zeros(0), np.zeros(0))})
    (exact, _), (sampled, _) = modes_of("changing", interruptions=lost)
    for name in ("starts", "lost", "notice_s"):
        assert np.array_equal(getattr(sampled, name), getattr(exact, name))
    assert sampled.machines_s == pytest.approx(
        exact.machines_s, abs=1.0
    )  # a drain lasts as long as the call under way
    assert sampled.ready_s == pytest.approx(exact.ready_s, abs=1.0)
    assert sampled.usd[:3] == pytest.approx(exact.usd[:3], abs=2e-4)


def test_policies_see_the_same_arrivals_in_both_modes() -> None:
    (_, exact), (_, sampled) = modes_of("changing")
    for one, other in zip(exact.seen, sampled.seen, strict=True):
        assert np.array_equal(one.arrived, other.arrived)
        assert one.ready == other.ready
    for one, other in list(zip(exact.seen, sampled.seen, strict=True))[
        2:
    ]:  # machines were idle before the start
        assert other.busy_share["resnet"] == pytest.approx(one.busy_share["resnet"], abs=0.1)


def test_what_was_seen_stands_until_requests_are_simulated_again() -> None:
    """Decisions every second, of which most fall between blocks."""
    decision = machines(6)
    policy = FixedPolicy({-200.0: decision} | {float(t): decision for t in range(1, 600)})
    replay(policy, SUPPLY, steady_requests(100.0, 600.0), seed=1, window_edge_s=[0.0, 600.0], mode="sampled")
    shares = np.array([one.busy_share["resnet"] for one in policy.seen[30:]])
    assert np.all(shares > 0.0)
    assert np.mean(shares) == pytest.approx(100 * 0.05 / 6, abs=0.08)
    assert np.mean(shares[1:] == shares[:-1]) > 0.5


def test_windows_may_miss_the_end_by_rounding() -> None:
    edges = [0.0, 0.1 * 17990, 3600.0 - 4e-7]
    for mode in ("exact", "sampled"):
        given: dict = {"seed": 1, "window_edge_s": edges, "mode": mode}
        out = replay(FixedPolicy({-200.0: machines(3)}), SUPPLY, steady_requests(40.0, 3600.0), **given)
        assert out.window_edge_s[-1] == 3600.0


def test_more_of_the_time_gives_a_smaller_error() -> None:
    supply, decisions = CASES["busy"]

    def busy_s(seed: int, **mode: object) -> float:
        given: dict = {"seed": seed, "window_edge_s": [0.0, 1800.0], **mode}
        return float(
            replay(FixedPolicy(decisions), supply, steady_requests(100.0, 1800.0), **given).busy_s.sum()
        )

    def error_s(share: float) -> float:
        found = [busy_s(seed, mode="sampled", sample_share=share) - busy_s(seed) for seed in range(5)]
        return float(np.sqrt(np.mean(np.square(found))))

    assert error_s(0.5) < 0.6 * error_s(0.03)
