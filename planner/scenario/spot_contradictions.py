"""What must hold between the spot policy, its figures and the machines that may be rented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.document import Place
    from planner.scenario.document import Scenario

    Contradiction = tuple[Place, str]  # where, and the sentence that goes on after the name of the place


def spot_contradictions(scenario: Scenario) -> Iterator[Contradiction]:
    """Say where fields on spot machines contradict others."""
    yield from _of_policy(scenario)
    yield from _of_figures(scenario)


def _of_policy(scenario: Scenario) -> Iterator[Contradiction]:
    spot, resources = scenario.spot, scenario.resources
    if resources.markets == ("spot",) and (spot.policy == "none" or spot.max_share < 1):
        yield (
            ("resources", "markets"),
            "is [spot] alone, and the spot policy allows no group of spot machines only; add on-demand, "
            "or set spot.max_share to 1.",
        )
    if resources.burstable.standby and spot.policy != "survive-loss":
        yield (
            ("resources", "burstable", "standby"),
            f"is true, and the spot policy is {spot.policy}; standby machines serve after a loss of spot machines, which "
            "survive-loss alone looks at group by group: set spot.policy to survive-loss.",
        )
    if (spot.policy == "chance") != (spot.violation_share is not None):
        found = (
            "is missing; the policy chance needs it, for example 0.01."
            if spot.violation_share is None
            else f"is {spot.violation_share:g}, and the policy is {spot.policy}; only chance takes it. Remove one."
        )
        yield ("spot", "violation_share"), found
    if spot.level is not None and not spot.guards_losses:
        yield (
            ("spot", "level"),
            f"is {spot.level:g}, and the policy is {spot.policy}; only survive-loss and chance take it. Remove it.",
        )
    levels = scenario.forecast.levels
    if isinstance(spot.level, int) and spot.level >= len(levels):
        yield ("spot", "level"), f"is {spot.level}; forecast.levels has the levels 0 to {len(levels) - 1}."
    elif isinstance(spot.level, float) and spot.level not in levels:
        yield (
            ("spot", "level"),
            f"is {spot.level:g}, which is not among forecast.levels ({', '.join(f'{one:g}' for one in levels)}).",
        )


def _of_figures(scenario: Scenario) -> Iterator[Contradiction]:
    spot, zones = scenario.spot, scenario.resources.zones
    if spot.risk_aversion_usd > 0 and spot.policy == "none":
        yield (
            ("spot", "risk_aversion_usd"),
            f"is {spot.risk_aversion_usd:g}, and the policy is none: there is no spot machine to lose. Remove it.",
        )
    unused = not spot.weighs_losses
    for key, given in (
        ("common_shock_share", spot.common_shock_share > 0),
        ("availability", bool(spot.availability)),
    ):
        if given and unused:
            yield (
                ("spot", key),
                "is given, and nothing weighs losses; set the policy chance or risk_aversion_usd, or remove it.",
            )
    if (spot.guards_losses or spot.weighs_losses) and scenario.exposure_s == 0:
        yield (
            ("spot", "exposure_s"),
            "is missing, and resources.boot_s is 0: state the time until a lost machine is replaced.",
        )
    if spot.exposure_s is not None and unused and not spot.guards_losses:
        yield (
            ("spot", "exposure_s"),
            f"is {spot.exposure_s:g}, and nothing looks at losses; set the policy survive-loss or chance, or "
            "risk_aversion_usd, or remove it.",
        )
    for name in spot.availability:
        _, _, zone = name.rpartition("/")
        if "/" in name and zone not in (zones or ()):
            known = ", ".join(zones) if zones else "none"
            yield (
                ("spot", "availability", name),
                f"is of the zone {zone!r}; resources.zones names {known}.{nearest(zone, zones or ())}",
            )
