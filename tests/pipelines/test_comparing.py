"""What differs between two revisions is told by meaning."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.graph import canonical_json
from pipelines import services
from pipelines.errors import UnknownRevision
from pipelines.models import Pipeline
from pipelines.services import Change, EdgeChange, NodeChange, compare
from pipelines.services.snapshots import snapshot_of
from tests.pipelines.conftest import GRAPH, Save
from tests.pipelines.test_same_bytes import params, texts, values

OLD = snapshot_of({"name": "Orders", "config": GRAPH, "default_params": {"min_amount": 10}})


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(OLD), **fields}


def graph_with(node_id: str, **fields: Any) -> dict[str, Any]:
    config = copy.deepcopy(OLD["config"])
    for node in config["nodes"]:
        if node["id"] == node_id:
            node.update(fields)
    return config


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Sales"),
        ("description", "What is paid"),
        ("schedule", "@daily"),
        ("timezone", "Europe/Berlin"),
        ("is_active", False),
        ("tags", ["sales"]),
    ],
)
def test_a_setting_is_told_with_its_old_and_new_value(field: str, value: Any) -> None:
    found = compare(OLD, changed(**{field: value}))
    assert found.settings == (Change(field, "changed", OLD[field], value),)
    assert found.nodes == found.edges == ()


def test_parameters_are_told_one_by_one() -> None:
    old = changed(default_params={"min_amount": 10, "gone": 1, "same": [1]})
    new = changed(default_params={"min_amount": 20, "new": None, "same": [1]})
    assert compare(old, new).settings == (
        Change("default_params.gone", "removed", 1, None),
        Change("default_params.min_amount", "changed", 10, 20),
        Change("default_params.new", "added", None, None),
    )


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        (
            {"config": {"condition": "amount > 0"}},
            Change("config.condition", "changed", "amount > {{ params.min_amount }}", "amount > 0"),
        ),
        ({"retries": 2}, Change("retries", "changed", 0, 2)),
        ({"pool": "etl"}, Change("pool", "changed", None, "etl")),
        ({"name": "Paid"}, Change("name", "changed", "", "Paid")),
        (
            {"module": "transform.sql"},
            Change("module", "changed", "transform.filter", "transform.sql"),
        ),
        (
            {"watermark": {"column": "at", "initial": None, "lag": 0}},
            Change("watermark", "changed", None, {"column": "at", "initial": None, "lag": 0}),
        ),
    ],
)
def test_a_node_is_told_with_the_path_of_what_differs(
    fields: dict[str, Any], change: Change
) -> None:
    new = changed(config=graph_with("keep_paid", **fields))
    module = fields.get("module", "transform.filter")
    assert compare(OLD, new).nodes == (NodeChange("keep_paid", "changed", module, (change,)),)


def test_a_node_that_came_or_went_is_told_with_what_it_has_and_its_edges() -> None:
    smaller = changed(
        config={
            "nodes": [node for node in OLD["config"]["nodes"] if node["id"] != "keep_paid"],
            "edges": [{"source": "read_orders", "target": "write"}],
        }
    )
    condition = "amount > {{ params.min_amount }}"
    found = compare(smaller, OLD)
    assert found.nodes == (
        NodeChange(
            "keep_paid",
            "added",
            "transform.filter",
            (Change("config.condition", "added", None, condition),),
        ),
    )
    assert found.edges == (
        EdgeChange("added", "keep_paid", "write", None, None),
        EdgeChange("added", "read_orders", "keep_paid", None, None),
        EdgeChange("removed", "read_orders", "write", None, None),
    )
    [gone] = compare(OLD, smaller).nodes
    assert gone.kind == "removed"
    assert gone.changes == (Change("config.condition", "removed", condition, None),)


def test_a_node_that_came_is_told_with_all_that_is_not_the_default() -> None:
    own = {"retries": 1, "retry_delay": 0, "retry_backoff": False, "pool": "etl"}
    smaller = changed(config={"nodes": OLD["config"]["nodes"][:2], "edges": []})
    [node] = compare(smaller, changed(config=graph_with("write", **own))).nodes
    assert {change.field: change.new for change in node.changes} == {
        "config.path": "paid.csv",
        **own,
    }


def test_where_a_node_is_drawn_is_no_difference() -> None:
    assert not compare(OLD, changed(config=graph_with("write", position={"x": 3, "y": 4})))


def test_numbers_that_are_equal_in_python_differ() -> None:
    for one, other in ((1, 1.0), (1, True), (0, False)):
        found = compare(changed(default_params={"n": one}), changed(default_params={"n": other}))
        assert len(found.settings) == 1, (one, other)


snapshots = st.builds(
    lambda description, defaults, config, retries: changed(
        description=description,
        default_params=defaults,
        config=graph_with("write", config=config, retries=retries),
    ),
    texts,
    params,
    st.dictionaries(texts, values, max_size=3),
    st.integers(0, 1),
)


@settings(deadline=None)
@given(snapshots, snapshots)
def test_two_snapshots_differ_exactly_where_their_hash_does(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    same = canonical_json(snapshot_of(one)) == canonical_json(snapshot_of(other))
    assert bool(compare(one, other)) is not same
    assert not compare(one, copy.deepcopy(one))


def test_without_another_it_is_compared_with_the_current_one(save: Save) -> None:
    pipeline = save()
    save(pipeline, description="second")
    save(pipeline, description="third")
    found = services.compare_revisions(pipeline, 1)
    assert (found.old.number, found.new.number) == (1, 3)
    assert found.difference.settings == (Change("description", "changed", "", "third"),)
    back = services.compare_revisions(pipeline, 3, 2).difference
    assert back.settings == (Change("description", "changed", "third", "second"),)


@pytest.mark.parametrize("number", [0, 2, 2**31, 10**19])
def test_a_revision_that_does_not_exist_is_told_with_those_that_do(
    pipeline: Pipeline, number: int
) -> None:
    assert services.revision_of(pipeline, 1) == pipeline.current_revision
    with pytest.raises(UnknownRevision, match=rf"no revision {number}\. .* up to 1"):
        services.revision_of(pipeline, number)


def test_a_draft_has_no_revision_to_be_compared_with(db: None) -> None:
    with pytest.raises(UnknownRevision, match="none yet"):
        services.compare_revisions(Pipeline.objects.create(name="Draft"), 1)
