"""Under which id a run stages its outputs when LogiData did not start it."""

from etl.context import RunContext
from etl.execution_id import execution_id_of_run


def test_an_id_can_be_read_and_names_a_folder() -> None:
    found = execution_id_of_run("pipeline_1", "scheduled__2026-01-02T00:00:00+00:00")

    assert found == "pipeline_1:scheduled__2026-01-02T00:00:00+00:00"
    assert RunContext(execution_id=found, node_id="a", staging="s").execution_id == found


def test_a_run_id_that_a_person_typed_can_name_a_folder_too() -> None:
    typed = execution_id_of_run("pipeline_1", "by hand/../é")

    assert "/" not in typed
    assert RunContext(execution_id=typed, node_id="a", staging="s").execution_id == typed


def test_two_runs_never_share_an_id() -> None:
    runs = [("a", "b c"), ("a", "b_c"), ("a", "b/c"), ("a", "b"), ("a__b", "c"), ("a", "b__c")]

    assert len({execution_id_of_run(*run) for run in runs}) == len(runs)


def test_the_same_run_always_has_the_same_id() -> None:
    assert execution_id_of_run("a", "b c") == execution_id_of_run("a", "b c")


def test_the_id_of_a_very_long_run_id_still_names_a_folder_and_one_of_its_own() -> None:
    ids = {execution_id_of_run("pipeline_1", "x" * 249 + end) for end in "ab"}

    assert len(ids) == 2
    assert max(len(found.encode()) for found in ids) < 255
