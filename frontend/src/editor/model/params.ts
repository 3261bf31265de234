import type { Doc, GraphDoc, NodeDoc, ParamSpec } from "./graph";

/** Return the names of the params that the config of nodes uses, in the graph's order. */
export function usedParams(graph: GraphDoc): string[] {
  return [...new Set(graph.nodes.flatMap(paramsOf).map((use) => use.name))];
}

/** Return the params that the config of a node uses, each with the path of its field, once a field. */
export function paramsOf(node: NodeDoc): { name: string; field: string }[] {
  const found = new Map<string, { name: string; field: string }>();
  const look = (value: unknown, field: string): void => {
    if (typeof value === "string") {
      for (const name of namesIn(value)) found.set(`${field} ${name}`, { name, field });
    } else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) look(item, `${field}.${key}`);
    }
  };
  look(node.config, "config");
  return [...found.values()];
}

function namesIn(text: string): string[] {
  const templates = text.match(/\{\{.*?\}\}|\{%.*?%\}/gs) ?? [];
  const uses = templates.flatMap((template) => [
    ...template.matchAll(/\bparams\.([A-Za-z_]\w*)|\bparams\[\s*['"]([^'"]+)['"]\s*\]/g),
  ]);
  return uses.map((use) => use[1] ?? use[2] ?? "");
}

/** Return the names of all params that are declared, in their order. */
export function declaredParams(doc: Doc): string[] {
  return [...new Set([...Object.keys(doc.specs), ...Object.keys(doc.params)])];
}

/** Return the document with a param declared, as text; without specs it has an empty default. */
export function declareParam(doc: Doc, name: string, hasSpecs: boolean): Doc {
  return hasSpecs ? setSpec(doc, name, { type: "string" }) : setDefault(doc, name, "");
}

function renamed<T>(record: Record<string, T>, from: string, to: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key === from ? to : key, value]));
}

export function renameParam(doc: Doc, from: string, to: string): Doc {
  return { ...doc, params: renamed(doc.params, from, to), specs: renamed(doc.specs, from, to) };
}

export function removeParam(doc: Doc, name: string): Doc {
  const { [name]: _value, ...params } = doc.params;
  const { [name]: _spec, ...specs } = doc.specs;
  return { ...doc, params, specs };
}

/** Return the document with a default of a param; undefined: it has none. */
export function setDefault(doc: Doc, name: string, value: unknown): Doc {
  if (value !== undefined) return { ...doc, params: { ...doc.params, [name]: value } };
  const { [name]: _, ...params } = doc.params;
  return { ...doc, params };
}

/** Return the document with a param's spec changed; without a type a param is any JSON. */
export function setSpec(doc: Doc, name: string, change: Partial<ParamSpec>): Doc {
  const merged = { type: "json", ...doc.specs[name], ...change };
  const kept = Object.entries(merged).filter(([, value]) => value !== undefined && value !== "" && value !== false);
  return { ...doc, specs: { ...doc.specs, [name]: Object.fromEntries(kept) as unknown as ParamSpec } };
}

/** Return the document with another type of a param, without the limits that the old type had. */
export function setType(doc: Doc, name: string, type: string): Doc {
  const { help, required } = doc.specs[name] ?? {};
  const choices = type === "enum" ? { choices: [doc.params[name] ?? "a"] } : {};
  return setSpec({ ...doc, specs: { ...doc.specs, [name]: { type, ...choices } } }, name, {
    ...(help ? { help } : {}),
    ...(required ? { required } : {}),
  });
}
