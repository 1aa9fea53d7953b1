"""Write the golden LP files anew: ``python -m tests.solvers.golden_files`` from the checkout. Read the diff."""

from __future__ import annotations

from pathlib import Path

from solvers.backends import write_lp
from tests.solvers.hand_cases import HAND_CASES, HandCase
from tests.solvers.whole_program import compile_whole

GOLDEN = Path(__file__).parents[1] / "golden"


def write_golden(case: HandCase, folder: Path) -> Path:
    """Write the LP file of one hand case into `folder` and return its path."""
    path = folder / f"{case.name}.lp"
    write_lp(compile_whole(case.problem).named(), path)
    return path


if __name__ == "__main__":
    for hand_case in HAND_CASES:
        write_golden(hand_case, GOLDEN)
