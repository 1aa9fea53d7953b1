"""Losses estimated from traces: by hand, against a plain loop, and on chains of known law."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from catalogs.availability import AvailabilityTrace
from catalogs.errors import CatalogError
from catalogs.loss_estimates import (
    BLOCKS,
    estimate_correlation,
    estimate_loss,
    gaps_of,
    starts_and_losses,
)
from tests.catalogs.spot_chains import GAP_S, chains, trace_of

GAP_H = GAP_S / 3600
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def test_starts_and_losses_by_hand() -> None:
    """Up at samples 0, 1, 3, 4, 5 of 7; within two gaps sample 0 sees the down at 2, sample 4 that at 6."""
    up, lost = starts_and_losses(trace_of(np.array([1, 1, 0, 1, 1, 1, 0], dtype=bool)), 2 * GAP_H)
    assert up.tolist() == [True, True, False, True, True]
    assert lost.tolist() == [True, True, False, False, True]


@pytest.mark.parametrize(("exposure_s", "gaps"), [(1, 1), (299, 1), (300, 1), (301, 2), (600, 2), (3600, 12)])
def test_exposure_times_are_rounded_up_to_whole_gaps(exposure_s: float, gaps: int) -> None:
    assert gaps_of(trace_of(np.ones(9, dtype=bool)), exposure_s / 3600) == gaps


@pytest.mark.parametrize("gaps", [1, 3, 11])
def test_the_estimate_is_that_of_a_plain_loop(gaps: int) -> None:
    (trace,) = chains(500, 0.05, 0.0, 0.2, seed=gaps, zones=1)
    starts = [n for n in range(500 - gaps) if trace.up[n]]
    losses = [n for n in starts if not all(trace.up[n + 1 : n + gaps + 1])]
    found = estimate_loss(trace, gaps * GAP_H)
    assert found.starts == len(starts)
    assert found.loss_share == pytest.approx(len(losses) / len(starts), rel=1e-12)


def test_a_chain_of_known_law_is_recovered_within_its_standard_error() -> None:
    """Losses within m gaps have the share 1 - (1 - a)^m; over 40 chains errors are as wide as stated."""
    a, gaps = 0.02, 6
    true = 1 - (1 - a) ** gaps
    found = [estimate_loss(chains(3000, a, 0.0, 0.1, seed, zones=1)[0], gaps * GAP_H) for seed in range(40)]
    shares = np.array([one.loss_share for one in found])
    errors = np.array([one.standard_error_share for one in found])
    assert shares.mean() == pytest.approx(true, abs=4 * errors.mean() / math.sqrt(40))
    assert 0.75 < errors.mean() / shares.std(ddof=1) < 1.3


def test_the_standard_error_is_far_above_that_of_independent_starts() -> None:
    """With 60 gaps of exposure neighbouring starts nearly agree, which the binomial error would not see."""
    (trace,) = chains(4000, 0.01, 0.0, 0.1, seed=1, zones=1)
    found = estimate_loss(trace, 60 * GAP_H)
    binomial = math.sqrt(found.loss_share * (1 - found.loss_share) / found.starts)
    assert found.standard_error_share > 3 * binomial


def test_a_shock_in_common_is_recovered_as_correlation() -> None:
    """Losses within one gap: r = 1 - (1 - s)(1 - q), correlation s (1 - s)(1 - q)^2 / (r (1 - r))."""
    shock, own = 0.03, 0.02
    first, second = chains(60000, own, shock, 0.3, seed=5)
    loss = 1 - (1 - shock) * (1 - own)
    true = shock * (1 - shock) * (1 - own) ** 2 / (loss * (1 - loss))
    assert estimate_loss(first, GAP_H).loss_share == pytest.approx(loss, abs=0.003)
    assert estimate_correlation(first, second, GAP_H) == pytest.approx(true, abs=0.04)


def test_chains_without_a_shock_are_uncorrelated() -> None:
    first, second = chains(60000, 0.05, 0.0, 0.3, seed=6)
    assert estimate_correlation(first, second, GAP_H) == pytest.approx(0.0, abs=0.02)


def test_a_trace_is_fully_correlated_with_itself() -> None:
    (trace,) = chains(2000, 0.05, 0.0, 0.3, seed=7, zones=1)
    assert estimate_correlation(trace, trace, GAP_H) == pytest.approx(1.0)


def test_traces_with_instants_are_laid_on_one_another_by_them() -> None:
    """The second trace is the first from sample 700 on: fully correlated over what they have in common."""
    (chain,) = chains(2000, 0.05, 0.0, 0.3, seed=8, zones=1)
    whole = trace_of(chain.up, DAY)
    later = trace_of(chain.up[700:], DAY + timedelta(seconds=700 * GAP_S))
    assert estimate_correlation(whole, later, GAP_H) == pytest.approx(1.0)
    assert estimate_correlation(later, whole, GAP_H) == pytest.approx(1.0)
    assert estimate_correlation(whole, trace_of(chain.up[700:], DAY), GAP_H) != pytest.approx(1.0, abs=0.5)


def test_traces_that_do_not_meet_tell_no_correlation() -> None:
    (chain,) = chains(400, 0.1, 0.0, 0.3, seed=9, zones=1)
    dated = trace_of(chain.up, DAY)
    halfway = trace_of(chain.up, DAY + timedelta(seconds=GAP_S / 2))
    after = trace_of(chain.up, DAY + timedelta(days=9))
    slower = AvailabilityTrace(chain.up, 2 * GAP_S, None, "slower")
    never_lost = trace_of(np.ones(400, dtype=bool))
    pairs = [(chain, dated), (dated, halfway), (dated, after), (chain, slower), (chain, never_lost)]
    for first, second in pairs:
        assert estimate_correlation(first, second, GAP_H) is None
        assert estimate_correlation(second, first, GAP_H) is None


def test_traces_that_tell_nothing_are_refused() -> None:
    short = trace_of(np.ones(BLOCKS + 2, dtype=bool), name="short.json")
    with pytest.raises(CatalogError, match=r"short\.json: has 22 samples 300 s apart; .* at least 23"):
        estimate_loss(short, 3 * GAP_H)
    with pytest.raises(CatalogError, match=r"down\.json: no machine could be had"):
        estimate_loss(trace_of(np.zeros(90, dtype=bool), name="down.json"), GAP_H)
    assert estimate_loss(short, 2 * GAP_H).loss_share == 0
