"""The rows that are measured with: made here, the same on every machine."""

from __future__ import annotations

from pathlib import Path

import duckdb

# Keeps about 22 % of the rows.
CONDITION = "amount > 780"
CUSTOMERS = 100_000
SHOPS = 1_000


def events_sql(rows: int, *, first: int = 0) -> str:
    """Return the SELECT of `rows` events: 9 columns, about 80 bytes a row as CSV."""
    return f"""
        SELECT range AS event_id,
            (hash(range) % {CUSTOMERS})::INTEGER AS customer_id,
            (hash(range * 3) % {SHOPS})::INTEGER AS shop_id,
            'order ' || lpad((hash(range * 7) % 1000000)::VARCHAR, 6, '0') AS reference,
            ['DE', 'FR', 'PL', 'SE', 'NL', 'ES', 'IT', 'CZ', 'PT'][1 + (hash(range * 5) % 9)::INT]
                AS country,
            TIMESTAMP '2024-01-01' + to_seconds(range * 2) AS ordered_at,
            round((hash(range * 11) % 100000) / 100.0, 2) AS amount,
            round((hash(range * 13) % 3000) / 100.0, 2) AS weight,
            round((hash(range * 17) % 10000) / 10000.0, 4) AS score
        FROM range({first}, {first + rows})
    """  # noqa: S608 - numbers of ours


def customers_sql() -> str:
    """Return the SELECT of the customers that the events name."""
    return f"""
        SELECT range::INTEGER AS customer_id, 'customer ' || range AS name,
            (hash(range) % 5)::INTEGER AS tier
        FROM range({CUSTOMERS})
    """  # noqa: S608


def write(query: str, path: Path) -> Path:
    """Write the result of a SELECT as CSV or Parquet, by the path's ending; return the path."""
    form = "FORMAT csv, HEADER" if path.suffix == ".csv" else "FORMAT parquet, COMPRESSION zstd"
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute(f"COPY ({query}) TO '{path}' ({form})")
    return path
