import { t } from "./i18n";

/** The statuses of executions and nodes; a node has two that an execution never has. */
export const STATUSES = [
  "pending",
  "running",
  "success",
  "failed",
  "cancelled",
  "unknown",
  "skipped",
  "upstream_failed",
] as const;

export type Status = (typeof STATUSES)[number];

const WORDS: Record<Status, () => string> = {
  pending: () => t("pending"),
  running: () => t("running"),
  success: () => t("success"),
  failed: () => t("failed"),
  cancelled: () => t("cancelled"),
  unknown: () => t("unknown"),
  skipped: () => t("skipped"),
  upstream_failed: () => t("upstream failed"),
};

/** The shapes of the icons, for a box of 16 by 16, so that a status is told without its colour. */
const ICONS: Record<Status, string> = {
  pending: "M8 4.5V8l2.2 1.6M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2",
  running: "M8 2a6 6 0 0 1 6 6",
  success: "M3.5 8.5l3 3 6-7",
  failed: "M4 4l8 8M12 4l-8 8",
  cancelled: "M4.5 4.5h7v7h-7z",
  unknown: "M5.8 6a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.9-1.1 1.7M8 12v.1",
  skipped: "M4 4l5 4-5 4M12 4v8",
  upstream_failed: "M8 13V5M4.5 8L8 4.5 11.5 8M4 2.5h8",
};

/** Return the text as a status; a word that this page does not know is `unknown`. */
export function asStatus(text: string): Status {
  return (STATUSES as readonly string[]).includes(text) ? (text as Status) : "unknown";
}

export function statusWord(status: string): string {
  return WORDS[asStatus(status)]();
}

export function statusIcon(status: string): string {
  return ICONS[asStatus(status)];
}

/** Return the class that sets `--status`, `--status-text` and `--status-soft` (see status.css). */
export function statusClass(status: string): string {
  return `status-${asStatus(status)}`;
}

/** Whether the status of a node changes no more in this attempt. */
export function isFinal(status: string): boolean {
  const known = asStatus(status);
  return known !== "pending" && known !== "running" && known !== "unknown";
}
