"""MArk, in the paper's form and as its code runs, against fleets worked out on paper."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.demand import Demand
from planner.errors import InputError
from planner.replay.policies.mark import HEAD_STEPS, LAUNCH_S, Mark, flows_over, hour_of, mark, mark_spot
from planner.replay.policies.mark_code import (
    KEPT,
    RISE,
    MarkCode,
    Service,
    composition,
    largest_rps,
    mark_code_spot,
)
from planner.replay.policies.offers import Offer, offers_of
from tests.planner.replay.policies.rolling_case import Case, case, played, seen_at

if TYPE_CHECKING:
    from planner.options import OptionTable
    from planner.replay.decisions import Array, Decision, Observation

FUNCTION = "lambda/good/2048"


class Told:
    """A load that is known step by step."""

    def __init__(self, one: Case, rates_rps: Array) -> None:
        self.classes = tuple(own.name for own in one.supply.classes)
        self.rates_rps = rates_rps

    def demand(self, seen: Observation, start_s: float, windows: int) -> Demand:
        """Steps of a minute."""
        first = round(start_s / 60.0)
        steps = np.minimum(np.arange(first, first + windows), len(self.rates_rps) - 1)
        rates = np.repeat(self.rates_rps[steps][None], len(self.classes), axis=0)
        return Demand(
            self.classes,
            rates[:, :, None],
            rates,
            np.array([0.95]),
            np.ones(1),
            np.full(windows, 1 / 60),
            np.ones(len(self.classes)),
        )


@pytest.fixture(scope="module")
def small() -> Case:
    return case()


def rented(one: Case, market: str) -> OptionTable:
    """The options with the machines of one market."""
    return replace(one.options, machines=tuple(own for own in one.options.machines if own.market == market))


def told(one: Case, rates_rps: Array, market: str = "on-demand") -> Mark:
    """The paper's scheme, told the load."""
    policy = mark(one.context, "mark", market)
    policy.expected = Told(one, rates_rps)
    return policy


def carried(one: Case, decision: Decision) -> float:
    """Requests/s that the wanted machines carry, each alone."""
    rated = {pool.name: pool.rated_rps for pool in one.supply.pools}
    return sum(count * rated[pool] for (pool, _), count in decision.machines.items())


def test_what_waits_does_so_in_order_of_arrival(small: Case) -> None:
    decision = told(small, np.full(60, 3.0)).decide(seen_at(0.0, small.realised()))
    assert not any(one.late_yields or one.by_deadline for one in decision.routes.values())


def test_the_head_is_the_largest_of_six_minutes(small: Case) -> None:
    """The minutes after it stand for themselves; a launch costs 180 s of the price."""
    load = Told(small, np.array([1.0, 5.0, 3.0, 2.0, 2.0, 2.0, 7.0, 8.0]))
    hour = hour_of(
        small.scenario, load.demand(seen_at(0.0, small.realised()), 0.0, 60), rented(small, "on-demand")
    )
    np.testing.assert_array_equal(hour.demand_rps[0, :3, 0], [5.0, 7.0, 8.0])
    np.testing.assert_allclose(hour.window_h[:2], [HEAD_STEPS / 60, 1 / 60])
    np.testing.assert_allclose(hour.start_usd, hour.price_usd_per_h[:, 0] * LAUNCH_S / 3600)
    assert hour.window_h.sum() == pytest.approx(1.0)


def test_a_step_up_is_launched_for_five_minutes_before_it(small: Case) -> None:
    rates = np.full(90, 20.0)
    rates[30:] = 200.0
    made = dict(played(told(small, rates), small.realised(), 3_600.0))
    assert carried(small, made[24 * 60.0]) < 100.0
    assert carried(small, made[25 * 60.0]) >= 200.0


def test_machines_idle_in_the_next_five_minutes_go(small: Case) -> None:
    rates = np.full(90, 200.0)
    rates[30:] = 20.0
    made = dict(played(told(small, rates), small.realised(), 3_600.0))
    assert carried(small, made[29 * 60.0]) >= 200.0
    assert carried(small, made[30 * 60.0]) < 100.0


def test_the_least_cost_per_request_is_rented(small: Case) -> None:
    """At a steady load every machine is of the kind that carries most for its price and launch."""
    made = played(told(small, np.full(90, 500.0)), small.realised(), 60.0)
    price = {rental.id: rental.price_usd_per_h for rental in small.supply.rentals}
    rated = {pool.name: pool.rated_rps for pool in small.supply.pools}
    best = min(
        price[offer.place[1]] / offer.rated_rps for offer in offers_of(small.supply, "on-demand")["web"]
    )
    counts = made[0][1].machines
    (pool, rental) = max(counts, key=lambda place: counts[place])
    assert price[rental] / rated[pool] == pytest.approx(best)
    assert counts[pool, rental] >= sum(counts.values()) - 1


