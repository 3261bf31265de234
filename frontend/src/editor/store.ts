import { create } from "zustand";
import { begin, change, redo, undo, type History } from "./model/history";
import type { Doc, GraphDoc } from "./model/graph";
import type { TextProblem } from "./model/json";
import type { ModuleInfo, Modules } from "./model/modules";
import { byNode, facedKey, findings, undeclaredParams, type Finding } from "./model/findings";
import type { Check, NodeColumns } from "./model/problems";

export type Tab = "canvas" | "params" | "json" | "code" | "changes";

/** A short message for a moment: why something was not done, or what was done. */
export interface Notice {
  text: string;
  kind: "good" | "bad";
  at: number;
}

/** How far the canvas is moved, in pixels, and how large it is drawn. */
export interface View {
  x: number;
  y: number;
  zoom: number;
}

export interface EditorState {
  pipeline: string | null;
  mayChange: boolean;
  /** Whether the server keeps what parameters are, beside their defaults. */
  hasSpecs: boolean;
  modules: Modules;
  moduleList: ModuleInfo[];
  history: History<Doc>;
  /** What the page, or the draft, held when it was opened or saved last. */
  saved: Doc;
  /** The text of the JSON tab while it holds no graph; the canvas then shows the last that it held. */
  brokenText: { text: string; problem: TextProblem } | null;
  selected: ReadonlySet<string>;
  selectedEdges: ReadonlySet<string>;
  opened: string | null;
  /** How often a form was opened: what is half typed in one is not that of the next. */
  openings: number;
  tab: Tab;
  problems: Finding[];
  problemsByNode: Map<string, Finding[]>;
  /** What was left as it is, or sent: what is missing there is no note any more, but a problem. */
  faced: ReadonlySet<string>;
  columns: Record<string, NodeColumns>;
  checking: "done" | "waiting" | "failed";
  checkFailure: string;
  previewed: string | null;
  notice: Notice | null;
  /** What of the canvas was seen last, for when it is come back to. */
  view: View | null;
  /** How often the canvas was asked to show the graph from its start. */
  looks: number;

  edit(change: (graph: GraphDoc) => GraphDoc, mergeKey?: string): void;
  editDoc(change: (doc: Doc) => Doc, mergeKey?: string): void;
  undo(): void;
  redo(): void;
  select(nodes: Iterable<string>, edges?: Iterable<string>): void;
  open(node: string | null): void;
  show(tab: Tab): void;
  tell(text: string, kind?: Notice["kind"]): void;
  preview(node: string | null): void;
  setBrokenText(broken: EditorState["brokenText"]): void;
  setChecked(check: Check): void;
  /** Note that somebody has left a field of a node. */
  face(node: string, field: string): void;
  /** Note that somebody wants to have all of it as it is now: whatever is missing is a problem. */
  faceAll(): void;
  setModules(modules: ModuleInfo[]): void;
  lookAtStart(): void;
  /** Begin anew with another document; what was done before cannot be undone any more. */
  begin(doc: Doc): void;
  markSaved(doc: Doc): void;
}

const EMPTY: Doc = { graph: { nodes: [], edges: [] }, params: {}, specs: {} };

/** Return what of a selection is still there. */
function kept(selected: ReadonlySet<string>, graph: GraphDoc): ReadonlySet<string> {
  const ids = new Set(graph.nodes.map((node) => node.id));
  const left = [...selected].filter((id) => ids.has(id));
  return left.length === selected.size ? selected : new Set(left);
}

function after(state: EditorState, history: History<Doc>): Partial<EditorState> {
  const { graph } = history.present;
  const gone = state.opened !== null && !graph.nodes.some((node) => node.id === state.opened);
  return {
    history,
    brokenText: null,
    selected: kept(state.selected, graph),
    selectedEdges: new Set(),
    opened: gone ? null : state.opened,
  };
}

export const useEditor = create<EditorState>()((set) => ({
  pipeline: null,
  mayChange: true,
  hasSpecs: false,
  modules: {},
  moduleList: [],
  history: begin(EMPTY),
  saved: EMPTY,
  brokenText: null,
  selected: new Set(),
  selectedEdges: new Set(),
  opened: null,
  openings: 0,
  tab: "canvas",
  problems: [],
  problemsByNode: new Map(),
  faced: new Set(),
  columns: {},
  checking: "waiting",
  checkFailure: "",
  previewed: null,
  notice: null,
  view: null,
  looks: 0,

  edit: (changeGraph, mergeKey) =>
    set((state) => {
      if (!state.mayChange) return state;
      const { present } = state.history;
      const graph = changeGraph(present.graph);
      if (graph === present.graph) return state;
      return after(state, change(state.history, { ...present, graph }, mergeKey ?? null, Date.now()));
    }),
  editDoc: (changeDoc, mergeKey) =>
    set((state) =>
      state.mayChange
        ? after(state, change(state.history, changeDoc(state.history.present), mergeKey ?? null, Date.now()))
        : state,
    ),
  undo: () => set((state) => after(state, undo(state.history))),
  redo: () => set((state) => after(state, redo(state.history))),
  select: (nodes, edges = []) => set({ selected: new Set(nodes), selectedEdges: new Set(edges) }),
  open: (opened) =>
    set((state) => {
      if (opened === null) return { opened };
      return { opened, tab: "canvas", openings: state.openings + (opened === state.opened ? 0 : 1) };
    }),
  show: (tab) => set({ tab }),
  tell: (text, kind = "bad") => set({ notice: { text, kind, at: Date.now() } }),
  preview: (previewed) => set({ previewed }),
  setBrokenText: (brokenText) => set({ brokenText }),
  setChecked: ({ errors, columns }) =>
    set(({ history, modules }) => {
      const { present } = history;
      const problems = [...findings(errors, present.graph, modules), ...undeclaredParams(present)];
      return { problems, problemsByNode: byNode(problems), columns, checking: "done", checkFailure: "" };
    }),
  face: (node, field) =>
    set(({ faced }) => {
      const key = facedKey(node, field);
      return faced.has(key) ? {} : { faced: new Set(faced).add(key) };
    }),
  faceAll: () =>
    set(({ faced, history }) => ({
      faced: new Set([...faced, facedKey(null), ...history.present.graph.nodes.map((node) => facedKey(node.id))]),
    })),
  setModules: (moduleList) =>
    set({ moduleList, modules: Object.fromEntries(moduleList.map((module) => [module.key, module])) }),
  begin: (doc) =>
    set({
      history: begin(doc),
      saved: doc,
      brokenText: null,
      selected: new Set(),
      selectedEdges: new Set(),
      opened: null,
    }),
  lookAtStart: () => set(({ looks }) => ({ looks: looks + 1 })),
  markSaved: (saved) => set({ saved }),
}));

/** Return the document that is edited. */
export const useDoc = (): Doc => useEditor((state) => state.history.present);

export const useGraph = (): GraphDoc => useEditor((state) => state.history.present.graph);

/** Whether something was changed that is saved nowhere but in this browser. */
export const isUnsaved = (state: EditorState): boolean =>
  state.history.present !== state.saved || state.brokenText !== null;
