"""`planner partition`: formats, files, exit codes, and the schema of what it writes."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from planner.errors import EXIT_BAD_INPUT, EXIT_DONE, EXIT_GAP_MISSED, EXIT_INFEASIBLE, SolverLimitError
from planner.partition import search
from planner.partition.tables import BAR_CELLS
from solvers.partition import PartitionAnswer
from tests.planner.partition.tiny_models import USD_PER_CALL, USD_PER_MS, branched, file_of, pair

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.planner.cli.conftest import Outcome

    Command = Callable[..., Outcome]

pytestmark = pytest.mark.portable

USD = 288 * USD_PER_MS + 2 * USD_PER_CALL  # of the pair, see tests/planner/partition/test_by_hand.py


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two layers that do not fit one zip package."""
    return file_of(pair(), tmp_path)


def test_the_document_goes_to_stdout_as_json_and_keeps_its_schema(planner: Command, model: Path) -> None:
    done = planner("partition", model, "--slo", "2s", "--memory-mb", "1024", "--format", "json")
    document = json.loads(done.out)
    assert done.code == EXIT_DONE
    assert document["usd_per_request"] == pytest.approx(USD)
    assert len(document["segments"]) == 2
    assert document["kind"] == "PartitionPlan"
    schema = json.loads(planner("schema", "partition").out)
    jsonschema.validate(document, schema)
    assert "every call is taken as warm" in done.err
    assert "2 functions" in done.err


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_scripts_get_one_row_a_function(planner: Command, model: Path, form: str) -> None:
    done = planner("partition", model, "--slo", "2s", "--memory-mb", "1024", "--format", form)
    rows = list(csv.DictReader(io.StringIO(done.out), delimiter="\t" if form == "tsv" else ","))
    assert [row["memory_mb"] for row in rows] == ["1024", "1024"]
    assert [row["sends_via"] for row in rows] == ["payload", "caller"]
    assert sum(float(row["usd_per_million_calls"]) for row in rows) == pytest.approx(1e6 * USD)


def test_off_a_terminal_the_table_is_tsv(planner: Command, model: Path) -> None:
    arguments = ("partition", model, "--slo", "2s", "--memory-mb", "1024")
    assert planner(*arguments).out == planner(*arguments, "--format", "tsv").out


def test_people_see_cost_time_and_granularities(planner: Command, model: Path) -> None:
    text = planner("partition", model, "--slo", "2s", "--memory-mb", "1024", "--format", "table").out
    assert f"{1e6 * USD:.4f} USD per million requests" in text
    assert "█" * BAR_CELLS in text
    assert "all in one" in text
    assert "needs 320 MiB of package" in text
    assert planner("partition", model, "--slo", "2s", "--format", "markdown").out.startswith("| function |")


def test_workers_have_rows_of_their_own(planner: Command, tmp_path: Path) -> None:
    file = file_of(branched(), tmp_path)
    done = planner("partition", file, "--budget", "0.0001", "--memory-mb", "1024", "--format", "csv", "-q")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(row["role"], row["first_layer"]) for row in rows] == [("chain", "stem"), ("worker", "right")]
    assert done.err == ""


def test_a_file_is_written_whole_and_as_json(planner: Command, model: Path, tmp_path: Path) -> None:
    target = tmp_path / "partition.json"
    done = planner("partition", model, "--slo", "2s", "--rate", "5", "-o", target)
    assert (done.code, done.out) == (EXIT_DONE, "")
    assert json.loads(target.read_text())["rate_rps"] == 5
    before = target.read_bytes()
    assert planner("partition", model, "--slo", "1ms", "-o", target).code == EXIT_INFEASIBLE
    assert target.read_bytes() == before
    assert planner("partition", model, "--slo", "2s", "-o", tmp_path / "no" / "x.json").code == EXIT_BAD_INPUT


def test_all_input_problems_come_in_one_message(planner: Command, model: Path) -> None:
    done = planner(
        "partition", model, "--model", "pear", "--slo", "2x", "--solver", "lables", "--batch", "1,2"
    )
    assert done.code == EXIT_BAD_INPUT
    assert done.err.startswith("planner: 4 problems:")
    for part in ("'pear'", "unknown unit 'x'", "Did you mean 'labels'", "--rate"):
        assert part in done.err


def test_a_wrong_model_of_a_table_offers_near_names(planner: Command, tmp_path: Path) -> None:
    table = tmp_path / "layers.csv"
    rows = ["model,layer,class,inbound,out_elems,params,macs"]
    for name in ("AlphaNet", "BetaNet"):
        rows += [f"{name},in,InputLayer,,10,0,0", f"{name},fc,Dense,in,10,100,100"]
    table.write_text("\n".join(rows) + "\n")
    done = planner("partition", table, "--model", "AlfaNet", "--slo", "2s")
    assert done.code == EXIT_BAD_INPUT
    assert "AlphaNet" in done.err
    unnamed = planner("partition", table, "--slo", "2s")
    assert unnamed.code == EXIT_BAD_INPUT
    assert "AlphaNet, BetaNet" in unnamed.err
    assert planner("partition", table, "--model", "BetaNet", "--slo", "2s", "-q").code == EXIT_DONE


def test_a_wrong_format_region_or_processor_is_bad_input(planner: Command, model: Path) -> None:
    for flags, part in (
        (("--format", "xml"), "--format is 'xml'"),
        (("--region", "us-east-9"), "us-east-9"),
        (("--arch", "riscv"), "riscv"),
    ):
        done = planner("partition", model, "--slo", "2s", *flags)
        assert (done.code, part in done.err) == (EXIT_BAD_INPUT, True)


def test_infeasible_names_the_block_and_the_limit(planner: Command, tmp_path: Path) -> None:
    done = planner("partition", file_of(pair(param_mib=200.0), tmp_path), "--slo", "2s")
    assert (done.code, done.out) == (EXIT_INFEASIBLE, "")
    assert "block 'first'" in done.err
    assert "320" in done.err
    assert "250" in done.err


def test_a_limit_that_stops_the_solver_ends_with_5_and_the_best_found(
    planner: Command, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve = search.solve_partition

    def stopped(*args: object, **kwargs: object) -> PartitionAnswer:
        found = solve(*args, **kwargs)  # type: ignore[arg-type]
        return PartitionAnswer(
            found.segments, found.usd, found.latency_ms, found.minimised, found.usd / 2, "limit", found.solver
        )

    monkeypatch.setattr(search, "solve_partition", stopped)
    done = planner("partition", model, "--slo", "2s", "--memory-mb", "1024", "--format", "json")
    proof = json.loads(done.out)["certificate"]
    assert done.code == EXIT_GAP_MISSED
    assert (proof["status"], proof["gap"]) == ("limit", pytest.approx(0.5))


def test_a_limit_before_any_partition_writes_nothing(
    planner: Command, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = PartitionAnswer((), float("inf"), float("inf"), "cost", 0.0, "limit", "scip")
    monkeypatch.setattr(search, "solve_partition", lambda *args, **kwargs: nothing)
    done = planner("partition", model, "--slo", "2s", "--solver", "scip", "--time-limit", "1s")
    assert (done.code, done.out) == (SolverLimitError.exit_code, "")
    assert "within its time limit of 1 s" in done.err