@pytest.mark.parametrize("market", ["on-demand", "spot"])
def test_only_one_market_is_rented_from(small: Case, market: str) -> None:
    made = played(told(small, np.full(90, 60.0), market), small.realised(), 60.0)
    assert made[0][1].machines
    assert {rental.partition("/")[2] for _, rental in made[0][1].machines} == {market}


def test_all_requests_are_routed_and_the_late_ones_called(small: Case) -> None:
    for _, decision in played(told(small, np.full(90, 60.0)), small.realised(), 120.0):
        np.testing.assert_allclose(decision.routes["web"].weights.sum(axis=1), 1.0)
        assert decision.routes["web"].overflow == FUNCTION


def test_requests_go_to_machines_at_work_and_not_to_those_that_boot(small: Case) -> None:
    """Two groups are wanted, one is at work: it takes what it carries, and the function the rest; with none, all do."""
    options = rented(small, "on-demand")
    load = Told(small, np.full(90, 400.0))
    hour = hour_of(small.scenario, load.demand(seen_at(0.0, small.realised()), 0.0, 60), options)
    head = hour.taking(windows=np.array([0]))
    groups = [one.group.id for one in options.options]
    other = next(g for g, name in enumerate(groups) if name != groups[0])
    wanted = np.zeros(len(groups), dtype=int)
    wanted[[0, other]] = 2
    at_work = np.where(np.arange(len(groups)) == 0, wanted, 0)
    (carried_rps, called_rps), sizes = flows_over(head, at_work, wanted)
    rows = [head.groups.index(groups[place]) for place in (0, other)]
    assert carried_rps[0, rows[0], 0] > 0
    assert carried_rps[0, rows[1], 0] == 0
    assert carried_rps.sum() + called_rps.sum() == pytest.approx(400.0)
    assert sizes[rows].tolist() == [2, 0]
    (carried_rps, called_rps), sizes = flows_over(head, np.zeros_like(wanted), wanted)
    assert carried_rps[0, rows, 0].min() > 0
    assert carried_rps.sum() + called_rps.sum() == pytest.approx(400.0)
    assert sizes[rows].tolist() == [2, 2]


def test_what_runs_is_what_is_routed_to(small: Case) -> None:
    policy = told(small, np.full(90, 60.0))
    ready = policy.decide(seen_at(-policy.ready_s, small.realised())).machines
    for now_s, at_work in ((0.0, dict.fromkeys(ready, 1)), (60.0, ready)):
        routes = policy.decide(seen_at(now_s, small.realised(), at_work)).routes["web"]
        np.testing.assert_allclose(routes.weights.sum(axis=1), 1.0)
        pools = {place[0] for place in at_work}
        others = [g for g, name in enumerate(small.supply.targets) if name not in {*pools, FUNCTION}]
        assert routes.weights[:, others].sum() == 0


def test_a_composition_on_paper() -> None:
    """Small machines carry 10 req/s for 1 USD/h, large ones 35 for 3; 50 minutes and 180 s of launch are 3,180 s of price.

    Of 80 req/s two large machines take 70, at 0.0757 USD a req/s against 0.0883; for the last 10 a small one is cheaper.
    """
    rated, price = np.array([10.0, 35.0]), np.array([1.0, 3.0])
    none = np.zeros(2, dtype=int)
    np.testing.assert_array_equal(composition(np.full(50, 80.0), rated, price, none), [1, 2])
    np.testing.assert_array_equal(composition(np.zeros(50), rated, price, none), none)


def test_a_machine_that_runs_costs_no_launch() -> None:
    """Over one minute a launch is three quarters of the cost: the machine that runs is taken though it is dearer."""
    rated, price = np.array([10.0, 10.0]), np.array([1.0, 2.0])
    load = np.array([10.0, *([-1.0] * 49)])
    np.testing.assert_array_equal(composition(load, rated, price, np.array([0, 1])), [0, 1])
    np.testing.assert_array_equal(composition(load, rated, price, np.array([0, 0])), [1, 0])


def test_no_machines_compose_nothing() -> None:
    assert len(composition(np.ones(50), np.empty(0), np.empty(0), np.empty(0, dtype=int))) == 0


