import { api } from "../../shared/api";
import type { Doc } from "../model/graph";
import type { ModuleInfo } from "../model/modules";
import type { Check, Column } from "../model/problems";
import { pageSettings } from "../page/settings";
import { useEditor } from "../store";

/** What `POST /pipelines/check` answers. It is not complete while a source is still being asked. */
export interface CheckAnswer extends Check {
  complete?: boolean;
}

export interface Connection {
  id: string;
  type: string;
  description: string;
}

export interface Template {
  id: string;
  name: string;
  description: string;
  config: unknown;
  default_params: Record<string, unknown>;
  param_specs: Doc["specs"];
  tags: string[];
}

export interface PreviewOutput {
  columns: Column[];
  rows: Record<string, unknown>[];
  /** Rows that the sample gave. */
  count: number;
  /** The same where the sample was all there is, else null. */
  total: number | null;
}

export interface Preview {
  id: string;
  status: "queued" | "running" | "ready" | "failed";
  node: string;
  outputs: Record<string, PreviewOutput>;
  log: { node: string | null; level: string; message: string }[];
  error: { node: string | null; field: string | null; message: string } | null;
  seconds: number | null;
  /** What it waits for, where it does not begin. */
  waits_for: string | null;
}

export interface ScheduleAnswer {
  words: string;
  next: string[];
}

/** What a pipeline, or a draft of it, holds. */
export interface Saved {
  config: unknown;
  default_params?: Record<string, unknown> | null;
  param_specs?: Doc["specs"] | null;
  [setting: string]: unknown;
}

/** What the server says instead of saving over somebody else's work. */
export interface ChangedAnswer {
  draft?: Saved;
  pipeline?: Saved;
  by: string | null;
  /** What to send as `seen` to save over it. */
  at: string;
}

function body(doc: Doc): Record<string, unknown> {
  const { hasSpecs } = useEditor.getState();
  return { config: doc.graph, default_params: doc.params, ...(hasSpecs ? { param_specs: doc.specs } : {}) };
}

export function getModules(): Promise<ModuleInfo[]> {
  return api("GET", "modules");
}

export function check(pipeline: string | null, doc: Doc, signal: AbortSignal): Promise<CheckAnswer> {
  return api("POST", "pipelines/check", { pipeline, ...body(doc) }, signal);
}

export function code(pipeline: string | null, doc: Doc, signal: AbortSignal): Promise<{ code: string }> {
  return api("POST", "pipelines/code", { pipeline, ...pageSettings(), ...body(doc) }, signal);
}

/** Ask for the first rows at a node; `fresh` has its sources read anew. */
export function startPreview(pipeline: string | null, doc: Doc, node: string, fresh: boolean): Promise<Preview> {
  return api("POST", "previews", { pipeline, config: doc.graph, params: doc.params, node, rows: 100, fresh });
}

export function getPreview(id: string, signal: AbortSignal): Promise<Preview> {
  return api("GET", `previews/${id}`, undefined, signal);
}

export function stopPreview(id: string): Promise<unknown> {
  return api("DELETE", `previews/${id}`);
}

export function getTemplates(): Promise<Template[]> {
  return api("GET", "templates");
}

export function getConnections(): Promise<Connection[]> {
  return api("GET", "connections");
}

export function getTables(connection: string, search: string): Promise<string[]> {
  return api("GET", `connections/${encodeURIComponent(connection)}/tables?search=${encodeURIComponent(search)}`);
}

export function getFiles(prefix: string): Promise<{ path: string; size: number }[]> {
  return api("GET", `files?prefix=${encodeURIComponent(prefix)}`);
}

export function getSchedule(cron: string, timezone: string, language: string, signal: AbortSignal): Promise<ScheduleAnswer> {
  const query = new URLSearchParams({ cron, timezone, language });
  return api("GET", `schedule?${query}`, undefined, signal);
}

/** Keep a draft; `seen` is the newest state that is known here. Refused with a ChangedAnswer. */
export function saveDraft(pipeline: string, doc: Doc, seen: string | null): Promise<{ at: string }> {
  return api("PUT", `pipelines/${pipeline}/draft`, { ...pageSettings(), ...body(doc), seen });
}

/** Discard a draft; refused where somebody has saved it since `seen`. */
export function deleteDraft(pipeline: string, seen: string | null): Promise<unknown> {
  return api("DELETE", `pipelines/${pipeline}/draft${seen ? `?${new URLSearchParams({ seen })}` : ""}`);
}

/** Return whether a pipeline of this name was made at that time, given as ISO time, or later. */
export async function createdSince(name: string, at: string): Promise<boolean> {
  const found = await api<{ results: { created_at: string }[] }>("GET", `pipelines?${new URLSearchParams({ name })}`);
  return found.results.some((pipeline) => Date.parse(pipeline.created_at) >= Date.parse(at));
}

export function createDraft(doc: Doc): Promise<{ id: string }> {
  return api("POST", "pipelines/drafts", { ...pageSettings(), ...body(doc) });
}
