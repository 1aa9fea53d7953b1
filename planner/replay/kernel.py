"""The compiled heart of a replay behind one object: requests in, counts out.

The engine hands over arrivals in the order of time, in chunks that end at the instants where it acts (a machine joins or leaves,
a policy decides), and reads `Kernel.tally` at the end. Memory is that of the most requests that ever wait at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.dispatch import no_dispatch, with_routes
from planner.replay.instances import UNLIMITED, idle_functions, with_room
from planner.replay.lines import empty_lines, longer_slab
from planner.replay.patient_lines import patience_s
from planner.replay.queues import empty_queues
from planner.replay.seen import Watch
from planner.replay.services import services_of
from planner.replay.slots import Slots
from planner.replay.stream import (
    State,
    call_buffers,
    pass_requests,
    refuse_waiting,
    shift_clocks,
)
from planner.replay.tally import Tally, empty_tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from planner.replay.decisions import Routes
    from planner.replay.seen import Seen
    from planner.replay.supply import Supply

FIRST_PLACES = 1024  # ours: places for waiting requests; they grow by doubling


class Kernel:
    """Queues, machines at work, function instances and the dispatcher of one replay.

    Time never goes back: methods that take ``at_s`` or ``until_s`` raise ValueError for an instant before `now_s`, and let time
    pass until then (no request arrives meanwhile).

    Parameters
    ----------
    supply
        What there is; pools, classes and functions are indexed in its order. Nothing is at work yet, all requests are refused.
    window_edge_s
        ``[t + 1]`` seconds since the start, by which `tally` counts.
    seed
        Of the service times: request n has the same luck whatever the policy does.

    Attributes
    ----------
    now_s
        The instant; minus infinity at first, so machines may join before the start.
    """

    def __init__(self, supply: Supply, window_edge_s: ArrayLike, seed: int) -> None:
        self.now_s = -math.inf
        self._supply = supply
        self._pool_index = {pool.name: j for j, pool in enumerate(supply.pools)}
        self._slots = Slots(supply)
        self._watch = Watch(len(supply.pools))
        self._requests = 0
        self._provisioned_from_s = 0.0
        deadline_s = np.array([one.deadline_s for one in supply.classes], dtype=float)
        functions = len(supply.functions)
        self._state = State(
            services=services_of(supply, seed),
            queues=empty_queues(supply),
            lines=empty_lines(
                len(supply.targets) + len(supply.pools) * (1 + len(supply.classes)), FIRST_PLACES
            ),
            calls=idle_functions(supply),
            dispatch=no_dispatch(len(supply.classes), len(supply.targets)),
            tally=empty_tally(
                np.asarray(window_edge_s, dtype=float), deadline_s, len(supply.pools), functions
            ),
        )

    @property
    def tally(self) -> Tally:
        """Counts so far; bins of latency by `planner.replay.tally.latency_edges_s`."""
        return self._state.tally

    def machine_joins(self, pool: str, at_s: float) -> int:
        """Put a machine to work; return its slot, the name by which it leaves. What waits already profits at once."""
        self._pass_to(at_s)
        slot, queues = self._slots.join(self._state.queues, self._pool_index[pool], at_s)
        self._state = self._state._replace(queues=queues)
        return slot

    def machine_leaves(self, slot: int, at_s: float, gone_s: float | None = None) -> float:
        """Take a machine out; return the end of the last call that has begun there, `at_s` where it is idle.

        Parameters
        ----------
        slot
            Of `machine_joins`; it names nothing any more afterwards.
        gone_s
            None: the machine takes no further call and finishes those it has. Else it is lost then: it takes calls as long as the
            longest foreseen one of its pool would end by then; a call taken after `at_s` that lasts longer is lost, its requests
            count as refused. (Calls that began before end in any case.)
        """
        self._pass_to(at_s)
        return self._slots.leave(self._state.queues, slot, at_s, gone_s)

    def set_routes(self, routes: Mapping[str, Routes], at_s: float) -> None:
        """Route by `routes` from now on.

        Classes without an entry are refused, and so is what a row of weights lacks of 1; rows above 1 are scaled to it.

        Raises
        ------
        ValueError
            For routes that name what is not in the supply, or lead where a class may not be served.
        """
        self._pass_to(at_s)
        dispatch = with_routes(self._state.dispatch, self._supply, self._state.services.law, routes)
        self._state = self._state._replace(dispatch=dispatch)
        self._state.queues.patience_s[:] = patience_s(self._supply, routes)

    def set_rates(self, rates_rps: ArrayLike, at_s: float) -> None:
        """Let the dispatcher's measurement start from ``[k]`` requests/s; before the start of the replay, at the start."""
        self._pass_to(at_s)
        self._state.dispatch.rate_rps[:] = rates_rps
        self._state.dispatch.measured_s[:] = max(at_s, 0.0)

    def set_instances(self, ready: Mapping[str, int], reserved: Mapping[str, int], at_s: float) -> None:
        """Keep instances of functions ready from now on, billed until changed, and let no more run than are set aside.

        Without an entry none is kept ready, and only the limit of the supply holds.
        """
        self._pass_to(at_s)
        self._bill_provisioned()
        counts = [ready.get(one.name, 0) for one in self._supply.functions]
        if max(counts, default=0) > self._state.calls.idle_s.shape[1]:
            self._state = self._state._replace(calls=with_room(self._state.calls, max(counts)))
        calls = self._state.calls
        calls.provisioned[:] = counts
        calls.reserved[:] = [reserved.get(one.name, UNLIMITED) for one in self._supply.functions]
        calls.in_use[1] = int(calls.provisioned @ calls.executions)

    def advance(self, times_s: ArrayLike, classes: ArrayLike, until_s: float, weight: float = 1.0) -> None:
        """Take arrivals and let time pass until `until_s`.

        Parameters
        ----------
        times_s, classes
            ``[n]`` instants, sorted, from `now_s` to `until_s`; class indices.
        weight
            How many requests each one stands for in `tally`; 0: it is not counted (a warm-up).

        Raises
        ------
        ValueError
            For arrivals that are not sorted, or before `now_s`, or after `until_s`.
        """
        times = np.ascontiguousarray(times_s, dtype=np.float64)
        kinds = np.ascontiguousarray(classes, dtype=np.int64)
        if until_s < self.now_s or (len(times) and (times[0] < self.now_s or times[-1] > until_s)):
            raise ValueError(
                f"arrivals and until_s ({until_s} s) must lie at or after now ({self.now_s} s), in this order"
            )
        if len(times) != len(kinds) or (times[1:] < times[:-1]).any():
            raise ValueError("times_s must be sorted, and as many as classes")
        taken, more = 0, True
        while more:
            taken = pass_requests(
                self._state, times, kinds, taken, self._requests, float(weight), self.now_s, until_s
            )
            if more := taken < len(times):
                self._make_room()
        self._requests += len(times)
        if math.isfinite(self.now_s):
            self._watch.count(self._state.queues, until_s - self.now_s)
        self.now_s = until_s

    def skip_to(self, at_s: float) -> None:
        """Freeze what waits, runs or idles until `at_s` (sampled mode), as if no time had passed; machines' losses stay."""
        self._check_time(at_s)
        if math.isfinite(self.now_s):
            shift_clocks(self._state, at_s - self.now_s)
            self._state.queues.stale[:] = 1
        self.now_s = at_s

    def observe(self, at_s: float) -> Seen:
        """Show what machines and dispatcher know at `at_s`."""
        self._pass_to(at_s)
        return self._watch.look(self._state, at_s)

    def finish(self, at_s: float) -> None:
        """End the replay: calls that have begun end, buffers are called when due, who waits for a machine is refused."""
        self._pass_to(at_s)
        self._bill_provisioned()
        call_buffers(self._state)
        refuse_waiting(self._state)

    def _check_time(self, at_s: float) -> None:
        if not at_s >= self.now_s:
            raise ValueError(f"it is {self.now_s} s; {at_s} s is past")

    def _pass_to(self, at_s: float) -> None:
        """Let time pass without arrivals."""
        self._check_time(at_s)
        if at_s > self.now_s:
            self.advance((), (), at_s)

    def _make_room(self) -> None:
        """Let the arrays that are full grow."""
        if self._state.lines.free[1] == 0:
            self._state = self._state._replace(lines=longer_slab(self._state.lines))
        if self._state.calls.crowded[0] == 1:
            self._state = self._state._replace(calls=with_room(self._state.calls, 0))

    def _bill_provisioned(self) -> None:
        """Bill what was kept ready since it was set; time outside of the windows is billed in the nearest one."""
        price = np.array([one.provisioned_usd_per_s for one in self._supply.functions], dtype=float)
        usd_per_s = float(price @ self._state.calls.provisioned)
        if usd_per_s > 0:
            edge_s = self.tally.window_edge_s.copy()
            edge_s[0], edge_s[-1] = -math.inf, math.inf
            within_s = np.diff(np.clip(edge_s, self._provisioned_from_s, self.now_s))
            self.tally.provisioned_usd[:] += usd_per_s * within_s
        self._provisioned_from_s = self.now_s
