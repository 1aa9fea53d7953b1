"""The checks in order, over one plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.checker.accuracy import check_accuracy
from tests.checker.buffers import check_buffers
from tests.checker.demand import check_capacity, check_coverage, check_windows
from tests.checker.eligibility import check_eligibility
from tests.checker.functions import check_functions
from tests.checker.limits import (
    check_commitments,
    check_fleet,
    check_launches,
    check_markets,
    check_quotas,
    check_spot,
)
from tests.checker.models import check_credits, check_models
from tests.checker.money import check_cost, check_prices
from tests.checker.operators import check_changes, check_floors, check_groups
from tests.checker.spot import check_losses

if TYPE_CHECKING:
    from tests.checker.catalogs import Catalogs


def check_plan(plan: dict[str, Any], catalogs: Catalogs, *, extra_usd_per_h: float = 0.0) -> list[str]:
    """Everything that is wrong with a plan, one line each; an empty list where it holds.

    Parameters
    ----------
    plan
        The parsed plan.json.
    catalogs
        From `read_catalogs`, over the same files as the plan was made from.
    extra_usd_per_h
        The scenario's surcharge on every machine-hour, USD.
    """
    return [
        *check_windows(plan),
        *check_coverage(plan),
        *check_eligibility(plan),
        *check_capacity(plan),
        *check_fleet(plan),
        *check_spot(plan),
        *check_quotas(plan, catalogs),
        *check_functions(plan, catalogs),
        *check_buffers(plan, catalogs),
        *check_commitments(plan),
        *check_markets(plan),
        *check_launches(plan),
        *check_floors(plan),
        *check_groups(plan),
        *check_changes(plan),
        *check_accuracy(plan),
        *check_losses(plan),
        *check_cost(plan),
        *check_prices(plan, catalogs, extra_usd_per_h),
        *check_models(plan, catalogs),
        *check_credits(plan, catalogs),
    ]
