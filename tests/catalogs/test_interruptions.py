"""Losses of spot pools: bands, traces, what they share, and the covariance that follows."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.errors import CatalogError
from catalogs.interruptions import SpotLosses, SpotPool, band_loss_share, losses_of
from catalogs.loss_covariance import loss_covariance
from catalogs.loss_estimates import estimate_correlation, estimate_loss
from catalogs.machines import SpotOffer
from tests.catalogs.spot_chains import GAP_S, chains, trace_of

GAP_H = GAP_S / 3600
MONTH = 730.0


def offer(name: str, low: float, high: float) -> SpotOffer:
    return SpotOffer(name, 0.6, low, high, "advisor", date(2026, 7, 20))


OFFERS = {
    "c5.large": offer("c5.large", 0, 0.05),
    "m5.large": offer("m5.large", 0.05, 0.1),
    "p3.2xlarge": offer("p3.2xlarge", 0.2, 1),
}
LARGE, MEDIUM, GPU = (SpotPool(name) for name in OFFERS)


def test_two_bands_and_a_shock_by_hand() -> None:
    """Over a month the bands are the own losses: r = 1 - .99 x .95 and 1 - .99 x .90, cov = .00846."""
    found = losses_of([LARGE, MEDIUM], OFFERS, {}, MONTH, 0.01)
    assert found.loss_share == pytest.approx([0.0595, 0.109], rel=1e-12)
    assert found.covariance[0, 1] == pytest.approx(0.01 / 0.99 * 0.9405 * 0.891, rel=1e-12)
    assert np.diag(found.covariance) == pytest.approx([0.0595 * 0.9405, 0.109 * 0.891], rel=1e-12)
    assert found.sources == (
        "0% to 5% interrupted a month (advisor)",
        "5% to 10% interrupted a month (advisor)",
    )


def test_the_covariance_is_that_of_losses_drawn_from_the_model() -> None:
    found = losses_of([LARGE, MEDIUM, GPU], OFFERS, {}, MONTH, 0.1)
    random = np.random.default_rng(3)
    own = random.random((200000, 3)) < np.array([0.05, 0.1, 0.25])
    drawn = own | (random.random((200000, 1)) < 0.1)
    assert drawn.mean(axis=0) == pytest.approx(found.loss_share, abs=0.004)
    assert np.cov(drawn.T.astype(float)) == pytest.approx(found.covariance, abs=0.002)


def test_without_a_shock_bands_are_independent() -> None:
    found = losses_of([LARGE, MEDIUM], OFFERS, {}, 1.0, 0.0)
    assert found.covariance[0, 1] == 0
    assert found.loss_share == pytest.approx([1 - 0.95 ** (1 / 730), 1 - 0.9 ** (1 / 730)], rel=1e-9)


def test_a_band_without_an_upper_end_is_as_wide_as_the_others() -> None:
    assert OFFERS["p3.2xlarge"].monthly_loss_share == pytest.approx(0.25)
    assert band_loss_share(OFFERS["p3.2xlarge"], MONTH) == pytest.approx(0.25)
    assert offer("x", 0.97, 1).monthly_loss_share == 1
    found = losses_of([GPU], OFFERS, {}, MONTH, 0.0)
    assert found.sources == ("over 20% interrupted a month (advisor)",)
    assert "A band without an upper end counts as 5% wide." in found.notes


@pytest.fixture(scope="module")
def of_zones() -> SpotLosses:
    """One GPU type in three zones with traces, one zone twice as prone; a fourth pool has a band alone."""
    a, b = chains(20000, 0.02, 0.03, 0.3, seed=11)
    (c,) = chains(20000, 0.1, 0.0, 0.3, seed=12, zones=1)
    pools = [SpotPool("p3.2xlarge", zone) for zone in ("1a", "1b", "2a")] + [LARGE]
    return losses_of(pools, OFFERS, {"1a": a, "p3.2xlarge/1b": b, "2a": c, "1z": c}, GAP_H, 0.02)


def test_zones_with_traces_have_their_estimates(of_zones: SpotLosses) -> None:
    a, b = chains(20000, 0.02, 0.03, 0.3, seed=11)
    assert of_zones.loss_share[:2] == pytest.approx(
        [estimate_loss(a, GAP_H).loss_share, estimate_loss(b, GAP_H).loss_share], rel=1e-12
    )
    correlation = estimate_correlation(a, b, GAP_H)
    deviation = np.sqrt(np.diag(of_zones.covariance))
    assert of_zones.covariance[0, 1] == pytest.approx(correlation * deviation[0] * deviation[1], rel=1e-9)
    assert of_zones.sources[0].startswith("chain 0: up ")
    assert "starts" in of_zones.sources[0]
    assert "standard error" in of_zones.sources[0]


def test_a_zone_and_a_band_share_the_shock_alone(of_zones: SpotLosses) -> None:
    survival = 1 - of_zones.loss_share
    assert of_zones.covariance[3, :3] == pytest.approx(0.02 / 0.98 * survival[3] * survival[:3], rel=1e-9)


def test_a_trace_of_no_pool_is_named(of_zones: SpotLosses) -> None:
    assert any(note.startswith("Traces of no pool, left out: 1z.") for note in of_zones.notes)


def test_the_nearest_trace_counts_and_pools_of_one_trace_are_lost_together() -> None:
    """p3 in 1a has a trace of its own, p3 and g4dn in 1b only the zone's."""
    own, zone, kind = (chains(3000, share, 0.0, 0.3, seed=13, zones=1)[0] for share in (0.02, 0.05, 0.1))
    pools = [SpotPool("p3.2xlarge", "1a"), SpotPool("p3.2xlarge", "1b"), SpotPool("g4dn.xlarge", "1b")]
    found = losses_of(pools, {}, {"p3.2xlarge/1a": own, "1b": zone}, GAP_H, 0.0)
    shares = {name: estimate_loss(trace, GAP_H).loss_share for name, trace in (("own", own), ("zone", zone))}
    assert found.loss_share == pytest.approx([shares["own"], shares["zone"], shares["zone"]], rel=1e-12)
    assert found.covariance[1, 2] == pytest.approx(found.covariance[1, 1], rel=1e-12)
    assert any("p3.2xlarge/1b, g4dn.xlarge/1b: they are lost together" in note for note in found.notes)
    by_type = losses_of(pools[1:], {}, {"p3.2xlarge": kind, "1b": zone}, GAP_H, 0.0)
    assert by_type.loss_share[0] == pytest.approx(estimate_loss(kind, GAP_H).loss_share, rel=1e-12)


