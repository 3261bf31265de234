/** What the page asks of the REST API, and how a refusal is told. */

import { api, ApiError } from "../shared/api";
import { t } from "../shared/i18n";
import { type Detail, type May, stateOf } from "./detail";
import type { Graph } from "./graph";
import { LineEnd } from "./live";
import type { LogPage } from "./log-pages";
import type { ExecutionState, RunTry } from "./state";

export interface Column {
  name: string;
  type: string;
  sources: { node: string; column: string }[] | null;
}

export interface OutputColumns {
  node: string;
  output: string | null;
  columns: Column[] | null;
}

export interface Output {
  columns?: string[];
  schema?: Record<string, string>;
  shape?: [number, number];
  data?: Record<string, unknown>[];
}

export interface Watermark {
  node?: string;
  column: string;
  start?: unknown;
  upto?: unknown;
}

export interface NodeDetail {
  output: (Output & { outputs?: Record<string, Output>; watermark?: Watermark | null; advanced?: Moved[] }) | null;
  rejected: Rejected | null;
  /** Why the rejected rows cannot be replayed; empty where they can. */
  replay_refusal?: string;
  run_tries?: RunTry[];
}

export interface Moved {
  node: string;
  column: string;
  value: unknown;
}

/** An alert on its way to a channel, or arrived. */
export interface Delivery {
  id: string | number;
  event: string;
  status: string;
  error: string;
  channel_name: string;
  rule_name: string;
  created_at: string;
  sent_at: string | null;
}

export interface Rejected {
  rows?: number;
  reasons?: { reason: string; field: string; rows: number }[];
  data?: Record<string, unknown>[];
}

export class Requests {
  constructor(private readonly id: string) {}

  async state(may: May, now: () => number): Promise<ExecutionState> {
    try {
      const detail = await api<Detail>("GET", this.path(""));
      return stateOf(detail, may, new Date(now()).toISOString());
    } catch (error) {
      const ends: Record<number, LineEnd["line"]> = { 401: "signed-out", 403: "forbidden", 404: "gone" };
      const end = error instanceof ApiError ? ends[error.status] : undefined;
      throw end === undefined ? error : new LineEnd(end);
    }
  }

  graph(): Promise<Graph> {
    return api("GET", this.path("/graph"));
  }

  node(node: string, signal: AbortSignal): Promise<NodeDetail> {
    return api("GET", this.path(`/nodes/${encodeURIComponent(node)}`), undefined, signal);
  }

  lineage(signal: AbortSignal): Promise<OutputColumns[]> {
    return api("GET", this.path("/lineage"), undefined, signal);
  }

  /** The newest alerts about the execution. */
  async alerts(signal: AbortSignal): Promise<Delivery[]> {
    const query = new URLSearchParams({ execution: this.id });
    const page = await api<{ results: Delivery[] }>("GET", `alerts/deliveries?${query}`, undefined, signal);
    return page.results;
  }

  async log(node: string, run: number | null, offset: number, limit: number, signal: AbortSignal): Promise<LogPage> {
    const query = new URLSearchParams({ node, offset: String(offset), limit: String(limit) });
    if (run !== null) query.set("try", String(run));
    const answer = await api<{ logs: LogPage[] }>("GET", this.path(`/logs?${query}`), undefined, signal);
    const [page] = answer.logs;
    if (page === undefined) throw new ApiError(404, t("This node has no log."));
    return page;
  }

  /** The address of the whole log of a try, as a file. */
  logFile(node: string, run: number): string {
    return `/api/v1/${this.path(`/logs/download?${new URLSearchParams({ node, try: String(run) })}`)}`;
  }

  monitor(): Promise<unknown> {
    return api("POST", this.path("/monitor"));
  }

  cancel(): Promise<unknown> {
    return api("POST", this.path("/cancel"));
  }

  retry(nodes: string[] | null): Promise<{ nodes: string[]; warnings: string[] }> {
    return api("POST", this.path("/retry"), nodes === null ? {} : { nodes });
  }

  runAgain(): Promise<{ execution_id: string }> {
    return api("POST", this.path("/run-again"), { trigger_type: "manual" });
  }

  private path(rest: string): string {
    return `executions/${this.id}${rest}`;
  }
}

/** Return why something was refused, with every problem on a line of its own. */
export function refusal(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const problems = error instanceof ApiError ? error.problems : [];
  const lines = problems.map(({ node, field, message }) => [node, field, message].filter(Boolean).join(": "));
  return [error.message, ...lines.filter((line) => line !== error.message)].join("\n");
}
