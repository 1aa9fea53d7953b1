"""The plan file: its schema, reading with every problem named, the same bytes for the same plan."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from planner.errors import InputError
from planner.plan import ProvisioningPlan, load_plan, parse_plan, plan_bytes, plan_digest, write_plan
from planner.schemas import SCHEMAS
from tests.planner.plan_case import GROUP, make_plan, plan_data

if TYPE_CHECKING:
    from pathlib import Path


def parse(data: Any) -> ProvisioningPlan:
    return parse_plan(json.dumps(data).encode(), source="plan.json")


def problems_of(data: Any) -> str:
    with pytest.raises(InputError) as caught:
        parse(data)
    return str(caught.value)


def test_a_plan_survives_writing_and_reading(tmp_path: Path) -> None:
    write_plan(make_plan(), tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json") == make_plan()


def test_a_plan_satisfies_the_published_schema() -> None:
    schema = SCHEMAS["plan"]()
    jsonschema.Draft202012Validator.check_schema(schema)
    for reproducible in (False, True):
        jsonschema.validate(json.loads(plan_bytes(make_plan(), reproducible=reproducible)), schema)


def test_the_schema_refuses_unknown_keys() -> None:
    data = plan_data()
    data["windows"][0]["fleet"][0]["colour"] = "blue"
    with pytest.raises(jsonschema.ValidationError, match="colour"):
        jsonschema.validate(data, SCHEMAS["plan"]())


def test_every_field_is_described() -> None:
    for name in SCHEMAS:
        schema = SCHEMAS[name]()
        for definition in (schema, *schema["$defs"].values()):
            for key, field in definition["properties"].items():
                assert {"description", "$ref"} & set(field) or key in ("kind", "generator"), (
                    f"{definition['title']}.{key}"
                )


def test_keys_are_sorted_and_clock_fields_go_where_bytes_must_repeat() -> None:
    plan = make_plan()
    kept, dropped = json.loads(plan_bytes(plan)), json.loads(plan_bytes(plan, reproducible=True))
    assert list(kept) == sorted(kept)
    assert kept["metadata"]["created_at"] == "2026-11-22T12:00:00Z"
    assert "created_at" not in dropped["metadata"]
    assert not {"runtime_s", "phases_s"} & set(dropped["certificate"])
    assert "runtime_s" not in dropped["certificate"]["bounds"][0]
    assert dropped["certificate"]["objective"] == kept["certificate"]["objective"]


def test_the_digest_ignores_the_clock_and_nothing_else() -> None:
    later, dearer = plan_data(), plan_data()
    later["metadata"]["created_at"] = "2030-01-01T00:00:00Z"
    later["certificate"]["runtime_s"] = 99.0
    dearer["options"][0]["price_usd_per_h"] = 0.6
    assert plan_digest(parse(later)) == plan_digest(make_plan())
    assert plan_digest(parse(dearer)) != plan_digest(make_plan())


def test_a_file_that_is_no_plan_says_so(tmp_path: Path) -> None:
    assert "no JSON" in str(raised(tmp_path, b'{"kind": "Provis'))
    assert "is not a plan" in str(raised(tmp_path, b"[1, 2]"))
    assert "is not UTF-8" in str(raised(tmp_path, b'{"kind": "\xff"}'))
    with pytest.raises(InputError, match="planner plan SCENARIO -o"):
        load_plan(tmp_path / "absent.json")


def raised(folder: Path, content: bytes) -> InputError:
    (folder / "plan.json").write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_plan(folder / "plan.json")
    return caught.value


def test_stdin_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(plan_bytes(make_plan()))))
    assert load_plan("-") == make_plan()


def test_all_problems_of_a_plan_are_told_at_once() -> None:
    data = plan_data()
    data["schema_version"] = 1
    data["windows"][0]["fleet"][0]["count"] = 0
    data["options"][0]["kind"] = "machin"
    del data["certificate"]["gap"]
    text = problems_of(data)
    assert text.count("\n") == 3
    assert "plan.json: schema_version is 1; it must be 2." in text
    assert "windows[0].fleet[0].count is 0; it must be greater than 0." in text
    assert "options[0]: an option's kind is 'machine' or 'function'" in text
    assert "certificate.gap is missing" in text


@pytest.mark.parametrize(
    ("path", "value", "fragment"),
    [
        (("windows", 1, "id"), "w0", "the id 'w0' is given 2 times"),
        (("windows", 1, "start"), "2026-11-23T01:30:00Z", "windows must follow each other"),
        (("windows", 0, "end"), "2026-11-22T23:00:00Z", "not after its start"),
        (("windows", 0, "fleet", 0, "option"), "other", "fleet[].option names 'other'"),
        (("windows", 0, "fleet", 0, "group"), "other", "fleet[].group names 'other'"),
        (("windows", 0, "functions", 0, "option"), "other", "functions[].option names 'other'"),
        (("windows", 0, "served_rps", "strict"), {"other": [1.0, 1.0]}, "served_rps names 'other'"),
        (("windows", 0, "served_rps", "strict"), {GROUP: [1.0]}, "has 1 rates; there are 2 levels"),
        (("windows", 0, "overflow_rps"), {"other": {}}, "overflow_rps names 'other'"),
        (("windows", 0, "routing"), {"other": []}, "routing names 'other'"),
        (("windows", 0, "levels", 0, "demand_rps"), {"other": 1.0}, "levels[].demand_rps names 'other'"),
    ],
)
def test_parts_that_contradict_each_other_are_named(path: tuple[Any, ...], value: Any, fragment: str) -> None:
    data = plan_data()
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert fragment in problems_of(data)


@pytest.mark.parametrize("content", [b"[" * 100_000, b"1" * 10_000, b'{"a":' * 100_000])
def test_a_text_made_to_exhaust_the_reader_is_refused(content: bytes) -> None:
    with pytest.raises(
        InputError, match=r"plan\.json: nested too deeply, or a number of thousands of digits"
    ):
        parse_plan(content, source="plan.json")
