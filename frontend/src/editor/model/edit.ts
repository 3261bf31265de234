import { edgeId, type EdgeDoc, type GraphDoc, type NodeDoc, type Point } from "./graph";
import { idsOf, uniqueId } from "./ids";

/** What copy takes and paste gives: nodes, and the edges between them. */
export type Fragment = GraphDoc;

export function addNode(graph: GraphDoc, node: NodeDoc): GraphDoc {
  return { ...graph, nodes: [...graph.nodes, node] };
}

export function addEdge(graph: GraphDoc, edge: EdgeDoc): GraphDoc {
  return { ...graph, edges: [...graph.edges, edge] };
}

/** Return the graph without these nodes, their edges, and these edges. */
export function remove(graph: GraphDoc, nodes: ReadonlySet<string>, edges: ReadonlySet<string>): GraphDoc {
  return {
    nodes: graph.nodes.filter((node) => !nodes.has(node.id)),
    edges: graph.edges.filter(
      (edge) => !nodes.has(edge.source) && !nodes.has(edge.target) && !edges.has(edgeId(edge)),
    ),
  };
}

export function move(graph: GraphDoc, positions: ReadonlyMap<string, Point>): GraphDoc {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => {
      const at = positions.get(node.id);
      return at ? { ...node, position: { x: Math.round(at.x), y: Math.round(at.y) } } : node;
    }),
  };
}

/** Return the graph with one setting of a node changed; undefined takes the setting away. */
export function setSetting(graph: GraphDoc, id: string, setting: string, value: unknown): GraphDoc {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => {
      if (node.id !== id) return node;
      const { [setting]: _, ...rest } = node;
      // Keys keep their order, so that the JSON changes no more than it must.
      if (value === undefined) return rest as NodeDoc;
      return { ...node, [setting]: value };
    }),
  };
}

/** Return the graph with a node's id changed in its edges, too. `to` must be free. */
export function renameNode(graph: GraphDoc, from: string, to: string): GraphDoc {
  return {
    nodes: graph.nodes.map((node) => (node.id === from ? { ...node, id: to } : node)),
    edges: graph.edges.map((edge) =>
      edge.source === from || edge.target === from
        ? {
            ...edge,
            source: edge.source === from ? to : edge.source,
            target: edge.target === from ? to : edge.target,
          }
        : edge,
    ),
  };
}

export function copy(graph: GraphDoc, ids: ReadonlySet<string>): Fragment {
  return {
    nodes: graph.nodes.filter((node) => ids.has(node.id)),
    edges: graph.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target)),
  };
}

/** Return the graph with a fragment in it, under new ids where they are taken, and those ids. */
export function paste(graph: GraphDoc, fragment: Fragment, shift: Point): { graph: GraphDoc; ids: string[] } {
  const taken = new Set(idsOf(graph));
  const renamed = new Map<string, string>();
  const nodes = fragment.nodes.map((node) => {
    const id = uniqueId(node.id, taken);
    taken.add(id);
    renamed.set(node.id, id);
    const at = node.position ?? { x: 0, y: 0 };
    return { ...node, id, position: { x: at.x + shift.x, y: at.y + shift.y } };
  });
  const edges = fragment.edges.flatMap((edge) => {
    const source = renamed.get(edge.source);
    const target = renamed.get(edge.target);
    return source && target ? [{ ...edge, source, target }] : [];
  });
  return {
    graph: { nodes: [...graph.nodes, ...nodes], edges: [...graph.edges, ...edges] },
    ids: nodes.map((node) => node.id),
  };
}
