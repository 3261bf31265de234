import { asGraph, type Doc } from "./graph";

/** What an exported file holds beside the document: name, schedule, and the like. */
type Settings = Record<string, unknown>;

export interface Imported {
  doc: Doc;
  settings: Settings;
}

const SETTINGS = ["name", "description", "is_active", "schedule", "timezone", "timeout", "tags"];

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// As `GET /pipelines/{id}/export` writes it.
const ABOUT = { format: "logidata-pipeline", version: 1 };

/** Return the text of a file that holds a pipeline; `POST /pipelines/import` reads it, too. */
export function exported(doc: Doc, settings: Settings): string {
  const found = { ...ABOUT, ...settings, config: doc.graph, default_params: doc.params, param_specs: doc.specs };
  return `${JSON.stringify(found, null, 2)}\n`;
}

/** Return what a file holds: an exported pipeline, or a graph alone; null where it is neither. */
export function imported(text: string, present: Doc): Imported | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const alone = asGraph(value);
  if (alone && isRecord(value) && "nodes" in value) return { doc: { ...present, graph: alone }, settings: {} };
  if (!isRecord(value)) return null;
  const { format = ABOUT.format, version = ABOUT.version, ...whole } = value;
  const graph = format === ABOUT.format && version === ABOUT.version ? asGraph(whole.config) : null;
  if (!graph) return null;
  const params = isRecord(whole.default_params) ? whole.default_params : {};
  const specs = isRecord(whole.param_specs) ? (whole.param_specs as Doc["specs"]) : {};
  const settings = Object.fromEntries(SETTINGS.filter((name) => name in whole).map((name) => [name, whole[name]]));
  return { doc: { graph, params, specs }, settings };
}

/** Return a setting as the page's field for it holds it. */
function inField(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : String(value ?? "");
}

function isSame(one: string, other: string): boolean {
  return one.trim() === other.trim() || (one.trim() !== "" && Number(one) === Number(other));
}

/**
 * Return the settings of a file that the page takes.
 *
 * A stored pipeline takes those that differ, but for its name, by which people know it. A new one takes
 * what it holds nothing of; a time zone comes with its schedule, and it is active unless page or file
 * say otherwise.
 */
export function settingsToTake(found: Settings, isStored: boolean, held: (name: string) => string): Settings {
  const takes = ([name, value]: [string, unknown]) => {
    if (isStored) return name !== "name" && !isSame(inField(value), held(name));
    if (name === "is_active") return value === false;
    return held(name === "timezone" ? "schedule" : name).trim() === "";
  };
  return Object.fromEntries(Object.entries(found).filter(takes));
}

/** A setting that is replaced: what the page holds, and what comes. */
export interface Replacement {
  name: string;
  from: string;
  to: string;
}

/** Return what settings replace of what the page holds. */
export function replacements(taken: Settings, held: (name: string) => string): Replacement[] {
  return Object.entries(taken).map(([name, value]) => ({ name, from: held(name).trim(), to: inField(value) }));
}

/** Return a name for a file, made of a pipeline's name. */
export function fileName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  return `${plain || "pipeline"}.json`;
}
