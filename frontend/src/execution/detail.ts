/** What `GET /executions/{id}` answers, made into the state that the socket sends. */

import { isFinal } from "../shared/status";
import type { Actions, ExecutionState, Task } from "./state";

interface Output {
  columns?: unknown[];
  data?: unknown[];
  shape?: [number, number];
  outputs?: Record<string, Output>;
}

export type DetailTask = Omit<Task, "has_sample" | "has_rejected" | "outputs" | "columns" | "run_tries"> &
  Partial<Task> & { output?: Output | null; rejected?: unknown };

export type Detail = Omit<
  ExecutionState,
  "tasks" | "server_time" | "is_active" | "may_still_run" | "actions" | "progress"
> &
  Partial<Omit<ExecutionState, "tasks">> & { tasks: DetailTask[] };

/** What the user may do at all, whatever the status. */
export interface May {
  cancel: boolean;
  execute: boolean;
}

/** Return the state; `now` is the server's time in ISO 8601, for an answer that does not give it. */
export function stateOf(detail: Detail, may: May, now: string): ExecutionState {
  const isActive = detail.is_active ?? (detail.status === "pending" || detail.status === "running");
  const mayStillRun = detail.may_still_run ?? (isActive || detail.status === "unknown");
  const tasks = detail.tasks.map(taskOf);
  return {
    ...detail,
    tasks,
    server_time: detail.server_time ?? now,
    is_active: isActive,
    may_still_run: mayStillRun,
    actions: detail.actions ?? actionsOf(detail, may, isActive, mayStillRun),
    progress: detail.progress ?? {
      done: tasks.filter((task) => isFinal(task.status)).length,
      total: tasks.length,
    },
  };
}

function actionsOf(detail: Detail, may: May, isActive: boolean, mayStillRun: boolean): Actions {
  return {
    cancel: may.cancel && mayStillRun && detail.cancel_requested_at === null,
    retry: may.execute && !isActive && detail.status !== "unknown",
    run_again: may.execute && !isActive && detail.pipeline !== null,
  };
}

function taskOf(task: DetailTask): Task {
  const { output, rejected, ...rest } = task;
  const named = output?.outputs;
  return {
    ...rest,
    has_sample: task.has_sample ?? Boolean(output?.columns?.length || named),
    has_rejected: task.has_rejected ?? Boolean(rejected),
    outputs: task.outputs ?? (named ? rowsByName(named) : null),
    columns: task.columns ?? output?.columns?.length ?? null,
    run_tries: task.run_tries ?? lastTry(task),
  };
}

function rowsByName(named: Record<string, Output>): Record<string, number> {
  return Object.fromEntries(Object.entries(named).map(([name, output]) => [name, output.shape?.[0] ?? 0]));
}

function lastTry(task: DetailTask): Task["run_tries"] {
  if (!task.tries || task.started_at === null) return [];
  const { status, started_at, completed_at, duration_seconds } = task;
  return [{ number: task.tries, status, started_at, completed_at, duration_seconds }];
}
