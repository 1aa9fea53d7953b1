"""Services of pools to draw from: fixed and noisy, in batches, on several replicas, under smooth and bursty arrivals."""

from __future__ import annotations

from hypothesis import strategies as st

from planner.queueing import PoolService

services = st.builds(
    PoolService,
    mean_s=st.just(0.1),
    quantile_s=st.sampled_from([0.1, 0.104, 0.13]),
    batch=st.sampled_from([1, 1, 2, 16]),
    replicas=st.sampled_from([1, 3]),
    dispersion_index=st.sampled_from([0.5, 1.0, 1.01, 1.6, 12.0]),
)
