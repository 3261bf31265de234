import { pageData } from "../../shared/mount";
import { asGraph, EMPTY_GRAPH, type Doc, type GraphDoc } from "../model/graph";
import { readGraph, type TextProblem } from "../model/json";
import type { Saved } from "../server/calls";
import { formValue } from "./form";

/** What the page's template writes for the editor. */
export interface EditorData {
  pipeline_id: string | null;
  seen: string | null;
  config: unknown;
  default_params: Record<string, unknown> | null;
  param_specs: Doc["specs"] | null;
  deployed: { revision: number; config: GraphDoc; default_params?: Record<string, unknown> } | null;
  /** That there is a draft; the page shows it where it is asked to. */
  draft?: { by: string | null; at: string } | null;
  may_change: boolean;
  language: string;
}

export interface Opened {
  doc: Doc;
  /** The text of the graph, where it is none that can be drawn. */
  unreadable: { text: string; problem: TextProblem } | null;
}

export function editorData(): EditorData {
  return pageData<EditorData>("editor-data");
}

/**
 * Return what the editor opens with: what the form holds.
 *
 * After a refused save that is what was typed, not what is saved.
 */
export function openedDoc(data: EditorData): Opened {
  const params = paramsIn(formValue("default_params")) ?? data.default_params ?? {};
  const specs = (paramsIn(formValue("param_specs")) as Doc["specs"] | null) ?? data.param_specs ?? {};
  const text = formValue("config").trim();
  if (text === "" || text === "null") {
    return { doc: { graph: asGraph(data.config) ?? EMPTY_GRAPH, params, specs }, unreadable: null };
  }
  const { graph, problem } = text === "{}" ? { graph: EMPTY_GRAPH, problem: null } : readGraph(text);
  if (graph) return { doc: { graph, params, specs }, unreadable: null };
  return { doc: { graph: EMPTY_GRAPH, params, specs }, unreadable: { text, problem } };
}

/** Return what somebody saved as what the editor edits; null where its graph cannot be drawn. */
export function savedDoc(saved: Saved, otherwise: Doc): Doc | null {
  const graph = asGraph(saved.config);
  if (!graph) return null;
  return {
    graph,
    params: saved.default_params ?? otherwise.params,
    specs: saved.param_specs ?? otherwise.specs,
  };
}

function paramsIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
