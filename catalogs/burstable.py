"""Burstable machines (AWS T families): what they sustain, and how long and at what price they run above it.

A machine earns processor credits all the time and spends one for every minute that one vCPU works in full. Busy
for its baseline share of the time on all vCPU, it spends what it earns: such a worker keeps full speed in every
call. Busier, it uses up its credits: v vCPU at the baseline u run at full speed for K / (60 v (1 - u)) hours on K
credits. Then the machine falls back to its baseline (standard mode), or what is missing is billed by the
vCPU-hour (unlimited mode, at the latest when it stops): the table states that price, and plans never run into it.

Earned credits outlive a stop by 7 days at most (t2: not at all), so a machine that stands by stopped starts
with its launch credits alone. Worked: t2.2xlarge starts with 30 credits for each of its 8 vCPU and earns 81.6 an
hour, which is 240 / (480 - 81.6) = 0.60 h at full speed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.inputs import digests_of, inputs_of, raise_collected
from catalogs.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from catalogs.inputs import InputFile

COLUMNS = (
    "instance_type",
    "vcpu",
    "credits_per_h",
    "launch_credits",
    "surplus_usd_per_vcpu_h",
    "source_date",
    "source",
)
CREDITS_PER_VCPU_H = (
    60  # EC2 user guide, burstable instances, key concepts: a credit is 1 vCPU-minute at 100 %
)
MONTH_H = 730  # 8,760 h a year / 12
DISK_USD_PER_GB_MONTH = 0.08  # AWS EBS pricing page, gp3, us-east-1, 2026


@dataclass(frozen=True)
class BurstFacts:
    """Credits of one burstable machine type.

    Parameters
    ----------
    vcpu
        vCPU of the machine.
    credits_per_h
        Credits that the whole machine earns in an hour, fewer than it spends at full speed.
    launch_credits
        Credits that it has at every start, in standard mode.
    surplus_usd_per_vcpu_h
        Price of a vCPU-hour beyond the credits, in unlimited mode (Linux).
    date
        The day the figures were read.
    """

    instance_type: str
    vcpu: int
    credits_per_h: float
    launch_credits: float
    surplus_usd_per_vcpu_h: float
    source: str
    date: date

    def __post_init__(self) -> None:
        problems = []
        if self.vcpu < 1 or not 0 < self.credits_per_h < CREDITS_PER_VCPU_H * self.vcpu:
            problems.append(
                f"{self.instance_type}: credits_per_h is {self.credits_per_h:g} with {self.vcpu} vCPU; it must be "
                f"> 0 and < {CREDITS_PER_VCPU_H} for each vCPU."
            )
        if not (math.isfinite(self.launch_credits) and self.launch_credits >= 0):
            problems.append(
                f"{self.instance_type}: launch_credits is {self.launch_credits:g}; it must be >= 0."
            )
        if not (math.isfinite(self.surplus_usd_per_vcpu_h) and self.surplus_usd_per_vcpu_h > 0):
            problems.append(
                f"{self.instance_type}: surplus_usd_per_vcpu_h is {self.surplus_usd_per_vcpu_h:g}; it must be a "
                "finite number > 0."
            )
        raise_collected(problems)

    @property
    def baseline_share(self) -> float:
        """Share of every vCPU that the machine sustains for ever."""
        return self.credits_per_h / (CREDITS_PER_VCPU_H * self.vcpu)

    def full_speed_h(self, credit_count: float) -> float:
        """Hours at full speed on so many credits, those earned meanwhile counted in."""
        return credit_count / (CREDITS_PER_VCPU_H * self.vcpu - self.credits_per_h)


@dataclass(frozen=True)
class BurstCatalog:
    """Credits by machine type, and the SHA-256 of every file they came from."""

    facts: Mapping[str, BurstFacts]
    digests: Mapping[str, str]


def load_burst_catalog(files: Sequence[str | Path] = (), *, bundled: bool = True) -> BurstCatalog:
    """Read tables with the columns `COLUMNS`; later files override, type by type.

    Raises
    ------
    CatalogError
        With every problem of every file.
    """
    problems: list[str] = []
    inputs = inputs_of("burstable", files, bundled, problems)
    facts: dict[str, BurstFacts] = {}
    for file in inputs:
        facts.update(_read(file, problems))
    raise_collected(problems)
    return BurstCatalog(facts, digests_of(inputs))


def stopped_usd_per_h(disk_gb: float, usd_per_gb_month: float = DISK_USD_PER_GB_MONTH) -> float:
    """USD per hour of a stopped machine: its disk is all that is billed."""
    return disk_gb * usd_per_gb_month / MONTH_H


def _read(file: InputFile, problems: list[str]) -> dict[str, BurstFacts]:
    facts: dict[str, BurstFacts] = {}
    for row in read_rows(file, required=COLUMNS, problems=problems):
        name, vcpu = row.text("instance_type"), row.whole("vcpu", at_least=1)
        credits_per_h = row.real("credits_per_h", above=0, below=max(1, vcpu) * CREDITS_PER_VCPU_H)
        launch_credits = row.real("launch_credits", at_least=0)
        surplus = row.real("surplus_usd_per_vcpu_h", above=0)
        day, source = row.day("source_date"), row.text("source")
        if name in facts:
            row.fail(f"the credits of {name} stand in this file already. Remove one of the two rows.")
        if row.sound:
            facts[name] = BurstFacts(name, vcpu, credits_per_h, launch_credits, surplus, source, day)
    return facts
