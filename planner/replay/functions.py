"""Functions as a replay calls and bills them: a plan's options, or those of an option table, under the provider's tariff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.functions import load_function_tariffs
from planner.replay.laws import law_of
from planner.replay.supply import CalledFunction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    return tuple(
        _called(
            tariffs,
            name=one.id,
            model=one.model,
            provider=one.provider,
            arch=one.architecture,
            memory_mb=one.memory_mb,
            mean_ms=one.mean_ms,
            quantiles_ms={float(share): ms for share, ms in one.quantiles_ms.items()},
            foreseen_ms=one.quantile_ms,
            cold_ms=one.cold_start_ms,
            accuracy=one.accuracy,
            classes=tuple(one.deadline_meet_rate),
            batch=one.batch_size,
            batch_timeout_ms=one.batch_timeout_ms,
            functions=1 if one.partition is None else len(one.partition),
            flat_usd=None if one.partition is None else one.usd_per_request * one.mean_batch,
        )
        for one in options
    )


def functions_of_options(
    options: Iterable[ServerlessFunction], tariffs: FunctionCatalog
) -> tuple[CalledFunction, ...]:
    """Functions of an option table."""
    return tuple(
        _called(
            tariffs,
            name=one.id,
            model=one.model,
            provider=one.provider,
            arch=one.arch,
            memory_mb=one.memory_mb,
            mean_ms=one.mean_ms,
            quantiles_ms=dict(one.quantiles),
            foreseen_ms=one.quantile_ms,
            cold_ms=one.load_ms,
            accuracy=one.variant.accuracy_share,
            classes=one.classes,
            batch=one.batch,
            batch_timeout_ms=one.batch_timeout_ms,
            functions=one.functions,
            flat_usd=None if one.partition is None else one.usd_per_request * one.mean_batch,
        )
        for one in options
    )


def _called(
    tariffs: FunctionCatalog,
    *,
    name: str,
    model: str,
    provider: str,
    arch: str,
    memory_mb: int,
    mean_ms: float,
    quantiles_ms: Mapping[float, float],
    foreseen_ms: float,
    cold_ms: float | None,
    accuracy: float | None,
    classes: tuple[str, ...],
    batch: int,
    batch_timeout_ms: float,
    functions: int,
    flat_usd: float | None,
) -> CalledFunction:
    """One function; a cut model (`flat_usd`) is billed by the call, since its parts have prices of their own."""
    tariff = tariffs.tariff(provider, arch)
    gb = memory_mb / MB_PER_GB
    ready = tariff.offers_provisioned and flat_usd is None
    return CalledFunction(
        name=name,
        model=model,
        law=law_of(
            mean_ms / 1000,
            [(share, ms / 1000) for share, ms in sorted(quantiles_ms.items())],
            foreseen_ms / 1000,
        ),
        classes=classes,
        accuracy=accuracy,
        batch=batch,
        batch_timeout_s=batch_timeout_ms / 1000,
        cold_s=UNKNOWN_COLD_S if cold_ms is None else cold_ms / 1000,
        functions=functions,
        usd_per_call=tariff.usd_per_million_requests / 1e6 if flat_usd is None else flat_usd,
        usd_per_s=gb * tariff.gb_second_tiers[0][1] if flat_usd is None else 0.0,
        provisioned_usd_per_s=tariff.provisioned_usd_per_h(memory_mb, 1) / SECONDS_PER_HOUR if ready else 0.0,
        usd_per_s_on_provisioned=gb * (tariff.usd_per_gb_s_on_provisioned or 0.0) if ready else 0.0,
        billing_step_s=tariff.billing_step_ms / 1000,
    )
