"""The exact M/D/c tail and capacity, against other exact methods and against event simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import poisson

from planner.queueing import PoolService, capacity_rps, deadline_meet_rate
from planner.queueing.decay import decay_rate, utilisation
from planner.queueing.mdc import capacity_decay, tail_probability
from planner.queueing.offset_table import FILE, load_table, offset, settled_offset
from tests.benchmarks.mdc_offset_table import BUDGETS, PERCENTILES, SERVERS, exact_excess
from tests.checker.simulation import latencies, poisson_points, share_in_time


def md1_tail(rho: float, budget: float) -> float:
    """P(W > d) of M/D/1 in closed form (Erlang 1909): an alternating sum, good to 1e-12 for short budgets."""
    terms = [
        (rho * (k - budget)) ** k / math.factorial(k) * math.exp(-rho * (k - budget))
        for k in range(math.floor(budget) + 1)
    ]
    return 1.0 - (1.0 - rho) * math.fsum(terms)


def chain_tail(servers: int, erlangs: float, budget: float, states: int = 260) -> float:
    """P(W > d) of M/D/c from the number waiting as a truncated Markov chain, by plain linear algebra."""
    index = np.arange(states)
    jump = poisson.pmf(index[None, :] + servers - index[:, None], erlangs)
    jump[:, 0] = poisson.cdf(servers - index, erlangs)
    jump[:, -1] += 1.0 - jump.sum(axis=1)
    system = jump.T - np.eye(states)
    system[-1] = 1.0  # one balance equation follows from the others: the sum takes its place
    stationary = np.linalg.solve(system, np.append(np.zeros(states - 1), 1.0))
    whole = math.floor(budget) + 1
    late = poisson.sf(whole * servers - 1 - index, erlangs * (whole - budget))
    return float(stationary @ late)


@pytest.mark.parametrize("rho", [0.05, 0.4, 0.8, 0.95])
@pytest.mark.parametrize("budget", [0.0, 0.3, 1.0, 2.5, 4.0])
def test_one_server_matches_the_closed_form(rho: float, budget: float) -> None:
    expected = md1_tail(rho, budget)
    found = tail_probability(1, float(decay_rate(rho)), budget)
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize(("servers", "rho"), [(2, 0.5), (5, 0.7), (20, 0.9)])
@pytest.mark.parametrize("budget", [0.0, 0.4, 1.0, 1.7])
def test_pools_match_the_markov_chain(servers: int, rho: float, budget: float) -> None:
    found = tail_probability(servers, float(decay_rate(rho)), budget)
    assert found == pytest.approx(chain_tail(servers, servers * rho, budget), rel=1e-7)


def test_budgets_a_rounding_error_below_a_whole_number_count_as_it() -> None:
    assert tail_probability(4, 0.5, 2.0 - 1e-14) == pytest.approx(tail_probability(4, 0.5, 2.0), rel=1e-12)


def test_decay_rate_inverts_utilisation_over_the_whole_range() -> None:
    rho = np.array([1e-6, 0.01, 0.3, 0.9, 0.9985, 1 - 1e-6, 1.0, 1 + 1e-6, 1.0015, 1.4, 6.0])
    assert utilisation(decay_rate(rho)) == pytest.approx(rho, rel=1e-13)
    assert (np.sign(decay_rate(rho)) == np.sign(1.0 - rho)).all()


def test_capacity_is_the_exact_one_and_never_above_it() -> None:
    """At the capacity the late share is at most 1 - p; a millionth of rate above it, it is more."""
    rng = np.random.default_rng(20260101)
    for _ in range(150):
        servers = int(np.exp(rng.uniform(0.0, np.log(400))))
        budget, miss = rng.uniform(0.0, 6.0), float(np.exp(rng.uniform(np.log(1e-4), np.log(0.3))))
        service = PoolService(0.08, 0.08)
        rate = float(capacity_rps(service, [servers], 0.08 * (1.0 + budget), 1.0 - miss)[0])
        tails = [
            tail_probability(
                servers, float(decay_rate(rate * 0.08 / servers * scale)), service.budget(0.08 * (1 + budget))
            )
            for scale in (1.0, 1.0 + 1e-6)
        ]
        assert tails[0] <= miss * (1 + 1e-10) < tails[1], (servers, budget, miss)


@pytest.mark.parametrize("servers", [1, 3, 17, 200])
@pytest.mark.parametrize("start", [0.3, 1.0, 3.0])
def test_capacity_does_not_depend_on_its_start(servers: int, start: float) -> None:
    log_miss, budget = -math.log(0.02), 1.3
    guess = log_miss / (servers * budget + float(settled_offset(servers)))
    assert capacity_decay(servers, budget, log_miss, start * guess) == pytest.approx(
        capacity_decay(servers, budget, log_miss, guess), rel=2e-8
    )


@pytest.mark.parametrize(("servers", "deadline"), [(1, 3.0), (2, 2.0), (6, 1.5), (25, 2.2)])
@pytest.mark.parametrize("percentile", [0.9, 0.98])
def test_capacity_holds_in_simulation(servers: int, deadline: float, percentile: float) -> None:
    """Simulated share in time at the capacity: the percentile, within four standard errors (seeded, ten batches)."""
    rate = float(capacity_rps(PoolService(1.0, 1.0), [servers], deadline, percentile)[0])
    arrivals = poisson_points(np.random.default_rng(11), 800_000) / rate
    in_time = latencies(arrivals, servers, np.ones(1)) <= deadline
    batches = in_time[40_000:].reshape(20, -1).mean(axis=1)
    assert abs(batches.mean() - percentile) < 4.0 * batches.std(ddof=1) / math.sqrt(20)
    assert share_in_time(latencies(arrivals, servers, np.ones(1)), deadline) == pytest.approx(
        in_time[40_000:].mean()
    )


def test_meet_rate_is_exact_for_exact_pools() -> None:
    service = PoolService(0.05, 0.05, replicas=2)
    rates = np.array([1.0, 20.0, 35.0])
    expected = [1.0 - chain_tail(2, rate * 0.05, 1.2) for rate in rates]
    assert deadline_meet_rate(service, 1, rates, 0.11) == pytest.approx(expected, abs=1e-9)


def test_meet_rate_at_the_edges() -> None:
    service = PoolService(0.1, 0.1)
    assert deadline_meet_rate(service, [0, 3, 3, 3], [5.0, 0.0, 30.0, 45.0], 0.3).tolist() == [
        0.0,
        1.0,
        0.0,
        0.0,
    ]
    assert deadline_meet_rate(service, 4, 10.0, 0.09) == 0.0


def test_closed_form_offset_is_within_half_a_percent_of_the_exact_capacity() -> None:
    """Held-out cells, none of them a node: median 0.000 %, worst 0.5 % (tests.benchmarks.queueing_errors)."""
    rng = np.random.default_rng(5)
    errors = []
    for _ in range(200):
        servers = int(np.exp(rng.uniform(0.0, np.log(300))))
        budget, percentile = rng.uniform(0.05, 5.0), float(rng.choice([0.85, 0.92, 0.97, 0.985, 0.993]))
        log_miss = -math.log1p(-percentile)
        theta = log_miss / (servers * budget + float(offset(servers, budget, log_miss)))
        exact = utilisation(capacity_decay(servers, budget, log_miss, theta))
        errors.append(float(utilisation(theta) / exact - 1.0))
    assert abs(np.median(errors)) < 1e-4
    assert max(map(abs, errors)) < 0.005


@pytest.mark.parametrize("cell", [(0, 0, 9), (2, 23, 9), (11, 7, 5), (25, 3, 17), (29, 54, 0)])
def test_stored_offsets_are_what_the_command_makes(cell: tuple[int, int, int]) -> None:
    c, d, p = cell
    made = exact_excess(SERVERS[c], BUDGETS[d], PERCENTILES[p])
    assert load_table().excess[cell] == pytest.approx(made, abs=1e-5)


def test_stored_table_has_the_nodes_of_the_command_and_cannot_be_written_to() -> None:
    table = load_table()
    assert table.excess.shape == (len(SERVERS), len(BUDGETS), len(PERCENTILES))
    assert table.root_servers == pytest.approx(np.sqrt(SERVERS))
    assert FILE.stat().st_size < 200_000
    with pytest.raises(ValueError, match="read-only"):
        table.excess[0, 0, 0] = 1.0
