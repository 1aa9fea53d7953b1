"""Write the golden LP files of partitions anew: ``python -m tests.solvers.partition.golden_files``. Read the diff."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends import write_lp
from solvers.backends.bilinear import write_bilinear_lp
from solvers.partition import column_program, columns_of, quadratic_program
from solvers.partition.column_program import ColumnParameters
from solvers.partition.goal import Goal
from solvers.partition.prices import ColumnPrices
from solvers.partition.quadratic_variables import Parameters
from tests.solvers.partition.hand_chains import limited_chain, paper_chain

if TYPE_CHECKING:
    from solvers.families import Family

GOLDEN = Path(__file__).parents[2] / "golden" / "partition"
CASES = {  # name: chain, goal
    "paper_cost": (paper_chain(), Goal("cost", 110.0, np.inf)),
    "paper_latency": (paper_chain(), Goal("latency", np.inf, 220e-6)),
    "limited_cost": (limited_chain(), Goal("cost", 200.0, np.inf)),
}
FORMS = ("columns", "quadratic")


def write_golden(form: str, case: str, folder: Path) -> Path:
    """Write the LP file of one case in one form into `folder` and return its path."""
    path = folder / f"{form}_{case}.lp"
    problem, goal = CASES[case]
    prices = ColumnPrices(problem)
    if form == "columns":
        program = column_program.build(ColumnParameters(prices, columns_of(problem), goal))
        write_lp(program.compiled().named(), path)
    else:
        write_bilinear_lp(quadratic_program.build(Parameters(prices, goal)).named, path)
    return path


def families(form: str) -> dict[str, object]:
    """Name -> function of every family and product, in the order of `build`."""
    problem, goal = CASES["limited_cost"]
    prices = ColumnPrices(problem)
    if form == "columns":
        found: tuple[Family, ...] = column_program.build(
            ColumnParameters(prices, columns_of(problem), goal)
        ).families
        return {family.name: getattr(column_program, family.name) for family in found}
    program = quadratic_program.build(Parameters(prices, goal))
    names = [family.name for family in (*program.families, *program.products)]
    return {name: getattr(quadratic_program, name) for name in names}


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each_form in FORMS:
        for each_case in CASES:
            write_golden(each_form, each_case, GOLDEN)
