"""Operations shown earlier are done as shown, or refused with what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planner.errors import DriftError, InputError
from planner.executors.drift import check_expected, load_operations
from planner.executors.runner import work_out
from tests.planner.executors.fake_target import SETTINGS, FakeCloud
from tests.planner.plan_case import START, make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from planner.executors.resources import Operations


def look(cloud: FakeCloud, window: int = 0) -> Operations:
    plan = make_plan()
    target = cloud.target(SETTINGS, "us-east-1")
    return work_out(target, plan, plan.windows[window], START, sleep=lambda _: None, tell=lambda _: None)


def applied(window: int = 0) -> FakeCloud:
    cloud = FakeCloud()
    target = cloud.target(SETTINGS, "us-east-1")
    for operation in look(cloud, window).pending:
        target.perform(operation)
    return cloud


def through_a_file(operations: Operations, folder: Path) -> Operations:
    (folder / "operations.json").write_bytes(operations.as_bytes())
    return load_operations(folder / "operations.json")


def test_an_unchanged_world_is_as_expected(tmp_path: Path) -> None:
    cloud = applied()
    check_expected(through_a_file(look(cloud, 1), tmp_path), look(cloud, 1), ignore_drift=False)


def test_a_resource_that_somebody_changed_is_named_with_what_differs(tmp_path: Path) -> None:
    cloud = applied()
    expected = through_a_file(look(cloud, 1), tmp_path)
    group = next(key for key in cloud.held if key.startswith("group/"))
    cloud.change(group, size=40)
    with pytest.raises(DriftError, match=rf"{group} is not as it was shown: size: 1 -> 40\.") as caught:
        check_expected(expected, look(cloud, 1), ignore_drift=False)
    assert caught.value.exit_code == 7
    check_expected(expected, look(cloud, 1), ignore_drift=True)


def test_resources_that_came_or_went_are_named(tmp_path: Path) -> None:
    cloud = applied()
    expected = through_a_file(look(cloud, 1), tmp_path)
    gone, came = sorted(cloud.held)[0], "group/other"
    one = cloud.held.pop(gone)
    cloud.held[came] = type(one)("group", "other", one.body)
    with pytest.raises(DriftError) as caught:
        check_expected(expected, look(cloud, 1), ignore_drift=False)
    assert f"{gone} is not as it was shown: it is not there any more." in str(caught.value)
    assert f"{came} is not as it was shown: it was not there." in str(caught.value)


def test_other_operations_than_those_shown_are_drift_too(tmp_path: Path) -> None:
    """The settings changed in between: the world is as it was, what it should become is not."""
    cloud = applied()
    found = look(cloud, 1)
    data = found.model_dump(mode="json")
    data["operations"][0]["after"]["tags"]["planner-window"] = "another"
    expected = type(found).model_validate(data)
    with pytest.raises(DriftError, match=r"is not to become what was shown: tags\.planner-window"):
        check_expected(expected, found, ignore_drift=False)


def test_a_run_that_was_cut_off_goes_on_with_what_it_was_shown(tmp_path: Path) -> None:
    cloud = FakeCloud()
    expected = through_a_file(look(cloud), tmp_path)
    cloud.target(SETTINGS, "us-east-1").perform(expected.pending[0])
    check_expected(expected, look(cloud), ignore_drift=False)


@pytest.mark.parametrize(
    ("field", "value"), [("plan_sha256", "0" * 64), ("window", "w1"), ("target", "aws"), ("plan", "other")]
)
def test_another_plan_window_or_target_is_refused_even_if_drift_is_ignored(field: str, value: str) -> None:
    found = look(FakeCloud())
    with pytest.raises(DriftError, match=r"shown; show them again .*:\n- .* --expect was shown for"):
        check_expected(found.model_copy(update={field: value}), found, ignore_drift=True)


def test_another_account_is_refused_even_if_drift_is_ignored() -> None:
    found = look(FakeCloud())
    where = found.where.model_copy(update={"account": "999999999999"})
    with pytest.raises(
        DriftError, match="the account or cluster is 123456789012; --expect was shown for 999999999999"
    ):
        check_expected(found.model_copy(update={"where": where}), found, ignore_drift=True)


def test_a_file_that_is_absent_or_no_list_of_operations_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--expect: there is no file"):
        load_operations(tmp_path / "absent.json")
    (tmp_path / "x.json").write_text('{"kind": "ChangeSet"}')
    with pytest.raises(InputError, match=r"x\.json holds no operations; name a file that apply wrote"):
        load_operations(tmp_path / "x.json")
    (tmp_path / "x.json").write_text('{"kind": "Operations"}')
    with pytest.raises(InputError, match=r"x\.json: target is missing"):
        load_operations(tmp_path / "x.json")
