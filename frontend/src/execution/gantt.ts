/** Where the bars of the timeline lie. All times are milliseconds since 1970. */

import type { ExecutionState, RunTry, Task } from "./state";

export interface Bar {
  node: string;
  name: string;
  number: number;
  status: string;
  start: number;
  /** Null while it runs. */
  end: number | null;
}

export interface Row {
  task: Task;
  bars: Bar[];
}

export interface Scale {
  start: number;
  end: number;
  ticks: Tick[];
}

export interface Tick {
  at: number;
  /** Where, in percent of the width. */
  left: number;
  /** Milliseconds since the start of the scale. */
  since: number;
}

const SECOND = 1000;
const STEPS = [
  ...[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60 * SECOND),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3600 * SECOND),
  ...[1, 2, 7, 14, 30, 90, 365].map((days) => days * 86_400 * SECOND),
];

/** Return a row for each node, with a bar for each of its tries that began at `since` or later. */
export function ganttRows(tasks: readonly Task[], since = -Infinity): Row[] {
  return tasks.map((task) => ({
    task,
    bars: task.run_tries.flatMap((run) => barOf(task, run)).filter((bar) => bar.start >= since),
  }));
}

function barOf(task: Task, run: RunTry): Bar[] {
  if (run.started_at === null) return [];
  const start = Date.parse(run.started_at);
  const end = run.completed_at === null ? null : Math.max(Date.parse(run.completed_at), start);
  return [{ node: task.node_id, name: task.node_name || task.node_id, number: run.number, status: run.status, start, end }];
}

/** Return when the attempt that is shown was asked for; tries before it belong to earlier ones. */
export function attemptStart(state: ExecutionState): number {
  const asked = state.attempts.at(-1)?.requested_at;
  return state.attempt > 1 && asked ? Date.parse(asked) : -Infinity;
}

/**
 * Return the scale on which all bars lie, with at most `most` ticks after the first; null without
 * bars. While a bar runs, the scale ends at the next tick after `now`, so that it stands still in
 * between.
 */
export function ganttScale(rows: readonly Row[], now: number, most = 8): Scale | null {
  const bars = rows.flatMap((row) => row.bars);
  if (bars.length === 0) return null;
  const start = bars.reduce((least, bar) => Math.min(least, bar.start), Infinity);
  const last = bars.reduce((latest, bar) => Math.max(latest, bar.end ?? Math.max(now, bar.start)), -Infinity);
  const length = Math.max(last - start, 10);
  const step = STEPS.find((each) => length / each <= most) ?? Math.ceil(length / most);
  const isRunning = bars.some((bar) => bar.end === null);
  const count = Math.floor(length / step) + (isRunning ? 1 : 0);
  const end = isRunning ? start + count * step : start + length;
  const ticks = Array.from({ length: count + 1 }, (_, index) => ({
    at: start + index * step,
    since: index * step,
    left: ((index * step) / (end - start)) * 100,
  }));
  return { start, end, ticks };
}

/** Return where a bar lies, in percent of the width; a short one stays wide enough to be seen. */
export function placed(bar: Bar, scale: Scale, now: number): { left: number; width: number } {
  const span = scale.end - scale.start;
  const width = Math.max((((bar.end ?? Math.max(now, bar.start)) - bar.start) / span) * 100, 0.4);
  const left = Math.min(((bar.start - scale.start) / span) * 100, 100 - 0.4);
  return { left, width: Math.min(width, 100 - left) };
}
