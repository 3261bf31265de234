"""A long history in a database: a million executions and five million nodes, as years leave them.

Of 600 pipelines a few run all the time, most now and then, and half of them have not run for two
years. How executions ended, what started them and what they rejected is as uneven.
"""

from __future__ import annotations

import psycopg
from psycopg.sql import SQL, Identifier

EXECUTIONS = 1_000_000
NODES = 5
PIPELINES = 600

# The newest of a history is of now, the oldest three years older.
_PIPELINES = """
INSERT INTO pipelines_pipeline (id, name, description, config, schedule, timezone, is_active,
    default_params, tags, created_at, updated_at, deployment_status, deployment_error)
SELECT gen_random_uuid(),
    (ARRAY['orders', 'customers', 'stock', 'deliveries', 'invoices', 'clicks'])[1 + n %% 6]
        || CASE WHEN n >= %(pipelines)s / 2 THEN ' archive ' ELSE ' ' END || lpad(n::text, 4, '0'),
    '', '{"nodes": [], "edges": []}', '', 'UTC', true, '{}', '[]', now(), now(), 'draft', ''
FROM generate_series(0, %(pipelines)s - 1) AS n
"""

# Pipeline 0 has two fifths of all executions; the second half of the pipelines only old ones.
_EXECUTIONS = """
INSERT INTO executions_pipelineexecution (id, pipeline_id, pipeline_name, airflow_dag_id,
    airflow_dag_run_id, status, status_reason, trigger_type, params, created_at, started_at,
    completed_at, duration_seconds, error_message, rows_rejected, celery_task_id, replay_node,
    attempt, bundle_version, clear_pending)
SELECT made.id, pipeline.id, pipeline.name, 'pipeline_' || pipeline.id, 'logidata__' || made.id,
    made.status, '', made.trigger_type, '{"day": "2026-11-01", "min_amount": 10}', made.created_at,
    made.created_at + interval '1 second',
    CASE WHEN made.status IN ('pending', 'running') THEN NULL
        ELSE made.created_at + interval '40 seconds' END,
    39, CASE made.status WHEN 'failed' THEN 'Node ''to_warehouse'': no answer in 30 s.' ELSE '' END,
    CASE WHEN n %% 97 = 0 THEN n %% 50 + 1 ELSE 0 END, made.id::text, '', 1, '', false
FROM (
    SELECT n, gen_random_uuid() AS id,
        now() - interval '3 years' * n / %(executions)s AS created_at,
        CASE WHEN n < 20 THEN 'running'
            WHEN n < 40 THEN 'pending'
            WHEN n %% 22 = 0 THEN 'failed'
            WHEN n %% 151 = 0 THEN 'cancelled'
            WHEN n > 0.8 * %(executions)s AND n %% 40 = 1 THEN 'unknown'
            ELSE 'success' END AS status,
        CASE WHEN n %% 13 = 0 THEN 'manual'
            WHEN n %% 17 = 0 THEN 'api'
            WHEN n %% 499 = 0 THEN 'replay'
            WHEN n %% 777 = 0 THEN 'external'
            WHEN n BETWEEN 0.7 * %(executions)s AND 0.71 * %(executions)s THEN 'backfill'
            ELSE 'scheduled' END AS trigger_type,
        CASE WHEN n %% 5 < 2 THEN 0
            ELSE (hashint8(n) & 2147483647) %% (
                CASE WHEN n < 0.67 * %(executions)s THEN %(pipelines)s / 2
                    ELSE %(pipelines)s END) END AS place
    FROM generate_series(%(executions)s - 1, 0, -1) AS n
) AS made
JOIN (SELECT id, name, row_number() OVER (ORDER BY right(name, 4)) - 1 AS place
    FROM pipelines_pipeline) AS pipeline USING (place)
"""

_NODES = """
INSERT INTO executions_taskexecution (execution_id, node_id, node_name, module, position, status,
    tries, max_tries, started_at, completed_at, duration_seconds, rows_in, rows_out, rows_rejected,
    rows_removed, rows_added, bytes_out, peak_rss_bytes, error, output, warnings, logs_kept)
SELECT execution.id, node.id, '', node.module, node.place, 'success', 1, 1, execution.started_at,
    execution.completed_at, 7, 1000, 900, 0, 100, 0, 40000, 150000000, '',
    '{"columns": ["order_id", "amount"], "shape": [900, 2],
      "data": [{"order_id": "1", "amount": "12.50"}, {"order_id": "2", "amount": "3.00"}]}',
    '[]', 1
FROM executions_pipelineexecution AS execution
CROSS JOIN (VALUES (0, 'read', 'extract.csv'), (1, 'cast', 'transform.cast'),
    (2, 'keep', 'transform.filter'), (3, 'sum', 'transform.aggregate'),
    (4, 'to_warehouse', 'load.postgres')) AS node (place, id, module)
"""


# With their indexes in place the tables take twice as long to fill.
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename IN ('executions_pipelineexecution', 'executions_taskexecution')
    AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def fill(url: str, executions: int = EXECUTIONS, pipelines: int = PIPELINES) -> None:
    """Write the history into the migrated, empty database of LogiData at `url`.

    `url` is that of a superuser: the references are right, and are not looked up one by one.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(SQL("DROP INDEX {}").format(Identifier(name)))
        for statement in (_PIPELINES, _EXECUTIONS, _NODES):
            connection.execute(statement, {"executions": executions, "pipelines": pipelines})
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM (ANALYZE)")
