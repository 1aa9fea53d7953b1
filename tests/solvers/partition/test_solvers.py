"""The three solvers agree: on paper, on chains with every limit, on random ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from solvers.backends import bilinear
from solvers.errors import BackendError, ProblemError
from solvers.partition import (
    SOLVERS,
    InfeasiblePartitionError,
    columns_of,
    solve_partition,
)
from solvers.partition.column_solver import solve_columns
from solvers.partition.goal import Goal
from solvers.partition.prices import ColumnPrices
from solvers.partition.relaxation import Relaxation
from tests.solvers.partition.enumeration import partitions_of
from tests.solvers.partition.hand_chains import limited_chain, paper_chain
from tests.solvers.partition.random_chains import random_chain

if TYPE_CHECKING:
    from solvers.backends.status import Report, Settings
    from solvers.partition import PartitionProblem

AGREEMENT = 2e-6  # relative: twice the gap asked for


@pytest.mark.parametrize("solver", SOLVERS)
def test_least_price_within_a_deadline_on_paper(solver: str) -> None:
    """110 ms leave large then small through the store: 108 ms for 212 micro-dollars."""
    answer = solve_partition(paper_chain(), deadline_ms=110, solver=solver)
    assert answer.usd == pytest.approx(212e-6)
    assert answer.latency_ms == pytest.approx(108)
    assert [(one.begin, one.end, one.memory, one.hop_in, one.hop_out) for one in answer.segments] == [
        (0, 1, 1, 0, 1),
        (1, 2, 0, 1, 0),
    ]
    assert [one.billed_ms for one in answer.segments] == [40, 80]
    assert (answer.status, answer.solver) == ("optimal", solver)
    assert answer.bound == pytest.approx(212e-6, rel=AGREEMENT)


@pytest.mark.parametrize("solver", SOLVERS)
def test_least_latency_within_a_budget_on_paper(solver: str) -> None:
    """220 micro-dollars leave small then large through the store: 98 ms for 217."""
    answer = solve_partition(paper_chain(), budget_usd=220e-6, minimise="latency", solver=solver)
    assert (answer.usd, answer.latency_ms) == pytest.approx((217e-6, 98))
    assert [one.memory for one in answer.segments] == [0, 1]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("deadline_ms", [130.0, 150.0, 200.0])
def test_every_limit_at_once(solver: str, deadline_ms: float) -> None:
    """Cold calls, temporary disk, timeout, a mode that cannot carry a tensor, a limit on functions: as enumeration has it."""
    problem = limited_chain()
    allowed = [one.usd for one in partitions_of(problem) if one.latency_ms <= deadline_ms]
    answer = solve_partition(problem, deadline_ms=deadline_ms, solver=solver)
    assert answer.usd == pytest.approx(min(allowed), rel=AGREEMENT)
    assert answer.latency_ms <= deadline_ms


def questions(problem: PartitionProblem, between: float) -> list[dict[str, Any]]:
    """A deadline and a budget between those of the fastest and of the cheapest partition."""
    fastest, cheapest = solve_partition(problem, minimise="latency"), solve_partition(problem)
    return [
        {"deadline_ms": fastest.latency_ms + between * (cheapest.latency_ms - fastest.latency_ms)},
        {"budget_usd": cheapest.usd + between * (fastest.usd - cheapest.usd), "minimise": "latency"},
    ]


@pytest.mark.parametrize("seed", range(12))
def test_labels_and_the_linear_program_agree(seed: int) -> None:
    """Random chains of up to 25 blocks and 12 memory sizes, forks and limits on functions among them."""
    rng = np.random.default_rng(seed)
    problem = random_chain(
        rng,
        int(rng.integers(5, 26)),
        int(rng.integers(2, 13)),
        max_functions=int(rng.integers(2, 5)) if seed % 3 == 0 else None,
        forks=seed % 2 * 4,
        odd_tariff=seed % 4 == 0,
        hard_limits=seed % 5 > 0,
    )
    try:
        asked = questions(problem, float(rng.random()))
    except InfeasiblePartitionError:
        with pytest.raises(InfeasiblePartitionError):
            solve_partition(problem, solver="pulp")
        return
    for question in asked:
        answers = [solve_partition(problem, solver=solver, **question) for solver in ("labels", "pulp")]
        assert answers[1].objective == pytest.approx(answers[0].objective, rel=AGREEMENT)
        assert all(answer.status == "optimal" for answer in answers)


@pytest.mark.parametrize("seed", range(6))
def test_the_quadratic_program_agrees(seed: int) -> None:
    """Random chains of up to 6 blocks and 4 memory sizes."""
    rng = np.random.default_rng(1000 + seed)
    problem = random_chain(
        rng, int(rng.integers(2, 7)), int(rng.integers(1, 5)), odd_tariff=seed % 2 == 0, hard_limits=False
    )
    for question in questions(problem, float(rng.random())):
        answers = [solve_partition(problem, solver=solver, **question) for solver in ("labels", "scip")]
        assert answers[1].objective == pytest.approx(answers[0].objective, rel=AGREEMENT)


@pytest.mark.parametrize("backend", ["pulp-highs", "pulp-cbc"])
def test_all_columns_have_the_optimum_of_those_left(backend: str) -> None:
    """The linear program of every column has the optimum of the labels, so fixing lost nothing."""
    problem = random_chain(np.random.default_rng(4), 12, 5, hard_limits=False)
    (question, _) = questions(problem, 0.4)
    relaxation = Relaxation(ColumnPrices(problem), Goal("cost", question["deadline_ms"], np.inf))
    path, answer = solve_columns(
        relaxation, columns_of(problem), backend=backend, gap=1e-6, time_limit_s=None
    )
    assert path is not None
    assert float(path.usd.sum()) == pytest.approx(solve_partition(problem, **question).usd, rel=AGREEMENT)
    assert answer.status.value == "optimal"


def test_a_limit_of_time_stops_the_quadratic_program_with_a_bound() -> None:
    """Beyond what SCIP finishes, the answer says so: status limit, what it has, and a bound below the optimum."""
    problem = random_chain(np.random.default_rng(3), 40, 12)
    (question, _) = questions(problem, 0.5)
    optimum = solve_partition(problem, **question)
    answer = solve_partition(problem, solver="scip", time_limit_s=0.3, **question)
    assert answer.status == "limit"
    assert answer.bound <= optimum.usd * (1 + 1e-9)
    assert answer.usd >= optimum.usd * (1 - 1e-9)
    assert answer.gap > 0


def test_labels_stopped_by_time_keep_the_path_of_the_relaxation() -> None:
    """No time for labels: the best path known, its bound below the optimum, status limit."""
    problem = random_chain(np.random.default_rng(2), 30, 8)
    for question in questions(problem, 0.5):
        proved = solve_partition(problem, gap=0.0, **question)
        stopped = solve_partition(problem, gap=0.0, time_limit_s=1e-9, **question)
        assert stopped.bound <= proved.objective * (1 + 1e-12)
        assert stopped.objective >= proved.objective * (1 - 1e-12)
        assert stopped.status == "limit"


def test_questions_that_are_none_are_refused() -> None:
    """Every part of a question is checked before anything is solved."""
    with pytest.raises(
        ProblemError, match=r"minimise is 'price'[^$]*deadline_ms is 0[^$]*gap is 2[^$]*time_limit_s is -1"
    ):
        solve_partition(paper_chain(), minimise="price", deadline_ms=0, gap=2, time_limit_s=-1)
    with pytest.raises(
        BackendError, match=r"'label' is unknown; use one of labels, pulp, scip. Did you mean 'labels'"
    ):
        solve_partition(paper_chain(), solver="label")


def test_the_quadratic_program_refuses_forks() -> None:
    """It has no decision for them, and says so instead of leaving them out."""
    problem = random_chain(np.random.default_rng(0), 4, 3, forks=3, hard_limits=False)
    with pytest.raises(ProblemError, match="knows no forks"):
        solve_partition(problem, solver="scip")


def test_the_bound_of_the_quadratic_program_counts_loading() -> None:
    """Loading every block is a constant of the latency: a bound without it would prove nothing."""
    problem = replace(limited_chain(), hop_ms=0.0)
    answer = solve_partition(problem, budget_usd=1.0, minimise="latency", solver="scip")
    assert answer.bound == pytest.approx(answer.latency_ms, rel=AGREEMENT)


def test_no_partition_beyond_a_limit_is_handed_out() -> None:
    """Stopped with nothing within both limits in hand, the labels hand out nothing; with time they find what there is."""
    problem = random_chain(np.random.default_rng(24), 30, 8, hard_limits=False, odd_tariff=True)
    (question, _) = questions(problem, 0.5)
    best_known = solve_partition(problem, gap=0.0, time_limit_s=1e-9, **question)
    optimum = solve_partition(problem, gap=0.0, **question)
    assert optimum.usd < best_known.usd
    within = {**question, "budget_usd": optimum.usd * (1 + 1e-7)}
    stopped = solve_partition(problem, time_limit_s=1e-9, **within)
    assert (stopped.status, stopped.segments, stopped.usd, stopped.gap) == ("limit", (), np.inf, np.inf)
    assert stopped.bound <= optimum.usd
    assert solve_partition(problem, **within).usd == pytest.approx(optimum.usd)


def test_a_bound_above_a_known_partition_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """SCIP was seen to prove too much on other forms of the program; such a proof is told, not handed on."""
    run = bilinear.run

    def boast(program: bilinear.BilinearProgram, settings: Settings) -> Report:
        report = run(program, settings)
        assert report.bound is not None
        return replace(report, bound=2 * report.bound)

    monkeypatch.setattr(bilinear, "run", boast)
    with pytest.raises(BackendError, match="lies above a partition of"):
        solve_partition(paper_chain(), deadline_ms=110, solver="scip")
