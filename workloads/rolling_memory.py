"""What forecasters said of one trace at earlier origins, kept while its history grows.

A forecast that is made anew every few minutes need not run its forecasters at sixty origins each time: what they said
there does not change, only more of it can be judged.  So a full run is made now and then, and between two of them the
forecasters run at the end of the history alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from workloads.rolling import END_ROUNDING_S, SPACING_H_MAX, choose_origins, say
from workloads.series import HOUR_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workloads.members import Forecaster
    from workloads.rolling import Layout, Rolling, Said
    from workloads.season import Season
    from workloads.series import RateCurve, StepSeries

GROWTH_SHARE = 0.05  # ours: of a history that short, the errors of a twentieth more are worth a full run


@dataclass
class RollingMemory:
    """Earlier origins of one trace, whose histories begin at one instant and only grow.

    Another layout of windows, another step or another season makes it worthless; it then begins again by itself.

    Parameters
    ----------
    said
        What was said at the origins of the last full run.
    choices
        Method asked for -> forecaster that was chosen since then, and what it is called.
    asked, until_s
        What the full run was made for, and the duration of the history from which on it is too old.
    """

    said: Said | None = None
    choices: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: tuple[object, ...] = ()
    until_s: float = 0.0

    def roll(
        self,
        curve: RateCurve,
        series: StepSeries,
        season: Season,
        forecasters: Mapping[str, Forecaster],
        layout: Layout,
        combined: str,
    ) -> Rolling:
        """As `workloads.rolling.roll`; the origins are those of the last full run, and the end of the history."""
        asked = (layout, series.step_s, season.day_steps, season.week, tuple(forecasters), combined)
        now_s, before = curve.duration_s, self.said
        later_s = 0.0 if before is None else now_s - float(before.origin_s[-1])
        if before is None or asked != self.asked or later_s < -END_ROUNDING_S or now_s >= self.until_s:
            origins = choose_origins(series.root.size, series.step_s, season.day_steps)
            self.said = say(curve, series, season, forecasters, layout, origins, combined)
            self.asked = asked
            self.choices.clear()
            self.until_s = now_s + min(SPACING_H_MAX * HOUR_S, GROWTH_SHARE * now_s)
            return self.said.judged(curve)
        if later_s <= END_ROUNDING_S:
            return before.judged(curve)
        end = np.array([series.root.size])
        now = say(curve, series, season, forecasters, layout, end, combined)
        return before.then(now).judged(curve)
