"""The replay end to end: against the exact law of M/D/c, bills by hand, what policies see, and what goes wrong."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from planner.errors import InputError
from planner.queueing import PoolService, deadline_meet_rate
from planner.replay.decisions import Decision
from planner.replay.engine import replay
from planner.replay.interruptions import Interruptions, PoolHistory
from planner.replay.requests import Requests
from planner.replay.results import Replayed
from planner.replay.summaries import summary_of
from tests.planner.replay.fixed_policy import (
    FUNCTION,
    POOL,
    QUICK,
    SERVICE_S,
    START,
    SUPPLY,
    FixedPolicy,
    machines,
    routes_to,
    steady_requests,
)
from workloads.traces import Trace

HOUR = np.array([0.0, 1800.0, 3600.0])
READY_S = 100.0 + 20.0  # boot, then load
USD_PER_S = 1e-4
SPOT_USD_PER_S = USD_PER_S / 3
NOTHING = np.zeros(0)


def played(decisions: dict[float, Decision], rate_rps: float = 40.0, **more: object) -> Replayed:
    """An hour at a steady rate."""
    given: dict = {"seed": 1, "window_edge_s": HOUR, **more}
    return replay(FixedPolicy(decisions), SUPPLY, steady_requests(rate_rps, 3600.0), **given)


def same(one: Replayed, other: Replayed) -> bool:
    arrays = [x.name for x in fields(Replayed) if isinstance(getattr(one, x.name), np.ndarray)]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)


@pytest.mark.parametrize("deadline_s", [0.06, 0.08, 0.12])
def test_the_deadline_meet_rate_is_that_of_the_exact_law(deadline_s: float) -> None:
    """Eleven servers at 91 %, 720,000 Poisson requests; misses come in runs, so ten times a binomial's deviation is allowed."""
    rng = np.random.default_rng(2)
    counts = rng.poisson(200.0, 3600).astype(float)
    requests = Requests({"web": Trace("web", START, 1.0, counts)}, START, 3600.0)
    supply = replace(SUPPLY, classes=(replace(QUICK, deadline_s=deadline_s, share=1.0),))
    decision = Decision({("resnet", "c5/on-demand"): 11}, {"quick": routes_to(1.0, 0.0)["quick"]})
    out = replay(FixedPolicy({-200.0: decision}), supply, requests, seed=3, window_edge_s=HOUR)
    service = PoolService(SERVICE_S, SERVICE_S, batch=1, replicas=1)
    promised = float(deadline_meet_rate(service, 11, counts.mean(), deadline_s))
    allowed = 10 * np.sqrt(promised * (1 - promised) / counts.sum())
    assert summary_of(out).deadline_meet_rate == pytest.approx(promised, abs=allowed)
    assert summary_of(out).utilisation == pytest.approx(counts.mean() * SERVICE_S / 11, rel=1e-3)


def test_every_request_is_answered_or_refused_once() -> None:
    out = played({0.0: Decision({("resnet", "c5/on-demand"): 2}, routes_to(0.7, 0.2, overflow="lambda"))})
    requests = steady_requests(40.0, 3600.0)
    assert out.arrived.sum() == np.sum(requests.counts["web"])
    assert out.arrived == pytest.approx(out.served.sum(axis=1) + out.refused)
    assert np.all(out.in_time <= out.served)
    assert out.latency.sum(axis=1) == pytest.approx(out.served.sum(axis=(1, 2)))
    assert out.refused.sum() / out.arrived.sum() == pytest.approx(0.1, abs=0.01)  # what the weights lack of 1
    assert out.calls.sum() == out.served[:, 1].sum()


def test_machines_are_billed_from_launch_to_stop_by_part() -> None:
    """Three machines from 200 s before the start, one of them stopped after half an hour; idle ones stop at once."""
    out = played({-200.0: machines(3), 1800.0: machines(2)}, rate_rps=1.0)
    usd = dict(zip(("machines", "starts", "loads", "functions"), out.usd.sum(axis=1), strict=True))
    assert usd["starts"] == pytest.approx(3 * 100 * USD_PER_S)
    assert usd["loads"] == pytest.approx(3 * 20 * USD_PER_S)
    assert usd["functions"] == 0.0
    paid_s = 3 * (3600 + 200) - 1800
    assert out.machines_s.sum() == pytest.approx(paid_s, abs=SERVICE_S)
    assert usd["machines"] == pytest.approx((paid_s - 360) * USD_PER_S, abs=SERVICE_S * USD_PER_S)
    assert out.ready_s == pytest.approx(np.array([[3 * 1800.0, 2 * 1800.0]]), abs=SERVICE_S)
    assert out.starts.sum() == 3
    assert out.busy_s.sum() == pytest.approx(SERVICE_S * out.arrived.sum())


