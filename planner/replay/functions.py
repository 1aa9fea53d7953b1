"""Functions as a replay calls and bills them: a plan's options, or those of an option table, under the provider's tariff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.functions import load_function_tariffs
from planner.replay.laws import law_of
from planner.replay.supply import CalledFunction
from planner.write_up.options import written_function

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalogs.functions import FunctionCatalog
    from planner.plan import FunctionOption
    from planner.serverless import ServerlessFunction

MB_PER_GB = 1024
SECONDS_PER_HOUR = 3600.0
UNKNOWN_COLD_S = (
    10.0  # cold starts of functions take 1 to 10 s (MArk, section 2.2): where none was measured, the longest
)


def functions_of_plan(options: Sequence[FunctionOption], region: str) -> tuple[CalledFunction, ...]:
    """Functions of a plan; their prices are those of the bundled tariff of its region, which the plan was made with."""
    if not options:
        return ()
    tariffs = load_function_tariffs(region)
    return tuple(_called(one, tariffs) for one in options)


def functions_of_options(
    options: Iterable[ServerlessFunction], tariffs: FunctionCatalog
) -> tuple[CalledFunction, ...]:
    """Functions of an option table, as a plan would state them."""
    return tuple(_called(written_function(one, tariffs.region), tariffs) for one in options)


def _called(option: FunctionOption, tariffs: FunctionCatalog) -> CalledFunction:
    """One function; a cut model is billed by the call, since its parts have prices of their own."""
    tariff = tariffs.tariff(option.provider, option.architecture)
    gb = option.memory_mb / MB_PER_GB
    whole = option.partition is None
    ready = tariff.offers_provisioned and whole
    full_ms = option.size_mean_ms[-1] if option.size_mean_ms else option.mean_ms
    return CalledFunction(
        name=option.id,
        model=option.model,
        law=law_of(
            full_ms / 1000,
            sorted((float(share), ms / 1000) for share, ms in option.quantiles_ms.items()),
            option.quantile_ms / 1000,
        ),
        classes=tuple(option.deadline_meet_rate),
        accuracy=option.accuracy,
        batch=option.batch_size,
        batch_timeout_s=option.batch_timeout_ms / 1000,
        cold_s=UNKNOWN_COLD_S if option.cold_start_ms is None else option.cold_start_ms / 1000,
        functions=sum(1 + len(part.workers) for part in option.partition or ()) or 1,
        usd_per_call=tariff.usd_per_million_requests / 1e6
        if whole
        else option.usd_per_request * option.mean_batch,
        usd_per_s=gb * tariff.gb_second_tiers[0][1] if whole else 0.0,
        provisioned_usd_per_s=tariff.provisioned_usd_per_h(option.memory_mb, 1) / SECONDS_PER_HOUR
        if ready
        else 0.0,
        usd_per_s_on_provisioned=gb * (tariff.usd_per_gb_s_on_provisioned or 0.0) if ready else 0.0,
        billing_step_s=tariff.billing_step_ms / 1000,
        size_stretch=tuple(ms / full_ms for ms in option.size_mean_ms),
    )
