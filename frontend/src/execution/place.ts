/**
 * The open node and tab, in the fragment of the page's address: a reload or a link comes back to them.
 *
 * A link may name them in its query, too, as those to a node of a pipeline do.
 */

import type { Graph } from "./graph";
import type { PanelTab, Shown } from "./store";

const TABS: readonly string[] = ["overview", "log", "data", "rejected"];

/** Return what a fragment or a query names, as far as the graph has it. */
export function placeOf(part: string, graph: Graph): { node: string | null; tab: PanelTab } {
  const named = new URLSearchParams(part.replace(/^[#?]/, ""));
  const [node, tab] = [named.get("node"), named.get("tab") ?? ""];
  return {
    node: graph.nodes.some(({ id }) => id === node) ? node : null,
    tab: TABS.includes(tab) ? (tab as PanelTab) : "overview",
  };
}

export function hashOf(node: string | null, tab: PanelTab): string {
  return node === null ? "" : `#${new URLSearchParams({ node, tab })}`;
}

export function rememberedNode(graph: Graph): { node: string | null; tab: PanelTab } {
  const { hash, search } = window.location;
  return placeOf(hash || search, graph);
}

export function rememberNode({ node, tab }: Pick<Shown, "node" | "tab">): void {
  const { pathname, search, hash } = window.location;
  const query = new URLSearchParams(search);
  // It named what was to be open at first.
  for (const name of ["node", "tab"]) query.delete(name);
  const address = `${pathname}${query.size > 0 ? `?${query}` : ""}${hashOf(node, tab)}`;
  if (address !== pathname + search + hash) window.history.replaceState(null, "", address);
}
