"""What Airflow 2.8.4 and 3.3.2 answered for one and the same things, shortened.

Recorded from running servers: the fields, their types and the wording of refusals are theirs.
"""

from typing import Any

DAG = "pipeline_00000000-0000-0000-0000-000000000001"
RUN = "logidata__a0e8ab24-73b2-46cd-a0ca-a60878a3510b"
CONF = {
    "min_amount": 2,
    "logidata": {"execution_id": RUN.removeprefix("logidata__"), "revision": 3, "nodes": {}},
}
TAGS = ["logidata", "revision:3", "sales", "sha256:" + "ab" * 32]
DOCUMENTATION = f"Revision 3 of a LogiData pipeline, `{TAGS[-1]}`."
RESULT = {
    "uri": "/staging/a0e8ab24/read_orders/1",
    "target": None,
    "columns": ["order_id", "amount"],
    "schema": {"order_id": "BIGINT", "amount": "DOUBLE"},
    "shape": [3, 2],
    "data": [{"order_id": 1, "amount": 2.5}, {"order_id": 2, "amount": None}],
    "metrics": {"rows_in": 3, "rows_out": 3, "rows_rejected": 0, "bytes": 387, "seconds": 0.236},
}
TRACE = (
    'Traceback (most recent call last):\n  File "/dags/broken.py", line 1, in <module>\n'
    "    import nothing_there\nModuleNotFoundError: No module named 'nothing_there'\n"
)

V1_VERSION = {
    "git_version": ".release:34ea330b786457ab2ec591395a834e564dc999ec",
    "version": "2.8.4",
}
V2_VERSION = {
    "version": "3.3.2",
    "git_version": ".release:aa19d2dbb9ed187ec01957a92848d9b005e9ba9d",
}

V1_HEALTH = {
    "dag_processor": {"latest_dag_processor_heartbeat": None, "status": None},
    "metadatabase": {"status": "healthy"},
    "scheduler": {
        "latest_scheduler_heartbeat": "2026-11-22T18:37:53.525415+00:00",
        "status": "healthy",
    },
    "triggerer": {"latest_triggerer_heartbeat": None, "status": None},
}
V2_HEALTH = {
    "metadatabase": {"status": "healthy"},
    "scheduler": {
        "status": "healthy",
        "latest_scheduler_heartbeat": "2026-11-22T18:37:53.525415+00:00",
    },
    "triggerer": {"status": None, "latest_triggerer_heartbeat": None},
    "dag_processor": {
        "status": "unhealthy",
        "latest_dag_processor_heartbeat": "2026-11-22T18:30:00.000000+00:00",
    },
}

VERSION = "9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a"
V1_DAG: dict[str, Any] = {
    "dag_id": DAG,
    "doc_md": DOCUMENTATION,
    "default_view": "grid",
    "description": "Paid orders",
    "file_token": ".eJxT0i_JLdBPKkpJTC82.lIe3H9yugyfXxREsfaYkza-S4ms",
    "fileloc": f"/dags/{DAG}.py",
    "has_import_errors": False,
    "is_active": True,
    "is_paused": False,
    "last_parsed_time": "2026-11-22T18:37:53.414511+00:00",
    "owners": ["airflow"],
    "schedule_interval": None,
    "tags": [{"name": tag} for tag in TAGS],
}
V2_DAG: dict[str, Any] = {
    "dag_id": DAG,
    "doc_md": DOCUMENTATION,
    "dag_display_name": "Orders",
    "is_paused": False,
    "is_stale": False,
    "last_parsed_time": "2026-11-22T18:44:48.954718Z",
    "bundle_name": "logidata",
    "bundle_version": VERSION,
    "relative_fileloc": f"{DAG}.py",
    "fileloc": f"/dags/{DAG}.py",
    "tags": [{"name": tag, "dag_id": DAG, "dag_display_name": "Orders"} for tag in TAGS],
    "has_import_errors": False,
    "owners": ["airflow"],
    "file_token": ".eJyrVkoqzUvJSY3PS8xN.7Y3ZQQqLJ-zYDJBF_8Gso4l6r_4",
}

V1_RUN: dict[str, Any] = {
    "conf": CONF,
    "dag_id": DAG,
    "dag_run_id": RUN,
    "data_interval_end": "2026-11-22T18:35:27.364314+00:00",
    "data_interval_start": "2026-11-22T18:35:27.364314+00:00",
    "end_date": "2026-11-22T18:37:31.965938+00:00",
    "execution_date": "2026-11-22T18:35:27.364314+00:00",
    "external_trigger": True,
    "last_scheduling_decision": "2026-11-22T18:37:31.963227+00:00",
    "logical_date": "2026-11-22T18:35:27.364314+00:00",
    "note": None,
    "run_type": "manual",
    "start_date": "2026-11-22T18:35:28.719553+00:00",
    "state": "success",
}
# Whole, as are the run and the task instance: how long the answers are matters where they are many.
V2_DAG_VERSION: dict[str, Any] = {
    "id": "01a20492-4f0e-7c7d-8a38-2b0b1d5a3c11",
    "version_number": 1,
    "dag_id": DAG,
    "bundle_name": "logidata",
    "bundle_version": VERSION,
    "created_at": "2026-11-22T18:35:26.914511Z",
    "dag_display_name": "Orders",
    "bundle_url": None,
}
V2_RUN: dict[str, Any] = {
    "dag_run_id": RUN,
    "dag_id": DAG,
    "logical_date": "2026-11-22T18:35:27.364314Z",
    "queued_at": "2026-11-22T18:35:27.512065Z",
    "start_date": "2026-11-22T18:35:28.719553Z",
    "end_date": "2026-11-22T18:37:31.965938Z",
    "duration": 123.246385,
    "data_interval_start": "2026-11-22T18:35:27.364314Z",
    "data_interval_end": "2026-11-22T18:35:27.364314Z",
    "run_after": "2026-11-22T18:35:27.341563Z",
    "last_scheduling_decision": "2026-11-22T18:37:31.963227Z",
    "run_type": "manual",
    "state": "success",
    "triggered_by": "rest_api",
    "triggering_user_name": "admin",
    "conf": CONF,
    "note": None,
    "dag_versions": [V2_DAG_VERSION],
    "bundle_version": VERSION,
    "dag_display_name": "Orders",
    "partition_key": None,
    "partition_date": None,
}