def test_a_trace_calmer_than_the_shock_counts_as_the_shock() -> None:
    calm = trace_of(np.ones(500, dtype=bool))
    with_shock = losses_of([GPU], {}, {"p3.2xlarge": calm}, GAP_H, 0.03)
    assert with_shock.loss_share == pytest.approx([0.03])
    assert any("fewer losses than the common shock" in note for note in with_shock.notes)
    without = losses_of([GPU], {}, {"p3.2xlarge": calm}, GAP_H, 0.0)
    assert (without.loss_share[0], without.covariance[0, 0]) == (0, 0)
    assert any("shows no loss at all" in note for note in without.notes)


def test_traces_without_a_common_instant_share_the_shock_and_are_named() -> None:
    (a,) = chains(500, 0.1, 0.0, 0.3, seed=14, zones=1)
    (b,) = chains(500, 0.1, 0.0, 0.3, seed=15, zones=1)
    apart = type(b)(b.up, 2 * b.gap_s, None, "slower")
    pools = [SpotPool("p3.2xlarge", "1a"), SpotPool("p3.2xlarge", "1b")]
    found = losses_of(pools, {}, {"1a": a, "1b": apart}, GAP_H, 0.02)
    expected = 0.02 / 0.98 * math.prod(1 - found.loss_share)
    assert found.covariance[0, 1] == pytest.approx(expected, rel=1e-9)
    assert any("The traces of 1a and 1b tell no correlation" in note for note in found.notes)


