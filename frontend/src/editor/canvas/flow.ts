import type { Edge, Node } from "@xyflow/react";
import { t } from "../../shared/i18n";
import { edgeId, findNode, nodeLabel, type EdgeDoc, type GraphDoc } from "../model/graph";
import { portOf, type Modules } from "../model/modules";
import { ONLY } from "./ModuleNode";

/**
 * Return the nodes as React Flow draws them.
 *
 * Those that have not changed stay the same objects, with the sizes that it measured.
 */
export function flowNodes(before: Node[], graph: GraphDoc, selected: ReadonlySet<string>, modules: Modules): Node[] {
  const known = new Map(before.map((node) => [node.id, node]));
  return graph.nodes.map((node) => {
    const old = known.get(node.id);
    const position = node.position ?? { x: 0, y: 0 };
    const isSelected = selected.has(node.id);
    const ariaLabel = labelOf(nodeLabel(node), modules[node.module]?.title ?? node.module);
    const same =
      old &&
      old.position.x === position.x &&
      old.position.y === position.y &&
      (old.selected ?? false) === isSelected &&
      old.ariaLabel === ariaLabel;
    if (same) return old;
    return { ...old, id: node.id, type: "module", data: {}, position, selected: isSelected, ariaLabel };
  });
}

function labelOf(name: string, module: string): string {
  return name === module ? name : `${name}, ${module}`;
}

/** Return the edges as React Flow draws them. */
export function flowEdges(graph: GraphDoc, selected: ReadonlySet<string>, modules: Modules): Edge[] {
  return graph.edges.map((edge) => {
    const id = edgeId(edge);
    return {
      id,
      source: edge.source,
      target: edge.target,
      sourceHandle: edge.output ?? ONLY,
      targetHandle: targetHandle(edge, graph, modules),
      selected: selected.has(id),
      ariaLabel: t("Connection from {source} to {target}", { source: edge.source, target: edge.target }),
    };
  });
}

function targetHandle(edge: EdgeDoc, graph: GraphDoc, modules: Modules): string {
  const target = findNode(graph, edge.target);
  const module = target && modules[target.module];
  if (!target || !module || module.variadic) return ONLY;
  return portOf(edge, target, modules);
}
