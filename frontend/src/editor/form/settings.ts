import { t } from "../../shared/i18n";
import type { Schema } from "../model/schema";

/** The settings that a node of any module has: see `Node` of the graph. */
export const RUN_SETTINGS: Record<string, Schema> = {
  retries: {
    type: "integer",
    default: 0,
    title: t("Retries"),
    description: t("How often it is tried again after a failure that may pass, such as a server that does not answer."),
  },
  retry_delay: {
    type: "number",
    default: 15,
    title: t("Delay (seconds)"),
    description: t("Seconds before the first retry."),
  },
  retry_backoff: {
    type: "boolean",
    default: true,
    title: t("Growing delay"),
    description: t("Whether the delay doubles with every further retry."),
  },
  max_retry_delay: {
    type: "number",
    default: 300,
    title: t("Longest delay (seconds)"),
    description: t("Seconds that the delay never exceeds."),
  },
  timeout: {
    type: "number",
    title: t("Time limit (seconds)"),
    description: t("Seconds after which a try is stopped and counts as failed. Empty: none."),
  },
  pool: {
    type: "string",
    title: t("Pool"),
    description: t("A pool of Airflow that limits how many such nodes run at once. Empty: the default pool."),
  },
};

/** How an extractor reads only what is new. */
export const WATERMARK: Schema = {
  type: "object",
  description: t("Read only what is new since the last load. Leave it empty to read everything."),
  properties: {
    column: {
      type: "string",
      format: "column",
      title: t("Column"),
      description: t("Column of the output whose values grow: a number, date, time or text."),
      examples: ["updated_at"],
    },
    initial: {
      title: t("First value"),
      anyOf: [{ type: "integer" }, { type: "number" }, { type: "string" }],
      description: t("Value from which the first execution reads, that value included."),
      examples: ["2024-01-01"],
    },
    lag: {
      title: t("Look back"),
      anyOf: [{ type: "integer" }, { type: "number" }, { type: "string" }],
      description: t("How far back each execution looks again for rows that came late."),
      examples: ["2 hours"],
    },
  },
};
