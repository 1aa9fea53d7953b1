"""Fixtures shared by the whole suite, and which tests one worker runs together."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from planner.cli import calculate_on_one_thread
from tests.shared_forecasts import shared

if TYPE_CHECKING:
    from collections.abc import Iterator

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

# Compiling the replay takes half a minute and is kept on disk: one worker does it while others run what replays nothing.
COMPILES = "planner/replay/test_compiled.py"
REPLAYS_NOTHING = "tests/solvers/"


def pytest_configure(config: pytest.Config) -> None:
    """Let workers and commands share bytecode where none may be written beside the sources: it takes half of a command's start."""
    if sys.dont_write_bytecode and "PYTHONPYCACHEPREFIX" not in os.environ:
        folder = TemporaryDirectory(prefix="bytecode-")
        config.add_cleanup(folder.cleanup)
        os.environ["PYTHONPYCACHEPREFIX"] = folder.name
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Compile the replay before all tests, then run what replays nothing; else keep the order."""
    items.sort(key=lambda one: (COMPILES not in one.nodeid, not one.nodeid.startswith(REPLAYS_NOTHING)))


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


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this session for what its workers share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session", autouse=True)
def _share_forecasts(session_folder: Path) -> Iterator[None]:
    """Let all plans of a session that need the same forecast share it; none is made where no test imports the pipeline."""
    pipeline = sys.modules.get("planner.pipeline")
    if pipeline is None:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            pipeline, "forecast_rates", shared(pipeline.forecast_rates, session_folder / "forecasts")
        )
        yield


@pytest.fixture
def _forecasts_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of whether making a plan again makes the same plan."""
    from planner import pipeline
    from workloads.forecast import forecast_rates

    monkeypatch.setattr(pipeline, "forecast_rates", forecast_rates)
