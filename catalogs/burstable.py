"""Burstable machines (AWS T family): what they sustain, and how long and at what price they run above it.

A machine earns processor credits all the time and spends one for every minute that a vCPU works in full. At the
baseline share of every vCPU it spends what it earns. Above it, credits run down: a machine of v vCPU and
baseline u holds full speed on K credits for K / (60 v (1 - u)) hours; then it falls back to its baseline
(standard mode), or the missing credits are billed by the vCPU-hour (unlimited mode).
Worked: t2.2xlarge starts with 30 credits for each of 8 vCPU and earns 81.6 an hour: 240 / (480 - 81.6) = 0.60 h.
"""

from __future__ import annotations

from dataclasses import dataclass

MONTH_H = 730  # 8,760 h a year / 12: the month that disks are billed by
DISK_USD_PER_GB_MONTH = 0.08  # AWS EBS pricing page, gp3, us-east-1, 2026
CREDITS_PER_VCPU_H = 60  # EC2 user guide, burstable instances: one credit = one vCPU at 100 % for one minute


@dataclass(frozen=True)
class BurstFacts:
    """Credits of one burstable machine type.

    Parameters
    ----------
    vcpu
        vCPU of the machine.
    baseline_share
        Share of every vCPU that it sustains for ever: its credits balance there.
    credits_per_h
        Credits earned in an hour, by the whole machine; one is a minute of one vCPU.
    credits_max
        Most earned credits that it keeps.
    launch_credits
        Credits that it has at every start, in standard mode.
    credits_kept_d
        Days that earned credits outlive a stop.
    surplus_usd_per_vcpu_h
        Price of a vCPU-hour above what was earned, in unlimited mode (Linux).
    """

    instance_type: str
    vcpu: int
    baseline_share: float
    credits_per_h: float
    credits_max: float
    launch_credits: float
    credits_kept_d: float
    surplus_usd_per_vcpu_h: float
    source: str

    def full_speed_h(self, credit_count: float) -> float:
        """Hours at full speed on so many credits, what it earns meanwhile counted in."""
        raise NotImplementedError

    @property
    def surplus_usd_per_h(self) -> float:
        """USD per hour at full speed once the credits are spent, on top of the machine's price."""
        raise NotImplementedError

    def burst_usd(self, hours: float) -> float:
        """USD on top of the machine's price for its first `hours` at full speed after a long stop.

        Nothing within its launch credits; else all of it in unlimited mode, where launch credits are not given.
        """
        raise NotImplementedError


def burst_facts(instance_type: str) -> BurstFacts | None:
    """Credits of a machine type; None where it is not burstable."""
    raise NotImplementedError


def stopped_usd_per_h(disk_gb: float, usd_per_gb_month: float = DISK_USD_PER_GB_MONTH) -> float:
    """USD per hour of a stopped machine: its disk alone is billed."""
    raise NotImplementedError
