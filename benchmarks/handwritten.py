"""The example pipeline as an engineer would write it by hand, to measure LogiData beside it.

It is copied into the folder of DAGs of the measured stack; it is a DAG, and not imported.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from airflow.sdk import DAG, Param, task

SOURCE = os.environ["LOGIDATA_DATA_DIRS"].split(os.pathsep)[-1] + "/deliveries.csv"
FOLDER = os.environ["LOGIDATA_STAGING"] + "/handwritten"
KEY = "delivery_id"

with DAG(
    dag_id="handwritten_deliveries",
    schedule=None,
    start_date=datetime(2024, 1, 1),  # noqa: DTZ001 Airflow takes it as UTC
    catchup=False,
    is_paused_upon_creation=False,
    params={"min_amount": Param(10)},
):

    @task
    def extract() -> str:
        import duckdb

        os.makedirs(FOLDER, exist_ok=True)  # noqa: PTH103
        target = f"{FOLDER}/extracted.parquet"
        duckdb.sql(f"COPY (FROM read_csv('{SOURCE}')) TO '{target}' (FORMAT parquet)")
        return target

    @task
    def keep(path: str, params: dict | None = None) -> str:
        import duckdb

        minimum = float((params or {})["min_amount"])
        target = f"{FOLDER}/kept.parquet"
        duckdb.sql(
            f"COPY (FROM '{path}' WHERE status <> 'cancelled' AND amount >= {minimum}) "
            f"TO '{target}' (FORMAT parquet)"
        )
        return target

    @task
    def load(path: str) -> int:
        import duckdb
        import psycopg
        from airflow.sdk import BaseHook
        from psycopg import sql

        kept = duckdb.sql(f"FROM '{path}'")
        arriving = f"{FOLDER}/arriving.csv"
        kept.write_csv(arriving, header=False)
        columns = sql.SQL(", ").join(map(sql.Identifier, kept.columns))
        types = {"DOUBLE": "double precision", "TIMESTAMP WITH TIME ZONE": "timestamptz"}
        connection = BaseHook.get_connection("warehouse")
        with psycopg.connect(
            host=connection.host,
            port=connection.port,
            user=connection.login,
            password=connection.password,
            dbname=connection.schema,
        ) as warehouse:
            definition = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(types.get(str(kind), "text")))
                for name, kind in zip(kept.columns, kept.types, strict=True)
            )
            warehouse.execute(
                sql.SQL(
                    "CREATE TABLE IF NOT EXISTS handwritten_deliveries ({}, PRIMARY KEY ({}))"
                ).format(definition, sql.Identifier(KEY))
            )
            warehouse.execute(
                "CREATE TEMP TABLE arriving (LIKE handwritten_deliveries) ON COMMIT DROP"
            )
            with warehouse.cursor().copy(
                sql.SQL("COPY arriving ({}) FROM STDIN (FORMAT csv)").format(columns)
            ) as copy:
                copy.write(Path(arriving).read_bytes())
            changes = sql.SQL(", ").join(
                sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name))
                for name in kept.columns
                if name != KEY
            )
            return warehouse.execute(
                sql.SQL(
                    "INSERT INTO handwritten_deliveries SELECT * FROM arriving "
                    "ON CONFLICT ({}) DO UPDATE SET {}"
                ).format(sql.Identifier(KEY), changes)
            ).rowcount

    load(keep(extract()))
