"""scenario.yaml: units are converted once, defaults hold, and every problem of a broken file is told at once."""

from __future__ import annotations

import dataclasses
import io
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
import yaml

from planner.errors import InputError
from planner.examples import example_text
from planner.scenario import (
    MmppTrace,
    PoissonTrace,
    Spot,
    SurgeTrace,
    TraceFile,
    load_scenario,
    parse_scenario,
    with_solver,
    with_start,
)
from planner.scenario.quantities import parse_duration
from planner.schemas import SCHEMAS
from solvers.backends import installed_backends
from tests.planner.small_catalogs import request_class, scenario
from workloads.load_shapes import Bursts, Span, Surge

BAD = Path(__file__).parents[1] / "data" / "bad" / "scenario"
SMALL = """
version: 1
name: small
region: us-east-1
horizon: {start: 2026-11-23T00:00:00Z, duration: 1h 30min}
window: 15min
workload:
  traces:
    web: {file: web.csv, interval: 30s}
  classes:
    - {name: a, trace: web, share: 1e-1, task: image-classification, deadline_ms: 200, percentile: 0.98, min_accuracy: 0.7}
"""

# file -> (number of problems, fragments that its message must hold)
EXPECTED: dict[str, tuple[int, tuple[str, ...]]] = {
    "a_list": (1, ("is a list; it must be a mapping",)),
    "class_names_and_traces": (
        2,
        ("line 10: workload.classes[0].trace is 'wbe'", "Did you mean 'web'?", "also the name of class 0"),
    ),
    "classes_of_models": (
        3,
        ("classes[0]: a class states its task or a list", "names short more than once", "buckets sum to 0.9"),
    ),
    "contains_itself": (1, ("resources.functions contains itself",)),
    "cut_off": (1, ("line 10 column", "not readable YAML")),
    "durations_without_units": (
        4,
        (
            "window: 900 has no unit",
            "unknown unit 'hours'",
            "'0d' is no time",
            "'five minutes' is not a duration",
        ),
    ),
    "empty": (1, ("the document is empty",)),
    "fleet_and_zones": (
        8,
        (
            "min_zones is 3, and resources.zones names 2",
            "current_fleet[0].zone is missing",
            "Did you mean 'us-east-1b'?",
            "committed have no zone",
            "makes 3 committed c5.large, and resources.commitments has 2",
            "containers is not enabled",
            "burstable.standby is off",
            "there is no spot machine to lose",
        ),
    ),
    "history_after_horizon": (1, ("must begin before horizon.start",)),
    "levels_and_lists": (
        5,
        (
            "must rise from one",
            "'monthly'",
            "Did you mean 'spot'?",
            "quotas[1].family is 'nitro'",
            "at least 1",
        ),
    ),
    "missing_files": (5, ("nowhere.csv", "no_profiles", "no_prices.csv", "no_shapes.csv", "no_spot.json")),
    "missing_parts": (3, ("horizon is missing", "traces.web.seed is missing", "neither is given")),
    "no_classes": (1, ("workload.classes is []; it must be a list of at least one entry",)),
    "functions": (
        6,
        (
            "functions.batch_sizes: [8, 4] must rise",
            "rate_brackets_rps: [2.0] is no range",
            "provisioned_concurrency is 3; it must be true or false",
            "partition.layer_graphs is missing",
            "partition.graphs is not a known key. Did you mean 'layer_graphs'",
            "functions.memory is not a known key. Did you mean 'memory_mb'",
        ),
    ),
    "not_utf8": (1, ("byte 20 is not UTF-8",)),
    "out_of_range": (
        8,
        (
            "deadline_ms is -400; it must be greater than 0",
            "percentile is 1; it must be less than 1",
            "seed is -1",
        ),
    ),
    "percentage_for_share": (2, ("95 looks like a percentage; write the share 0.95", "max_share is 50")),
    "repeated_entries": (1, ("quotas names g spot more than once",)),
    "repeated_keys": (2, ("line 6: window is given twice (first on line 5)", "deadline_ms is given twice")),
    "settings_of_other_objectives": (
        6,
        (
            "percentile is missing; it is required unless",
            "meet_rate_grid is given, and the objective is cost",
            "cost_weight_per_usd is given",
            "latency_factors is given",
            "objective.class is given",
            "Did you mean 'album'?",
        ),
    ),
    "shares_above_one": (1, ("shares sum to 1.3",)),
    "spot_and_grids_out_of_range": (
        6,
        (
            "max_share is 2; it must be at most 1",
            "level: 1.0 is no demand level",
            "violation_share is 0.5; it must be less than 0.5",
            "risk_aversion_usd is -1",
            "common_shock_share is 1; it must be less than 1",
            "latency_factors[0] is 0; it must be greater than 0",
        ),
    ),
    "spot_alone": (1, ("resources.markets is [spot] alone",)),
    "spot_figures_unused": (
        8,
        (
            "burstable.standby is true, and the spot policy is share",
            "only chance takes it",
            "only survive-loss and chance take it",
            "0.97, which is not among forecast.levels (0.5, 0.8, 0.95, 0.99)",
            "common_shock_share is given, and nothing weighs losses",
            "availability is given",
            "exposure_s is 60, and nothing looks at losses",
            "is of the zone 'us-east-1f'; resources.zones names none",
        ),
    ),
    "tabs": (1, ("line 7 column 1", "cannot start any token")),
    "time_without_zone": (2, ("must state its time zone", "'last monday'")),
    "two_objectives": (1, ("minimise: cost and maximise: effective_accuracy cannot both be the objective",)),
    "uneven_windows": (2, ("3.42857 windows", "forecast.hold is 300 s")),
    "unknown_generator": (1, ("a 'file' or a 'generator' (poisson, mmpp, surge, constant)",)),
    "unknown_keys": (5, ("Did you mean 'name'?", "Did you mean 'window'?", "Did you mean 'percentile'?")),
    "unused_trace": (1, ("traces.spare is used by no class",)),
    "wrong_solver": (3, ("'hihgs'", "Did you mean 'highs'?", "gap is 3", "time_limit_s is 0")),
    "wrong_types": (
        4,
        ("version is 2", "'soon'; it must be a number", "1.5; it must be a whole number", "True"),
    ),
}
BY_CATALOG = {
    "unknown_task_and_types",
    "unknown_region",
}  # only the catalogs know: tests/planner/cli/test_inputs.py


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_problem_of_a_broken_scenario_is_told_at_once(name: str) -> None:
    count, fragments = EXPECTED[name]
    with pytest.raises(InputError) as caught:
        load_scenario(BAD / f"{name}.yaml")
    assert len(caught.value.problems) == count, str(caught.value)
    for fragment in fragments:
        assert fragment in str(caught.value)
    assert all(f"{name}.yaml" in line for line in caught.value.problems)


