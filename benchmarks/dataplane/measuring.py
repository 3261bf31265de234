"""The workloads, each by every contestant, one after the other on the same machine."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from benchmarks.dataplane import events
from benchmarks.dataplane.processes import Cost, run
from stack.layout import PROJECT
from tests.services import Services

LEAST = 780
# Beyond this one round takes long enough to be of one piece.
IN_ROUNDS = 5_000_000
SIZES = (100_000, 1_000_000, 5_000_000, 20_000_000)
LARGE, KEYED, CHANGED = 5_000_000, 5_000_000, 1_000_000


@dataclass
class Bench:
    """A folder and servers to measure with."""

    folder: Path
    services: Services
    inputs: dict[str, Path] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AIRFLOW_CONN_WAREHOUSE": self.database.replace("postgresql://", "postgres://"),
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "PYTHONPATH": str(PROJECT / "dags"),
        }

    @property
    def database(self) -> str:
        return self.services.url("warehouse")

    def input(self, name: str, query: str) -> Path:
        """Return a file with the result of a SELECT, written once."""
        if name not in self.inputs:
            self.inputs[name] = events.write(query, self.folder / name)
        return self.inputs[name]

    def sql(self, statement: str) -> None:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def contest(self, contestant: str, *, in_task: bool = False, **arguments: Any) -> Cost:
        return run(contestant, arguments, self.environment, in_task=in_task)[0]

    def node(
        self,
        module: str,
        config: dict[str, Any],
        execution: str,
        *,
        in_task: bool = False,
        **inputs: Any,
    ) -> tuple[Cost, Any]:
        """Run one node in a process of its own; return its cost and result."""
        arguments = {
            "execution": execution,
            "node": module.replace(".", "_"),
            "module": module,
            "config": config,
            "inputs": inputs,
            "staging": str(self.folder / "staging"),
            "data": str(self.folder),
        }
        return run("node", arguments, self.environment, in_task=in_task)

    def staged(self, query: str) -> Any:
        """Return the result of a node that gives a SELECT's rows."""
        name = f"input-{uuid.uuid5(uuid.NAMESPACE_OID, query)}.parquet"
        path = self.input(name, query)
        _, result = self.node("extract.parquet", {"path": path.name}, f"x{uuid.uuid4().hex}")
        return result


@dataclass(frozen=True)
class Load:
    """CSV, filter, PostgreSQL at one size. `nodes` are the three processes of LogiData."""

    rows: int
    nodes: tuple[Cost, ...]
    others: dict[str, Cost]

    @property
    def total(self) -> Cost:
        first, *rest = self.nodes
        return sum(rest, first)


