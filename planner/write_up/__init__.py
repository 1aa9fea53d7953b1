"""A solution written up as the plan document."""

from planner.write_up.certificate import Verdict
from planner.write_up.document import write_up

__all__ = ["Verdict", "write_up"]
