import { Position, type Edge, type Node } from "@xyflow/react";
import { t } from "../../shared/i18n";
import { edgeId, findNode, nodeLabel, type EdgeDoc, type GraphDoc, type NodeDoc } from "../model/graph";
import { inputPorts, outputsOf, portOf, type Modules } from "../model/modules";
import { portTop, sizeOf } from "../model/placing";

/** The id of the handle of a port or output that needs no name. */
export const ONLY = "";

/** How wide and high the dot is from which an edge is drawn. */
const DOT = 12;

/**
 * Return the nodes as React Flow draws them.
 *
 * Those that have not changed stay the same objects, with the sizes that it measured; all of them,
 * where none has.
 */
export function flowNodes(before: Node[], graph: GraphDoc, selected: ReadonlySet<string>, modules: Modules): Node[] {
  const known = new Map(before.map((node) => [node.id, node]));
  const after = graph.nodes.map((node) => {
    const old = known.get(node.id);
    const position = node.position ?? { x: 0, y: 0 };
    const isSelected = selected.has(node.id);
    const ariaLabel = labelOf(nodeLabel(node), modules[node.module]?.title ?? node.module);
    const inputs = inputPorts(node, modules);
    const outputs = outputsOf(node, graph.edges, modules);
    const ports = JSON.stringify([inputs, outputs]);
    const same =
      old &&
      old.position.x === position.x &&
      old.position.y === position.y &&
      (old.selected ?? false) === isSelected &&
      old.ariaLabel === ariaLabel &&
      old.data.ports === ports;
    if (same) return old;
    const measured = old?.data.ports === ports ? old : handlesOf(inputs, outputs);
    return { ...old, ...measured, id: node.id, type: "module", data: { ports }, position, selected: isSelected, ariaLabel };
  });
  return unlessSame(before, after);
}

/** Where the dots of a node are, and how large it is: then only nodes that are in view need to be drawn. */
function handlesOf(inputs: (string | null)[], outputs: (string | null)[]): Partial<Node> {
  const { width, height } = sizeOf(inputs, outputs);
  const dots = (names: (string | null)[], side: "in" | "out") =>
    names.map((name, index) => ({
      id: name ?? ONLY,
      type: side === "in" ? ("target" as const) : ("source" as const),
      position: side === "in" ? Position.Left : Position.Right,
      x: (side === "in" ? 0 : width) - DOT / 2,
      y: portTop(names, index, side) - DOT / 2,
      width: DOT,
      height: DOT,
    }));
  return { initialWidth: width, initialHeight: height, handles: [...dots(inputs, "in"), ...dots(outputs, "out")] };
}

function labelOf(name: string, module: string): string {
  return name === module ? name : `${name}, ${module}`;
}

/** Return the edges as React Flow draws them; those that have not changed stay the same objects. */
export function flowEdges(before: Edge[], graph: GraphDoc, selected: ReadonlySet<string>, modules: Modules): Edge[] {
  const known = new Map(before.map((edge) => [edge.id, edge]));
  const after = graph.edges.map((edge) => {
    const id = edgeId(edge);
    const old = known.get(id);
    const handle = targetHandle(edge, findNode(graph, edge.target), modules);
    const isSelected = selected.has(id);
    if (old && old.selected === isSelected && old.targetHandle === handle) return old;
    return {
      id,
      source: edge.source,
      target: edge.target,
      sourceHandle: edge.output ?? ONLY,
      targetHandle: handle,
      selected: isSelected,
      ariaLabel: t("Connection from {source} to {target}", { source: edge.source, target: edge.target }),
    };
  });
  return unlessSame(before, after);
}

/** Return `before` where `after` holds the same: then there is nothing to draw. */
function unlessSame<T>(before: T[], after: T[]): T[] {
  const same = before.length === after.length && before.every((one, index) => one === after[index]);
  return same ? before : after;
}

function targetHandle(edge: EdgeDoc, target: NodeDoc | undefined, modules: Modules): string {
  const module = target && modules[target.module];
  if (!target || !module || module.variadic) return ONLY;
  return portOf(edge, target, modules);
}
