import { t } from "../shared/i18n";
import { freeEdge, makeEdge, whyNot } from "./model/connect";
import { addEdge, addNode, copy, paste, remove, renameNode, setSetting, type Fragment } from "./model/edit";
import { facedAs } from "./model/findings";
import { asGraph, edgeId, findNode, nodeLabel, type EdgeDoc, type GraphDoc, type Point } from "./model/graph";
import { idFromName, idsOf, isIdOfName, isNodeId, uniqueId } from "./model/ids";
import { kindOf, outputsOf } from "./model/modules";
import { freeShift, freeSpot, GAP, NODE_WIDTH, tidy } from "./model/placing";
import { renameReads } from "./model/sql";
import { useEditor } from "./store";

/** What people do to the graph, from the mouse, the keyboard or a form alike. */

const state = () => useEditor.getState();
const graph = () => state().history.present.graph;

const CLIPBOARD = "logidata-nodes";

function outputs(id: string): (string | null)[] {
  const node = findNode(graph(), id);
  return node ? outputsOf(node, graph().edges, state().modules) : [];
}

/**
 * Add a node that runs a module, select it and open its form; return its id.
 *
 * Without a place it goes behind the selected node, and is connected with it where that is legal.
 */
export function addModule(key: string, at?: Point): string {
  const { modules, selected, edit, select, open } = state();
  const module = modules[key];
  const id = uniqueId(idFromName(module?.title ?? key), idsOf(graph()));
  const before = selected.size === 1 && !at ? findNode(graph(), [...selected][0] ?? null) : undefined;
  const beside = before?.position ? { x: before.position.x + NODE_WIDTH + GAP, y: before.position.y } : nextPlace();
  const wanted = at ? { x: Math.round(at.x), y: Math.round(at.y) } : beside;
  const position = freeSpot(graph(), wanted);
  const sources = before ? outputs(before.id) : [];
  edit((old) => {
    const added = addNode(old, { id, module: key, config: {}, position });
    const edge = before && freeEdge(added, before.id, id, modules, sources);
    return edge ? addEdge(added, edge) : added;
  });
  select([id]);
  open(id);
  return id;
}

function nextPlace(): Point {
  const placed = graph().nodes.flatMap((node) => (node.position ? [node.position] : []));
  if (placed.length === 0) return { x: 40, y: 40 };
  return { x: Math.min(...placed.map((p) => p.x)), y: Math.max(...placed.map((p) => p.y)) + 110 };
}

/** Draw an edge, or say why it must not be drawn. */
export function connect(source: string, output: string | null, target: string, port: string | null): void {
  const edge = makeEdge(source, output, target, port);
  const reason = whyNot(graph(), edge, state().modules);
  if (reason) state().tell(reason);
  else state().edit((old) => addEdge(old, edge));
}

export function disconnect(edge: EdgeDoc): void {
  state().edit((old) => remove(old, new Set(), new Set([edgeId(edge)])));
}

export function removeSelected(): void {
  const { selected, selectedEdges, edit } = state();
  if (selected.size + selectedEdges.size > 0) edit((old) => remove(old, selected, selectedEdges));
}

export function selectAll(): void {
  state().select(idsOf(graph()));
}

/** Copy the selected nodes: for this page, and as JSON for every other. */
export async function copySelected(): Promise<void> {
  const { selected, tell } = state();
  if (selected.size === 0) return;
  const text = JSON.stringify(copy(graph(), selected));
  sessionStorage.setItem(CLIPBOARD, text);
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the right to the clipboard, copies stay within this tab.
  }
  const count = selected.size;
  tell(count === 1 ? t("1 node copied.") : t("{count} nodes copied.", { count }), "good");
}

export async function pasteCopied(): Promise<void> {
  let text = sessionStorage.getItem(CLIPBOARD);
  try {
    text = (await navigator.clipboard.readText()) || text;
  } catch {
    // See copySelected.
  }
  const fragment = fragmentIn(text) ?? fragmentIn(sessionStorage.getItem(CLIPBOARD));
  if (fragment) insert(fragment);
  else state().tell(t("There are no copied nodes. Select some and copy them first."));
}

function fragmentIn(text: string | null): Fragment | null {
  try {
    const found = asGraph(JSON.parse(text ?? ""));
    return found && found.nodes.length > 0 ? found : null;
  } catch {
    return null;
  }
}

export function duplicateSelected(): void {
  const { selected } = state();
  if (selected.size > 0) insert(copy(graph(), selected));
}

function insert(fragment: Fragment): void {
  const pasted = paste(graph(), fragment, freeShift(graph(), fragment, { x: 40, y: 80 }));
  state().edit(() => pasted.graph);
  state().select(pasted.ids);
}

export function tidyUp(): void {
  state().edit((old) => tidy(old, state().modules));
  state().lookAtStart();
}

/**
 * Give a node a name. Its id follows where it was made from the old one.
 *
 * Not the id of a node that is deployed: it would be another task in Airflow.
 */
export function nameNode(id: string, name: string, deployed: GraphDoc | null): void {
  const node = findNode(graph(), id);
  if (!node) return;
  const was = node.name || (state().modules[node.module]?.title ?? node.module);
  const follows = isIdOfName(id, was) && !findNode(deployed ?? { nodes: [], edges: [] }, id);
  const others = idsOf(graph()).filter((other) => other !== id);
  const title = state().modules[node.module]?.title ?? node.module;
  const next = follows ? uniqueId(idFromName(name || title), others) : id;
  state().edit((old) => renameNode(setSetting(old, id, "name", name || undefined), id, next), "name");
  keepOpen(id, next);
}

/** Give a node another id; return why it must not have it, or null. */
export function changeId(id: string, next: string): string | null {
  if (next === id) return null;
  if (!isNodeId(next)) {
    return t("An id has letters, digits and underscores, starts with a letter and is no word of Python.");
  }
  if (idsOf(graph()).includes(next)) return t("Another node has this id.");
  state().edit((old) => renameReads(renameNode(old, id, next), id, next, queryNodes()));
  keepOpen(id, next);
  return null;
}

/** Once a name is typed, and the id with it: have the SQL that reads the node by its id follow. */
export function followInSQL(from: string, to: string): void {
  if (from !== to) state().edit((old) => renameReads(old, from, to, queryNodes()));
}

/** The nodes whose SQL names those that feed them: modules that take any number of inputs do. */
function queryNodes(): Set<string> {
  return new Set(graph().nodes.filter((node) => state().modules[node.module]?.variadic).map((node) => node.id));
}

function keepOpen(from: string, to: string): void {
  const { selected, select, opened, faced } = state();
  if (from === to) return;
  useEditor.setState({ faced: facedAs(faced, from, to) });
  select([to, ...[...selected].filter((id) => id !== from)]);
  // The form was closed with the node of the old id; it is the same one.
  if (opened === from || opened === null) useEditor.setState({ opened: to });
}

/** Return the nodes that may feed a port of a node, each with its output. */
export function possibleSources(target: string, port: string | null): { edge: EdgeDoc; label: string }[] {
  const drawn = graph();
  const { modules } = state();
  return drawn.nodes
    .filter((node) => kindOf(node, modules) !== "load")
    .flatMap((node) =>
      outputs(node.id).map((output) => ({
        edge: makeEdge(node.id, output, target, port),
        label: output ? `${nodeLabel(node)} · ${output}` : nodeLabel(node),
      })),
    )
    .filter(({ edge }) => whyNot(drawn, edge, modules) === null);
}
