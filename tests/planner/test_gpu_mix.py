"""From another planner's GPU-mix problem to a plan: the folder written, its optimum, and what cannot be served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from planner.errors import InfeasiblePlanError, InputError
from planner.gpu_mix import import_gpu_mix
from planner.pipeline import plan_scenario
from planner.scenario import load_scenario
from tests.planner.cli.conftest import planner_process

if TYPE_CHECKING:
    from planner.plan import ProvisioningPlan

EXAMPLE = Path(__file__).parents[2] / "examples" / "gpu_mix" / "problem.json"
TOLERANCE_USD = 1e-3


def problem(**changes: Any) -> dict[str, Any]:
    """The example's problem with some of its keys changed."""
    document: dict[str, Any] = json.loads(EXAMPLE.read_text())
    return document | changes


def imported(tmp_path: Path, document: dict[str, Any]) -> Path:
    file = tmp_path / "mix.json"
    file.write_text(json.dumps(document))
    return import_gpu_mix(file, tmp_path / "mix")


def planned(tmp_path: Path, document: dict[str, Any]) -> ProvisioningPlan:
    return plan_scenario(load_scenario(imported(tmp_path, document)))


def test_the_folder_is_a_scenario_of_one_hour_at_the_rate(tmp_path: Path) -> None:
    scenario = load_scenario(imported(tmp_path, problem()))
    assert (scenario.windows, scenario.window_s) == (1, 3600)
    classes = scenario.workload.planned_classes
    assert [one.name for one in classes] == [f"requests/i{x}o{y}" for x in (1, 2, 3) for y in (1, 2)]
    assert sum(one.share for one in classes) == pytest.approx(1)
    assert sorted(path.name for path in (tmp_path / "mix").iterdir()) == [
        "models.csv",
        "prices.csv",
        "scenario.yaml",
        "shapes.csv",
        "throughput.csv",
    ]


def test_the_plan_costs_the_optimum_for_an_hour(tmp_path: Path) -> None:
    """10.40 USD; the cheapest plan of one type costs 11.80 (two large machines)."""
    plan = planned(tmp_path, problem())
    assert plan.certificate.objective_usd == pytest.approx(10.4, abs=TOLERANCE_USD)
    assert plan.certificate.bound_usd == pytest.approx(10.4, abs=TOLERANCE_USD)
    assert plan.certificate.status == "optimal"


def test_one_type_takes_as_many_machines_as_its_busy_time_rounded_up(tmp_path: Path) -> None:
    """Shares of a machine's time, by hand: 24 (.5/6 + .5/2) = 8 machines exactly, 0.8 USD each; 10 at 80 %."""
    small = {"gpu_info": {"small": {"cost": 0.8, "tputs": [[6, 2]]}}, "workload_distribution": [[0.5, 0.5]]}
    path = imported(tmp_path, problem(**small))
    assert plan_scenario(load_scenario(path)).certificate.objective_usd == pytest.approx(6.4)
    path.write_text(path.read_text().replace("target_utilisation: 1.0", "target_utilisation: 0.8"))
    assert plan_scenario(load_scenario(path)).certificate.objective_usd == pytest.approx(8.0)


def test_buckets_without_requests_are_left_out_and_may_be_unservable(tmp_path: Path) -> None:
    document = problem(workload_distribution=[[0.6, 0.4], [0, 0], [0, 0]])
    document["gpu_info"] = {"small": document["gpu_info"]["small"]}
    plan = planned(tmp_path, document)
    assert [one.name for one in plan.problem.classes] == ["requests/i1o1", "requests/i1o2"]


def test_a_bucket_that_no_machine_serves_is_named(tmp_path: Path) -> None:
    document = problem()
    document["gpu_info"] = {"small": document["gpu_info"]["small"]}
    with pytest.raises(InfeasiblePlanError) as error:
        planned(tmp_path, document)
    (line,) = error.value.problems
    assert "class requests/i3o2: no machine can serve bucket i3o2" in line
    assert "small" in line


def test_shares_that_sum_to_almost_one_keep_the_rate_of_every_bucket(tmp_path: Path) -> None:
    """Printed shares are rounded: the rate of a bucket is its share times the rate, whatever the shares sum to."""
    scenario = load_scenario(imported(tmp_path, problem(workload_distribution=[[0.995, 0], [0, 0], [0, 0]])))
    (one,) = scenario.workload.planned_classes
    assert one.share == 1.0
    assert scenario.workload.traces["load"].rate_rps == pytest.approx(0.995 * 24)  # type: ignore[union-attr]


def test_a_folder_with_a_scenario_is_left_alone_unless_forced(tmp_path: Path) -> None:
    path = imported(tmp_path, problem())
    path.write_text("mine")
    with pytest.raises(InputError, match="--force"):
        import_gpu_mix(tmp_path / "mix.json", tmp_path / "mix")
    import_gpu_mix(tmp_path / "mix.json", tmp_path / "mix", replace=True)
    assert path.read_text() != "mine"


@pytest.mark.parametrize("name", ["A10G", "A100-80GB", "RTX 4090", 'quoted "type", 8 cards'])
def test_types_may_have_any_name_without_a_slash(tmp_path: Path, name: str) -> None:
    types = {"gpu_info": {name: {"cost": 1.0, "tputs": [[5.0]]}}, "workload_distribution": [[1.0]]}
    plan = planned(tmp_path, problem(**types))
    assert plan.certificate.objective_usd == pytest.approx(5.0)
    assert {line.instance_type for line in plan.windows[0].fleet} == {name}


def test_the_command_prints_the_path_and_exits_by_what_it_finds(tmp_path: Path) -> None:
    folder = tmp_path / "mix"
    done = planner_process("scenario", "import", "gpu-mix", EXAMPLE, folder)
    assert (done.code, done.out) == (0, f"{folder / 'scenario.yaml'}\n")
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(problem(total_request_rate=-1, gpu_info={"A": {"cost": 0}})))
    done = planner_process("scenario", "import", "gpu-mix", bad, tmp_path / "other")
    assert (done.code, done.out) == (2, "")
    assert "3 problems" in done.err
    assert not (tmp_path / "other").exists()
    done = planner_process("scenario", "import", "gpu-mixx", EXAMPLE, folder)
    assert done.code == 2
    assert "Did you mean 'gpu-mix'?" in done.err


@pytest.mark.real_data
@pytest.mark.parametrize("utilisation", [1.0, 0.8])
def test_the_published_problems_cost_no_more_than_their_known_optima(
    shared_data: Path, tmp_path: Path, utilisation: float
) -> None:
    folder = shared_data / "peers" / "gpu_mix"
    known = json.loads((folder / "expected.json").read_text())
    assert len(known) >= 8
    for name, figures in known.items():
        path = import_gpu_mix(folder / f"{name}.json", tmp_path / name)
        text = path.read_text()
        path.write_text(text.replace("target_utilisation: 1.0", f"target_utilisation: {utilisation}"))
        certificate = plan_scenario(load_scenario(path)).certificate
        assert certificate.bound_usd is not None
        assert certificate.objective_usd is not None
        assert certificate.objective_usd <= certificate.bound_usd * (1 + 1e-6) + 1e-9, name
        if utilisation == 1.0:
            assert certificate.objective_usd <= figures["ref_fluid"] + TOLERANCE_USD, name
            assert certificate.objective_usd >= figures["ref_lp"] - TOLERANCE_USD, name
        else:
            assert certificate.objective_usd >= figures["ref_lp"] / utilisation - TOLERANCE_USD, name
