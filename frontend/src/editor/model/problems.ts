import type { Problem } from "../../shared/api";
import { t } from "../../shared/i18n";

export type { Problem };

export interface Column {
  name: string;
  type: string;
}

/** The columns that come to a node and leave it; null where they are not known. */
export interface NodeColumns {
  in: Record<string, Column[] | null>;
  out: Record<string, Column[] | null>;
  /** Why a source has not told its columns, where something keeps it from that. */
  unknown?: string | null;
}

export interface Check {
  valid: boolean;
  errors: Problem[];
  columns: Record<string, NodeColumns>;
}

/** Return a problem's sentence without the node that it names: it stands in the node's own form. */
export function shortMessage(problem: Problem): string {
  // As the server begins it, in the language of the page.
  const start = problem.node === null ? "" : t("Node '{node}': ", { node: problem.node });
  if (start === "" || !problem.message.startsWith(start)) return problem.message;
  const rest = problem.message.slice(start.length);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

/** Return the columns that come to a node, each once: at one port, or at all of them. */
export function arriving(columns: NodeColumns | undefined, port: string | undefined): Column[] {
  const ports = columns?.in ?? {};
  const lists = port !== undefined && port in ports ? [ports[port]] : Object.values(ports);
  const found = new Map<string, Column>();
  for (const list of lists) {
    for (const column of list ?? []) if (!found.has(column.name)) found.set(column.name, column);
  }
  return [...found.values()];
}
