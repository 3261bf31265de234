import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import type { Column } from "../model/problems";

/** Rows of a dataset, as many as fit, with the type below each column's name. */
export function RowsTable({ columns, rows }: { columns: Column[]; rows: Record<string, unknown>[] }): ReactNode {
  return (
    <div className="ed-rows" tabIndex={0} role="region" aria-label={t("Rows")}>
      <table>
        <thead>
          <tr>
            {columns.map(({ name, type }) => (
              <th key={name} scope="col">
                {name}
                <span>{type}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {columns.map(({ name }) => (
                <Cell key={name} value={row[name]} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p className="ed-quiet">{t("No rows.")}</p>}
    </div>
  );
}

function Cell({ value }: { value: unknown }): ReactNode {
  if (value === null || value === undefined) return <td className="ed-null">null</td>;
  const isNumber = typeof value === "number";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return <td className={isNumber ? "ed-number" : undefined}>{text}</td>;
}
