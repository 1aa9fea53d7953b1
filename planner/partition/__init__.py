"""One model cut over several serverless functions: question, plan document, and the way from one to the other."""

from planner.partition.assumptions import Assumptions, assumptions_of
from planner.partition.document import PartitionPlan
from planner.partition.pipeline import partition_bytes, partition_frontier, plan_partition
from planner.partition.question import PartitionQuestion
from planner.partition.reading import Flags, read_question
from planner.partition.supplies import Supplies, load_supplies

__all__ = [
    "Assumptions",
    "Flags",
    "PartitionPlan",
    "PartitionQuestion",
    "Supplies",
    "assumptions_of",
    "load_supplies",
    "partition_bytes",
    "partition_frontier",
    "plan_partition",
    "read_question",
]
