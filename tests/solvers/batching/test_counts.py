"""Arrivals within a time against closed forms and matrix exponentials."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import poisson

from solvers.batching.counts import arrival_counts, closed
from tests.solvers.batching.buffers import POISSON, RELAYED, SWITCHING
from tests.solvers.batching.quadrature import generator

STIFF = np.array([[-3000.0, 0.1], [0.01, -0.02]]), np.array([[2999.9, 0.0], [0.0, 0.01]])


def test_a_poisson_process_counts_as_poisson() -> None:
    """P(k, t) is the Poisson law of mean 4 t, its integral what is left of the Erlang law."""
    elapsed_s = np.array([0.0, 1e-9, 0.2, 1.0, 7.0, 50.0])
    counts = arrival_counts(*POISSON, 6, 50.0)
    numbers = np.arange(6)
    exact = poisson.pmf(numbers, 4.0 * elapsed_s[:, None])
    assert counts.share(elapsed_s)[:, 0, :, 0] == pytest.approx(exact, abs=1e-13)
    seconds = poisson.sf(numbers, 4.0 * elapsed_s[:, None]) / 4.0
    assert counts.seconds(elapsed_s)[:, 0, :, 0] == pytest.approx(seconds, abs=1e-13)


@pytest.mark.parametrize(("process", "longest_s"), [(SWITCHING, 6.0), (RELAYED, 6.0), (STIFF, 2.0)])
def test_counts_are_those_of_the_matrix_exponential(
    process: tuple[np.ndarray, np.ndarray], longest_s: float
) -> None:
    """The same blocks as exp(Q t), and as its integral by Van Loan's larger exponential, also where rates differ by 10^5."""
    most, phases = 5, len(process[0])
    counts = arrival_counts(*process, most, longest_s)
    fills = generator(*process, most + 1)
    size = len(fills)
    for elapsed_s in longest_s * np.array([1e-4, 0.03, 0.41, 1.0]):
        wide = expm(np.block([[fills, np.eye(size)], [np.zeros((size, 2 * size))]]) * elapsed_s)
        exact = wide[:phases, : most * phases].reshape(phases, most, phases)
        seconds = wide[:phases, size : size + most * phases].reshape(phases, most, phases)
        assert counts.share(np.array([elapsed_s]))[0] == pytest.approx(exact, abs=1e-9)
        assert counts.seconds(np.array([elapsed_s]))[0] == pytest.approx(seconds, abs=1e-9)


def test_a_million_steps_of_the_fast_phase_lose_nothing() -> None:
    """400 s of a phase of 3,000/s beside one of 0.02/s: no arrival within t, by the eigenvalues of d0."""
    elapsed_s = np.array([0.04, 12.0, 164.0, 400.0])
    counts = arrival_counts(*STIFF, 5, 400.0)
    value, vector = np.linalg.eig(STIFF[0])
    decayed, waited = np.exp(np.outer(elapsed_s, value)), np.expm1(np.outer(elapsed_s, value)) / value
    exact, seconds = ((vector * one[:, None, :]) @ np.linalg.inv(vector) for one in (decayed, waited))
    assert counts.share(elapsed_s)[:, :, 0] == pytest.approx(exact, abs=1e-11)
    assert counts.seconds(elapsed_s)[:, :, 0] == pytest.approx(seconds, abs=1e-8)


def test_rounded_rows_are_closed() -> None:
    """A diagonal rounded to six decimals is taken from the other rates."""
    d0, d1 = np.array([[-5.550246, 0.0], [0.0, -2.0]]), np.array([[0.013407, 5.53684], [1.0, 1.0]])
    assert closed(d0, d1)[0, 0] == -(0.013407 + 5.53684)
