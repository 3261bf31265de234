/** Rejected rows as a table: the values of their record by column, rather than its JSON. */

import { t } from "../shared/i18n";

type Row = Record<string, unknown>;

// What a quarantine tells of each row beside its record.
const ABOUT: readonly [string, () => string][] = [
  ["reason", () => t("Reason")],
  ["file", () => t("File")],
  ["line", () => t("Line")],
];

/** Return the rows counted from 1, each with why it was rejected, where it stands, and its values. */
export function asTable(records: readonly Row[]): Row[] {
  const told = ABOUT.filter(([name]) => records.some((row) => row[name] !== null && row[name] !== undefined));
  return records.map((row, place) => ({
    "#": place + 1,
    ...Object.fromEntries(told.map(([name, word]) => [word(), row[name]])),
    ...valuesOf(row.record),
  }));
}

/** Return the values of a record; a raw one, which is no JSON, as a whole. */
function valuesOf(record: unknown): Row {
  if (typeof record !== "string") return {};
  try {
    const values = JSON.parse(record) as unknown;
    if (typeof values === "object" && values !== null && !Array.isArray(values)) return values as Row;
  } catch {
    // A line of a file.
  }
  return { [t("Record")]: record };
}
