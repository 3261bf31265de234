"""What users type is data in a DAG file: it compiles, holds it exactly, runs none of it."""

import json
import keyword
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_bridge.generator import DAGGenerator
from airflow_bridge.spec import DagSpec
from etl.graph import parse_graph
from tests.airflow_bridge.dag_source import read_back
from tests.airflow_bridge.specs import make_spec

pytestmark = pytest.mark.slow

HOSTILE = (
    '"""\nimport os\nos.system("true")\n"""',
    "'); raise SystemExit(1) #",
    "\\",
    "\\'",
    "{{ ''.__class__ }}",
    "${oops} %s {0} {name}",
    "\r\nimport os",
    "\x00\x0c\x1a\x85\u2028\u202e\ufeff",
    "\ud800",
    "# -*- coding: utf-7 -*-",
    "__import__('os')",
)

texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=40))
# A graph's own texts are Unicode: half a surrogate pair fits into a config's values only.
names = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    [text for text in HOSTILE if text != "\ud800"]
)
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        texts,
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
configs = st.dictionaries(texts, values, max_size=4)
node_ids = st.one_of(
    st.sampled_from(["DAG", "DAG_", "ETLOperator", "dag", "datetime", "print", "match", "type"]),
    st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True),
).filter(lambda text: not keyword.iskeyword(text))


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    ids = draw(st.lists(node_ids, min_size=1, max_size=5, unique=True))
    nodes = [
        {
            "id": node_id,
            "module": draw(names.filter(bool)),
            "name": draw(names),
            "config": draw(configs),
            "retries": draw(st.integers(0, 3)),
            "timeout": draw(st.none() | st.floats(0.5, 1000)),
        }
        for node_id in ids
    ]
    edges = [
        {"source": source, "target": target, "port": draw(names.filter(bool))}
        for place, target in enumerate(ids)
        for source in ids[:place]
        if draw(st.booleans())
    ]
    return {"nodes": nodes, "edges": edges}


@st.composite
def specs(draw: st.DrawFn) -> DagSpec:
    return make_spec(
        draw(graphs()),
        name=draw(texts),
        description=draw(texts),
        schedule=draw(st.none() | texts),
        timezone=draw(texts),
        default_params=draw(configs.filter(lambda params: "logidata" not in params)),
        tags=tuple(draw(st.lists(texts, max_size=3))),
        effective_from=draw(st.none() | st.datetimes(timezones=st.timezones())),
    )


def as_json(value: object) -> str:
    """Tell 1, 1.0 and True apart, which are equal in Python."""
    return json.dumps(value, sort_keys=True)


@settings(deadline=None)
@given(specs())
@example(make_spec(name=HOSTILE[0], description=HOSTILE[1], tags=HOSTILE))
def test_the_file_compiles_and_holds_the_exact_values_and_nothing_else(spec: DagSpec) -> None:
    source = DAGGenerator("dags").generate_dag(spec)

    compile(source, "dag.py", "exec")
    source.encode()
    found = read_back(source)
    assert found.dag["dag_id"] == spec.dag_id
    assert found.dag["dag_display_name"] == spec.name[:250]
    assert found.dag["description"] == spec.description
    assert as_json(found.dag["params"]) == as_json(spec.default_params)
    if spec.schedule:
        assert found.dag["schedule"] == (
            "CronTriggerTimetable",
            [spec.schedule],
            {"timezone": spec.timezone},
        )
    else:
        assert found.dag["schedule"] is None
    assert set(found.tasks) == {node.id for node in spec.graph.nodes}
    for node in spec.graph.nodes:
        task = found.tasks[node.id]
        assert task["module"] == node.module
        assert as_json(task["config"]) == as_json(node.config)
        assert task.get("task_display_name", "") == node.name
        assert task.get("retries", 0) == node.retries
        assert task.get("timeout") == node.timeout
        assert task.get("inputs", {}) == spec.graph.inputs_of(node.id)
    assert set(found.arrows) == {(edge.source, edge.target) for edge in spec.graph.edges}


@settings(deadline=None, max_examples=25)
@given(specs())
def test_the_same_spec_gives_the_same_bytes(spec: DagSpec) -> None:
    # A stored graph comes back with its keys in another order.
    shuffled = json.loads(json.dumps(spec.graph.model_dump(), sort_keys=True))
    again = DagSpec(**{**vars(spec), "graph": parse_graph(shuffled)})

    assert DAGGenerator("a").generate_dag(spec) == DAGGenerator("b").generate_dag(again)
