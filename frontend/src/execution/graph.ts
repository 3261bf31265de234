/** The graph that ran, and where its nodes are drawn. */

import { inLayers, type Places } from "../shared/layers";

export interface GraphNode {
  id: string;
  name: string;
  module: string;
  position: { x: number; y: number } | null;
}

export interface GraphEdge {
  source: string;
  target: string;
  port: string | null;
  output?: string | null;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export const NODE_WIDTH = 208;
export const NODE_HEIGHT = 84;

const SPACING = { width: NODE_WIDTH, across: 84, along: 26 };

/**
 * Return where each node is drawn: where its author put it, or, where a node has no place or boxes
 * would lie on each other, from left to right in the order in which they run.
 */
export function places(graph: Graph): Places {
  const own: Places = new Map();
  for (const node of graph.nodes) if (node.position !== null) own.set(node.id, node.position);
  if (own.size === graph.nodes.length && !overlap([...own.values()])) return own;
  return inLayers(new Map(graph.nodes.map(({ id }) => [id, NODE_HEIGHT])), graph.edges, SPACING);
}

function overlap(spots: { x: number; y: number }[]): boolean {
  const sorted = [...spots].sort((one, other) => one.x - other.x);
  return sorted.some((spot, index) => {
    for (let next = index + 1; next < sorted.length; next += 1) {
      const other = sorted[next]!;
      if (other.x - spot.x >= NODE_WIDTH) return false;
      if (Math.abs(other.y - spot.y) < NODE_HEIGHT) return true;
    }
    return false;
  });
}

/** Return the ids of these nodes and of all behind them: what a retry from them runs again. */
export function behind(graph: Graph, nodes: Iterable<string>): Set<string> {
  const next = new Map<string, string[]>();
  for (const edge of graph.edges) next.set(edge.source, [...(next.get(edge.source) ?? []), edge.target]);
  const found = new Set(nodes);
  const open = [...found];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const target of next.get(node) ?? []) {
      if (!found.has(target)) {
        found.add(target);
        open.push(target);
      }
    }
  }
  return found;
}

/** Return a graph of the nodes alone, for an execution whose revision is not known. */
export function unconnected(tasks: { node_id: string; node_name: string; module: string }[]): Graph {
  return {
    nodes: tasks.map((task) => ({ id: task.node_id, name: task.node_name, module: task.module, position: null })),
    edges: [],
  };
}

/** Return the node to which an arrow key leads from `node`, by where they are drawn. */
export function neighbour(spots: Places, node: string, key: string): string | null {
  const from = spots.get(node);
  if (!from) return null;
  const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key] ?? [0, 0];
  let [best, least] = [null as string | null, Infinity];
  for (const [id, { x, y }] of spots) {
    const along = (x - from.x) * dx! + (y - from.y) * dy!;
    const across = Math.abs((x - from.x) * dy!) + Math.abs((y - from.y) * dx!);
    if (along > 1 && along + 2 * across < least) [best, least] = [id, along + 2 * across];
  }
  return best;
}
