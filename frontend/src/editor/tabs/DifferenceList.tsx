import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import { isSame, type Difference, type FieldChange } from "../model/diff";
import { nodeLabel } from "../model/graph";

export const CHANGED = t("Changed");
const KINDS = { added: t("Added"), removed: t("Removed"), changed: CHANGED };

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
      <OfParams title={t("Default parameters")} fields={found.params} />
      <OfParams title={t("Types of parameters")} fields={found.specs} />
    </ul>
  );
}

function OfParams({ title, fields }: { title: string; fields: FieldChange[] }): ReactNode {
  if (fields.length === 0) return null;
  return (
    <li className="ed-diff-changed">
      <span className="ed-diff-kind">{CHANGED}</span>
      <span>
        <strong>{title}</strong>
        <Changes fields={fields} />
      </span>
    </li>
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

/** What was there, or what comes; nothing of what is not there. */
export function Value({ value, kind }: { value: unknown; kind: "added" | "removed" }): ReactNode {
  if (value === undefined) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (kind === "added") return <ins>{text}</ins>;
  return <del>{text}</del>;
}
