"""Fixtures shared by the whole suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.cli import calculate_on_one_thread

calculate_on_one_thread()

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets beside the checkout; tests that read it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data: {SHARED_DATA} is absent")
    return SHARED_DATA
