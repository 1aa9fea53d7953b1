"""What is judged of a replay after its warm-up: later windows and the losses noticed in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.replay.comparison import judged
from tests.planner.replay.plan_replay_case import HOUR, make_replay


def test_windows_of_the_warm_up_count_nowhere() -> None:
    whole = make_replay().replayed
    later = judged(whole, 1)
    assert later.window_edge_s.tolist() == [HOUR, 2 * HOUR]
    assert later.arrived.tolist() == [[10 * HOUR], [3 * HOUR]]
    assert later.in_time.tolist() == [[[8 * HOUR], [0.0]], [[2 * HOUR], [HOUR]]]
    assert later.usd.tolist() == [[1.1], [0.0], [0.0], [0.05]]
    assert later.starts.sum() == 0.0
    assert later.lost.tolist() == [[0.0], [1.0]]
    assert later.most_calls.tolist() == [[9.0]]
    assert np.array_equal(later.latency, whole.latency)


def test_notices_of_the_warm_up_count_nowhere() -> None:
    """The one notice of the case comes at 1.5 h."""
    whole = make_replay().replayed
    assert judged(whole, 0).notices == whole.notices
    assert judged(whole, 1).notices == whole.notices
    assert judged(whole, 1).notice_s.tolist() == [1.5 * HOUR]
    (notice,) = whole.notices
    early = judged(replace(whole, notices=(replace(notice, at_s=0.5 * HOUR),)), 1)
    assert early.notices == ()
