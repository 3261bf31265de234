import { t } from "../../shared/i18n";
import { asGraph, type GraphDoc } from "./graph";

/** Where a text stops being JSON, counted from 1, and why. */
export interface TextProblem {
  message: string;
  line: number | null;
  column: number | null;
  offset: number | null;
}

export type ReadGraph = { graph: GraphDoc; problem: null } | { graph: null; problem: TextProblem };

/** Return a value as the text that people edit. */
export function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** Return the graph that a text holds, or where and why it holds none. */
export function readGraph(text: string): ReadGraph {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { graph: null, problem: located(text, error instanceof Error ? error.message : String(error)) };
  }
  const graph = asGraph(value);
  if (graph) return { graph, problem: null };
  return {
    graph: null,
    problem: {
      message: looseEnd(value) ?? sharedId(value) ?? t(
        "This is JSON, but no graph that can be drawn: it needs 'nodes', each with an own 'id' and a 'module', and 'edges' between them.",
      ),
      line: null,
      column: null,
      offset: null,
    },
  };
}

/** Return which edge begins or ends at no node. */
function looseEnd(value: unknown): string | null {
  const { nodes, edges } = partsOf(value);
  const ids = new Set(nodes.map((node) => node.id));
  for (const [index, edge] of edges.entries()) {
    for (const end of [edge.source, edge.target]) {
      if (typeof end !== "string" || ids.has(end)) continue;
      const values = { number: index + 1, node: end };
      return t("Edge {number} names the node '{node}', which is not there. Correct it, or remove the edge.", values);
    }
  }
  return null;
}

function sharedId(value: unknown): string | null {
  const ids = partsOf(value).nodes.map((node) => node.id);
  const twice = ids.find((id, index) => typeof id === "string" && ids.indexOf(id) < index);
  return twice === undefined ? null : t("Two nodes have the id '{node}'. Rename one of them.", { node: String(twice) });
}

type Part = Record<string, unknown>;

/** Return the nodes and edges of something that may be no graph, as far as there are any. */
function partsOf(value: unknown): { nodes: Part[]; edges: Part[] } {
  const isPart = (item: unknown): item is Part => typeof item === "object" && item !== null;
  const list = (items: unknown) => (Array.isArray(items) ? items.filter(isPart) : []);
  return isPart(value) ? { nodes: list(value.nodes), edges: list(value.edges) } : { nodes: [], edges: [] };
}

function located(text: string, message: string): TextProblem {
  const offset = offsetOf(text, message);
  const before = text.slice(0, offset).split("\n");
  const line = before.length;
  const column = (before.at(-1) ?? "").length + 1;
  const found = text.slice(offset).match(/^(\w+|.)/)?.[0];
  const said =
    found === undefined
      ? t("This is not JSON yet: the text ends too early, in line {line}, column {column}.", { line, column })
      : t("This is not JSON: {found} is not expected in line {line}, column {column}.", { found, line, column });
  return { message: said, line, column, offset };
}

/** Browsers tell the place in words of their own, or not at all: then it is looked for. */
function offsetOf(text: string, message: string): number {
  if (/end of (JSON input|data)|EOF/i.test(message)) return text.length;
  const position = /position (\d+)/.exec(message);
  if (position) return Number(position[1]);
  const place = /line (\d+) column (\d+)/.exec(message);
  if (place) {
    const lines = text.split("\n").slice(0, Number(place[1]) - 1);
    return lines.reduce((sum, line) => sum + line.length + 1, 0) + Number(place[2]) - 1;
  }
  return firstFault(text);
}

const TOKEN = /\s+|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/y;

function firstFault(text: string): number {
  TOKEN.lastIndex = 0;
  let at = 0;
  let last = 0;
  let before = "";
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return at;
    if (token.trim() !== "") {
      const value = !/^[{}[\],:]$/.test(token);
      const afterValue = before === "value" || before === "}" || before === "]";
      if ((value || token === "{" || token === "[") && afterValue) return at;
      if ((token === "," || token === ":" || token === "}" || token === "]") && before === ",") return at;
      before = value ? "value" : token;
      last = at;
    }
    at += token.length;
  }
  return text.trim() === "" ? 0 : Math.max(last, 0);
}

/** Whether two JSON values say the same; the database gives the keys of objects in another order. */
export function isAlike(one: unknown, other: unknown): boolean {
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted);
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
