"""Cutting a chain of blocks into serverless functions: one problem, three solvers that agree."""

from solvers.errors import InfeasiblePartitionError
from solvers.partition.answer import PartitionAnswer, Segment
from solvers.partition.columns import Columns, columns_of
from solvers.partition.problem import Forks, PartitionProblem
from solvers.partition.solve import solve_partition

__all__ = [
    "Columns",
    "Forks",
    "InfeasiblePartitionError",
    "PartitionAnswer",
    "PartitionProblem",
    "Segment",
    "columns_of",
    "solve_partition",
]
