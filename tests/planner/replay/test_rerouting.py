"""Routes around the loss of a spot pool, by hand: one machine carries 8 requests/s in every pool."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from planner.replay.decisions import Routes
from planner.replay.rerouting import around_losses, carried_rps
from tests.planner.replay.fleet_cases import EXTRA, SUPPLY


def rule(*rows: tuple[float, ...], up_to: tuple[float, ...] = (10.0,)) -> Routes:
    """Routes over first, second, third, extra, mail."""
    return Routes(np.array(up_to), np.array(rows), overflow="late")


def test_what_a_pool_cannot_carry_goes_where_there_is_room() -> None:
    """Of 16 in the first pool it still carries 8; second has room for 6, third for 2: they take 6 and 2."""
    routes = {"web": rule((16 / 24, 2 / 24, 6 / 24, 0.0, 0.0), up_to=(24.0,))}
    found = around_losses(routes, SUPPLY, {"first"}, {"first": 1, "second": 1, "third": 1})["web"]
    assert_allclose(found.weights, [[8 / 24, 8 / 24, 8 / 24, 0.0, 0.0]])
    assert found.overflow == "late"


def test_what_finds_no_room_stays() -> None:
    """A pool without machines gets 10, others have room for 4."""
    routes = {"web": rule((10 / 24, 14 / 24, 0.0, 0.0, 0.0), up_to=(24.0,))}
    found = around_losses(routes, SUPPLY, {"first"}, {"second": 1, "third": 0, EXTRA: 1})["web"]
    assert_allclose(found.weights, [[2 / 24, 14 / 24, 0.0, 8 / 24, 0.0]])
    alone = around_losses(routes, SUPPLY, {"first"}, {})["web"]
    assert_allclose(alone.weights, routes["web"].weights)


def test_every_level_has_room_of_its_own() -> None:
    """At 4 requests/s the machine left is enough; at 16 half of them go to the standby machine."""
    routes = {"web": rule((1.0, 0, 0, 0, 0), (1.0, 0, 0, 0, 0), up_to=(4.0, 16.0))}
    found = around_losses(routes, SUPPLY, {"first"}, {"first": 1, EXTRA: 1})["web"]
    assert_allclose(found.weights, [[1.0, 0, 0, 0, 0], [0.5, 0, 0, 0.5, 0]])


def test_classes_go_only_where_they_may_be_served_and_share_the_room() -> None:
    """Mail may go nowhere else; the web's 8 of the first pool find the room that its own 4 in the second leave."""
    routes = {
        "web": rule((8 / 12, 4 / 12, 0.0, 0.0, 0.0), up_to=(12.0,)),
        "mail": rule((0.0, 0.0, 0.0, 0.0, 1.0), up_to=(8.0,)),
    }
    found = around_losses(routes, SUPPLY, {"first", "mail"}, {"second": 1})
    assert_allclose(found["mail"].weights, routes["mail"].weights)
    assert_allclose(found["web"].weights, [[4 / 12, 8 / 12, 0.0, 0.0, 0.0]])


def test_a_pool_that_lost_nothing_keeps_what_it_was_given() -> None:
    """The second pool is overloaded by decision, and so it stays; routes at any rate stay as well."""
    routes = {
        "web": rule((0.0, 1.0, 0.0, 0.0, 0.0), up_to=(20.0,)),
        "mail": rule((0.0, 0.0, 0.0, 0.0, 1.0), up_to=(np.inf,)),
    }
    found = around_losses(routes, SUPPLY, {"first", "mail"}, {"second": 1, "third": 4})
    assert_allclose(found["web"].weights, routes["web"].weights)
    assert found["mail"] is routes["mail"]


def test_weights_keep_their_sum() -> None:
    """Whatever is lost, nobody's requests get lost: random loads, machines and losses."""
    rng = np.random.default_rng(1)
    for _ in range(100):
        up_to = tuple(np.sort(rng.uniform(1, 40, 3)))
        rows = rng.dirichlet(np.ones(4), 3)
        routes = {"web": rule(*(tuple(row) for row in np.column_stack([rows, np.zeros(3)])), up_to=up_to)}
        pools = ["first", "second", "third", EXTRA]
        at_work = {name: int(rng.integers(0, 4)) for name in pools}
        found = around_losses(routes, SUPPLY, set(rng.choice(pools, 2)), at_work)["web"].weights
        assert_allclose(found.sum(axis=1), 1.0)
        assert np.all(found >= 0)


def test_many_machines_carry_more_each_than_one() -> None:
    """One is rated at 8 of the 10 that calls of 0.1 s allow: of four, one in ten seconds is spare instead of one in five."""
    pool = SUPPLY.pools[0]
    assert_allclose([carried_rps(pool, n) for n in (0, 1, 4, 100)], [0, 8, 36, 980])
