"""The checks in order, over one plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.checker.demand import check_capacity, check_coverage, check_eligibility, check_windows
from tests.checker.limits import check_fleet, check_launches, check_models, check_quotas, check_spot
from tests.checker.money import check_cost, check_prices

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
        *check_launches(plan),
        *check_cost(plan),
        *check_prices(plan, catalogs, extra_usd_per_h),
        *check_models(plan, catalogs),
    ]
