"""Data that breaks what was tried on nice data only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck
from hypothesis import settings as trying
from hypothesis import strategies as st

from etl.results import NodeResult
from tests.etl.conftest import Lab

# A SELECT with odd names, NULLs, duplicates, huge integers, decimals, zones and text of all kinds.
UGLY = """
    SELECT * FROM (VALUES
        (1, 'Zoë', 170141183460469231731687303715::HUGEINT, 1.10::DECIMAL(38, 2),
         TIMESTAMPTZ '2024-03-31 01:30:00+01', 'NaN'::DOUBLE),
        (1, 'Zoë', 170141183460469231731687303715::HUGEINT, 1.10::DECIMAL(38, 2),
         TIMESTAMPTZ '2024-03-31 00:30:00+00', 'NaN'::DOUBLE),
        (NULL, NULL, NULL, NULL, NULL, NULL),
        (NULL, NULL, NULL, NULL, NULL, NULL),
        (2, '', -1, 0.00, TIMESTAMPTZ '2024-10-27 02:30:00+02', -0.0),
        (2, ' ', -1, 0.00, TIMESTAMPTZ '2024-10-27 02:30:00+01', 0.0),
        (3, '日本 ''"; --', 9007199254740993, 99999999999999999999.99, NULL, 'inf'::DOUBLE)
    ) t("Id", "the ""name", "huge int", "Beträge", "when?", x)
"""
NAME = 'the "name'
COLUMNS = ["Id", NAME, "huge int", "Beträge", "when?", "x"]
EMPTY = f"SELECT * FROM ({UGLY}) WHERE false"

# Few values, so that they come twice, and are empty.
CELLS = st.one_of(st.none(), st.integers(-2, 2), st.just(2**62))
ROWS = st.lists(
    st.fixed_dictionaries(
        {"k": CELLS, "v": CELLS, "s": st.one_of(st.none(), st.sampled_from(["", "a", "A", "日本"]))}
    ),
    max_size=30,
)
# A lab runs any number of nodes: each run of one replaces what the last one left.
in_a_lab = trying(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def values(rows: list[dict[str, Any]]) -> str:
    """Return rows with the columns k, v and s as a SELECT, which keeps the types if it is empty."""
    lines = [
        f"({_sql(row['k'])}::BIGINT, {_sql(row['v'])}::BIGINT, {_sql(row['s'])}::VARCHAR)"
        for row in [*rows, {"k": 0, "v": 0, "s": ""}]
    ]
    return f"SELECT * FROM (VALUES {', '.join(lines)}) t(k, v, s) LIMIT {len(rows)}"


def _sql(value: object) -> str:
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def counts(result: Mapping[str, Any]) -> tuple[int, int, int, int, int]:
    """Return the rows that came in, go on, were rejected, removed and added."""
    m = result["metrics"]
    return (
        m["rows_in"],
        m["rows_out"],
        m["rows_rejected"],
        m["rows_removed"],
        m["rows_added"],
    )


def counted_records(lab: Lab, result: NodeResult) -> list[tuple[str, ...]]:
    """Return the records of a result, sorted, as text that can be compared (NaN equals NaN)."""
    return sorted(tuple(map(repr, row.values())) for row in lab.records(result))
