import dagre from "@dagrejs/dagre";

export interface Size {
  width: number;
  height: number;
}

export interface LayoutEdge {
  source: string;
  target: string;
}

/** Return the top left corner of every node, from left to right along the edges. */
export function layout(
  sizes: ReadonlyMap<string, Size>,
  edges: readonly LayoutEdge[],
): Map<string, { x: number; y: number }> {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 36, ranksep: 90, marginx: 20, marginy: 20 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [id, size] of sizes) graph.setNode(id, { ...size });
  edges.forEach((edge, index) => {
    if (sizes.has(edge.source) && sizes.has(edge.target)) graph.setEdge(edge.source, edge.target, {}, String(index));
  });
  dagre.layout(graph);
  const places = new Map<string, { x: number; y: number }>();
  for (const [id, size] of sizes) {
    const { x, y } = graph.node(id) as { x: number; y: number };
    // dagre gives the middle.
    places.set(id, { x: Math.round(x - size.width / 2), y: Math.round(y - size.height / 2) });
  }
  return places;
}