def measure_load(bench: Bench, rows: int, *, contestants: bool) -> Load:
    """Measure at `rows` rows; the bare COPY always, the other contestants if asked.

    LogiData and COPY in turns, up to 5 million rows three times: the medians. The others once.
    """
    csv = bench.input(f"events-{rows}.csv", events.events_sql(rows))
    kept = bench.input(
        f"kept-{rows}.csv",
        f"SELECT * FROM read_csv('{csv}') WHERE {events.CONDITION}",  # noqa: S608 - ours
    )
    ours, copied = [], []
    for _ in range(3 if rows <= IN_ROUNDS else 1):
        bench.sql(f"DROP TABLE IF EXISTS ours_{rows}, copied_{rows}")
        ours.append(_nodes(bench, csv.name, f"ours_{rows}"))
        copied.append(
            bench.contest(
                "copy",
                csv=str(kept),
                database=bench.database,
                table=f"copied_{rows}",
                create=f"CREATE TABLE copied_{rows} (LIKE ours_{rows})",
            )
        )
        shutil.rmtree(bench.folder / "staging")
    others = {"copy": _middle(copied)}
    common: dict[str, Any] = {"csv": str(csv), "least": LEAST, "database": bench.database}
    for name in ("polars", "dlt", "pandas") if contestants else ():
        others[name] = bench.contest(
            name, **common, table=f"{name}_{rows}", folder=str(bench.folder / "dlt")
        )
    for table in ("ours", "copied", "polars", "pandas"):
        bench.sql(f"DROP TABLE IF EXISTS {table}_{rows}")
    together = sorted(ours, key=lambda nodes: sum(cost.seconds for cost in nodes))
    return Load(rows, together[len(together) // 2], others)


def _nodes(bench: Bench, csv: str, table: str) -> tuple[Cost, Cost, Cost]:
    """Return what reading, filtering and loading a file cost."""
    execution = f"load-{uuid.uuid4().hex}"
    read, read_result = bench.node("extract.csv", {"path": csv}, execution)
    keep, keep_result = bench.node(
        "transform.filter", {"condition": events.CONDITION}, execution, input=read_result
    )
    config = {"connection": "warehouse", "table": table}
    load, _ = bench.node("load.postgres", config, execution, input=keep_result)
    return read, keep, load


def _middle(costs: list[Cost]) -> Cost:
    return sorted(costs, key=lambda cost: cost.seconds)[len(costs) // 2]


@dataclass(frozen=True)
class Pair:
    """The same work by a node and by hand."""

    what: str
    node: Cost
    by_hand: Cost


def measure_pairs(bench: Bench) -> list[Pair]:
    """Measure join, aggregate, sort and upsert against DuckDB with its defaults."""
    orders, customers = events.events_sql(LARGE), events.customers_sql()
    left, right = bench.staged(orders), bench.staged(customers)
    big, small = (f"{result['uri']}/part-*.parquet" for result in (left, right))
    out = bench.folder / "by-hand.parquet"
    aggregate = {
        "group_by": ["shop_id"],
        "measures": [
            {"name": "orders", "function": "count"},
            {"name": "revenue", "function": "sum", "column": "amount"},
        ],
    }
    works: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
        (
            "join of 5 million with 100 thousand rows",
            "transform.join",
            {"how": "inner", "left_keys": ["customer_id"]},
            {"left": left, "right": right},
            f"FROM '{big}' l JOIN '{small}' r USING (customer_id) SELECT l.*, r.name, r.tier",
        ),
        (
            "aggregate of 5 million rows to 1,000 groups",
            "transform.aggregate",
            aggregate,
            {"input": left},
            f"FROM '{big}' SELECT shop_id, count(*) AS orders, sum(amount) AS revenue"
            " GROUP BY shop_id ORDER BY shop_id",
        ),
        (
            "sort of 5 million rows",
            "transform.sort",
            {"by": [{"column": "amount"}, {"column": "reference"}]},
            {"input": left},
            f"FROM '{big}' ORDER BY amount, reference",
        ),
    ]
    pairs = []
    for what, module, config, inputs, query in works:
        ours, hand = [], []
        for _ in range(3):
            execution = f"pair-{uuid.uuid4().hex}"
            ours.append(bench.node(module, config, execution, in_task=True, **inputs)[0])
            copied = f"COPY ({query}) TO '{out}'"
            hand.append(bench.contest("duckdb", in_task=True, statements=[copied]))
        pairs.append(Pair(what, _middle(ours), _middle(hand)))
    pairs.append(_upsert(bench))
    return pairs


def _upsert(bench: Bench) -> Pair:
    """Upsert a million rows, half of them new, into five million."""
    incoming = bench.staged(events.events_sql(CHANGED, first=KEYED - CHANGED // 2))
    existing = bench.input("existing.csv", events.events_sql(KEYED))
    config = {
        "connection": "warehouse",
        "table": "keyed",
        "mode": "upsert",
        "keys": ["event_id"],
    }
    costs = []
    for contestant in ("node", "upsert"):
        bench.sql("DROP TABLE IF EXISTS keyed")
        bench.contest(
            "copy",
            csv=str(existing),
            database=bench.database,
            table="keyed",
            create="CREATE TABLE keyed (event_id bigint PRIMARY KEY, customer_id integer,"
            " shop_id integer, reference text, country text, ordered_at timestamp,"
            " amount double precision, weight double precision, score double precision)",
        )
        bench.sql("VACUUM ANALYZE keyed")
        if contestant == "node":
            execution = f"up-{uuid.uuid4().hex}"
            node, _ = bench.node("load.postgres", config, execution, in_task=True, input=incoming)
            costs.append(node)
            continue
        arguments = {
            "table": "keyed",
            "key": "event_id",
            "parquet": f"{incoming['uri']}/part-*.parquet",
            "csv": str(bench.folder / "by-hand.csv"),
            "database": bench.database,
        }
        costs.append(bench.contest("upsert", in_task=True, **arguments))
    bench.sql("DROP TABLE keyed")
    return Pair("upsert of 1 million into 5 million rows", costs[0], costs[1])


def small_node_cpu(bench: Bench, rounds: int = 9) -> float:
    """Return the seconds of CPU that a node on 10 rows takes beyond an idle task.

    Of medians, for importing Airflow alone varies by more than the node takes.
    """
    small = bench.staged(events.events_sql(10))
    config = {"condition": "amount > 0"}
    idle, working = [], []
    for _ in range(rounds):
        execution = f"small-{uuid.uuid4().hex}"
        cost, _ = bench.node("transform.filter", config, execution, in_task=True, input=small)
        working.append(cost.cpu_seconds)
        idle.append(bench.contest("idle", in_task=True).cpu_seconds)
    return median(working) - median(idle)
