import type { GraphDoc, NodeDoc } from "./graph";

/** A comment, a text, a quoted name, or a word with what is before it: what can hold a name in SQL, or hide it. */
const TOKEN = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\{\{[\s\S]*?\}\}|(\.\s*)?[A-Za-z_][A-Za-z0-9_]*/g;

/**
 * Return a query in which a table has another name.
 *
 * Only where a table stands: texts, comments, `{{ … }}` and columns of that name stay. Names are
 * compared as SQL does, without their case. Where the new name is in use the query stays as it is.
 */
export function renameTable(query: string, from: string, to: string): string {
  const name = from.toLowerCase();
  // A name that already means something there, an alias perhaps, would come to mean two things.
  if (from === to || words(query).includes(to.toLowerCase())) return query;
  return query.replace(TOKEN, (token: string, dot: string | undefined, at: number) => {
    const quoted = token.startsWith('"');
    const word = quoted ? token.slice(1, -1) : token;
    if (dot || word.toLowerCase() !== name) return token;
    if (!isTable(query, at, at + token.length)) return token;
    return quoted ? `"${to}"` : to;
  });
}

function words(query: string): string[] {
  return (query.match(TOKEN) ?? []).map((token) => token.replace(/^\.\s*|"/g, "").toLowerCase());
}

/** Whether the name at a place stands where a table does: behind FROM, JOIN or a comma, or before a dot. */
function isTable(query: string, start: number, end: number): boolean {
  const before = query.slice(0, start).replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, " ").trimEnd();
  if (/^\s*\./.test(query.slice(end))) return !before.endsWith(".");
  if (/\b(?:from|join)$/i.test(before)) return true;
  return before.endsWith(",") && lastClause(before) === "from";
}

/** Return the last word that begins a clause, in small letters: a comma behind FROM parts tables. */
function lastClause(before: string): string | undefined {
  return before.match(/\b(?:select|from|where|on|using|group|order|having|qualify|limit|with)\b/gi)?.at(-1)?.toLowerCase();
}

/**
 * Return the graph in which the queries that read a node's output by its id name it by the new one.
 *
 * `queries` are the nodes whose `config.query` names what feeds them by its id.
 */
export function renameReads(graph: GraphDoc, from: string, to: string, queries: ReadonlySet<string>): GraphDoc {
  const readers = new Set(
    graph.edges.flatMap((edge) => (edge.source === to && !edge.port && !edge.output ? [edge.target] : [])),
  );
  let isChanged = false;
  const renamed = (node: NodeDoc): NodeDoc => {
    const query = node.config?.query;
    if (typeof query !== "string" || !readers.has(node.id) || !queries.has(node.id)) return node;
    const next = renameTable(query, from, to);
    if (next === query) return node;
    isChanged = true;
    return { ...node, config: { ...node.config, query: next } };
  };
  const nodes = graph.nodes.map(renamed);
  return isChanged ? { ...graph, nodes } : graph;
}
