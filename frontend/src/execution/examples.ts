/** States for tests. */

import type { ExecutionState, RunTry, Task } from "./state";

export function task(id: string, fields: Partial<Task> = {}): Task {
  return {
    node_id: id,
    node_name: "",
    module: "transform.filter",
    status: "pending",
    tries: 0,
    max_tries: 1,
    started_at: null,
    completed_at: null,
    duration_seconds: null,
    rows_in: null,
    rows_out: null,
    rows_rejected: null,
    rows_removed: null,
    rows_added: null,
    bytes_out: null,
    peak_rss_bytes: null,
    error: "",
    warnings: [],
    has_sample: false,
    has_rejected: false,
    outputs: null,
    columns: null,
    run_tries: [],
    ...fields,
  };
}

export function state(fields: Partial<ExecutionState> = {}): ExecutionState {
  return {
    id: "e1",
    pipeline: "p1",
    pipeline_name: "Orders",
    revision: 1,
    airflow_dag_id: "pipeline_p1",
    airflow_dag_run_id: "logidata__e1",
    status: "running",
    status_reason: "",
    trigger_type: "manual",
    params: {},
    created_at: "2026-01-01T10:00:00Z",
    triggered_at: null,
    started_at: "2026-01-01T10:00:00Z",
    completed_at: null,
    duration_seconds: null,
    error_message: "",
    rows_rejected: 0,
    triggered_by: "ann",
    cancel_requested_at: null,
    cancel_requested_by: null,
    replay_of: null,
    replay_node: "",
    attempt: 1,
    tasks: [],
    replays: [],
    attempts: [],
    server_time: "2026-01-01T10:00:10Z",
    is_active: true,
    may_still_run: true,
    actions: { cancel: true, retry: false, run_again: false },
    progress: { done: 0, total: 0 },
    ...fields,
  };
}

/** A try that began `from` and ended `to` seconds after ten o'clock. */
export function run(number: number, from: number, to: number | null, status = "success"): RunTry {
  const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 10) + seconds * 1000).toISOString();
  return {
    number,
    status,
    started_at: at(from),
    completed_at: to === null ? null : at(to),
    duration_seconds: to === null ? null : to - from,
  };
}
