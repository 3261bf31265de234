/** Rejected rows as a table: the values of their record by column, rather than its JSON. */

import { t } from "../shared/i18n";
import type { Column } from "./sample-table";

type Row = Record<string, unknown>;

// What a quarantine tells of each row beside its record.
const ABOUT: readonly [string, () => string][] = [
  ["reason", () => t("Reason")],
  ["file", () => t("File")],
  ["line", () => t("Line")],
];

/**
 * Return the columns of rejected rows, with the values of each row: its number from 1, why it was
 * rejected, where it stands, and what it holds.
 */
export function asTable(records: readonly Row[]): { columns: Column[]; rows: unknown[][] } {
  const told = ABOUT.filter(([name]) => records.some((row) => row[name] !== null && row[name] !== undefined));
  const held = records.map((row) => valuesOf(row.record));
  const names = [...new Set(held.flatMap((values) => Object.keys(values ?? {})))];
  const isRaw = held.includes(null);
  const ours = ["#", ...told.map(([, word]) => word()), ...(isRaw ? [t("Record")] : [])];
  return {
    columns: [...ours.map((name) => ({ name, isOurs: true })), ...names.map((name) => ({ name }))],
    rows: records.map((row, place) => [
      place + 1,
      ...told.map(([name]) => row[name]),
      ...(isRaw ? [held[place] === null ? row.record : undefined] : []),
      ...names.map((name) => held[place]?.[name]),
    ]),
  };
}

/** Return the values of a record; null of a raw one, which is no JSON. */
function valuesOf(record: unknown): Row | null {
  if (typeof record !== "string") return {};
  try {
    const values = JSON.parse(record) as unknown;
    if (typeof values === "object" && values !== null && !Array.isArray(values)) return values as Row;
  } catch {
    // A line of a file.
  }
  return null;
}
