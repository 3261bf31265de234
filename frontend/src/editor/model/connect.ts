import { t } from "../../shared/i18n";
import { edgesFrom, edgesTo, findNode, nodeLabel, once, type EdgeDoc, type GraphDoc } from "./graph";
import { kindOf, portOf, type Modules } from "./modules";

/** Whether data of `from` comes to `to`, over any number of edges. */
export function reaches(edges: EdgeDoc[], from: string, to: string): boolean {
  const known = reached(edges);
  const found = known.get(from) ?? follow(edges, from);
  known.set(from, found);
  return found.has(to);
}

/** By node, the nodes that its data comes to, itself included. */
const reached = once((_edges: EdgeDoc[]) => new Map<string, ReadonlySet<string>>());

function follow(edges: EdgeDoc[], from: string): ReadonlySet<string> {
  const found = new Set([from]);
  // A set goes on with what is added to it meanwhile.
  for (const source of found) for (const edge of edgesFrom(edges, source)) found.add(edge.target);
  return found;
}

/** Return why an edge must not be drawn, as a sentence, or null where it may. */
export function whyNot(graph: GraphDoc, edge: EdgeDoc, modules: Modules): string | null {
  const source = findNode(graph, edge.source);
  const target = findNode(graph, edge.target);
  if (!source || !target) return t("One end of this connection is no node.");
  if (source === target) return t("A node cannot feed itself.");
  if (kindOf(source, modules) === "load") return t("{node} is a loader: it has no output.", { node: nodeLabel(source) });
  if (kindOf(target, modules) === "extract") {
    return t("{node} is an extractor: it has no input.", { node: nodeLabel(target) });
  }
  if (reaches(graph.edges, target.id, source.id)) {
    return t("{target} feeds {source} already: this would be a cycle.", {
      target: nodeLabel(target),
      source: nodeLabel(source),
    });
  }
  const port = portOf(edge, target, modules);
  const taken = edgesTo(graph.edges, target.id).some((other) => portOf(other, target, modules) === port);
  if (!taken) return null;
  if (modules[target.module]?.ports.length === 1) {
    return t("{node} takes one input, and has it. Remove that connection first.", { node: nodeLabel(target) });
  }
  return t("The input {port} of {node} is taken. Remove its connection first.", { port, node: nodeLabel(target) });
}

/** Return the first free port of a node that an edge from `source` may enter, undefined if none. */
export function freeEdge(
  graph: GraphDoc,
  source: string,
  target: string,
  modules: Modules,
  outputs: (string | null)[],
): EdgeDoc | undefined {
  const node = findNode(graph, target);
  const module = node && modules[node.module];
  const ports = module && !module.variadic && module.ports.length > 1 ? module.ports : [null];
  for (const output of outputs) {
    for (const port of ports) {
      const edge = makeEdge(source, output, target, port);
      if (whyNot(graph, edge, modules) === null) return edge;
    }
  }
  return undefined;
}

/** Return an edge with no more in it than it needs. */
export function makeEdge(source: string, output: string | null, target: string, port: string | null): EdgeDoc {
  return { source, target, ...(port ? { port } : {}), ...(output ? { output } : {}) };
}
