"""The optimum of a tiny provisioning problem by enumeration: the oracle of the solvers' tests.

It shares nothing with `solvers` but the arrays of `ProvisioningProblem`. Every vector of counts of every window is looked at
(`counts`); the cheapest recourse of each is one small linear program (`recourse`); losses of spot pools are looked at one by one
and in closed form (`losses`); the windows are joined over what stands in them, or path by path where more of the past matters
(`paths`).
"""

from tests.solvers.brute_force.paths import Optimum, enumerate_optimum, price_fleet

__all__ = ["Optimum", "enumerate_optimum", "price_fleet"]
