"""Traces cut from one folder of clients must not count a client twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from planner.client_rules import overlap_problems
from planner.errors import InputError
from planner.inputs import load_inputs
from planner.scenario import parse_scenario
from tests.planner.small_catalogs import request_class

if TYPE_CHECKING:
    from pathlib import Path

    from planner.scenario import Scenario


@pytest.fixture
def clients(tmp_path: Path) -> Path:
    """Three clients over two hours, of cv 1, 2 and 4."""
    folder = tmp_path / "clients"
    folder.mkdir()
    for name, cv in (("0", 1.0), ("1", 2.0), ("2", 4.0)):
        rows = [f"{600 * n},1.0,{cv},Gamma,1.0,1.0" for n in range(12)]
        (folder / f"chunk-{name}-trace.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def asked(folder: Path, **rules: dict[str, Any]) -> Scenario:
    """One class for each trace of the folder's clients."""
    document = {
        "version": 1,
        "name": "clients",
        "region": "us-east-1",
        "horizon": {"start": "1970-01-01T02:00:00Z", "duration": "10min"},
        "window": "10min",
        "workload": {
            "traces": {name: {"file": "clients"} | rule for name, rule in rules.items()},
            "classes": [request_class(name, trace=name, share=1.0) for name in rules],
        },
    }
    return parse_scenario(json.dumps(document).encode(), source="clients", folder=folder)


def test_rules_that_part_the_clients_are_fine(clients: Path) -> None:
    assert list(overlap_problems(asked(clients, calm={"cv_below": 2.0}, bursty={"cv_from": 2.0}))) == []


@pytest.mark.parametrize(
    ("rules", "both"),
    [
        ({"calm": {"cv_below": 3.0}, "bursty": {"cv_from": 1.5}}, "the clients 1 of"),
        ({"all": {}, "named": {"clients": ["0", "2"]}}, "the clients 0, 2 of"),
    ],
)
def test_clients_that_two_traces_count_are_named(
    clients: Path, rules: dict[str, dict[str, Any]], both: str
) -> None:
    (problem,) = overlap_problems(asked(clients, **rules))
    assert both in problem
    assert " and ".join(rules) in problem


def test_loading_the_inputs_refuses_them(clients: Path) -> None:
    with pytest.raises(InputError, match="would be planned twice"):
        load_inputs(asked(clients, one={}, other={}))
