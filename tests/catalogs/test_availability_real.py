"""Nine published traces of V100 spot machines: 45 days, three regions."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from catalogs.availability import load_availability
from catalogs.interruptions import SpotPool, losses_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from catalogs.availability import AvailabilityTrace
    from catalogs.interruptions import SpotLosses

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def traces(shared_data: Path) -> Mapping[str, AvailabilityTrace]:
    folder = shared_data / "prices" / "spot_availability_v100_2023-02"
    return load_availability({path.name.partition("_")[0]: path for path in folder.glob("*.json.gz")}).traces


@pytest.fixture(scope="module")
def losses(traces: Mapping[str, AvailabilityTrace]) -> SpotLosses:
    """One machine type in every zone, exposed for one hour."""
    pools = [SpotPool("p3.2xlarge", zone) for zone in sorted(traces)]
    return losses_of(pools, {}, traces, 1.0, 0.0)


def test_the_traces_are_those_described(traces: Mapping[str, AvailabilityTrace]) -> None:
    """45 days of samples 195 s apart, up 17 % to 90 % of the time."""
    assert len(traces) == 9
    assert {(trace.up.size, trace.gap_s) for trace in traces.values()} == {(20158, 195.0)}
    shares = sorted(trace.up_share for trace in traces.values())
    assert (shares[0], shares[-1]) == pytest.approx((0.1667, 0.9050), abs=1e-4)


def test_loss_shares_are_those_of_a_plain_count(
    traces: Mapping[str, AvailabilityTrace], losses: SpotLosses
) -> None:
    """An hour is 18.5 gaps, so 19 samples ahead are looked at from each of the samples that are up."""
    for pool, share in zip(losses.pools, losses.loss_share, strict=True):
        up = traces[pool.zone or ""].up
        ahead = np.lib.stride_tricks.sliding_window_view(up, 20)
        started = ahead[ahead[:, 0]]
        assert share == pytest.approx(1 - started.all(axis=1).mean(), rel=1e-12)
    assert losses.loss_share.min() == pytest.approx(0.067, abs=1e-3)  # us-west-2b
    assert losses.loss_share.max() == pytest.approx(0.661, abs=1e-3)  # us-east-1a


def test_zones_of_a_region_are_lost_together_and_regions_hardly(losses: SpotLosses) -> None:
    """Mean correlation of losses within an hour: above .3 inside a region, below .10 between regions."""
    deviation = np.sqrt(np.diag(losses.covariance))
    correlation = losses.covariance / np.outer(deviation, deviation)
    regions = [(pool.zone or "")[:-1] for pool in losses.pools]
    inside: list[float] = []
    between: list[float] = []
    for z, w in combinations(range(len(regions)), 2):
        (inside if regions[z] == regions[w] else between).append(correlation[z, w])
    assert np.mean(inside) > 0.3
    assert np.mean(between) < 0.10
    assert np.linalg.eigvalsh(losses.covariance).min() > 0
