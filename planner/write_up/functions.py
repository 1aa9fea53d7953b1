"""Functions of one window: their settings, and how many instances to set aside for each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from catalogs.tariffs import LEAST_UNRESERVED
from planner.plan import FunctionLine
from planner.queueing import reserved_instances

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.write_up.planned import Planned


def function_lines(planned: Planned, late_to: Mapping[str, str], t: int) -> tuple[FunctionLine, ...]:
    """Write the functions that are called at some level of window t.

    Parameters
    ----------
    late_to
        Class -> id of the function that takes what would be late.
    """
    called = [
        (f, one) for f, one in enumerate(planned.options.functions) if planned.overflow_rps[:, f, t].any()
    ]
    reserved = reservations(planned, [f for f, _ in called], late_to, t)
    return tuple(
        FunctionLine(
            option=function.id,
            provider=function.provider,
            region=planned.scenario.region,
            model=function.model,
            memory_mb=function.memory_mb,
            batch_size=function.batch,
            batch_timeout_ms=function.batch_timeout_ms,
            provisioned_concurrency=function.provisioned_concurrency,
            reserved_concurrency=reserved[f],
            partition=function.partition,
        )
        for f, function in called
    )


def reservations(planned: Planned, called: list[int], late_to: Mapping[str, str], t: int) -> dict[int, int]:
    """Function -> instances to set aside: what its top level needs with next to no call refused; 0: it shares the account's rest.

    A provider takes what is set aside for the most that may run, too, so it covers swings, and requests that would be late: they
    come in bursts beyond what machines were rented for, when all of a class may be late. Where all together would leave less than
    `LEAST_UNRESERVED` of the limit none is set aside: less than the load needs would only refuse calls that the account can run,
    and the program keeps the sum of all within its limit, swings included.
    """
    p, wanted = planned.problem, {}
    for f in called:
        one = planned.options.functions[f]
        late_rps = sum(
            p.demand_rps[k, t, -1]
            for k, own in enumerate(planned.options.classes)
            if late_to.get(own.name) == one.id
        )
        called_rps = planned.overflow_rps[:, f, t].sum(axis=0).max()
        least = max(math.ceil(called_rps * one.concurrency_s), one.provisioned_concurrency)
        wanted[f] = max(reserved_instances((called_rps + late_rps) * one.concurrency_s), least)
    together = sum(planned.options.functions[f].functions * count for f, count in wanted.items())
    if together > planned.scenario.resources.functions.concurrency_limit - LEAST_UNRESERVED:
        return dict.fromkeys(called, 0)
    return wanted
