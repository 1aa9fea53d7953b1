"""One window with all options: the planner's whole solve beside a bare call of HiGHS on the same arrays.

    python -m tests.benchmarks.one_window [WINDOWS]

Windows of the scale benchmark (all AWS types x six models x three classes, pruned), each a problem of its own. Whole is
`plan_horizon`: greedy baselines, compilation, bound, plan, its exact check and the diagnostic with fixed capacities. Bare is a new
HiGHS given the arrays that `plan_horizon` compiles, one thread, the same gap, HiGHS's own settings for the rest, and run. CPU
seconds of one thread, turn by turn; the ratio of the sums must stay under 5. Exits 1 above it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

import highspy  # noqa: E402  after the number of threads is set
import numpy as np  # noqa: E402

from solvers.horizon import compile_horizon  # noqa: E402
from solvers.plan_horizon import plan_horizon  # noqa: E402
from tests.benchmarks.scale import EXACT_GAP, PRICES, TRACE, problem_of, timed, told  # noqa: E402

if TYPE_CHECKING:
    from solvers.backends import LinearProgram

LIMIT = 5.0  # issue: "one window, all options: under 5 x the bare solver call"
COST_SCALE = 1e6  # micro-dollars: HiGHS's absolute gap of 1e-6 is above the price of a request


def bare_usd(arrays: LinearProgram) -> float:
    """Objective of a bare run."""
    model = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", EXACT_GAP)):
        model.setOptionValue(option, value)
    model.passModel(
        len(arrays.cost),
        len(arrays.row_lower),
        arrays.matrix.nnz,
        highspy.MatrixFormat.kRowwise.value,
        highspy.ObjSense.kMinimize.value,
        arrays.offset * COST_SCALE,
        arrays.cost * COST_SCALE,
        arrays.lower,
        arrays.upper,
        arrays.row_lower,
        arrays.row_upper,
        arrays.matrix.indptr.astype(np.int32),
        arrays.matrix.indices.astype(np.int32),
        arrays.matrix.data,
        arrays.integer.astype(np.int32),
    )
    model.run()
    return float(model.getInfo().objective_function_value) / COST_SCALE


def main() -> None:
    """Measure, print, and fail above the limit."""
    windows = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    if not PRICES.exists() or not TRACE.exists():
        sys.exit(f"{PRICES} or {TRACE} is not there; get the public data first")
    with tempfile.TemporaryDirectory() as folder:
        problem = problem_of(Path(folder), windows, "1998-06-05T00:00:00Z")
    sums = np.zeros(2)
    for t in range(windows):
        one = problem.taking(windows=np.array([t]))
        arrays = compile_horizon(one).compiled.arrays
        plan, whole_s = timed(lambda one=one: plan_horizon(one, gap=EXACT_GAP))
        bare, bare_s = timed(lambda arrays=arrays: bare_usd(arrays))
        sums += (whole_s, bare_s)
        told(
            f"window {t}",
            f"{arrays.matrix.shape[1]} columns, {arrays.matrix.shape[0]} rows",
            f"whole {whole_s:.3f} s, {plan.objective_usd:.4f} USD, gap {plan.gap:.2%}",
            f"bare {bare_s:.3f} s, {bare:.4f} USD",
            f"{whole_s / bare_s:.1f} x",
        )
    ratio = float(sums[0] / sums[1])
    told("all windows", f"whole {sums[0]:.2f} s", f"bare {sums[1]:.2f} s", f"{ratio:.1f} x (limit {LIMIT})")
    sys.exit(ratio > LIMIT)


if __name__ == "__main__":
    main()
