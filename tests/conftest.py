"""Fixtures shared by the whole suite, and which tests one worker runs together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planner.cli import calculate_on_one_thread

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

calculate_on_one_thread()

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SHARING = (  # modules whose tests share what takes seconds to make: plans, forecasts, enumerated optima
    "planner/cli/test_plan.py",
    "planner/cli/test_tables.py",
    "planner/test_dominance_parts.py",
    "planner/test_memory_file.py",
    "planner/test_pipeline.py",
    "solvers/test_oracle.py",
    "solvers/test_oracle_parts.py",
    "test_plans_hold.py",
    "test_real_days.py",
    "workloads/test_forecast.py",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Hand each module of `SHARING` to one worker, and all other tests out one by one."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.split("::")[0]
            return module if module.endswith(SHARING) else nodeid

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets beside the checkout; tests that read it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data: {SHARED_DATA} is absent")
    return SHARED_DATA
