import { t } from "../shared/i18n";
import { isFinal } from "../shared/status";
import { counted } from "./format";
import type { Line } from "./live";
import type { ExecutionState } from "./state";

const TRIGGERS: Record<string, () => string> = {
  manual: () => t("by hand"),
  api: () => t("over the API"),
  scheduled: () => t("by schedule"),
  backfill: () => t("backfill"),
  replay: () => t("replay of rejected rows"),
  external: () => t("by hand in Airflow"),
};

/** Say what started an execution. */
export function trigger(type: string): string {
  return TRIGGERS[type]?.() ?? type;
}

const BEGINNINGS: Record<string, () => string> = {
  manual: () => t("Started by hand"),
  api: () => t("Started over the API"),
  scheduled: () => t("Started by schedule"),
  backfill: () => t("Started as a backfill"),
  replay: () => t("Replay of rejected rows"),
  external: () => t("Started by hand in Airflow"),
};

/** Say what started an execution, as the beginning of a line. */
export function begun(type: string): string {
  return BEGINNINGS[type]?.() ?? type;
}

const ALERT_EVENTS: Record<string, () => string> = {
  failure: () => t("Failed"),
  recovery: () => t("Succeeded after a failure"),
  quarantine: () => t("Succeeded with rejected rows"),
  slow: () => t("Running longer than usual"),
  deadline: () => t("Running longer than the deadline"),
};

const ALERT_STATUSES: Record<string, () => string> = {
  queued: () => t("Queued"),
  held: () => t("Held until quiet hours end"),
  sent: () => t("Sent"),
  failed: () => t("Not sent"),
  dropped: () => t("Dropped"),
};

/** Say what an alert told. */
export function alertEvent(event: string): string {
  return ALERT_EVENTS[event]?.() ?? event;
}

/** Say what became of an alert. */
export function alertStatus(status: string): string {
  return ALERT_STATUSES[status]?.() ?? status;
}

/** Say how the page follows the execution: a word, and what it means. */
export function lineWords(line: Line): { word: string; meaning: string } {
  return LINES[line]();
}

const LINES: Record<Line, () => { word: string; meaning: string }> = {
  connecting: () => ({ word: t("Connecting"), meaning: t("The page is about to follow the execution live.") }),
  live: () => ({ word: t("Live"), meaning: t("Every change is shown as soon as it is known.") }),
  deaf: () => ({
    word: t("Not live: looks every 5 s"),
    meaning: t("LogiData does not hear of changes now, for Redis is away. It looks for them every few seconds until Redis is back."),
  }),
  reconnecting: () => ({ word: t("Reconnecting"), meaning: t("The connection was lost; what is shown may be some seconds old.") }),
  polling: () => ({ word: t("Every 5 s"), meaning: t("No live connection is possible; the page asks every 5 seconds.") }),
  offline: () => ({ word: t("Offline"), meaning: t("LogiData does not answer. What is shown is as old as the last answer.") }),
  gone: () => ({ word: t("Deleted"), meaning: t("This execution has been deleted. What is shown is how it was last.") }),
  "signed-out": () => ({ word: t("Signed out"), meaning: t("You are no longer signed in. Sign in, then load the page again.") }),
  forbidden: () => ({ word: t("Not allowed"), meaning: t("You may no longer view executions. Ask an administrator for the permission.") }),
};

/** Say what came of asking Airflow about an execution that stood so: it is asked of those alone that it has. */
export function refreshedWord({ status, status_reason, triggered_at }: Pick<ExecutionState, "status" | "status_reason" | "triggered_at">): string {
  if (isFinal(status)) return t("It has ended, and nothing of it changes any more.");
  if (triggered_at === null || status_reason) return t("Airflow was not asked, for it does not have this execution yet.");
  return t("Airflow was asked; this is what it says now.");
}

/** Say how far the nodes are: how many ended while it goes on, how many succeeded once it has ended. */
export function progressWord({ is_active, progress: { done, total }, tasks }: Pick<ExecutionState, "is_active" | "progress" | "tasks">): string {
  if (is_active) return counted(total, t("{done} of {n} node ended", { done }), t("{done} of {n} nodes ended", { done }));
  const succeeded = tasks.filter(({ status }) => status === "success").length;
  return t("{done} of {total} succeeded", { done: succeeded, total });
}
