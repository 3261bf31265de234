import type { EdgeDoc, GraphDoc, NodeDoc, ParamSpec } from "./graph";
import { edgeId } from "./graph";
import { isAlike } from "./json";

export interface FieldChange {
  field: string;
  old: unknown;
  new: unknown;
}

export interface NodeChange {
  kind: "added" | "removed" | "changed";
  node: NodeDoc;
  fields: FieldChange[];
}

export interface EdgeChange {
  kind: "added" | "removed";
  edge: EdgeDoc;
}

export interface Difference {
  nodes: NodeChange[];
  edges: EdgeChange[];
  params: FieldChange[];
  /** What parameters are, beside their defaults. */
  specs: FieldChange[];
}

interface Compared {
  graph: GraphDoc;
  params?: Record<string, unknown>;
  specs?: Record<string, ParamSpec>;
}

/** Return what leads from `before` to `after`. Positions and the order of things do not count. */
export function difference(before: Compared, after: Compared): Difference {
  const old = new Map(before.graph.nodes.map((node) => [node.id, node]));
  const present = new Map(after.graph.nodes.map((node) => [node.id, node]));
  const nodes: NodeChange[] = [];
  for (const node of after.graph.nodes) {
    const was = old.get(node.id);
    if (!was) nodes.push({ kind: "added", node, fields: [] });
    else {
      const fields = fieldChanges(comparable(was), comparable(node), "");
      if (fields.length > 0) nodes.push({ kind: "changed", node, fields });
    }
  }
  for (const node of before.graph.nodes) if (!present.has(node.id)) nodes.push({ kind: "removed", node, fields: [] });
  const oldEdges = new Set(before.graph.edges.map(edgeId));
  const newEdges = new Set(after.graph.edges.map(edgeId));
  const edges: EdgeChange[] = [
    ...after.graph.edges.filter((e) => !oldEdges.has(edgeId(e))).map((edge) => ({ kind: "added" as const, edge })),
    ...before.graph.edges.filter((e) => !newEdges.has(edgeId(e))).map((edge) => ({ kind: "removed" as const, edge })),
  ];
  const params = fieldChanges(before.params ?? {}, after.params ?? {}, "");
  return { nodes, edges, params, specs: fieldChanges({ ...before.specs }, { ...after.specs }, "") };
}

export function isSame(found: Difference): boolean {
  return found.nodes.length + found.edges.length + found.params.length + found.specs.length === 0;
}

/** A node without its place, and without what says nothing, such as a name that is empty. */
function comparable(node: NodeDoc): Record<string, unknown> {
  const { position: _, ...rest } = node;
  const kept = Object.entries(rest).filter(([key, value]) => !saysNothing(key, value));
  return Object.fromEntries(kept);
}

function saysNothing(key: string, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return (key === "name" && value === "") || (key === "retries" && value === 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldChanges(old: Record<string, unknown>, present: Record<string, unknown>, path: string): FieldChange[] {
  const keys = new Set([...Object.keys(old), ...Object.keys(present)]);
  return [...keys].flatMap((key) => {
    const field = path === "" ? key : `${path}.${key}`;
    const [before, after] = [old[key], present[key]];
    if (isRecord(before) && isRecord(after)) return fieldChanges(before, after, field);
    return isAlike(before, after) ? [] : [{ field, old: before, new: after }];
  });
}
