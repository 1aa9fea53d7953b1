"""Errors of services as people read them."""

from __future__ import annotations

from planner.executors.target import MOST_LETTERS, TargetError


def test_a_page_that_a_service_answers_with_is_one_line_and_no_longer_than_a_paragraph() -> None:
    page = "GetFunction: 404: <!doctype html>\r\n<html lang=en>\n" + "<p>not found</p>\n" * 100
    (problem,) = TargetError(page).problems
    assert problem.startswith("GetFunction: 404: <!doctype html> <html lang=en> <p>not found</p> <p>")
    assert (len(problem), problem[-3:]) == (MOST_LETTERS, "...")
    assert TargetError(["one\ntwo", "three"], passing=True).problems == ("one two", "three")
