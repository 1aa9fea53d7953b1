"""Instants as messages and tables write them."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def instant_text(moment: datetime) -> str:
    """Return an instant in UTC to the second, as plan.json writes it: ``2026-11-23T06:00:00Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def with_instants(text: str, start: datetime, window_s: float) -> str:
    """Say when each window of a text begins, in place of its number."""

    def instant_of(found: re.Match[str]) -> str:
        return f"the window of {instant_text(start + timedelta(seconds=int(found[1]) * window_s))}"

    return re.sub(r"\bwindow (\d+)", instant_of, text)