def test_what_waits_is_served_when_machines_are_ready() -> None:
    """One request a second: those of the first 120 s keep eight machines busy for 0.75 s, in which one more comes."""
    trace = Trace("web", START, 1.0, np.ones(300))
    out = replay(
        FixedPolicy({0.0: machines(8)}),
        SUPPLY,
        Requests({"web": trace}, START, 300.0),
        seed=1,
        window_edge_s=[0.0, READY_S, 300.0],
    )
    assert out.refused.sum() == 0
    assert out.in_time.sum(axis=(0, 1)).tolist() == [0.0, 179.0]
    longest = out.latency_edge_s[np.flatnonzero(out.latency.sum(axis=0))[-1]]
    assert 117.0 < longest < 121.0


def test_without_machines_or_routes_everything_is_refused() -> None:
    no_machines, no_routes = (
        played({0.0: machines(0)}),
        played({-200.0: Decision({("resnet", "c5/on-demand"): 3}, {})}),
    )
    for out in (no_machines, no_routes):
        assert out.refused == pytest.approx(out.arrived)
        assert summary_of(out).deadline_meet_rate == 0.0


def test_functions_take_what_would_be_late_and_are_billed_by_the_millisecond() -> None:
    """Two servers for 40 requests/s are just enough: the queue is often too long for 150 ms."""
    alone = played({-200.0: machines(2)})
    helped = played(
        {-200.0: Decision({("resnet", "c5/on-demand"): 2}, routes_to(1.0, 0.0, overflow="lambda"))}
    )
    assert np.array_equal(alone.arrived, helped.arrived)
    assert summary_of(alone).deadline_meet_rate < 0.5
    assert summary_of(helped).deadline_meet_rate > 0.99
    assert helped.overflowed.sum() == helped.calls.sum() > 0
    cold, calls = helped.cold_calls.sum(), helped.calls.sum()
    seconds = calls * SERVICE_S + cold * FUNCTION.cold_s
    assert helped.usd[3].sum() == pytest.approx(calls * 2e-7 + seconds * 3e-5)


def test_instances_kept_ready_are_billed_for_the_whole_time() -> None:
    out = played({-10.0: machines(4, provisioned={"lambda": 5})})
    assert out.usd[3] == pytest.approx(5 * FUNCTION.provisioned_usd_per_s * np.array([1810.0, 1800.0]))


def test_equal_seeds_replay_alike_and_send_the_same_to_every_policy() -> None:
    decisions = {-200.0: machines(3), 900.0: machines(2), 1800.0: machines(4)}
    assert same(played(decisions), played(decisions))
    other_seed = played(decisions, seed=2)
    assert not np.array_equal(other_seed.in_time, played(decisions).in_time)
    other_policy = played({-200.0: machines(5)})
    assert np.array_equal(other_policy.arrived, played(decisions).arrived)


def test_a_policy_sees_the_past_and_what_comes_of_its_decisions() -> None:
    policy = FixedPolicy({-60.0: machines(3), 0.0: machines(3), 30.5: machines(4), 600.0: machines(4)})
    requests = steady_requests(40.0, 3600.0)
    replay(policy, SUPPLY, requests, seed=1, window_edge_s=HOUR)
    before, start, early, late = policy.seen
    place = ("resnet", "c5/on-demand")
    assert [one.now_s for one in policy.seen] == [-60.0, 0.0, 30.5, 600.0]
    assert [one.arrived.shape for one in policy.seen] == [(2, 0), (2, 0), (2, 30), (2, 600)]
    assert (before.coming, before.ready) == ({}, {})
    assert (start.coming, early.coming, late.coming) == ({place: 3}, {place: 3}, {})
    assert late.ready == {place: 4}
    assert early.waiting["resnet"] == pytest.approx(30.5 * 40, rel=0.15)
    assert np.isnan(early.in_time_share).all()
    assert late.arrived.sum() == requests.counts["web"][:10].sum()
    assert 0.4 < late.busy_share["resnet"] <= 1.0


