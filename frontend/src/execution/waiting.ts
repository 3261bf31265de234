/** Why an execution waits, where it does not say so itself: a service that it needs is not well. */

import { api, ApiError } from "../shared/api";
import { t } from "../shared/i18n";
import type { ExecutionState } from "./state";

/** What `GET /health` says of each component; empty where it says nothing. */
export type Components = Record<string, { status: string; detail: string }>;

// In the order of their needs: without Redis nothing can be heard of the worker and beat either.
const WITHOUT_WHICH_IT_WAITS = ["database", "redis", "worker", "airflow", "beat"];

/** Ask how the components are. All who ask at about the same time share one look. */
export async function components(signal: AbortSignal): Promise<Components> {
  try {
    return (await api<{ components?: Components }>("GET", "health", undefined, signal)).components ?? {};
  } catch (error) {
    // 503 says that something is down, and what.
    const answer = error instanceof ApiError ? (error.answer as { components?: Components } | null) : null;
    if (answer?.components) return answer.components;
    throw error;
  }
}

/** Say what an execution waits for that has not begun; "" where its own reason says it already. */
export function whyItWaits(execution: Pick<ExecutionState, "status_reason" | "triggered_at">, found: Components): string {
  const ill = WITHOUT_WHICH_IT_WAITS.find((name) => found[name]?.status === "down");
  // An Airflow that is away is what the reason tells, as the worker has seen it.
  if (ill !== undefined && !(ill === "airflow" && execution.status_reason)) {
    return t("Waits: {why} It goes on by itself then.", { why: found[ill]!.detail });
  }
  if (execution.status_reason) return "";
  return execution.triggered_at
    ? t("Waits in Airflow, which has the run and will begin it once a slot is free.")
    : t("Waits for a worker that is free; its message is in the queue.");
}
