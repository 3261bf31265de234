import { t } from "../shared/i18n";
import { valueText } from "./format";

export interface Column {
  name: string;
  type?: string | undefined;
  /** That it tells something of the rows, and is none of theirs. */
  isOurs?: boolean;
}

interface SampleTableProps {
  columns: readonly Column[];
  /** The values of each row, in the order of the columns. */
  rows: readonly (readonly unknown[])[];
  label: string;
}

/** Rows as a table; a value that is long can be read whole in its title. */
export function SampleTable({ columns, rows, label }: SampleTableProps) {
  return (
    <div className="x-table-frame" tabIndex={0} role="region" aria-label={label}>
      <table className="x-table x-sample-table">
        <thead>
          <tr>
            {columns.map(({ name, type, isOurs }, place) => (
              <th key={place} scope="col" className={rows.some((row) => typeof row[place] === "number") ? "is-number" : ""}>
                {isOurs ? name : <code>{name}</code>}
                <small>{type ?? ""}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((value, place) => (
                <Cell key={place} value={value} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p className="x-empty">{t("No rows.")}</p>}
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
