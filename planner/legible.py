"""Texts that come from elsewhere, fit to be shown: names in a plan, answers of services."""

from __future__ import annotations

import re

CONTROLS = re.compile(  # Unicode's C0 and C1 without tab and line end, and its marks and overrides of writing direction
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def legible(text: str) -> str:
    """Write out what would move a cursor, colour a terminal or turn the reading order, by its number."""
    return CONTROLS.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
