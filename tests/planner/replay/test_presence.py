"""Machine time at work by window, of machines that come, leave and are lost at stated instants."""

from __future__ import annotations

import numpy as np
import pytest

from planner.replay.presence import Presence
from tests.planner.replay.fixed_policy import SUPPLY

POOL = SUPPLY.pools[0].name


class Busy:
    """A kernel whose machines are busy for 30 s more when they leave."""

    def __init__(self) -> None:
        self.joined = 0

    def machine_joins(self, pool: str, at_s: float) -> int:
        self.joined += 1
        return self.joined - 1

    def machine_leaves(self, slot: int, at_s: float, gone_s: float | None = None) -> float:
        return at_s + 30.0


@pytest.fixture
def presence() -> Presence:
    return Presence(SUPPLY, Busy(), np.array([0.0, 100.0, 200.0]))


def test_a_machine_is_at_work_until_its_last_call_ends(presence: Presence) -> None:
    slot = presence.machine_joins(POOL, 50.0)
    assert presence.machine_leaves(slot, 150.0) == 180.0
    assert presence.ready_s[0].tolist() == [50.0, 80.0]


def test_a_machine_that_is_lost_is_at_work_until_it_is_gone(presence: Presence) -> None:
    slot = presence.machine_joins(POOL, 0.0)
    presence.machine_leaves(slot, 90.0, gone_s=110.0)
    assert presence.ready_s[0].tolist() == [100.0, 10.0]


def test_time_before_the_start_and_after_the_end_counts_nowhere(presence: Presence) -> None:
    """One from before the start stays to the end; one leaves at 195 s and is busy until 225 s; one has left before the start."""
    presence.machine_joins(POOL, -50.0)
    presence.machine_leaves(presence.machine_joins(POOL, 190.0), 195.0)
    presence.machine_leaves(presence.machine_joins(POOL, -80.0), -40.0)
    presence.end(200.0)
    assert presence.ready_s[0].tolist() == [100.0, 110.0]


def test_the_end_counts_every_machine_once(presence: Presence) -> None:
    for at_s in (0.0, 150.0):
        presence.machine_joins(POOL, at_s)
    presence.end(200.0)
    presence.end(200.0)
    assert presence.ready_s[0].tolist() == [100.0, 150.0]
