import dagre from "@dagrejs/dagre";

export interface Size {
  width: number;
  height: number;
}

export interface LayoutEdge {
  source: string;
  target: string;
  /** Which output of its source it leaves by, and which input of its target it enters, from above. */
  sourceIndex?: number;
  targetIndex?: number;
}

export interface Place {
  x: number;
  y: number;
}

/** Return the top left corner of every node, from left to right along the edges; `between` parts their columns. */
export function layout(sizes: ReadonlyMap<string, Size>, edges: readonly LayoutEdge[], between: number): Map<string, Place> {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 36, ranksep: between, marginx: 20, marginy: 20 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [id, size] of sizes) graph.setNode(id, { ...size });
  const drawn = edges.filter((edge) => sizes.has(edge.source) && sizes.has(edge.target));
  drawn.forEach((edge, index) => graph.setEdge(edge.source, edge.target, {}, String(index)));
  dagre.layout(graph);
  const middles = new Map([...sizes.keys()].map((id) => [id, graph.node(id) as Place]));
  // dagre knows nothing of ports: upside down, edges may cross less.
  const height = (graph.graph() as { height?: number }).height ?? 0;
  const turned = new Map([...middles].map(([id, { x, y }]) => [id, { x, y: height - y }]));
  const best = crossings(turned, drawn) < crossings(middles, drawn) ? turned : middles;
  // dagre gives the middle.
  const corner = (id: string, { x, y }: Place) => {
    const { width, height: own } = sizes.get(id)!;
    return { x: Math.round(x - width / 2), y: Math.round(y - own / 2) };
  };
  return new Map([...best].map(([id, place]) => [id, corner(id, place)]));
}

/** Return how many pairs of edges cross right at the node that they share. */
function crossings(places: ReadonlyMap<string, Place>, edges: readonly LayoutEdge[]): number {
  const between = (near: "source" | "target", far: "source" | "target", index: "sourceIndex" | "targetIndex") => {
    const ends = Map.groupBy(edges, (edge) => edge[near]);
    let found = 0;
    for (const group of ends.values()) {
      group.forEach((one, at) => {
        for (const other of group.slice(at + 1)) {
          const ports = (one[index] ?? 0) - (other[index] ?? 0);
          const heights = places.get(one[far])!.y - places.get(other[far])!.y;
          if (ports * heights < 0) found += 1;
        }
      });
    }
    return found;
  };
  return between("source", "target", "sourceIndex") + between("target", "source", "targetIndex");
}
