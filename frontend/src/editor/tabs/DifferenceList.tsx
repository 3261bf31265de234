import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import { isSame, type Difference, type FieldChange } from "../model/diff";
import { nodeLabel } from "../model/graph";

const KINDS = { added: t("Added"), removed: t("Removed"), changed: t("Changed") };

/** What leads from one graph to another, in words. */
export function DifferenceList({ found, same }: { found: Difference; same: string }): ReactNode {
  if (isSame(found)) return <p className="ed-quiet">{same}</p>;
  return (
    <ul className="ed-difference">
      {found.nodes.map(({ kind, node, fields }) => (
        <li key={`node ${node.id}`} className={`ed-diff-${kind}`}>
          <span className="ed-diff-kind">{KINDS[kind]}</span>
          <span>
            <strong>{nodeLabel(node)}</strong> <span className="ed-quiet">{node.id} · {node.module}</span>
            <Changes fields={fields} />
          </span>
        </li>
      ))}
      {found.edges.map(({ kind, edge }) => (
        <li key={`${edge.source}.${edge.output ?? ""} ${edge.target}.${edge.port ?? ""}`} className={`ed-diff-${kind}`}>
          <span className="ed-diff-kind">{KINDS[kind]}</span>
          <span>
            {t("Connection")} <code>{[edge.source, edge.output].filter(Boolean).join(".")}</code> →{" "}
            <code>{[edge.target, edge.port].filter(Boolean).join(".")}</code>
          </span>
        </li>
      ))}
      {found.params.length > 0 && (
        <li className="ed-diff-changed">
          <span className="ed-diff-kind">{KINDS.changed}</span>
          <span>
            <strong>{t("Default parameters")}</strong>
            <Changes fields={found.params} />
          </span>
        </li>
      )}
    </ul>
  );
}

function Changes({ fields }: { fields: FieldChange[] }): ReactNode {
  if (fields.length === 0) return null;
  return (
    <ul>
      {fields.map((change) => (
        <li key={change.field}>
          <code>{change.field}</code>
          <Value value={change.old} kind="removed" />
          <Value value={change.new} kind="added" />
        </li>
      ))}
    </ul>
  );
}

function Value({ value, kind }: { value: unknown; kind: "added" | "removed" }): ReactNode {
  if (value === undefined) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (kind === "added") return <ins>{text}</ins>;
  return <del>{text}</del>;
}