def test_correlations_that_contradict_one_another_are_shrunk_and_variances_stay() -> None:
    """A goes with B and with C, B against C, which counts as 0: no three losses do that. 1 - .9 sqrt 2 = -.273."""
    told = np.array([[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]])
    share = np.array([0.1, 0.2, 0.3])
    covariance, least = loss_covariance(share, np.ones(3, dtype=bool), told, 0.0)
    assert least == pytest.approx(1 - 0.9 * math.sqrt(2))
    deviation = np.sqrt(share * (1 - share))
    assert covariance[0, 1:] == pytest.approx(0.9 / 1.2728 * deviation[0] * deviation[1:], rel=1e-4)
    assert covariance[1, 2] == 0
    assert np.linalg.eigvalsh(covariance).min() > -1e-12
    assert np.diag(covariance) == pytest.approx(share * (1 - share), rel=1e-12)
    assert (covariance == covariance.T).all()


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=6),
    st.floats(0, 0.9),
    st.integers(0, 2**32 - 1),
    st.integers(0, 6),
)
def test_covariances_are_symmetric_and_semidefinite(
    own: list[float], shock: float, seed: int, with_trace: int
) -> None:
    """Any own losses, shock and estimated correlations, those of pools without variance included; none is below 0."""
    share = 1 - (1 - shock) * (1 - np.array(own))
    traced = np.arange(len(own)) < with_trace
    told = np.random.default_rng(seed).uniform(-1, 1, (traced.sum(), traced.sum()))
    told = (told + told.T) / 2
    np.fill_diagonal(told, 1.0)
    covariance, _ = loss_covariance(share, traced, told, shock)
    assert (covariance == covariance.T).all()
    assert np.diag(covariance) == pytest.approx(share * (1 - share), rel=1e-9, abs=1e-15)
    assert np.linalg.eigvalsh(covariance).min() > -1e-8
    assert covariance.min() >= 0


def test_losses_that_offset_each_other_count_as_uncorrelated_and_are_named() -> None:
    """Two zones are down in turn, 20 samples of 200 each."""
    turn = np.arange(2000) // 20 % 10
    traces = {"1a": trace_of(turn != 2), "1b": trace_of(turn != 7)}
    assert (estimate_correlation(traces["1a"], traces["1b"], GAP_H) or 0.0) < 0
    pools = [SpotPool("p3.2xlarge", "1a"), SpotPool("p3.2xlarge", "1b")]
    found = losses_of(pools, {}, traces, GAP_H, 0.0)
    assert found.covariance[0, 1] == 0
    assert any("The losses of 1a and 1b seem to offset each other" in note for note in found.notes)


def test_no_pools_have_no_losses() -> None:
    found = losses_of([], OFFERS, {}, 1.0, 0.0)
    assert found.loss_share.shape == (0,)
    assert found.covariance.shape == (0, 0)
    assert found.notes == ()


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(CatalogError) as caught:
        losses_of([LARGE, LARGE], OFFERS, {}, 0.0, 1.0)
    assert [problem.partition(" ")[0] for problem in caught.value.problems] == [
        "c5.large:",
        "exposure_h",
        "common_shock_share",
    ]
    with pytest.raises(CatalogError) as caught:
        losses_of(
            [SpotPool("r5.large", "1a"), SpotPool("x1.large"), GPU],
            OFFERS,
            {"p3.2xlarge": trace_of(np.ones(5, dtype=bool), name="short.json")},
            1.0,
            0.0,
        )
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "short.json",
        "r5.large/1a",
        "x1.large",
    ]