def test_the_largest_five_seconds_of_the_last_minute() -> None:
    """Bins of a second: the largest five of the last sixty, cut from the end; longer bins stand for themselves."""
    bins = np.zeros(100)
    bins[10], bins[95:100] = 1_000.0, 3.0
    assert largest_rps(bins, 1.0) == 3.0
    assert largest_rps(np.array([600.0, 300.0, 240.0]), 60.0) == 4.0
    assert largest_rps(np.empty(0), 1.0) == 0.0


def code(one: Case, known_rps: float = 0.0) -> MarkCode:
    """One kind of machine that carries 10 req/s."""
    offers = {"web": [Offer((one.supply.pools[0].name, "c5.large/on-demand"), 10.0, 0.1, 180.0)]}
    return MarkCode("mark-code", one.supply, offers, {"web": known_rps}, 180.0)


def test_the_largest_rate_so_far_is_planned_for_ever_after(small: Case) -> None:
    """40 req/s once, times 1.2: five machines of 10, to the end."""
    arrived = np.full((1, 1_800), 5.0)
    arrived[0, 290:300] = 40.0
    policy = code(small)
    counts = [
        sum(policy.decide(seen_at(now_s, arrived, bin_s=1.0)).machines.values())
        for now_s in policy.decision_times_s(1_800.0)
    ]
    assert counts[:6] == [0, 0, 1, 1, 1, 1]
    assert set(counts[6:]) == {int(np.ceil(40.0 * RISE / 10.0))}


def test_the_rate_known_before_the_start_counts(small: Case) -> None:
    first = code(small, known_rps=100.0).decide(seen_at(-180.0, np.zeros((1, 60)), bin_s=1.0))
    assert sum(first.machines.values()) == 12
    assert first.routes["web"].overflow is None
    assert first.routes["web"].weights.sum() == pytest.approx(1.0)


def test_the_code_routes_to_machines_at_work(small: Case) -> None:
    """In proportion to what they carry; before any is at work, to all that come."""
    names = [pool.name for pool in small.supply.pools[:2]]
    offers = [
        Offer((names[0], "c5.large/on-demand"), 10.0, 1.0, 180.0),
        Offer((names[1], "c5.xlarge/on-demand"), 30.0, 2.0, 180.0),
    ]
    service = Service("web", offers, 0.0)
    service.running = np.array([3, 2])
    places = [small.supply.targets.index(name) for name in names]

    def shares(ready: dict[tuple[str, str], int]) -> list[float]:
        return [float(service.routes(small.supply, ready).weights[0, place]) for place in places]

    assert shares({}) == pytest.approx([30 / 90, 60 / 90])
    assert shares({offers[0].place: 3}) == [1.0, 0.0]
    assert shares({offers[0].place: 3, offers[1].place: 1}) == [0.5, 0.5]
    assert shares({offers[0].place: 9, offers[1].place: 1}) == [0.5, 0.5]  # six of them are about to go


def test_a_machine_goes_after_six_compositions_without_it(small: Case) -> None:
    """A cheaper kind that comes later replaces the one that runs, six minutes on."""
    policy = code(small, known_rps=10.0)
    service = policy._services[0]
    service.running = np.array([9])
    sizes = []
    for _ in range(KEPT + 1):
        service.compose(0.0)
        sizes.append(int(service.running[0]))
    assert sizes == [9] * (KEPT - 1) + [2, 2]


def test_offers_are_pools_with_the_machines_of_a_market(small: Case) -> None:
    offers = offers_of(small.supply, "spot")["web"]
    assert {one.place[1] for one in offers} == {"c5.large/spot", "c5.xlarge/spot"}
    assert all(one.rated_rps > 0 for one in offers)


def test_makers_name_their_market_and_see_no_limits(small: Case) -> None:
    """Spot machines alone would break the scenario's share of them, which the paper does not know."""
    assert (mark(small.context).name, mark_spot(small.context).name) == ("mark", "mark-spot")
    decision = mark_code_spot(small.context).decide(seen_at(-180.0, small.realised()))
    assert decision.machines
    assert all(rental.endswith("/spot") for _, rental in decision.machines)


def test_forecast_driven_mark_follows_the_load(small: Case) -> None:
    """The first hour replanned minute by minute from forecasts: what runs carries what came."""
    made = played(mark(small.context), small.realised(), 600.0)
    came_rps = small.realised()[0, :2].max() / 300.0
    assert all(came_rps <= carried(small, decision) <= 3 * came_rps + 40.0 for _, decision in made)


def test_a_class_that_no_machine_may_serve_is_told() -> None:
    with pytest.raises(InputError, match="mark-spot: no spot machine may serve class web"):
        mark_spot(case(resources={"markets": ["on-demand"]}).context)
