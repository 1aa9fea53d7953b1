"""Tiers: order, meets, and the rule by capacity tables."""

from __future__ import annotations

from itertools import product

import numpy as np

from planner.tiers import Tier, keeps_tier_by_table, tiers_with_meets

STRICT, RELAXED = Tier(200, 0.90), Tier(400, 0.999)


def test_a_tier_covers_longer_deadlines_and_lower_percentiles_only() -> None:
    assert Tier(200, 0.98).covers(Tier(400, 0.95))
    assert Tier(200, 0.98).covers(Tier(200, 0.98))
    assert not STRICT.covers(RELAXED)
    assert not RELAXED.covers(STRICT)


def test_labels_are_readable_and_tell_close_tiers_apart() -> None:
    assert Tier(200, 0.98).label == "d200p98"
    assert Tier(12.5, 0.999).label == "d12.5p99.9"
    assert Tier(200, 0.57).label == "d200p57"  # 100 x 0.57 is 56.99999999999999 in binary


def test_incomparable_tiers_bring_their_meet() -> None:
    assert tiers_with_meets([STRICT, RELAXED]) == (STRICT, Tier(200, 0.999), RELAXED)


def test_comparable_tiers_bring_nothing_new() -> None:
    tiers = [Tier(200, 0.98), Tier(400, 0.95), Tier(400, 0.95)]
    assert tiers_with_meets(tiers) == (Tier(200, 0.98), Tier(400, 0.95))


def test_every_set_of_classes_has_a_least_strict_tier_that_serves_them_all() -> None:
    """Over a grid of random tiers: the meet of any subset is among the tiers returned."""
    rng = np.random.default_rng(3)
    asked = [
        Tier(float(d), float(p))
        for d, p in zip(rng.integers(1, 9, 7), rng.integers(80, 99, 7) / 100, strict=True)
    ]
    tiers = set(tiers_with_meets(asked))
    for chosen in product([False, True], repeat=len(asked)):
        members = [tier for tier, wanted in zip(asked, chosen, strict=True) if wanted]
        if members:
            assert Tier(min(m.deadline_ms for m in members), max(m.percentile for m in members)) in tiers


def test_the_table_rule_looks_at_every_size_up_to_the_last_that_counts() -> None:
    own = np.array([0.0, 1.0, 3.0, 6.0])
    assert keeps_tier_by_table(own, np.array([0.0, 1.0, 3.5, 6.0]), 3)
    asked = np.array([0.0, 1.0, 3.5, 5.0])
    assert not keeps_tier_by_table(own, asked, 3)
    assert keeps_tier_by_table(own, asked, 2)
