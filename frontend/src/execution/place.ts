/** The open node and tab, in the fragment of the page's address: a reload or a link comes back to them. */

import type { Graph } from "./graph";
import type { PanelTab, Shown } from "./store";

const TABS: readonly string[] = ["overview", "log", "data", "rejected"];

/** Return what the fragment names, as far as the graph has it. */
export function placeOf(hash: string, graph: Graph): { node: string | null; tab: PanelTab } {
  const named = new URLSearchParams(hash.replace(/^#/, ""));
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
  return placeOf(window.location.hash, graph);
}

export function rememberNode({ node, tab }: Shown): void {
  const hash = hashOf(node, tab);
  if (hash !== window.location.hash) window.history.replaceState(null, "", hash || window.location.pathname + window.location.search);
}
