import { t } from "../shared/i18n";
import { valueText } from "./format";

interface SampleTableProps {
  columns: readonly string[];
  types: Record<string, string>;
  records: readonly Record<string, unknown>[];
  label: string;
}

/** Rows as a table; a value that is long can be read whole in its title. */
export function SampleTable({ columns, types, records, label }: SampleTableProps) {
  return (
    <div className="x-table-frame" tabIndex={0} role="region" aria-label={label}>
      <table className="x-table x-sample-table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col" className={records.some((record) => typeof record[column] === "number") ? "is-number" : ""}>
                {column}
                <small>{types[column] ?? ""}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {records.map((record, index) => (
            <tr key={index}>
              {columns.map((column) => (
                <Cell key={column} value={record[column]} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {records.length === 0 && <p className="x-empty">{t("No rows.")}</p>}
    </div>
  );
}

function Cell({ value }: { value: unknown }) {
  if (value === null || value === undefined) {
    return (
      <td>
        <em>null</em>
      </td>
    );
  }
  const text = valueText(value);
  return (
    <td className={typeof value === "number" ? "is-number" : ""} title={text.length > 30 ? text : undefined}>
      {text}
    </td>
  );
}
