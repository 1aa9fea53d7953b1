"""LP and MPS files are the same bytes for the same program, and other software reads the program back from them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import highspy
import numpy as np
import pytest
from scipy.sparse import csr_array

from solvers.backends import solve, write_lp, write_mps
from solvers.backends.lp_file import LINE_WIDTH, fit_names
from tests.solvers.backend_cases import CASES, CURVED_CASES, INF, Case, program_of, random_cone_program

if TYPE_CHECKING:
    from pathlib import Path

    from solvers.backends import LinearProgram

pytestmark = pytest.mark.portable

WRITERS = {"lp": write_lp, "mps": write_mps}
EXPECTED = """\\ 5 columns (3 integer), 5 rows
Minimize
 cost: + 0.1 instances_0_0 - 2.5 carried + 10
Subject To
 serve_demand_0: + 1 instances_0_0 + 1 carried = 4
 range_low: - 1 carried + 0.333333333333333 free_ >= -2
 range_high: - 1 carried + 0.333333333333333 free_ <= 3
 empty: + 0 instances_0_0 <= 7
 n_3rd: + 1 pick >= 1e-07
Bounds
 carried <= 8
 free_ free
 fixed = 3
General
 instances_0_0
 fixed
Binary
 pick
End
"""


def sample() -> LinearProgram:
    """One of each: equation, range, empty row, row without limits, every kind of bound and column."""
    rows = [[1, 1, 0, 0, 0], [0, -1, 0.333333333333333, 0, 0], [0] * 5, [0, 0, 0, 0, 1], [1, 0, 0, 0, 1]]
    program = program_of(
        cost=[0.1, -2.5, 0, 0, 0],
        rows=rows,
        row_lower=[4, -2, -INF, 1e-7, -INF],
        row_upper=[4, 3, 7, INF, INF],
        lower=[0, 0, -INF, 3, 0],
        upper=[INF, 8, INF, 3, 1],
        integer=[1, 0, 0, 1, 1],
        offset=10.0,
    )
    return replace(
        program,
        column_names=("instances[0,0]", "carried", "free_", "fixed", "pick"),
        row_names=("serve_demand[0]", "range", "empty", "3rd", "no_limit"),
    )


def test_the_text_is_readable_and_complete(tmp_path: Path) -> None:
    """Order kept, ranges split, defaults left out, names made to fit."""
    write_lp(sample(), tmp_path / "sample.lp")
    assert (tmp_path / "sample.lp").read_text(encoding="utf-8") == EXPECTED


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("name", [case.name for case in CASES if len(case.program.cost)])
def test_another_reader_finds_the_same_optimum(name: str, kind: str, tmp_path: Path) -> None:
    """HiGHS reads the file and ends where our arrays end."""
    program = next(case.program for case in CASES if case.name == name)
    path = tmp_path / f"case.{kind}"
    WRITERS[kind](program, path)
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    read = model.readModel(str(path))
    answer = solve(program, gap=0.0, cost_scale=1.0)
    if program.contradiction() is not None:
        return
    assert read == highspy.HighsStatus.kOk
    model.setOptionValue("threads", 1)
    model.setOptionValue("mip_abs_gap", 0.0)
    model.run()
    ended = model.modelStatusToString(model.getModelStatus()).lower()
    if answer.objective is None:
        assert ended in ("infeasible", "unbounded", "primal infeasible or unbounded")
    else:
        assert model.getInfo().objective_function_value == pytest.approx(answer.objective, abs=1e-12)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("case", CURVED_CASES, ids=lambda case: case.name)
def test_another_reader_finds_the_same_curved_optimum(case: Case, kind: str, tmp_path: Path) -> None:
    """SCIP reads quadratic limits and objectives, and ends where the hand did."""
    if case.objective is None or case.name in (
        "disc",
        "parabola",
    ):  # free columns: SCIP's proof takes its time
        return
    scip = pytest.importorskip("pyscipopt")
    path = tmp_path / f"case.{kind}"
    WRITERS[kind](case.program, path)
    model = scip.Model()
    model.hideOutput()
    model.readProblem(str(path))
    model.optimize()
    assert model.getStatus() == "optimal"
    assert model.getObjVal() == pytest.approx(case.objective, rel=1e-5)


def test_glpk_reads_the_mps_file(tmp_path: Path) -> None:
    """A third reader: glpsol ends at the optimum of the knapsack, its constant included."""
    if shutil.which("glpsol") is None:
        pytest.skip("GLPK is not installed here")
    knapsack = next(case.program for case in CASES if case.name == "knapsack")
    write_mps(replace(knapsack, offset=5.0), tmp_path / "knapsack.mps")
    command = ["glpsol", "--freemps", "knapsack.mps", "-o", "solution.txt"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert "cost = -85 (MINimum)" in (tmp_path / "solution.txt").read_text(encoding="utf-8")


def test_the_mps_text_is_complete(tmp_path: Path) -> None:
    """Integer columns between markers, every bound written out, the constant as a column held at 1."""
    write_mps(sample(), tmp_path / "sample.mps")
    lines = (tmp_path / "sample.mps").read_text(encoding="utf-8").splitlines()
    assert lines[:4] == ["NAME program", "ROWS", " N cost", " E serve_demand_0"]
    assert " constant cost 10" in lines
    assert lines.count(" MARKER 'MARKER' 'INTORG'") == 2
    bounds = lines[lines.index("BOUNDS") + 1 : lines.index("ENDATA")]
    assert bounds == [
        " LO BND instances_0_0 0",
        " PL BND instances_0_0",
        " LO BND carried 0",
        " UP BND carried 8",
        " FR BND free_",
        " FX BND fixed 3",
        " LO BND pick 0",
        " UP BND pick 1",
        " FX BND constant 1",
    ]


@pytest.mark.parametrize("kind", WRITERS)
def test_every_number_reads_back_exactly(kind: str, tmp_path: Path) -> None:
    """Coefficients, limits and bounds come back to the last digit, through lines that were wrapped."""
    rng = np.random.default_rng(5)
    matrix = np.where(
        rng.random((6, 40)) < 0.5, rng.uniform(1, 9, (6, 40)) * 10.0 ** rng.integers(-8, 8, (6, 40)), 0
    )
    program = program_of(
        rng.normal(size=40).tolist(),
        matrix.tolist(),
        [-INF] * 6,
        rng.normal(size=6).tolist(),
        [0] * 40,
        [3.7] * 40,
    )
    path = tmp_path / f"random.{kind}"
    WRITERS[kind](program, path)
    assert max(len(line) for line in path.read_text(encoding="utf-8").splitlines()) <= LINE_WIDTH
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.readModel(str(path))
    lp = model.getLp()
    order = [int(name[1:]) for name in lp.col_names_]
    read = csr_array(
        (np.array(lp.a_matrix_.value_), np.array(lp.a_matrix_.index_), np.array(lp.a_matrix_.start_)),
        shape=(40, 6),
    )
    assert np.array_equal(read.toarray().T, matrix[:, order])
    assert np.array_equal(lp.col_cost_, program.cost[order])
    assert np.array_equal(lp.row_upper_, program.row_upper)
    assert set(lp.col_upper_) == {3.7}


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_program_gives_the_same_bytes(kind: str, tmp_path: Path) -> None:
    """Nothing of the moment is written: no date, no path, no order of a set."""
    for name in ("first", "second"):
        WRITERS[kind](random_cone_program(2), tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_names_are_made_to_fit_and_stay_apart() -> None:
    """What sanitising makes equal is numbered; keywords and what begins like a number get a prefix."""
    given = ["a[t]", "a_t_", "a(t)", "free", "End", "e12", "E", "2x", "", "A[T]", "x" * 300, "x" * 300]
    fitted = fit_names(given)
    assert fitted[:9] == ["a_t", "a_t_", "a_t_2", "n_free", "n_End", "n_e12", "n_E", "n_2x", "n_"]
    assert fitted[9] == "A_T_3"
    assert len({name.lower() for name in fitted}) == len(given)
    assert max(map(len, fitted)) < 255