def test_a_lost_spot_pool_is_counted_and_made_good() -> None:
    history = Interruptions({"c5/a": PoolHistory(np.array([600.0]), NOTHING, NOTHING)})
    policy = FixedPolicy({-200.0: machines(4, "c5/spot/a"), 1800.0: machines(4, "c5/spot/a")})
    out = replay(
        policy, SUPPLY, steady_requests(40.0, 3600.0), seed=1, window_edge_s=HOUR, interruptions=history
    )
    assert out.lost.tolist() == [[0.0, 0.0], [4.0, 0.0]]
    assert out.notice_s.tolist() == [600.0]
    assert out.starts.sum() == 8
    assert policy.seen[1].lost == {"c5/spot/a": 4}
    found = summary_of(out)
    assert (found.interruptions, found.survived) == (1.0, 1.0)  # two minutes are enough to boot and load
    paid_s = 4 * (200 + 720) + 4 * 3000
    assert out.usd[:3].sum() == pytest.approx(paid_s * SPOT_USD_PER_S)


def test_interruptions_come_at_the_rates_of_the_supply() -> None:
    """Six an hour, the same for every policy."""
    often = replace(SUPPLY, spot_pools=(replace(SUPPLY.spot_pools[0], losses_per_h=6.0),))
    requests = steady_requests(10.0, 3600.0)

    def losses(number: int, seed: int) -> float:
        policy = FixedPolicy({-200.0: machines(number, "c5/spot/a")})
        return len(replay(policy, often, requests, seed=seed, window_edge_s=HOUR).notices)

    assert [losses(2, seed) for seed in range(4)] == [losses(3, seed) for seed in range(4)]
    assert 10 <= sum(losses(2, seed) for seed in range(4)) <= 40


def test_progress_rises_to_the_end() -> None:
    told: list[float] = []
    played({-200.0: machines(3), 0.0: machines(3), 900.0: machines(2)}, progress=told.append)
    assert told == [0.0, 0.25, 1.0]


def test_every_wrong_argument_is_told() -> None:
    with pytest.raises(InputError) as caught:
        played({5.0: machines(1)}, window_edge_s=[0.0, 100.0], mode="quick", sample_share=1.5)
    told = str(caught.value)
    assert len(caught.value.problems) == 4
    assert (
        "window_edge_s runs from 0 to 100; it must be rising seconds from 0 to the replay's duration, 3600"
        in told
    )
    assert "decides at [5.0] s" in told
    assert "mode is 'quick'; it must be one of exact, sampled" in told
    assert "sample_share is 1.5" in told
    with pytest.raises(InputError, match="rising seconds"):
        played({0.0: machines(1)}, window_edge_s=[0.0, 3600.0, 1800.0])


def test_a_decision_about_what_is_not_there_is_told() -> None:
    other_type = replace(POOL, name="vgg", instance_type="m5")
    supply = replace(SUPPLY, pools=(POOL, other_type))
    wrong = Decision(
        {("resnt", "c5/on-demand"): 1, ("resnet", "c5/reserved"): 1, ("vgg", "c5/on-demand"): 1},
        {**routes_to(1.0, 0.0, 0.0, overflow="lamda"), "quik": routes_to(1.0, 0.0, 0.0)["quick"]},
        ahead={("resnet", "c5/on-demand"): -1},
    )
    with pytest.raises(InputError) as caught:
        replay(FixedPolicy({0.0: wrong}), supply, steady_requests(1.0, 3600.0), seed=1, window_edge_s=HOUR)
    told = str(caught.value)
    assert len(caught.value.problems) == 6
    assert "policy 'fixed' at 0 s: there is no pool 'resnt'. Did you mean 'resnet'?" in told
    for part in (
        "no rental 'c5/reserved'",
        "does not fit pool 'vgg'",
        "-1 machines",
        "no function 'lamda'",
        "no class 'quik'",
    ):
        assert part in told
