import { edgesFrom, type EdgeDoc, type NodeDoc } from "./graph";
import { withoutNull, type Schema } from "./schema";

export type Kind = "extract" | "transform" | "load";

/** A module as `GET /modules` tells it. */
export interface ModuleInfo {
  key: string;
  kind: Kind;
  title: string;
  /** The name of a Material Symbol. */
  icon: string;
  /** Other words that people look for it by, with commas between them. */
  keywords: string;
  summary: string;
  description: string;
  ports: string[];
  variadic: boolean;
  /** "named": its config names them, in fields of the format `output-name`. */
  outputs: "none" | "one" | "named";
  config_schema: Schema;
}

export type Modules = Record<string, ModuleInfo>;

export const KINDS: Kind[] = ["extract", "transform", "load"];

/** Return what kind of work a node does; an unknown module is taken at its word. */
export function kindOf(node: NodeDoc, modules: Modules): Kind {
  const claimed = modules[node.module]?.kind ?? node.module.split(".")[0];
  return KINDS.find((kind) => kind === claimed) ?? "transform";
}

/**
 * Return the names of the inputs that a node draws.
 *
 * None for an extractor; one without a name, null, for a module that takes any number of inputs.
 */
export function inputPorts(node: NodeDoc, modules: Modules): (string | null)[] {
  const module = modules[node.module];
  if (!module) return kindOf(node, modules) === "extract" ? [] : [null];
  return module.variadic ? [null] : module.ports;
}

/** Return the port that an edge enters: one that names none takes the first, as the server does. */
export function portOf(edge: EdgeDoc, target: NodeDoc, modules: Modules): string {
  if (edge.port) return edge.port;
  const module = modules[target.module];
  if (!module || module.variadic) return edge.output ?? edge.source;
  return module.ports[0] ?? "input";
}

/**
 * Return the names of a node's outputs: null stands for the only one, that needs no name.
 *
 * Those that an edge leaves by are drawn even where the config does not name them any more.
 */
export function outputsOf(node: NodeDoc, edges: EdgeDoc[], modules: Modules): (string | null)[] {
  if (kindOf(node, modules) === "load") return [];
  const module = modules[node.module];
  const named = module?.outputs === "named" ? outputNames(module.config_schema, node.config, module.config_schema) : [];
  const used = edgesFrom(edges, node.id).flatMap((edge) => (edge.output ? [edge.output] : []));
  const names = [...new Set([...named, ...used])];
  return names.length > 0 || module?.outputs === "named" ? names : [null];
}

/** Return the values of a config whose schema has the format `output-name`, in their order. */
function outputNames(given: Schema, value: unknown, root: Schema): string[] {
  const { schema } = withoutNull(given, root);
  if (schema.format === "output-name") return typeof value === "string" && value !== "" ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item) => (schema.items ? outputNames(schema.items, item, root) : []));
  if (typeof value !== "object" || value === null) return [];
  const record = value as Record<string, unknown>;
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => outputNames(field, record[name], root));
}

/** Return the modules whose name, key, keywords or description hold every word, best first. */
export function searchModules(modules: ModuleInfo[], query: string): ModuleInfo[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = (module: ModuleInfo): number => {
    const name = `${module.title} ${module.key}`.toLowerCase();
    if (words.every((word) => name.includes(word))) return 0;
    const known = `${name} ${module.keywords}`.toLowerCase();
    if (words.every((word) => known.includes(word))) return 1;
    const all = `${known} ${module.description}`.toLowerCase();
    return words.every((word) => all.includes(word)) ? 2 : 3;
  };
  return modules
    .map((module) => ({ module, rank: rank(module) }))
    .filter((found) => found.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map((found) => found.module);
}
