import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import type { Column, NodeColumns } from "../model/problems";

/** The columns that come to a node and leave it, as far as they are known before it runs. */
export function ColumnsOfNode({ columns }: { columns: NodeColumns | undefined }): ReactNode {
  const ins = Object.entries(columns?.in ?? {});
  const outs = Object.entries(columns?.out ?? {});
  if (ins.length + outs.length === 0) return null;
  return (
    <details className="ed-more" open>
      <summary>{t("Columns")}</summary>
      {columns?.unknown && <p className="ed-quiet">{columns.unknown}</p>}
      {ins.map(([port, list]) => (
        <ColumnList key={`in ${port}`} title={ins.length > 1 ? t("Arriving at {port}", { port }) : t("Arriving")} columns={list} />
      ))}
      {outs.map(([output, list]) => (
        <ColumnList key={`out ${output}`} title={output ? t("Leaving by {output}", { output }) : t("Leaving")} columns={list} />
      ))}
    </details>
  );
}

function ColumnList({ title, columns }: { title: string; columns: Column[] | null }): ReactNode {
  return (
    <div className="ed-columns">
      <h3>
        {title}
        {columns && <span className="ed-quiet"> · {columns.length}</span>}
      </h3>
      {columns === null ? (
        <p className="ed-quiet">{t("Not known before it runs.")}</p>
      ) : (
        <ul>
          {columns.map(({ name, type }) => (
            <li key={name}>
              <span>{name}</span>
              <span className="ed-quiet">{type}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
