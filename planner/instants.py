"""Instants as messages and tables write them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def instant_text(moment: datetime) -> str:
    """Return an instant in UTC to the second, as plan.json writes it: ``2026-11-23T06:00:00Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
