"""Functions behind a buffer: the joint search over memory, batch size and timeout, for every tier and range of rates.

For each model, tier that classes ask for and range of rates (`planner.functions.brackets`), every point of the grid is priced and
its shares in time computed (`solvers.batching`, the whole latency distribution), cold starts included. Of the points that keep the
tier at every rate looked at the cheapest is offered, with functions kept ready the cheapest at either end of the range, and where
the concurrency limit may bind those that hold requests for less. A point offered for one tier may serve all classes that it answers
in time: the program decides who shares its buffer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.functions.brackets import joined, range_name, rate_brackets
from planner.functions.candidates import idle_candidates, ready_candidates
from planner.functions.promises import promise_of
from planner.queueing import most_running
from planner.rejections import RejectedOption
from planner.serverless import ServerlessFunction
from planner.tiers import PERCENTILE_SLACK, Tier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalogs.variants import ModelVariant
    from planner.functions.brackets import Bracket
    from planner.functions.buffers import Buffers
    from planner.functions.candidates import Candidates
    from planner.functions.grid import Buffer, BufferGrid
    from planner.functions.promises import Promise
    from planner.profile_join import Rejected
from planner.rejections import RejectionKind

TRIES = 20  # candidates looked at closely before a range is given up: the first nearly always holds between the search rates too
HELD_STEP_SHARE = 0.1  # a dearer point must hold requests for a tenth less to be worth an option of its own


@dataclass(frozen=True, eq=False)
class BufferSearch:
    """The question for one model on one provider's functions.

    Parameters
    ----------
    name
        ``lambda/model[/arm64]``.
    items_per_request
        Items of a request, as its times were measured.
    grid
        The buffers to choose from.
    asked
        Tiers of the classes, by name, that accept the model.
    tiers
        Tiers to search for: those asked, and the meets of incomparable ones.
    top_rps
        Requests/s of these classes together at the top level of their busiest window.
    """

    name: str
    variant: ModelVariant
    provider: str
    arch: str
    items_per_request: int
    grid: BufferGrid
    asked: Mapping[str, Tier]
    tiers: tuple[Tier, ...]
    top_rps: float

    def found(self) -> tuple[list[ServerlessFunction], Rejected]:
        """Options of every tier and range; a reason for each tier that some range cannot keep, and one for the other points."""
        options: dict[str, ServerlessFunction] = {}
        rejected: Rejected = []
        brackets = rate_brackets(self.grid.settings, self.top_rps)
        if not brackets:
            reason = f"its classes send {self.top_rps:.4g} requests/s at most; the least range of rates begins above it"
            return [], [RejectedOption(self.name, "rate", reason)]
        missed: dict[Tier, list[Bracket]] = {tier: [] for tier in self.tiers}
        for bracket in brackets:
            rated = self.grid.rated(bracket)
            for tier in self.tiers:
                offers = list(self.offers(rated, bracket, tier))
                options |= {one.id: one for one in offers}
                if not offers:
                    missed[tier].append(bracket)
        for tier, without in missed.items():
            if without:
                rejected.append(self.too_late(tier, without))
        kept = joined(options.values())
        points = int(self.grid.offered.sum())
        if kept:
            ranges = f"each of {len(brackets)} ranges of rates"
            reason = f"of {points} points (memory, batch, timeout) in {ranges}, {len(kept)} are the cheapest of their tiers"
            rejected.append(RejectedOption(f"{self.name} in other buffers", "dominated", reason))
        return kept, rejected

    def offers(self, rated: Sequence[Buffers], bracket: Bracket, tier: Tier) -> Iterator[ServerlessFunction]:
        """Options for one tier and range."""
        idle = idle_candidates(rated, tier, self.grid.offered)
        yield from self.cheapest(idle, bracket, tier, bracket[1])
        settings, tariff = self.grid.settings, self.grid.tariff
        price = tariff.usd_per_gb_s_on_provisioned
        if settings.provisioned_concurrency and price is not None:
            ready_usd = [tariff.provisioned_usd_per_h(size, 1) for size in self.grid.times.memory_mb.tolist()]
            ready = ready_candidates(
                rated, tier, self.grid.offered, price, np.array(ready_usd), settings.concurrency_limit
            )
            for rate in bracket:
                yield from self.cheapest(ready, bracket, tier, rate)

    def cheapest(
        self, candidates: Candidates, bracket: Bracket, tier: Tier, rate_rps: float
    ) -> Iterator[ServerlessFunction]:
        """The cheapest candidate that holds what it promises; while the concurrency limit may bind, also those that hold less."""
        while True:
            option = self.first_sound(candidates, bracket, tier, rate_rps)
            if option is None:
                return
            yield option
            if self.top_rps * option.concurrency_s <= most_running(self.grid.settings.concurrency_limit):
                return
            candidates = candidates.holding_less((1 - HELD_STEP_SHARE) * option.concurrency_s)

    def first_sound(
        self, candidates: Candidates, bracket: Bracket, tier: Tier, rate_rps: float
    ) -> ServerlessFunction | None:
        """The cheapest candidate that keeps the tier between the rates searched too."""
        first = candidates.by_price(rate_rps)[:TRIES]
        for memory, batch, timeout, provisioned in candidates.point[first].tolist():
            buffer = self.grid.buffer(memory, batch, timeout, bracket)
            # A meet of two tiers has the deadline of one of them too.
            deadlines_s = (asked.deadline_s for asked in self.asked.values())
            promise = promise_of(self.grid.alone(buffer), provisioned, deadlines_s, self.grid.tariff)
            if promise.in_time[tier.deadline_s] >= tier.percentile - PERCENTILE_SLACK:
                return self.option(buffer, provisioned, promise)
        return None

    def option(self, buffer: Buffer, provisioned: int, promise: Promise) -> ServerlessFunction:
        """The option of a buffer, for all classes that it answers in time."""
        times, tariff = self.grid.times, self.grid.tariff
        known = {name: promise.in_time[tier.deadline_s] for name, tier in self.asked.items()}
        met = {
            name: share
            for name, share in known.items()
            if share >= self.asked[name].percentile - PERCENTILE_SLACK
        }
        strictest = max(self.asked[name].percentile for name in met)
        row = int(np.flatnonzero(times.memory_mb == buffer.memory_mb)[0])
        load_s = float(times.load_s[row])
        quantiles = times.quantiles_ms(row, buffer.batch)
        price_usd_per_h = 0.0
        if provisioned:
            price_usd_per_h = tariff.provisioned_usd_per_h(buffer.memory_mb, provisioned)
        return ServerlessFunction(
            id=f"{self.name}/{_buffer_name(buffer, provisioned, self.items_per_request)}",
            variant=self.variant,
            provider=self.provider,
            arch=self.arch,
            memory_mb=buffer.memory_mb,
            batch=buffer.batch,
            items_per_request=self.items_per_request,
            mean_ms=promise.call_ms,
            quantile_ms=next((ms for share, ms in quantiles if share >= strictest), promise.call_ms),
            quantiles=quantiles,
            load_ms=None if np.isnan(load_s) else 1000 * load_s,
            billed_ms=promise.billed_ms,
            cold_start_share=promise.cold_share,
            usd_per_request=promise.usd_per_request,
            least_usd_per_request=promise.least_usd_per_request,
            concurrency_s=promise.concurrency_s,
            deadline_meet_rate=met,
            source=times.source,
            obtained=times.obtained,
            tariff_source=tariff.source,
            batch_timeout_ms=1000 * buffer.timeout_s,
            rate_rps=buffer.bracket,
            mean_batch=promise.mean_batch,
            provisioned_concurrency=provisioned,
            usd_per_h=price_usd_per_h,
            arrivals="; ".join(one.label for one in self.grid.arrivals),
            size_mean_ms=times.size_mean_ms(row, buffer.batch),
        )

    def too_late(self, tier: Tier, without: Sequence[Bracket]) -> RejectedOption:
        """Why no point keeps a tier in some ranges: the most that any of them answers in time, in the last of these ranges."""
        low, high = without[-1]
        rated = self.grid.rated(without[-1])
        met = [one.in_time(one.idle_cold_share, tier.deadline_s) for one in rated]
        best = float(np.min(met, axis=0)[self.grid.offered].max())
        met_warm = [one.shares_in_time(tier.deadline_s)[0] for one in rated]
        warm = float(np.min(met_warm, axis=0)[self.grid.offered].max())
        ranges = ", ".join(range_name(bracket) for bracket in without)
        reason = (
            f"no point of {int(self.grid.offered.sum())} (memory, batch, timeout) answers {tier.percentile:g} within "
            f"{tier.deadline_ms:g} ms at {ranges} requests/s; at {range_name((low, high))} the best answers {best:.4g}, and "
            f"{warm:.4g} if no call were cold"
        )
        kind: RejectionKind = "cold starts" if warm >= tier.percentile - PERCENTILE_SLACK else "deadline"
        names = tuple(name for name, own in self.asked.items() if tier.covers(own))
        return RejectedOption(f"{self.name}/{tier.label} in a buffer", kind, reason, classes=names)


def _buffer_name(buffer: Buffer, provisioned: int, items: int) -> str:
    """``memory[/b{batch}[x{items}]t{timeout ms}]/r{least}-{most}[/p{provisioned}]``."""
    many = "" if items == 1 else f"x{items}"
    waits = "" if buffer.batch == 1 else f"t{1000 * buffer.timeout_s:.6g}"
    gathers = f"/b{buffer.batch}{many}{waits}" if many or waits else ""
    ready = f"/p{provisioned}" if provisioned else ""
    return f"{buffer.memory_mb}{gathers}/r{range_name(buffer.bracket)}{ready}"
