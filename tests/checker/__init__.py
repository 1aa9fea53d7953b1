"""An independent checker of plan files: it reads plan.json and raw catalogs, and imports nothing of the planner.

`check_plan` recomputes cost, coverage, eligibility, accuracy of every request and on average, the capacity of every group
at its own size, quotas, commitments, spot shares, launches, loads, prices, what operators insist on, the budget, and what
spot losses leave: any one pool's by a linear program, joint ones by the limit's formula and by enumeration. Tolerances:
money and rates 1e-6; groups with equal service times, no batches and Poisson arrivals exactly (1e-6 of the rate); other
groups by simulation, a quarter more late requests than the tier allows and three standard errors; published capacities
by proportion.
"""

from tests.checker.catalogs import Catalogs, read_catalogs
from tests.checker.check import check_plan

__all__ = ["Catalogs", "check_plan", "read_catalogs"]