def test_every_broken_scenario_is_expected() -> None:
    assert {file.stem for file in BAD.glob("*.yaml")} == set(EXPECTED) | BY_CATALOG


def test_units_are_converted_once(tmp_path: Path) -> None:
    (tmp_path / "web.csv").write_text("time,count\n")
    found = parse_scenario(SMALL.encode(), source="small.yaml", folder=tmp_path)
    source = found.workload.traces["web"]
    assert isinstance(source, TraceFile)
    assert (found.horizon.duration_s, found.window_s, source.interval_s) == (5400, 900, 30)
    assert found.windows == 6
    assert found.workload.classes[0].share == 0.1
    assert found.path_of("web.csv") == tmp_path / "web.csv"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5min", 300), ("24h", 86400), ("28d", 2419200), ("2w", 1209600), ("250ms", 0.25), ("1h 30min", 5400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("value", [5, 5.0, True, "5", "5 minutes", "-5min", "", None, "min", "0s"])
def test_a_duration_needs_a_number_and_a_known_unit(value: object) -> None:
    with pytest.raises(ValueError, match=r"unit|duration|no time"):
        parse_duration(value)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "web.csv").write_text("time,count\n")
    content = b"\xef\xbb\xbf" + SMALL.encode()
    assert parse_scenario(content, source="small.yaml", folder=tmp_path).name == "small"


def test_stdin_is_read_with_paths_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web.csv").write_text("time,count\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SMALL.encode())))
    assert load_scenario("-").name == "small"


def test_a_missing_scenario_and_a_folder_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="planner init"):
        load_scenario(tmp_path / "scenario.yaml")
    with pytest.raises(InputError, match="is a folder"):
        load_scenario(tmp_path)


def test_flags_override_the_solver_and_are_checked(tmp_path: Path) -> None:
    (tmp_path / "web.csv").write_text("time,count\n")
    found = parse_scenario(SMALL.encode(), source="small.yaml", folder=tmp_path)
    changed = with_solver(found, {"gap": 0.01, "seed": 3})
    assert (changed.solver.gap, changed.solver.seed, changed.solver.name) == (0.01, 3, "highs")
    assert (changed.digest, changed.path_of("x")) == (found.digest, found.path_of("x"))
    with pytest.raises(InputError) as caught:
        with_solver(found, {"gap": 2.0, "seed": -1})
    assert len(caught.value.problems) == 2
    assert "--gap is 2.0; it must be less than 1." in caught.value.problems


