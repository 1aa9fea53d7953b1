"""What every target can do; `planner.executors.runner` does the rest: differences, order, retries, receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from planner.errors import PlannerError
from planner.executors.resources import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from planner.executors.resources import Operation, Resource, Whereabouts
    from planner.plan import ProvisioningPlan, Window

MOST_LETTERS = 600  # ours: the longest texts of AWS, which list what a parameter may be, take about 500


class TargetError(PlannerError, RuntimeError):
    """A service refused a call; `passing` says that the same call may succeed later (throttling, a conflict, a time-out).

    Its text names the call and the service's own error code, never a credential or a request's headers. Services also answer with
    pages of HTML, so every problem is one line, cut where it is long.
    """

    def __init__(self, problems: Sequence[str] | str, *, passing: bool = False) -> None:
        lines = [problems] if isinstance(problems, str) else problems
        super().__init__([shortened(" ".join(line.split()), MOST_LETTERS) for line in lines])
        self.passing = passing


class Target(Protocol):
    """One place where plans are applied, made from (settings, region of the plan).

    Nothing is contacted before `where` is called. A target whose changes another tool makes (Terraform) says so by an
    InputError in `where`.
    """

    name: str

    def desired(self, plan: ProvisioningPlan, window: Window, at: datetime) -> tuple[Resource, ...]:
        """What should be there for a window, and the schedule of the windows after it; touches nothing.

        Raises
        ------
        InputError, with everything that the services would reject, and every setting that is missing.
        """
        ...

    def files(self, resources: Sequence[Resource]) -> dict[str, str]:
        """Desired resources as text files for other tools: file name -> content; touches nothing.

        The names are the same for every plan, so that a later export leaves no old file behind.
        """
        ...

    def where(self) -> Whereabouts:
        """Account and region that calls would reach.

        Raises
        ------
        DriftError, where they are not those of the settings or the plan. InputError, where there are no credentials, or the
        target only writes files. TargetError.
        """
        ...

    def current(self, desired: Sequence[Resource]) -> Mapping[str, Resource]:
        """What is there, by key: everything of the service's own, wanted or not, and what `desired` names.

        Raises
        ------
        DriftError, where a name is taken by what is not the service's own. InputError, where something that must be there before
        is not, or is not as it must be. TargetError.
        """
        ...

    def perform(self, operation: Operation) -> dict[str, str]:
        """Create, update or delete one resource; return the ids and tokens that the service answered with.

        Doing the same operation again, after a run that was cut off in the middle of it, does no harm.

        Raises
        ------
        TargetError
        """
        ...
