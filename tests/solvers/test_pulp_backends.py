"""Solvers behind PuLP and beside it: their words read, their crashes told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from solvers.backends import Status, cbc, glpk, installed_backends, settle_trivial, solve
from solvers.backends.pulp_solvers import others, run_other
from solvers.backends.status import Report, Settings
from tests.solvers.backend_cases import CASES, Case, hard_knapsack
from tests.solvers.checked_reports import checked

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.portable


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_solver_known_to_pulp_only_is_read_in_its_words(case: Case) -> None:
    """Without limits PuLP's word is enough; HiGHS stands for the solvers that no module of ours knows."""
    if settle_trivial(case.program) is not None:
        return
    answer = checked(case.program, run_other("HiGHS", case.program.scaled(1e6), Settings(gap=0.0)), gap=0.0)
    if case.objective is None:
        assert answer.status is not Status.OPTIMAL
        assert answer.values is None
    else:
        assert answer.status is Status.OPTIMAL
        assert answer.objective == pytest.approx(case.objective, rel=1e-6)


def test_under_a_limit_pulps_word_is_no_proof() -> None:
    """PuLP passes a time limit on but not whether it struck: what it calls optimal counts as feasible."""
    answer = run_other("HiGHS", hard_knapsack(), Settings(gap=0.05, time_limit_s=60.0))
    assert answer.status is Status.FEASIBLE


def test_other_solvers_of_pulp_are_listed_and_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What PuLP finds is offered under a name of ours, without a bound, and can be called by it."""
    monkeypatch.setattr("pulp.listSolvers", lambda onlyAvailable: ["HiGHS", "SCIP_CMD"])
    assert others() == {"pulp-scip-cmd": "SCIP_CMD"}
    listed = next(info for info in installed_backends() if info.name == "pulp-scip-cmd")
    assert (listed.gives_bound, listed.limits_nodes) == (False, False)
    called = []
    monkeypatch.setattr(
        "solvers.backends.pulp_solvers.run_other",
        lambda name, *_: called.append(name) or Report(Status.LIMIT),
    )
    assert solve(CASES[0].program, solver="pulp-scip-cmd").status is Status.LIMIT
    assert called == ["SCIP_CMD"]


@pytest.mark.parametrize(
    ("words", "whole", "status", "bound"),
    [
        ("OPTIMAL LP SOLUTION FOUND\n", False, Status.OPTIMAL, None),
        ("TIME LIMIT EXCEEDED; SEARCH TERMINATED\n", False, Status.LIMIT, None),
        ("PROBLEM HAS NO DUAL FEASIBLE SOLUTION\n", False, Status.INFEASIBLE_OR_UNBOUNDED, None),
        ("LP HAS UNBOUNDED PRIMAL SOLUTION\n", False, Status.UNBOUNDED, None),
        ("LP HAS UNBOUNDED PRIMAL SOLUTION\n", True, Status.INFEASIBLE_OR_UNBOUNDED, None),
        (
            "OPTIMAL LP SOLUTION FOUND\n+ 28: mip =     not found yet >=              -inf        (1; 0)\n"
            "+ 39: mip =     not found yet >=   1.560000000e+02        (12; 2)\nTIME LIMIT EXCEEDED; SEARCH TERMINATED\n",
            True,
            Status.LIMIT,
            156.5,
        ),
        (
            "OPTIMAL LP SOLUTION FOUND\n+ 1903: >>>>>  -8.500000000e+02 >=  -8.630000000e+02   1.5% (431; 105)\n"
            "TIME LIMIT EXCEEDED; SEARCH TERMINATED\n",
            True,
            Status.FEASIBLE,
            -862.5,
        ),
        ("glpsol: out of memory\n", True, Status.FAILED, None),
    ],
)
def test_the_words_of_glpsol_are_read(words: str, whole: bool, status: Status, bound: float | None) -> None:
    """Its log says how it ended and what it proved, the constant of the objective left out."""
    assert glpk.read_status(words, whole=whole) is status
    assert glpk.read_bound(words, offset=0.5) == bound


def test_a_crash_of_cbc_is_a_status(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A solver that cannot run its command ends as FAILED with its words, not with a foreign exception."""
    if "pulp-cbc" not in {info.name for info in installed_backends()}:
        pytest.skip("CBC is not installed here")
    broken = tmp_path / "cbc"
    broken.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr("solvers.backends.cbc.find", lambda: str(broken))
    answer = solve(CASES[0].program, solver="pulp-cbc")
    assert answer.status is Status.FAILED
    assert answer.message.startswith("CBC: ")


def test_the_bound_in_the_log_of_cbc_is_rounded_down() -> None:
    """The log rounds to a few decimals; half a unit of the last is taken off, so that the bound stays one."""
    assert cbc.read_bound("Lower bound:                    34.727\n", offset=0.5) == pytest.approx(35.2265)
    assert cbc.read_bound("Enumerated nodes: 3\n", offset=0.5) is None
