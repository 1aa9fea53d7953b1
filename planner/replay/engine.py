"""The replay: requests through whatever a policy has running, instant by instant.

A run alternates between instants at which something is decided or changes (a decision, a machine that joins, drains or is lost)
and the stretches between them, in which the compiled kernel works through the requests (`planner.replay.traffic`). The fleet keeps
machines and bills in full in both modes; in the sampled mode only the requests of some blocks of time are simulated
(`planner.replay.sampling`), and each counts for several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.errors import InputError
from planner.replay.arrivals import BIN_S
from planner.replay.checks import decision_problems, edge_problems, time_problems
from planner.replay.decisions import Observation
from planner.replay.fleet import Fleet
from planner.replay.interruptions import draw_interruptions
from planner.replay.kernel import Kernel
from planner.replay.presence import Presence
from planner.replay.results import COST_PARTS, Replayed
from planner.replay.sampling import SAMPLE_SHARE, sampled, warm_up_s, whole
from planner.replay.tally import latency_edges_s
from planner.replay.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from planner.replay.decisions import Policy, Routes
    from planner.replay.interruptions import Interruptions
    from planner.replay.requests import Requests
    from planner.replay.sampling import Phase
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]

MODES = ("exact", "sampled")


def replay(
    policy: Policy,
    supply: Supply,
    requests: Requests,
    *,
    seed: int,
    window_edge_s: ArrayLike,
    interruptions: Interruptions | None = None,
    mode: str = "exact",
    sample_share: float = SAMPLE_SHARE,
    progress: Callable[[float], None] | None = None,
) -> Replayed:
    """Send requests through what a policy decides.

    Parameters
    ----------
    policy
        Asked at the instants that it names; it sees the past only.
    supply
        What may be used.
    requests
        Traces and the stretch of them that is replayed.
    seed
        Of requests, service times, interruptions and blocks; equal seeds send equal requests to every policy.
    window_edge_s
        ``[t + 1]`` edges of the windows that are counted by, seconds, from 0 to the duration of the requests.
    interruptions
        Losses of spot machines; None: drawn at the rates of `supply.spot_pools`.
    mode
        "exact": every request; "sampled": those of blocks of time, counted for all.
    sample_share
        Part of the time that the sampled mode simulates and counts, in (0, 1).
    progress
        Called with the share of the time that is done.

    Raises
    ------
    InputError
        With everything that is wrong with these arguments, and with a decision that names what the supply does not hold.
    """
    edges = np.array(window_edge_s, dtype=np.float64)
    times = np.asarray(policy.decision_times_s(requests.duration_s), dtype=np.float64)
    problems = [*edge_problems(edges, requests.duration_s), *time_problems(times, policy.name)]
    if mode not in MODES:
        problems.append(f"the replay's mode is {mode!r}; it must be one of {', '.join(MODES)}.")
    if not 0 < sample_share < 1:
        problems.append(f"sample_share is {sample_share}; it must be above 0 and below 1.")
    if problems:
        raise InputError(problems)
    edges[-1] = requests.duration_s  # to the last digit
    phases = (
        whole(requests.duration_s)
        if mode == "exact"
        else sampled(edges, times[times > 0], sample_share, warm_up_s(supply), seed)
    )
    if interruptions is None:
        interruptions = draw_interruptions(supply, requests.duration_s, seed)
    run = _Run(policy, supply, requests, seed, edges, interruptions, phases)
    run.play(times, progress)
    return run.replayed(seed)


class _Run:
    """One replay under way: the fleet, the kernel, and how far they have come."""

    def __init__(
        self,
        policy: Policy,
        supply: Supply,
        requests: Requests,
        seed: int,
        edges: Array,
        interruptions: Interruptions,
        phases: Sequence[Phase],
    ) -> None:
        self.policy, self.supply = policy, supply
        self.duration_s = requests.duration_s
        self.edges = edges
        self.kernel = Kernel(supply, edges, seed)
        self.traffic = Traffic(requests, supply, seed, self.kernel, phases)
        self.presence = Presence(supply, self.kernel, edges)
        self.fleet = Fleet(supply, self.presence, edges, interruptions)
        self.decided_routes: Mapping[str, Routes] = {}
        self.routes: Mapping[str, Routes] | None = None
        self.busy_share = np.zeros(len(supply.pools))
        self.in_time_share = np.full(len(supply.classes), np.nan)

    def play(self, decision_s: Array, progress: Callable[[float], None] | None) -> None:
        """Go from the first decision to the end."""
        decision_s = decision_s[decision_s < self.duration_s]
        now_s = float(decision_s[0])
        self.traffic.begin(now_s)
        for at_s in [*decision_s[1:].tolist(), self.duration_s]:
            self._decide(now_s)
            while self.fleet.next_event_s < at_s:
                event_s = self.fleet.next_event_s
                self._go_on(now_s, event_s)
                now_s = event_s
            self._go_on(now_s, at_s)
            now_s = at_s
            if progress is not None:
                progress(max(0.0, at_s) / self.duration_s)
        self.fleet.end(self.duration_s)
        self.presence.end(self.duration_s)
        self.kernel.finish(self.duration_s)

    def _decide(self, now_s: float) -> None:
        """Ask the policy, and pass on what it wants."""
        decision = self.policy.decide(self._seen(now_s))
        problems = decision_problems(decision, self.supply)
        if problems:
            where = f"policy {self.policy.name!r} at {now_s:g} s"
            raise InputError([f"{where}: {line}" for line in problems])
        self.kernel.set_instances(decision.provisioned, decision.reserved, now_s)
        self.fleet.decide(now_s, decision)
        self.decided_routes = decision.routes
        self._route(now_s)

    def _go_on(self, now_s: float, until_s: float) -> None:
        """Serve requests up to an instant; then let machines become ready or be lost, and route by what stands in for them."""
        self.traffic.serve(now_s, until_s)
        self.fleet.happen(until_s)
        self._route(until_s)

    def _route(self, now_s: float) -> None:
        """Tell the kernel the routes where they have changed."""
        routes = self.fleet.rerouted(self.decided_routes)
        if routes is not self.routes:
            self.kernel.set_routes(routes, now_s)
            self.routes = routes

    def _seen(self, now_s: float) -> Observation:
        """What the policy may know; where no request was simulated since the last look, what was seen then still stands."""
        seen = self.kernel.observe(now_s)
        if self.traffic.simulated:
            self.busy_share, self.in_time_share = seen.busy_share, seen.in_time_share
        self.traffic.simulated = False
        names = [one.name for one in self.supply.pools]
        return Observation(
            now_s=now_s,
            bin_s=BIN_S,
            arrived=self.traffic.arrived(now_s),
            ready=self.fleet.ready,
            coming=self.fleet.coming,
            busy_share=dict(zip(names, self.busy_share.tolist(), strict=True)),
            waiting=dict(zip(names, seen.waiting.tolist(), strict=True)),
            in_time_share=self.in_time_share,
            lost=self.fleet.taken_back(),
        )

    def replayed(self, seed: int) -> Replayed:
        """What happened."""
        tally, bills = self.kernel.tally, self.fleet.bills
        usd = bills.usd.copy()
        usd[COST_PARTS.index("functions_usd")] += tally.calls_usd.sum(axis=0) + tally.provisioned_usd
        return Replayed(
            policy=self.policy.name,
            seed=seed,
            supply=self.supply,
            window_edge_s=self.edges,
            arrived=tally.arrived,
            served=tally.served,
            in_time=tally.in_time,
            refused=tally.refused,
            overflowed=tally.overflowed,
            latency_edge_s=latency_edges_s(),
            latency=tally.latency,
            latency_sum_s=tally.latency_sum_s,
            ready_s=self.presence.ready_s,
            busy_s=tally.busy_s,
            machines_s=bills.machines_s,
            usd=usd,
            starts=bills.starts,
            lost=bills.lost,
            notices=tuple(bills.notices),
            calls=tally.calls,
            cold_calls=tally.cold_calls,
            calls_usd=tally.calls_usd,
            warm_s=tally.warm_s,
            billed_s=tally.billed_s,
            most_calls=tally.most_calls,
            simulated_share=self.traffic.counted_s / self.duration_s,
        )
