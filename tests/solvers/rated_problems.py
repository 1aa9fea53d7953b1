"""A seeded generator of tiny problems: functions with ranges of rates and prices of standing ready beside every other part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.limits import FunctionRates
from tests.solvers.rich_problems import draw_rich
from tests.solvers.tiny_problems import Draw

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem

RATE_FEATURES = {  # and how often each is wanted
    "several_brackets": 0.7,
    "gaps": 0.4,
    "ready_prices": 0.6,
    "upper_end_only": 0.3,
    "any_rate": 0.4,
    "own_class": 0.3,
}
MOST_CHOICES = 8  # of functions that are switched, times the levels they are chosen in together


@dataclass(frozen=True)
class Offer:
    """One function as the program sees it: brackets of one buffer are offers of their own."""

    usd_per_request: float
    concurrency_s: float
    source: int  # the function of the rich problem that it is made from
    least_rps: float = 0.0
    most_rps: float = np.inf
    usd_per_h: float = 0.0


def draw_rated(seed: int) -> Draw:
    """Draw a tiny problem with optional parts and one or more functions that are called within a range of rates or not at all."""
    rng = np.random.default_rng([seed, 3])
    draw = draw_rich(int(rng.integers(0, 10_000)))
    while not draw.problem.functions:
        draw = draw_rich(int(rng.integers(0, 10_000)))
    on = {feature for feature, often in RATE_FEATURES.items() if rng.random() < often}
    offers = draw_offers(rng, on, draw.problem)
    problem = with_offers(draw.problem, offers)
    if "own_class" in on and len(problem.classes) == 2:
        serves = problem.function_serves.copy()
        serves[1, int(rng.integers(0, len(offers)))] = False
        problem = replace(problem, function_serves=serves)
    return Draw(problem, draw.features | on)


def draw_offers(rng: np.random.Generator, on: set[str], problem: ProvisioningProblem) -> list[Offer]:
    """Brackets of each function, the faster the cheaper; some that are held ready, have an upper end only, or take any rate."""
    top = float(problem.demand_rps[:, :, -1].sum(axis=0).max()) or 1.0
    rent = float(problem.price_usd_per_h.max())
    together = len(problem.level_share)
    if problem.value is not None and problem.limits is not None and problem.limits.budget_usd is not None:
        together *= len(problem.window_h)
    left = max(1, MOST_CHOICES // together)
    offers: list[Offer] = []
    for source, (usd, busy) in enumerate(zip(problem.usd_per_request, problem.concurrency_s, strict=True)):
        brackets = min(int(rng.integers(2, 4)) if "several_brackets" in on else 1, left)
        left -= brackets
        edges = np.sort(rng.uniform(0.02, 1.1, brackets + 1)) * top
        for n in range(brackets):
            least = edges[n] + (rng.uniform(0.0, 0.5) * (edges[n + 1] - edges[n]) if "gaps" in on else 0.0)
            cheaper = 0.5 * rng.uniform(0.5, 0.9) ** n
            held = rent * rng.uniform(0.02, 0.4) if "ready_prices" in on and rng.random() < 0.6 else 0.0
            offers.append(
                Offer(
                    usd * cheaper,
                    busy * rng.uniform(0.5, 1.5),
                    source,
                    float(least) if held == 0 or rng.random() < 0.5 else 0.0,
                    float(edges[n + 1]),
                    held,
                )
            )
    first = offers[0]
    if "upper_end_only" in on:
        offers.append(
            replace(
                first,
                usd_per_request=first.usd_per_request * 1.1,
                least_rps=0.0,
                most_rps=0.5 * top,
                usd_per_h=0.0,
            )
        )
    if "any_rate" in on:
        usd = float(problem.usd_per_request[0]) * rng.uniform(1.0, 2.0)
        offers.append(Offer(usd, float(problem.concurrency_s[0]), 0))
    return offers


def with_offers(problem: ProvisioningProblem, offers: list[Offer]) -> ProvisioningProblem:
    """The problem with these functions in place of its own; accuracy and value are those of the function each is made from."""
    source = [offer.source for offer in offers]
    accuracy, value = problem.accuracy, problem.value
    return replace(
        problem,
        functions=tuple(f"function{f}" for f in range(len(offers))),
        function_serves=problem.function_serves[:, source],
        usd_per_request=np.array([offer.usd_per_request for offer in offers]),
        concurrency_s=np.array([offer.concurrency_s for offer in offers]),
        rates=FunctionRates(
            least_rps=np.array([offer.least_rps for offer in offers]),
            most_rps=np.array([offer.most_rps for offer in offers]),
            usd_per_h=np.array([offer.usd_per_h for offer in offers]),
        ),
        accuracy=accuracy
        and replace(accuracy, function_margin_share=accuracy.function_margin_share[:, source]),
        value=value and replace(value, function_usd=value.function_usd[:, source]),
    )
