import { inLayers } from "../../shared/layers";
import { move } from "./edit";
import type { GraphDoc, NodeDoc, Point } from "./graph";
import { inputPorts, outputsOf, portOf, type Modules } from "./modules";

export const NODE_WIDTH = 180;
export const HEAD_HEIGHT = 58;
/** Between a node and the next one to its right. */
export const GAP = 60;
export const PORT_HEIGHT = 20;
/** Between a node and the next one below it. */
const GAP_BELOW = 36;

export interface Size {
  width: number;
  height: number;
}

/** Return how large a node is drawn: named ports take a line each. */
export function sizeOf(inputs: (string | null)[], outputs: (string | null)[]): Size {
  const lines = portLines(inputs, outputs);
  return { width: NODE_WIDTH, height: HEAD_HEIGHT + (lines > 0 ? lines * PORT_HEIGHT + 8 : 0) };
}

/** Return how many lines the named ports of a node take. */
export function portLines(inputs: (string | null)[], outputs: (string | null)[]): number {
  return Math.max(inputs.length > 1 ? inputs.length : 0, outputs[0] ? outputs.length : 0);
}

/** Return how far below the top of its node the middle of a port is. */
export function portTop(names: (string | null)[], index: number, side: "in" | "out"): number {
  return isNamed(names, side) ? HEAD_HEIGHT + index * PORT_HEIGHT + PORT_HEIGHT / 2 : HEAD_HEIGHT / 2;
}

/** Whether the ports of one side have a line each, with their names. */
export function isNamed(names: (string | null)[], side: "in" | "out"): boolean {
  return side === "in" ? names.length > 1 : Boolean(names[0]);
}

/** Return the rectangle that holds all nodes; null where there are none. */
export function boundsOf(graph: GraphDoc, modules: Modules): (Point & Size) | null {
  if (graph.nodes.length === 0) return null;
  const corners = graph.nodes.map((node) => {
    const { x, y } = node.position ?? { x: 0, y: 0 };
    const { width, height } = sizeOfNode(node, graph, modules);
    return { x, y, right: x + width, bottom: y + height };
  });
  const x = Math.min(...corners.map((corner) => corner.x));
  const y = Math.min(...corners.map((corner) => corner.y));
  const right = Math.max(...corners.map((corner) => corner.right));
  const bottom = Math.max(...corners.map((corner) => corner.bottom));
  return { x, y, width: right - x, height: bottom - y };
}

function sizeOfNode(node: NodeDoc, graph: GraphDoc, modules: Modules): Size {
  return sizeOf(inputPorts(node, modules), outputsOf(node, graph.edges, modules));
}

/** Return the graph with all of its nodes laid out anew. */
export function tidy(graph: GraphDoc, modules: Modules): GraphDoc {
  const heights = new Map(graph.nodes.map((node) => [node.id, sizeOfNode(node, graph, modules).height]));
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const links = graph.edges.map((edge) => {
    const { source, target } = edge;
    const outputs = outputsOf(byId.get(source)!, graph.edges, modules);
    const inputs = inputPorts(byId.get(target)!, modules);
    const entered = inputs.length > 1 ? inputs.indexOf(portOf(edge, byId.get(target)!, modules)) : 0;
    const sourceAt = portTop(outputs, outputs.indexOf(edge.output ?? null), "out") - heights.get(source)! / 2;
    const targetAt = portTop(inputs, entered, "in") - heights.get(target)! / 2;
    return { source, target, sourceAt, targetAt };
  });
  return move(graph, inLayers(heights, links, { width: NODE_WIDTH, across: GAP, along: GAP_BELOW }));
}

/**
 * Return the graph with a position for every node that has none.
 *
 * A graph that nobody has placed is laid out; single nodes without a place go below the others.
 */
export function place(graph: GraphDoc, modules: Modules): GraphDoc {
  const unplaced = graph.nodes.filter((node) => !node.position);
  if (unplaced.length === 0) return graph;
  const tidied = tidy(graph, modules);
  if (unplaced.length === graph.nodes.length) return tidied;
  const below = Math.max(...graph.nodes.map((node) => node.position?.y ?? -Infinity)) + 140;
  const spots = new Map<string, Point>();
  unplaced.forEach((node, index) => spots.set(node.id, { x: index * (NODE_WIDTH + 40), y: below }));
  return move(graph, spots);
}

/** Return a place at `wanted`, or a little beside it, that no other node covers. */
export function freeSpot(graph: GraphDoc, wanted: Point): Point {
  let spot = wanted;
  const covered = () =>
    graph.nodes.some(
      ({ position }) =>
        position && Math.abs(position.x - spot.x) < NODE_WIDTH / 2 && Math.abs(position.y - spot.y) < HEAD_HEIGHT,
    );
  while (covered()) spot = { x: spot.x, y: spot.y + HEAD_HEIGHT + 30 };
  return spot;
}

/** Return how far to shift copies, in steps, so that none lies on top of a node. */
export function freeShift(graph: GraphDoc, fragment: GraphDoc, step: Point): Point {
  const taken = new Set(graph.nodes.map(({ position }) => `${position?.x ?? 0} ${position?.y ?? 0}`));
  const lies = (shift: Point) =>
    fragment.nodes.some(({ position }) => taken.has(`${(position?.x ?? 0) + shift.x} ${(position?.y ?? 0) + shift.y}`));
  let shift = step;
  while (lies(shift)) shift = { x: shift.x + step.x, y: shift.y + step.y };
  return shift;
}
