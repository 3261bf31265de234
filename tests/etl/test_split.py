"""transform.split: several outputs, each row in one of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import ConfigError
from etl.results import output_of
from etl.validation import validate_graph
from tests.etl.conftest import Lab
from tests.etl.ugly import ROWS as ANY_ROWS
from tests.etl.ugly import counted_records, in_a_lab, values

ROWS = [{"id": 1, "v": 5}, {"id": 2, "v": 50}, {"id": 3, "v": 500}, {"id": 4, "v": None}]
BRANCHES = [
    {"name": "large", "condition": "v > 100"},
    {"name": "medium", "condition": "v > 10"},
]


def ids(lab: Lab, result: object, name: str) -> list[int]:
    output = output_of(result, name)  # type: ignore[arg-type]
    return [row["id"] for row in lab.records(output)]  # type: ignore[arg-type]


def test_each_row_goes_to_the_first_output_that_takes_it(lab: Lab) -> None:
    result = lab.run("transform.split", {"branches": BRANCHES, "rest": "others"}, ROWS)

    assert ids(lab, result, "large") == [3]
    assert ids(lab, result, "medium") == [2]
    assert ids(lab, result, "others") == [1, 4]
    assert result["metrics"]["rows_out"] == 4
    assert result["uri"] is None


def test_rows_without_an_output_are_dropped_and_counted(lab: Lab) -> None:
    result = lab.run("transform.split", {"branches": BRANCHES}, ROWS)

    assert sorted(result["outputs"]) == ["large", "medium"]
    assert result["metrics"]["rows_removed"] == 2


def test_a_condition_that_changes_at_each_look_is_refused(lab: Lab) -> None:
    branches = [{"name": "some", "condition": "random() < 0.5"}]
    with pytest.raises(ConfigError, match="another at each look"):
        lab.run("transform.split", {"branches": branches}, ROWS)


def test_edges_must_name_an_output_that_exists() -> None:
    def problems(**edge: str) -> list[str]:
        nodes = [
            {"id": "a", "module": "extract.csv", "config": {"path": "a.csv"}},
            {"id": "s", "module": "transform.split", "config": {"branches": BRANCHES}},
            {"id": "z", "module": "load.csv", "config": {"path": "z.csv"}},
        ]
        edges = [{"source": "a", "target": "s"}, {"source": "s", "target": "z", **edge}]
        found = validate_graph({"nodes": nodes, "edges": edges}, connections=None)
        return [problem.message for problem in found]

    assert problems(output="large") == []
    assert problems() == [
        "Node 's': the edge from it to 'z' names none of its outputs. "
        "Set 'output' to one of 'large', 'medium'."
    ]
    assert problems(output="huge") == [
        "Node 's': the edge from it to 'z' names the output 'huge', which does not exist. "
        "Pick one of 'large', 'medium'."
    ]


CONDITIONS = ["k > 0", "v < 2", "s = 'a'", "k IS NULL", "s", "v / k > 1"]


@in_a_lab
@given(
    rows=ANY_ROWS,
    conditions=st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=4),
    rest=st.sampled_from([None, "rest"]),
)
def test_each_row_goes_to_one_output_or_is_counted_as_dropped(
    lab: Lab, rows: list[dict[str, Any]], conditions: list[str], rest: str | None
) -> None:
    branches = [
        {"name": f"b{n}", "condition": f"TRY_CAST(({condition}) AS BOOLEAN)"}
        for n, condition in enumerate(conditions)
    ]

    result = lab.run("transform.split", {"branches": branches, "rest": rest}, values(rows))

    found = [
        record
        for output in result["outputs"].values()
        for record in counted_records(lab, output)  # type: ignore[arg-type]
    ]
    left = [tuple(repr(row[name]) for name in "kvs") for row in rows]
    for record in found:
        left.remove(record)
    assert len(left) == result["metrics"]["rows_removed"]
    assert rest is None or not left
