import { t } from "../../shared/i18n";
import { edgesFrom, edgesTo, findNode, nodeLabel, type Doc, type GraphDoc, type NodeDoc } from "./graph";
import { inputPorts, kindOf, portOf, type Modules } from "./modules";
import { declaredParams, paramsOf } from "./params";
import { shortMessage, type Problem } from "./problems";
import { labelAt } from "./schema";

/** A problem, as people are told it. */
export interface Finding extends Problem {
  /** Whether there is just something to fill in, or to connect, that nobody has got to yet. */
  missing: boolean;
  /** The sentence for a list of all of them: it names the node. */
  listed: string;
  /** What is to be filled in or connected, in a word or two. */
  what: string;
  /** The param that is used and not declared: it may stay so, with a value in every execution. */
  param?: string;
}

/** Return a note for every field that uses a param which the document does not declare. */
export function undeclaredParams(doc: Doc): Finding[] {
  const declared = new Set(declaredParams(doc));
  return doc.graph.nodes.flatMap((node) =>
    paramsOf(node)
      .filter(({ name }) => !declared.has(name))
      .map(({ name, field }) => {
        const what = t("the parameter {name}", { name });
        const message = t("There is no parameter {name} yet. Add it, or every execution has to give it.", { name });
        return { ...told({ node: node.id, field, message }, node, { what, message }), param: name };
      }),
  );
}

/** Return what the check of a graph found, with what is only missing told from what is wrong. */
export function findings(problems: Problem[], graph: GraphDoc, modules: Modules): Finding[] {
  const lacks = new Map(graph.nodes.map((node) => [node.id, lacking(node, graph, modules)]));
  const ofEdges = Map.groupBy(problems.filter(isOfEdges), (problem) => problem.node);
  const used = new Map<string, number>();
  return problems.map((problem) => {
    const node = findNode(graph, problem.node);
    if (!node) return { ...problem, ...plain(problem), missing: isEmptyGraph(problem, graph) };
    const missed = lacks.get(node.id) ?? [];
    // An edge that must not be is no lack: where there is one, the server's sentences stand.
    if (isOfEdges(problem) && ofEdges.get(node.id)?.length === missed.length) {
      const at = used.get(node.id) ?? 0;
      used.set(node.id, at + 1);
      return told(problem, node, missed[at]!);
    }
    if (!isUnset(node, problem.field)) return { ...problem, ...plain(problem), missing: false };
    const label = labelAt(problem.field ?? "", modules[node.module]?.config_schema ?? {});
    if (label === "") return { ...problem, ...plain(problem), missing: true };
    return told(problem, node, { what: label, message: t("Fill this in.") });
  });
}

interface Lack {
  what: string;
  message: string;
}

function told(problem: Problem, node: NodeDoc, { what, message }: Lack): Finding {
  const values = { node: nodeLabel(node), what };
  const listed = isOfEdges(problem) ? t("{node}: to connect: {what}", values) : t("{node}: to fill in: {what}", values);
  return { ...problem, message, missing: true, what, listed };
}

function plain(problem: Problem): { message: string; listed: string; what: string } {
  return { message: shortMessage(problem), listed: problem.message, what: shortMessage(problem) };
}

function isOfEdges(problem: Problem): boolean {
  return problem.node !== null && problem.field === "edges";
}

function isEmptyGraph(problem: Problem, graph: GraphDoc): boolean {
  return graph.nodes.length === 0 && problem.node === null && (problem.field ?? "").startsWith("config");
}

/** Return the connections that a node still needs, in the order in which the server tells them. */
function lacking(node: NodeDoc, graph: GraphDoc, modules: Modules): Lack[] {
  const ports = inputPorts(node, modules);
  const entering = edgesTo(graph.edges, node.id);
  const free = ports.filter((port) =>
    port === null ? entering.length === 0 : !entering.some((edge) => portOf(edge, node, modules) === port),
  );
  const unused = kindOf(node, modules) !== "load" && edgesFrom(graph.edges, node.id).length === 0;
  return [
    ...(unused ? [{ what: t("output"), message: t("Connect its output with another node, or remove it.") }] : []),
    ...free.map((port) =>
      ports.length > 1 && port !== null
        ? { what: t("input {port}", { port }), message: t("Connect a node with the input {port}.", { port }) }
        : { what: t("input"), message: t("Connect a node with its input.") },
    ),
  ];
}

/** Whether the place of a field holds nothing, in a node where everything around it is there. */
function isUnset(node: NodeDoc, field: string | null): boolean {
  const path = (field ?? "").split(".");
  if (path[0] !== "config") return false;
  let value: unknown = node.config ?? {};
  for (const [index, key] of path.slice(1).entries()) {
    if (typeof value !== "object" || value === null) return false;
    value = (value as Record<string, unknown>)[key];
    // A key with a dot in it looks like a path: nothing is claimed of it.
    if (value === undefined && index < path.length - 2) return false;
  }
  return isNothing(value);
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Return what a node still needs, in a line; "" where nothing is missing. */
export function stillNeeded(notes: Finding[]): string {
  const [edges, settings] = [notes.filter(isOfEdges), notes.filter((note) => !isOfEdges(note))];
  const list = (of: Finding[]) => of.map((note) => note.what).join(", ");
  return [
    settings.length > 0 ? t("To fill in: {what}", { what: list(settings) }) : "",
    edges.length > 0 ? t("To connect: {what}", { what: list(edges) }) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Return the key under which it is noted that somebody has left a field, or a whole node, as it is. */
export function facedKey(node: string | null, field?: string): string {
  return field === undefined ? (node ?? "") : `${node ?? ""} ${field}`;
}

/** Return what was faced, after a node has got another id. */
export function facedAs(faced: ReadonlySet<string>, from: string, to: string): ReadonlySet<string> {
  return new Set([...faced].map((key) => (key === from || key.startsWith(`${from} `) ? to + key.slice(from.length) : key)));
}

/** Whether a finding is no more than a note yet: nobody has left its field, or tried to save with it. */
export function isNote(finding: Finding, faced: ReadonlySet<string>): boolean {
  if (finding.param !== undefined) return true;
  if (!finding.missing || faced.has(facedKey(finding.node))) return false;
  return !faced.has(facedKey(finding.node, finding.field ?? ""));
}

/** Return the findings of each node; those of the whole graph stand under "". */
export function byNode(found: Finding[]): Map<string, Finding[]> {
  return Map.groupBy(found, (finding) => finding.node ?? "");
}

/** Return the findings of a field; with `below`, also of what it holds. */
export function atField(found: Finding[], field: string, below: boolean): Finding[] {
  return found.filter((finding) => finding.field === field || (below && finding.field?.startsWith(`${field}.`)));
}
