/** The graph of a pipeline as its JSON holds it. Immutable: every change makes a new one. */
export interface Point {
  x: number;
  y: number;
}

export interface NodeDoc {
  id: string;
  module: string;
  name?: string;
  config?: Record<string, unknown>;
  position?: Point | null;
  [setting: string]: unknown;
}

export interface EdgeDoc {
  source: string;
  target: string;
  port?: string | null;
  output?: string | null;
}

export interface GraphDoc {
  nodes: NodeDoc[];
  edges: EdgeDoc[];
}

/** What a parameter of the pipeline is, beside its default. */
export interface ParamSpec {
  type: string;
  help?: string;
  required?: boolean;
  min?: unknown;
  max?: unknown;
  choices?: unknown[];
}

/** All that the editor edits, and that undo and redo bring back. */
export interface Doc {
  graph: GraphDoc;
  params: Record<string, unknown>;
  specs: Record<string, ParamSpec>;
}

export const EMPTY_GRAPH: GraphDoc = { nodes: [], edges: [] };

/** Return a name for an edge that no other edge of the graph has. */
export function edgeId(edge: EdgeDoc): string {
  return `${edge.source}.${edge.output ?? ""}>${edge.target}.${edge.port ?? ""}`;
}

/** Return what people call a node. */
export function nodeLabel(node: NodeDoc): string {
  return node.name || node.id;
}

export function findNode(graph: GraphDoc, id: string | null): NodeDoc | undefined {
  return id === null ? undefined : nodesById(graph.nodes).get(id);
}

/** Return the edges that leave a node. */
export function edgesFrom(edges: EdgeDoc[], source: string): EdgeDoc[] {
  return edgesBySource(edges).get(source) ?? [];
}

/** Return the edges that enter a node. */
export function edgesTo(edges: EdgeDoc[], target: string): EdgeDoc[] {
  return edgesByTarget(edges).get(target) ?? [];
}

// Graphs do not change: what is looked up in them again and again is put in order once.
const nodesById = once((nodes: NodeDoc[]) => new Map(nodes.map((node) => [node.id, node])));
const edgesBySource = once((edges: EdgeDoc[]) => Map.groupBy(edges, (edge) => edge.source));
const edgesByTarget = once((edges: EdgeDoc[]) => Map.groupBy(edges, (edge) => edge.target));

/** Return a function that is called once for every object, and then remembers. */
export function once<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const made = new WeakMap<K, V>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Return the graph that a JSON value holds, or null where it has another shape.
 *
 * What the canvas cannot draw is no graph; everything else that is wrong is left for the check.
 */
export function asGraph(value: unknown): GraphDoc | null {
  if (!isRecord(value)) return null;
  const { nodes = [], edges = [], ...unknown } = value;
  if (Object.keys(unknown).length > 0 || !Array.isArray(nodes) || !Array.isArray(edges)) return null;
  const ids = new Set<unknown>();
  for (const node of nodes) {
    if (!isRecord(node) || typeof node.id !== "string" || typeof node.module !== "string") return null;
    if (ids.has(node.id)) return null;
    if (node.config !== undefined && !isRecord(node.config)) return null;
    if (node.position !== undefined && node.position !== null && !isPoint(node.position)) return null;
    ids.add(node.id);
  }
  const known = (id: unknown) => typeof id === "string" && ids.has(id);
  const drawable = (edge: unknown) => isRecord(edge) && known(edge.source) && known(edge.target);
  if (!edges.every(drawable)) return null;
  return { nodes: nodes as NodeDoc[], edges: edges as EdgeDoc[] };
}

function isPoint(value: unknown): value is Point {
  return isRecord(value) && Number.isFinite(value.x) && Number.isFinite(value.y);
}