def test_the_horizon_can_be_moved_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "web.csv").write_text("time,count\n")
    found = parse_scenario(SMALL.encode(), source="small.yaml", folder=tmp_path)
    assert with_start(found, None) is found
    moved = with_start(found, "2027-01-02T03:00+01:00")
    assert moved.horizon.start == datetime(2027, 1, 2, 2, tzinfo=UTC)
    assert (moved.horizon.duration_s, moved.path_of("x")) == (found.horizon.duration_s, found.path_of("x"))
    for wrong in ("2027-01-02T03:00", "tomorrow"):
        with pytest.raises(InputError, match=f"^- --start is '{wrong}'"):
            with_start(found, wrong)


def test_the_example_satisfies_the_published_schema() -> None:
    schema = SCHEMAS["scenario"]()
    data = yaml.load(example_text(), Loader=yaml.BaseLoader)
    typed = yaml.safe_load(example_text())
    typed["horizon"]["start"] = data["horizon"]["start"]
    for name, source in typed["workload"]["traces"].items():
        source["start"] = data["workload"]["traces"][name]["start"]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(typed, schema)


def test_every_field_of_the_schema_is_described() -> None:
    schema = SCHEMAS["scenario"]()
    for name, part in {"scenario": schema, **schema["$defs"]}.items():
        for key, field in part.get("properties", {}).items():
            assert field.keys() & {"description", "const", "$ref"}, f"{name}.{key}"


def test_guarding_spot_policies_replace_the_share_limit_unless_one_is_given() -> None:
    limits = [
        Spot.model_validate(given).max_share
        for given in (
            {},
            {"policy": "share"},
            {"policy": "survive-loss"},
            {"policy": "chance", "violation_share": 0.01},
            {"policy": "survive-loss", "max_share": 0.3},
        )
    ]
    assert limits == [0.5, 0.5, 1, 1, 0.3]


@pytest.mark.parametrize(("level", "index"), [(None, 1), (0, 0), (0.5, 0), (0.9, 1)])
def test_the_level_of_a_loss_is_a_number_a_probability_or_the_top(level: float | None, index: int) -> None:
    spot = {"policy": "survive-loss"} | ({} if level is None else {"level": level})
    assert scenario(spot=spot).spot_level == index


def test_exposure_is_the_time_until_a_machine_is_replaced_unless_given() -> None:
    chance = {"policy": "chance", "violation_share": 0.05}
    assert scenario(spot=chance, resources={"boot_s": 90}).exposure_s == 90
    assert scenario(spot=chance | {"exposure_s": 3600}).exposure_s == 3600


def test_classes_state_their_own_least_machines_or_take_that_of_all() -> None:
    small = scenario(request_class("a"), request_class("b", min_instances=0), resources={"min_instances": 3})
    assert [small.min_instances_of(one) for one in small.workload.classes] == [3, 0]


@pytest.mark.parametrize(
    ("given", "direction"),
    [
        ({}, "cost"),
        ({"minimise": "cost"}, "cost"),
        ({"minimise": "latency", "class": "web"}, "latency"),
        ({"maximise": "effective_accuracy", "meet_rate_grid": [0.5, 0.9]}, "effective_accuracy"),
    ],
)
def test_one_direction_is_the_objective_and_cost_unless_told(
    given: dict[str, object], direction: str
) -> None:
    assert scenario(objective=given).objective.direction == direction


def test_a_percentile_may_be_absent_where_effective_accuracy_is_maximised() -> None:
    free = request_class()
    del free["percentile"]
    assert scenario(free, objective={"maximise": "effective_accuracy"}).workload.classes[0].percentile is None


@pytest.mark.parametrize(
    ("model", "parts"), [(PoissonTrace, (Span,)), (MmppTrace, (Span, Bursts)), (SurgeTrace, (Span, Surge))]
)
def test_generators_take_the_settings_that_workloads_knows(model: type, parts: tuple[type, ...]) -> None:
    settings = {field.name for part in parts for field in dataclasses.fields(part)}
    assert settings <= set(model.model_fields)  # type: ignore[attr-defined]


def test_a_plan_is_not_taken_for_a_scenario(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"plan\.json is a plan, and a scenario is asked for") as caught:
        parse_scenario(b'{"kind": "ProvisioningPlan", "windows": []}', source="plan.json", folder=tmp_path)
    assert len(caught.value.problems) == 1


def test_every_solver_that_plans_integers_may_be_named() -> None:
    for found in installed_backends():
        assert with_solver(scenario(), {"name": found.name}).solver.name == found.name
