"""Making a pipeline again what it was in an older revision."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from etl.graph import canonical
from pipelines import services
from pipelines.errors import InvalidPipeline, PipelineChanged, UnknownRevision
from pipelines.models import Pipeline
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import Queue, Save


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def changed(save: Save, graph: dict[str, Any]) -> Pipeline:
    """A pipeline in its second revision: another name, condition, tags and no parameter."""
    pipeline = save()
    graph["nodes"][1]["config"] = {"condition": "true"}
    graph["nodes"][1]["position"] = {"x": 7, "y": 8}
    return save(pipeline, name="Sales", config=graph, default_params={}, tags=["sales"])


def snapshot(pipeline: Pipeline, number: int) -> dict[str, Any]:
    found: dict[str, Any] = services.revision_of(pipeline, number).snapshot
    return found


def test_it_is_a_new_revision_with_what_the_old_one_held_and_is_deployed(
    changed: Pipeline, ann: User, queue: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    queue.clear()
    with django_capture_on_commit_callbacks(execute=True):
        done = services.restore_revision(changed, 1, user=ann)
    assert done.made
    assert done.detail == "Revision 3 was made from revision 1."
    stored = Pipeline.objects.get()
    assert stored.current_revision is not None
    assert stored.current_revision.number == 3
    assert stored.current_revision.created_by == ann
    assert stored.current_revision.sha256 == services.revision_of(stored, 1).sha256
    assert stored.name == "Orders"
    assert stored.deployment_status == "registering"
    assert queue.of("deploy_pipeline") == [[str(stored.pk)]]


def test_a_field_that_is_younger_than_the_revision_gets_its_default(
    changed: Pipeline, save: Save, ann: User
) -> None:
    older = {key: value for key, value in snapshot(changed, 1).items() if key != "timeout"}
    changed.revisions.filter(number=1).update(snapshot=older)
    services.restore_revision(save(changed, timeout=30.0), 1, user=ann)
    assert Pipeline.objects.get().timeout is None


def test_it_stands_in_the_history(changed: Pipeline, ann: User) -> None:
    services.restore_revision(changed, 1, user=ann)
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (ann, str(changed.pk))
    assert entry.get_change_message() == "Revision 3 was made from revision 1."


def test_nodes_that_are_still_there_keep_their_positions(changed: Pipeline, ann: User) -> None:
    services.restore_revision(changed, 1, user=ann)
    nodes = {node["id"]: node for node in Pipeline.objects.get().config["nodes"]}
    assert nodes["keep_paid"]["position"] == {"x": 7, "y": 8}
    assert nodes["write"].get("position") is None


def test_a_node_that_was_gone_comes_back_without_one(
    save: Save, graph: dict[str, Any], ann: User
) -> None:
    pipeline = save()
    smaller = {
        "nodes": [graph["nodes"][0], graph["nodes"][2]],
        "edges": [{"source": "read_orders", "target": "write"}],
    }
    save(pipeline, config=smaller, default_params={})
    services.restore_revision(pipeline, 1, user=ann)
    stored = Pipeline.objects.get()
    assert canonical(stored.config) == canonical(graph)


def test_what_the_pipeline_is_already_makes_no_revision_and_says_so(
    changed: Pipeline, ann: User
) -> None:
    done = services.restore_revision(changed, 2, user=ann)
    assert not done.made
    assert "revision 2 stays the current one" in done.detail
    assert changed.revisions.count() == 2
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(("old", "now"), [("@daily", ""), ("", "@hourly"), ("@daily", "@hourly")])
@pytest.mark.parametrize("was_active", [True, False])
def test_when_it_runs_comes_back_only_if_that_is_asked_for(
    save: Save, ann: User, old: str, now: str, was_active: bool
) -> None:
    pipeline = save(schedule=old, timezone="Europe/Berlin", is_active=was_active)
    save(pipeline, schedule=now, timezone="UTC", is_active=not was_active, description="new")
    services.restore_revision(pipeline, 1, user=ann)
    stored = Pipeline.objects.get()
    assert (stored.schedule, stored.timezone, stored.is_active) == (now, "UTC", not was_active)
    assert stored.description == ""
    services.restore_revision(stored, 1, when=True, user=ann)
    stored = Pipeline.objects.get()
    assert (stored.schedule, stored.timezone, stored.is_active) == (
        old,
        "Europe/Berlin",
        was_active,
    )


def test_what_is_announced_is_what_happens(changed: Pipeline, ann: User) -> None:
    announced = services.restoring(changed, 1, when=False)
    services.restore_revision(changed, 1, user=ann)
    assert announced == services.compare_revisions(changed, 2, 3).difference
    assert {change.field for change in announced.settings} == {
        "name",
        "default_params.min_amount",
        "tags",
    }


@pytest.mark.parametrize("trouble", ["module", "connection", "name"])
def test_todays_rules_hold_and_nothing_is_changed_where_they_are_broken(
    save: Save, graph: dict[str, Any], ann: User, airflow: FakeAirflow, trouble: str
) -> None:
    graph["nodes"][2] = {
        "id": "write",
        "module": "load.postgres",
        "config": {"connection": "warehouse", "table": "orders"},
    }
    airflow.connections = {"warehouse"}
    pipeline = save(config=graph)
    graph["nodes"][2] = {"id": "write", "module": "load.csv", "config": {"path": "paid.csv"}}
    save(pipeline, name="Sales", config=graph)
    expected = "'warehouse'"
    if trouble == "connection":
        airflow.connections = set()
    elif trouble == "name":
        save(name="Orders", config=graph)
        expected = "Another pipeline is called 'Orders'"
    else:
        old = services.revision_of(pipeline, 1)
        old.snapshot["config"]["nodes"][2]["module"] = expected = "load.gone"
        pipeline.revisions.filter(number=1).update(snapshot=old.snapshot)
    before = Pipeline.objects.filter(pk=pipeline.pk).values().get()
    with pytest.raises(InvalidPipeline, match=expected):
        services.restore_revision(pipeline, 1, user=ann)
    assert Pipeline.objects.filter(pk=pipeline.pk).values().get() == before
    assert pipeline.revisions.count() == 2
    assert not LogEntry.objects.exists()


def test_what_someone_saved_meanwhile_is_not_undone(
    changed: Pipeline, ann: User, save: Save
) -> None:
    save(Pipeline.objects.get(), description="theirs")
    with pytest.raises(PipelineChanged):
        services.restore_revision(changed, 1, user=ann)
    assert Pipeline.objects.get().description == "theirs"
    assert not LogEntry.objects.exists()


def test_a_revision_that_does_not_exist_changes_nothing(changed: Pipeline, ann: User) -> None:
    with pytest.raises(UnknownRevision):
        services.restore_revision(changed, 9, user=ann)
    assert changed.revisions.count() == 2
