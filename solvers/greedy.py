"""MArk's greedy provisioning: baseline, start and fallback (Zhang et al., USENIX ATC 2019, section 4; design/EVIDENCE.md, 5).

Three forms of one idea, "rent what costs least per request":

paper         a machine carries capacity(j, 1), whatever its company; costs are spread over a look-ahead of an hour
head-1        the same with a look-ahead of the present window only (the ideal form of its published code)
strengthened  exact capacities, so groups of any size are compared; functions where they are cheaper; then machines are
              dropped or traded while that saves
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.fleet_limits import churn_kept, limits_kept, scale_in_kept, window_limits
from solvers.group_greedy import GroupGreedy
from solvers.machine_greedy import MachineGreedy
from solvers.recourse import evaluate
from solvers.repair import repaired
from solvers.solution import Baseline

if TYPE_CHECKING:
    from solvers.memory import Steps
    from solvers.problem import ProvisioningProblem
    from solvers.recourse import Evaluation

LOOK_AHEAD_H = (
    1.0  # MArk plans 60 steps of a minute ahead (ATC 2019, section 5; constants in design/EVIDENCE.md, 5)
)
FORMS = ("paper", "head-1", "strengthened")


def greedy_baseline(
    problem: ProvisioningProblem, form: str, steps: Steps | None = None
) -> tuple[Baseline, Evaluation | None]:
    """Plan with one form of the greedy and price it as any other plan: exact capacities, cheapest recourse.

    Parameters
    ----------
    form
        One of `FORMS`.
    steps
        Steps of earlier runs, which are not taken again where nothing has changed; this run's are added.

    Returns
    -------
    What it reached, and its fleet priced; None where it breaks a limit.
    """
    taken = {} if steps is None else steps
    if form == "strengthened":
        instances = GroupGreedy(problem, taken).strengthened()
    else:
        instances = MachineGreedy(problem, taken).per_machine(LOOK_AHEAD_H if form == "paper" else 0.0)
    name, found = f"mark-greedy-{form}", evaluate(problem, instances)
    priced = found if found.feasible else repaired(problem, instances)
    if priced is None:
        return Baseline(name, False, shortfall(problem, found), None, instances), None
    return Baseline(name, True, "", priced.cost_usd, priced.instances), priced


def shortfall(problem: ProvisioningProblem, found: Evaluation) -> str:
    """Say which class is left unserved worst, where and by how much, or which limits the fleet breaks for good."""
    if problem.value is None and found.unserved_rps.any():
        k, t, q = np.unravel_index(int(found.unserved_rps.argmax()), found.unserved_rps.shape)
        return (
            f"class {problem.classes[k]} lacks {found.unserved_rps[k, t, q]:.3g} req/s of "
            f"{problem.demand_rps[k, t, q]:.3g} in window {t}, level {q}"
        )
    kept = window_limits(problem, found.instances)
    broken = [
        f"{name} in window {int(windows.argmin())}" for name, windows in kept.items() if not windows.all()
    ]
    others = found.window_kept | ~limits_kept(problem, found.instances)
    if not others.all():
        broken.append(f"losses of spot machines in window {int(others.argmin())}")
    if not churn_kept(problem, found.instances).all():
        broken.append("max_churn")
    if not scale_in_kept(problem, found.instances).all():
        broken.append("the delay of scale-in")
    return f"broken and not mended: {', '.join(broken or ['the budget'])}"
