/** An execution as the server tells it, and how this page takes in what it is told. */

export interface RunTry {
  number: number;
  status: string;
  started_at: string | null;
  completed_at: string | null;
  duration_seconds: number | null;
}

/** One node, without the contents of its outputs. */
export interface Task {
  node_id: string;
  node_name: string;
  module: string;
  status: string;
  tries: number;
  max_tries: number;
  started_at: string | null;
  completed_at: string | null;
  duration_seconds: number | null;
  rows_in: number | null;
  rows_out: number | null;
  rows_rejected: number | null;
  rows_removed: number | null;
  rows_added: number | null;
  bytes_out: number | null;
  peak_rss_bytes: number | null;
  error: string;
  warnings: string[];
  has_sample: boolean;
  has_rejected: boolean;
  /** Rows by the name of the output, of a node that has several. */
  outputs: Record<string, number> | null;
  columns: number | null;
  run_tries: RunTry[];
}

export interface AttemptNode {
  node_id: string;
  status: string;
  tries: number;
  duration_seconds: number | null;
  rows_in: number | null;
  rows_out: number | null;
  error: string;
}

export interface Attempt {
  number: number;
  status: string;
  error_message: string;
  requested_at: string | null;
  requested_by: string | null;
  started_at: string | null;
  completed_at: string | null;
  duration_seconds: number | null;
  nodes: AttemptNode[];
}

export interface Replay {
  id: string;
  replay_node: string;
  status: string;
  created_at: string;
}

export interface Actions {
  cancel: boolean;
  retry: boolean;
  run_again: boolean;
}

export interface ExecutionState {
  id: string;
  pipeline: string | null;
  pipeline_name: string;
  revision: number | null;
  airflow_dag_id: string;
  airflow_dag_run_id: string;
  status: string;
  status_reason: string;
  trigger_type: string;
  params: Record<string, unknown>;
  created_at: string;
  /** When Airflow had the run. */
  triggered_at: string | null;
  started_at: string | null;
  completed_at: string | null;
  duration_seconds: number | null;
  error_message: string;
  rows_rejected: number;
  triggered_by: string | null;
  cancel_requested_at: string | null;
  cancel_requested_by: string | null;
  replay_of: string | null;
  replay_node: string;
  attempt: number;
  tasks: Task[];
  replays: Replay[];
  attempts: Attempt[];
  server_time: string;
  is_active: boolean;
  may_still_run: boolean;
  actions: Actions;
  progress: { done: number; total: number };
}

/** Whether two values that came as JSON say the same. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [mine, theirs] = [one as Record<string, unknown>, other as Record<string, unknown>];
  const names = Object.keys(mine);
  return (
    names.length === Object.keys(theirs).length &&
    names.every((name) => Object.hasOwn(theirs, name) && isSame(mine[name], theirs[name]))
  );
}

/**
 * Return the state to show once `next` has come.
 *
 * What did not change stays the same object, so that only the nodes that changed are drawn again.
 * A state of an earlier attempt is older than what is shown, and changes nothing.
 */
export function receive(shown: ExecutionState | null, next: ExecutionState): ExecutionState {
  if (shown === null) return next;
  if (next.attempt < shown.attempt) return shown;
  const before = new Map(shown.tasks.map((task) => [task.node_id, task]));
  let changed = next.tasks.length !== shown.tasks.length;
  const tasks = next.tasks.map((task, place) => {
    const old = before.get(task.node_id);
    const kept = old && isSame(old, task) ? old : task;
    changed ||= kept !== shown.tasks[place];
    return kept;
  });
  return {
    ...next,
    tasks: changed ? tasks : shown.tasks,
    attempts: isSame(shown.attempts, next.attempts) ? shown.attempts : next.attempts,
    replays: isSame(shown.replays, next.replays) ? shown.replays : next.replays,
    params: isSame(shown.params, next.params) ? shown.params : next.params,
    actions: isSame(shown.actions, next.actions) ? shown.actions : next.actions,
  };
}

/** Return the last replay of what a node has rejected, or any node. */
export function lastReplay(replays: readonly Replay[], node?: string): Replay | undefined {
  const own = node === undefined ? replays : replays.filter(({ replay_node }) => replay_node === node);
  return own.reduce<Replay | undefined>((last, one) => (last === undefined || one.created_at > last.created_at ? one : last), undefined);
}