V1_TASK: dict[str, Any] = {
    "dag_id": DAG,
    "dag_run_id": RUN,
    "duration": 0.709463,
    "end_date": "2026-11-22T18:36:16.698360+00:00",
    "execution_date": "2026-11-22T18:35:27.364314+00:00",
    "hostname": "vm",
    "map_index": -1,
    "max_tries": 2,
    "operator": "ETLOperator",
    "queued_when": "2026-11-22T18:35:29.439400+00:00",
    "rendered_fields": {"config": {"path": "orders.csv"}},
    "sla_miss": None,
    "start_date": "2026-11-22T18:36:15.988897+00:00",
    "state": "success",
    "task_id": "read_orders",
    "try_number": 1,
}
V2_TASK: dict[str, Any] = {
    "id": "01a20492-589b-7bf1-96f9-7888e19b5e18",
    "task_id": "read_orders",
    "dag_id": DAG,
    "dag_run_id": RUN,
    "map_index": -1,
    "logical_date": "2026-11-22T18:35:27.364314Z",
    "run_after": "2026-11-22T18:35:27.341563Z",
    "start_date": "2026-11-22T18:36:15.988897Z",
    "end_date": "2026-11-22T18:36:16.698360Z",
    "duration": 0.709463,
    "state": "success",
    "try_number": 1,
    "max_tries": 2,
    "task_display_name": "Read orders",
    "dag_display_name": "Orders",
    "hostname": "vm",
    "unixname": "airflow",
    "pool": "default_pool",
    "pool_slots": 1,
    "queue": "default",
    "priority_weight": 3,
    "operator": "ETLOperator",
    "operator_name": "ETLOperator",
    "queued_when": "2026-11-22T18:35:29.439400Z",
    "scheduled_when": "2026-11-22T18:35:29.410112Z",
    "pid": 41337,
    "executor": None,
    "executor_config": "{}",
    "note": None,
    "rendered_map_index": None,
    "rendered_fields": {"config": {"path": "orders.csv"}},
    "trigger": None,
    "triggerer_job": None,
    "dag_version": V2_DAG_VERSION,
}

V1_LOG = {
    "content": repr(
        [
            (
                "vm",
                "*** Found local files:\n***   * /logs/attempt=1.log\n"
                "*** Could not read served logs: [Errno 111] Connection refused\n"
                "[2026-11-22T18:36:16.658+0000] {runner.py:80} INFO - extract.csv: 3 rows in\n"
                "[2026-11-22T18:36:30.316+0000] {taskinstance.py:2731} ERROR - Task failed with "
                "exception\nTraceback (most recent call last):\n  it's here\n",
            )
        ]
    ),
    "continuation_token": None,
}
V2_LOG: dict[str, Any] = {
    "content": [
        {"event": "::group::Log message source details"},
        {"event": "/logs/attempt=1.log"},
        {"event": "Could not read served logs: [Errno 111] Connection refused"},
        {"event": "::endgroup::"},
        {
            "timestamp": "2026-11-22T18:36:16.658000Z",
            "event": "extract.csv: 3 rows in",
            "level": "info",
            "logger": "airflow.task.logidata",
        },
        {
            "timestamp": "2026-11-22T18:36:30.316000Z",
            "event": "Task failed with exception",
            "level": "error",
            "error_detail": [
                {
                    "exc_type": "AirflowFailException",
                    "exc_value": "Node 'read_orders': file 'none.csv' does not exist.",
                    "frames": [
                        {"filename": "etl_operator.py", "lineno": 200, "name": "_fail"},
                    ],
                }
            ],
        },
    ],
    "continuation_token": None,
}

V1_IMPORT_ERROR = {
    "filename": f"/opt/airflow/dags/{DAG}.py",
    "import_error_id": 1,
    "stack_trace": TRACE,
    "timestamp": "2026-11-22T18:37:54.621438+00:00",
}
V2_IMPORT_ERROR = {
    "import_error_id": 1,
    "timestamp": "2026-11-22T18:37:54.621438Z",
    "filename": f"{DAG}.py",
    "bundle_name": "dags-folder",
    "stack_trace": TRACE,
}


def v1_problem(status: int, title: str, detail: str | None = None) -> dict[str, Any]:
    """Return how Airflow 2 says no."""
    return {"detail": detail, "status": status, "title": title, "type": "https://airflow/#Errors"}


V2_CONFLICT = {
    "detail": {
        "reason": "Unique constraint violation",
        "statement": "hidden",
        "orig_error": "hidden",
        "message": "Serious error when handling your request. Check logs for more details.",
    }
}
