"""Ways to do the same work: `python -m benchmarks.contestants NAME ARGUMENTS [IN_TASK]`.

Each is what its users would write, with its defaults. What comes of it is printed last, as JSON:
its `result`, and the `seconds` that it took, with IN_TASK from where an Airflow task begins.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

Arguments = dict[str, Any]


def idle(arguments: Arguments) -> int:
    """Do nothing."""
    return 0


def node(arguments: Arguments) -> Any:
    """Run one node of LogiData and return its result."""
    from etl.context import RunContext
    from etl.runner import run_node

    logging.disable()
    context = RunContext(
        execution_id=arguments["execution"],
        node_id=arguments["node"],
        staging=arguments["staging"],
        data_dirs=(Path(arguments["data"]),),
    )
    return run_node(
        node_id=arguments["node"],
        module=arguments["module"],
        config=arguments["config"],
        inputs=arguments["inputs"],
        context=context,
    )


def copy(arguments: Arguments) -> int:
    """Copy a ready CSV file into PostgreSQL: the least that loading its rows can take."""
    import psycopg

    with (
        psycopg.connect(arguments["database"]) as connection,
        open(arguments["csv"], "rb") as file,
        connection.cursor() as cursor,
    ):
        connection.execute(arguments["create"])
        statement = f"COPY {arguments['table']} FROM STDIN (FORMAT csv, HEADER)"
        with cursor.copy(statement) as stream:  # type: ignore[arg-type]
            while chunk := file.read(1 << 20):
                stream.write(chunk)
        return cursor.rowcount


def pandas(arguments: Arguments) -> int:
    """Read, filter and load with pandas and SQLAlchemy."""
    import pandas as pd
    from sqlalchemy import create_engine

    frame = pd.read_csv(arguments["csv"], parse_dates=["ordered_at"])
    kept = frame[frame["amount"] > arguments["least"]]
    engine = create_engine(arguments["database"].replace("postgresql://", "postgresql+psycopg://"))
    kept.to_sql(arguments["table"], engine, index=False)
    return len(kept)


def polars(arguments: Arguments) -> int:
    """Read, filter and load with polars and ADBC."""
    import polars as pl

    scanned = pl.scan_csv(arguments["csv"], try_parse_dates=True)
    kept = scanned.filter(pl.col("amount") > arguments["least"]).collect(engine="streaming")
    kept.write_database(arguments["table"], arguments["database"], engine="adbc")
    return int(kept.height)


def dlt(arguments: Arguments) -> int:
    """Read and filter with pyarrow's CSV reader, load with dlt: its fastest documented way."""
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt as tool
    import pyarrow.compute as pc
    import pyarrow.csv as pacsv

    counted = 0

    @tool.resource(name=arguments["table"])  # type: ignore[untyped-decorator]
    def kept() -> Any:
        nonlocal counted
        for batch in pacsv.open_csv(arguments["csv"]):
            found = batch.filter(pc.greater(batch["amount"], arguments["least"]))
            counted += found.num_rows
            yield found

    pipeline = tool.pipeline(
        "bench",
        destination=tool.destinations.postgres(arguments["database"]),
        dataset_name=f"dlt_{arguments['table']}",
        pipelines_dir=arguments["folder"],
    )
    stdout, sys.stdout = sys.stdout, io.StringIO()
    try:
        pipeline.run(kept(), loader_file_format="csv")
    finally:
        sys.stdout = stdout
    return counted


def duckdb(arguments: Arguments) -> int:
    """Run statements in DuckDB with its defaults."""
    import duckdb as engine

    with engine.connect() as connection:
        for statement in arguments["statements"]:
            connection.execute(statement)
    return 0


def upsert(arguments: Arguments) -> int:
    """Upsert a Parquet file into PostgreSQL with DuckDB and COPY, by hand."""
    import duckdb as engine
    import psycopg

    table, key = arguments["table"], arguments["key"]
    with engine.connect() as reader, psycopg.connect(arguments["database"]) as connection:
        names = reader.sql(f"FROM '{arguments['parquet']}'").columns
        reader.execute(f"COPY (FROM '{arguments['parquet']}') TO '{arguments['csv']}' (HEADER)")
        connection.execute(f"CREATE TEMP TABLE incoming (LIKE {table}) ON COMMIT DROP")  # type: ignore[arg-type]
        with (
            open(arguments["csv"], "rb") as file,
            connection.cursor() as cursor,
            cursor.copy("COPY incoming FROM STDIN (FORMAT csv, HEADER)") as stream,
        ):
            while chunk := file.read(1 << 20):
                stream.write(chunk)
        sets = ", ".join(f"{name} = EXCLUDED.{name}" for name in names if name != key)
        connection.execute(
            f"INSERT INTO {table} SELECT * FROM incoming ON CONFLICT ({key}) DO UPDATE SET {sets}"  # type: ignore[arg-type]  # noqa: S608
        )
    return 0


CONTESTANTS = {
    function.__name__: function
    for function in (idle, node, copy, pandas, polars, dlt, duckdb, upsert)
}


def main() -> None:
    """Run one contestant."""
    name, arguments, *in_task = sys.argv[1:]
    if in_task:
        # What an Airflow task has imported before it begins.
        import operators.etl_operator  # noqa: F401
    began = time.perf_counter()
    result = CONTESTANTS[name](json.loads(arguments))
    print(json.dumps({"result": result, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
