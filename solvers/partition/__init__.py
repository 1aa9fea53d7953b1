"""Cutting a chain of blocks into serverless functions: one problem, three solvers that agree."""

from solvers.errors import InfeasiblePartitionError
from solvers.partition.answer import PartitionAnswer, Segment
from solvers.partition.columns import Columns, columns_of
from solvers.partition.frontier import Frontier, frontier_of
from solvers.partition.problem import Forks, PartitionProblem
from solvers.partition.solve import SOLVERS, solve_partition

__all__ = [
    "SOLVERS",
    "Columns",
    "Forks",
    "Frontier",
    "InfeasiblePartitionError",
    "PartitionAnswer",
    "PartitionProblem",
    "Segment",
    "columns_of",
    "frontier_of",
    "solve_partition",
]
