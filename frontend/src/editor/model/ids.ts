import type { GraphDoc } from "./graph";

const KEYWORDS = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for from " +
    "global if import in is lambda nonlocal not or pass raise return try while with yield").split(" "),
);
const MAX_LENGTH = 100;

/** Return the node id that a name suggests: letters, digits and underscores, a letter first. */
export function idFromName(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_0-9]+|_+$/g, "")
    .slice(0, MAX_LENGTH - 5);
  if (plain === "") return "node";
  return KEYWORDS.has(plain) ? `${plain}_node` : plain;
}

/** Return `wanted`, or `wanted` with the first number that makes it unlike all of `taken`. */
export function uniqueId(wanted: string, taken: Iterable<string>): string {
  const used = new Set(taken);
  if (!used.has(wanted)) return wanted;
  const stem = wanted.replace(/_\d+$/, "") || wanted;
  for (let number = 2; ; number += 1) {
    if (!used.has(`${stem}_${number}`)) return `${stem}_${number}`;
  }
}

/** Whether a text can be the id of a node. */
export function isNodeId(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(text) && text.length <= MAX_LENGTH && !KEYWORDS.has(text);
}

/** Whether an id was made from this name, so that it may follow when the name changes. */
export function isIdOfName(id: string, name: string): boolean {
  const stem = idFromName(name);
  return id === stem || (id.startsWith(`${stem}_`) && /^\d+$/.test(id.slice(stem.length + 1)));
}

export function idsOf(graph: GraphDoc): string[] {
  return graph.nodes.map((node) => node.id);
}
