"""Sizes of batches and phases at their opening, against hand calculations."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.batching import law_of
from tests.solvers.batching.buffers import ALTERNATING, POISSON, RELAYED, SWITCHING, buffers


def test_poisson_sizes_by_hand() -> None:
    """B = 4, T = 0.3 s, 4 requests/s: 1 + a Poisson number of mean 1.2, cut at 4."""
    law = law_of(buffers())
    none, one, two = np.exp(-1.2) * np.array([1.0, 1.2, 0.72])
    expected = [none, one, two, 1.0 - none - one - two]
    assert law.size_share[2, 1] == pytest.approx(expected, abs=1e-14)
    assert law.mean_batch[2, 1] == pytest.approx(np.dot(expected, [1, 2, 3, 4]))
    assert law.request_size_share[2, 1, 3] == pytest.approx(4 * expected[3] / law.mean_batch[2, 1])


@pytest.mark.parametrize("process", [POISSON, SWITCHING, ALTERNATING, RELAYED])
def test_batches_of_one(process: tuple[np.ndarray, np.ndarray]) -> None:
    """B = 1 and T = 0 send every request alone, and so open in the phases that any request finds."""
    law = law_of(buffers(process))
    assert law.mean_batch[0] == pytest.approx(1.0)
    assert law.mean_batch[:, 0] == pytest.approx(1.0)
    at_arrival = np.linalg.matrix_power(
        np.linalg.solve(-process[0], process[1]) + np.eye(len(process[0])), 99
    )[0]
    assert law.opening_share[0, 2] == pytest.approx(at_arrival / at_arrival.sum(), abs=1e-9)
    assert law.opening_share[2, 0] == pytest.approx(law.opening_share[0, 2], abs=1e-12)


def test_batches_that_never_change_their_phase() -> None:
    """Gaps of 1/2 s and 1/6 s in turn, B = 2, a timeout never reached: half of the batches open in either phase."""
    law = law_of(buffers(ALTERNATING, timeout_s=np.array([60.0])))
    assert law.opening_share[1, 0] == pytest.approx([0.5, 0.5], abs=1e-5)
    assert law.mean_batch[1, 0] == pytest.approx(2.0)


def test_all_shares_sum_to_one() -> None:
    for process in (POISSON, SWITCHING, ALTERNATING, RELAYED):
        law = law_of(buffers(process))
        for shares in (law.size_share, law.request_size_share, law.opening_share):
            assert shares.sum(axis=2) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_a_batch_has_one_request_and_no_more_than_it_holds(seed: int) -> None:
    """To the last digit, whatever the shares of its sizes are rounded to: plans are read under these limits."""
    rng = np.random.default_rng(seed)
    away, rate_rps = rng.uniform(0.1, 3.0, 2), rng.uniform(0.1, 50.0, 2)
    process = np.diag(away)[:, ::-1] - np.diag(away + rate_rps), np.diag(rate_rps)
    law = law_of(buffers(process, timeout_s=np.array([0.0, 5.0, 60.0])))
    assert (law.mean_batch >= 1).all()
    assert (law.mean_batch <= law.batch_size[:, None]).all()
    assert (law.mean_batch[0] == 1).all()


def test_a_unit_of_time_changes_nothing() -> None:
    """Twice the rates and half the timeouts give the same sizes."""
    d0, d1 = SWITCHING
    slow, fast = buffers(SWITCHING), buffers((2 * d0, 2 * d1), timeout_s=np.array([0.0, 0.15, 0.5]))
    assert law_of(fast).size_share == pytest.approx(law_of(slow).size_share, abs=1e-13)


def test_phases_that_differ_in_nothing_count_for_nothing() -> None:
    """A Poisson process written with two phases is a Poisson process."""
    twofold = np.array([[-5.0, 1.0], [2.0, -6.0]]), np.array([[1.0, 3.0], [4.0, 0.0]])
    assert law_of(buffers(twofold)).size_share == pytest.approx(law_of(buffers()).size_share, abs=1e-13)


def test_wider_buffers_hold_more() -> None:
    """Poisson: the mean batch grows with the batch size and with the timeout."""
    sizes, timeouts = np.arange(2, 9), np.linspace(0.05, 2.0, 9)
    problem = buffers(service_s=np.ones((2, 8)), batch_size=sizes, timeout_s=timeouts)
    mean = law_of(problem).mean_batch
    assert (np.diff(mean, axis=0) > 0).all()
    assert (np.diff(mean, axis=1) > 0).all()
