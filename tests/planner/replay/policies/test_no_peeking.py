"""No policy sees what comes: where two days part, every decision before that instant is the same, byte by byte."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.replay.engine import replay
from planner.replay.policies.registry import MAKERS, make_policy
from tests.planner.replay.policies.rolling_case import Case, case, surging

if TYPE_CHECKING:
    from planner.replay.decisions import Array, Decision, Observation, Policy
    from workloads.traces import Trace

DURATION_S = 1_200.0
PARTED_S = 600.0
FORESEEING = ("ours-perfect",)


class Recorded:
    """A policy whose decisions are kept as bytes."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.name = policy, policy.name
        self.decided: list[tuple[float, bytes]] = []

    def decision_times_s(self, duration_s: float) -> Array:
        return self.policy.decision_times_s(duration_s)

    def decide(self, seen: Observation) -> Decision:
        decision = self.policy.decide(seen)
        routes = {
            name: (
                one.up_to_rps.tobytes(),
                one.weights.tobytes(),
                one.overflow,
                one.late_yields,
                one.by_deadline,
            )
            for name, one in sorted(decision.routes.items())
        }
        parts = (decision.machines, decision.ahead, decision.provisioned, decision.reserved, decision.running)
        written = pickle.dumps(([sorted(part.items()) for part in parts], routes))
        self.decided.append((seen.now_s, written))
        return decision


@pytest.fixture(scope="module")
def small() -> Case:
    return case()


def decided(one: Case, name: str, trace: Trace) -> list[tuple[float, bytes]]:
    """Instants and decisions of a policy over twenty minutes of a trace."""
    requests = replace(one.context.requests, traces={"load": trace}, duration_s=DURATION_S)
    context = replace(one.context, requests=requests)
    policy, supply = make_policy(name, context)
    recorded = Recorded(policy)
    edges = np.array([0.0, PARTED_S, DURATION_S])
    replay(recorded, supply, requests, seed=3, window_edge_s=edges)
    return recorded.decided


@pytest.mark.parametrize("name", [name for name in MAKERS if name not in FORESEEING])
def test_decisions_before_two_days_part_are_the_same(small: Case, name: str) -> None:
    calm, surge = (
        [one for one in decided(small, name, trace) if one[0] <= PARTED_S]
        for trace in (small.trace, surging(small, PARTED_S, 4.0))
    )
    assert calm
    assert calm == surge


@pytest.mark.parametrize("name", FORESEEING)
def test_the_bound_is_told_what_comes(small: Case, name: str) -> None:
    """So the test above would notice a policy that is."""
    calm, surge = (
        [one for one in decided(small, name, trace) if one[0] <= PARTED_S]
        for trace in (small.trace, surging(small, PARTED_S, 4.0))
    )
    assert calm != surge
