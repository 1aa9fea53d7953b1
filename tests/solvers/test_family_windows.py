"""Blocks of windows are cut from one program: which window each column belongs to, and which rows touch several."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solvers.limits import FunctionRates
from tests.solvers.hand_cases import HAND_CASES
from tests.solvers.tiny_parts import (
    accuracy_floors,
    model_loads,
    operator_limits,
    served_value,
    spot_risk,
)
from tests.solvers.tiny_problems import tiny_problem
from tests.solvers.whole_program import compile_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.blocks import Compiled

WINDOWS, LEVELS = 3, 2
SEAMS = {"count_starts", "count_loads", "wait_for_loads", "limit_churn", "hold_scale_in", "limit_budget"}
SEEN_ACROSS = {"instances", "starts", "held"}  # variables of other windows that a seam row may look at


@cache
def everything() -> Compiled:
    """Return a program of three windows with rows in every family and all variables."""
    return compile_whole(
        tiny_problem(
            demand_rps=[[[5, 8], [9, 12], [4, 6]], [[3, 4], [2, 5], [6, 7]]],
            serves=[[1, 1], [0, 1]],
            capacity_rps=[[0, 8, 18, 29], [0, 0, 0, 0]],
            count_max=[3, 0],
            linear_rps=np.array([[0.0, 6.0], [0.0, 5.0]]),
            options=[(0, 0), (0, 1), (0, 2), (1, 3)],
            price_usd_per_h=[1.0, 0.3, 0.05, 0.8],
            start_usd=[0.1, 0.1, 0.0, 0.1],
            initial_count=[1, 0, 0, 1],
            count_limit=[[1, np.inf, np.inf]] + [[np.inf] * WINDOWS] * 3,
            is_spot=[0, 1, 0, 0],
            on_demand_floor_share=0.25,
            quotas=[([4, 4, 4, 4], 64)],
            usd_per_request=[1e-4, 8e-5],
            concurrency_s=[0.5, 0.2],
            rates=FunctionRates(
                least_rps=np.array([0.0, 1.0]),
                most_rps=np.array([np.inf, 4.0]),
                usd_per_h=np.array([0.0, 0.1]),
            ),
            concurrency_limit=3.0,
            owned_count=np.array([np.inf, np.inf, np.inf, 2.0]),
            limits=operator_limits(
                min_instances=[1, 1],
                zone_of_machine=[0, 1, 0, 1],
                scale_in_windows=[2, 0, 0, 3],
                min_zones=2,
                max_groups=2,
                max_churn=3,
                budget_usd=50.0,
            ),
            loads=model_loads(
                group_model=[0, 1],
                initial_loaded=[[1, 0], [0, 0], [0, 0], [0, 1]],
                load_usd=[[0.1, 0.1]] * 4,
                load_s=[20, 30],
                wait_usd_per_s=0.01,
            ),
            accuracy=accuracy_floors([[0.1, -0.1], [0.1, 0.05]], [[0.1, 0.1], [-0.1, 0.0]]),
            value=served_value([[1e-4, 1e-4], [1e-4, 1e-4]], [[1e-4, 1e-4], [1e-4, 1e-4]]),
            spot_risk=spot_risk(
                pool_of_machine=[-1, 0, -1, -1],
                is_standby=[0, 0, 1, 0],
                loss_share=[0.1],
                guard_classes=[[1, 0], [1, 1]],
                level=1,
                survive_any_loss=True,
                violation_share=0.05,
                aversion_usd=1e-4,
            ),
        )
    )


def column_windows() -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return window and variable of every column, by each variable's last axis."""
    compiled = everything()
    window = np.full(len(compiled.arrays.cost), -1)
    name = np.empty(len(compiled.arrays.cost), dtype=object)
    for variable, places in compiled.columns.items():
        window[places] = np.arange(places.shape[1]) // (places.shape[1] // WINDOWS)
        name[places] = variable
    return window, name


def test_every_family_is_in_it() -> None:
    """The rules below are looked at for every family; every column belongs to a variable."""
    assert all(len(rows) for rows in everything().rows.values())
    assert (column_windows()[0] >= 0).all()


def test_the_last_axis_of_every_variable_is_time() -> None:
    """Windows, or windows with their levels."""
    for variable, places in everything().columns.items():
        assert places.ndim == 2
        assert places.shape[1] in (WINDOWS, WINDOWS * LEVELS), variable


@pytest.mark.parametrize("family", list(everything().rows))
def test_rows_touch_one_window_except_at_seams(family: str) -> None:
    """Only the seam families look at other windows, and there at machines, launches and held models alone."""
    window, name = column_windows()
    several = set()
    for row in everything().rows[family]:
        own = everything().arrays.matrix[[row]].indices
        if len(set(window[own])) > 1:
            several.add(family)
            earlier = own[window[own] < window[own].max()]
            assert family == "limit_budget" or set(name[earlier]) <= SEEN_ACROSS
    assert several <= SEAMS
    assert (family in several) == (family in SEAMS)


def test_norms_and_squares_keep_to_one_window() -> None:
    """Each has the row of its own window and guard."""
    window, _ = column_windows()
    arrays = everything().arrays
    assert len(arrays.norms) == len(arrays.squares) == 2 * WINDOWS
    for norm in arrays.norms:
        assert set(window[norm.columns]) == set(window[arrays.matrix[[norm.row]].indices])
        assert set(norm.columns) <= set(arrays.matrix[[norm.row]].indices)
    for square in arrays.squares:
        assert len(set(window[square.columns])) == 1


def test_families_without_anything_to_say_have_no_rows() -> None:
    """A problem without optional parts has none of their rows, columns or curves."""
    compiled = compile_whole(HAND_CASES[0].problem)
    assert set(compiled.columns) == {"instances", "pick", "carried_rps", "starts"}
    filled = {name for name, rows in compiled.rows.items() if len(rows)}
    assert filled == {"serve_demand", "share_capacity", "pick_count", "count_starts"}
    assert not compiled.arrays.is_curved
