import type { Doc, GraphDoc, ParamSpec } from "./graph";

/** Return the names of the params that the config of nodes uses, in the graph's order. */
export function usedParams(graph: GraphDoc): string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value === "string") {
      for (const template of value.match(/\{\{.*?\}\}|\{%.*?%\}/gs) ?? []) {
        for (const use of template.matchAll(/\bparams\.([A-Za-z_]\w*)|\bparams\[\s*['"]([^'"]+)['"]\s*\]/g)) {
          found.add(use[1] ?? use[2] ?? "");
        }
      }
    } else if (Array.isArray(value)) value.forEach(look);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(look);
  };
  for (const node of graph.nodes) look(node.config);
  return [...found];
}

/** Return the names of all params that are declared, in their order. */
export function declaredParams(doc: Doc): string[] {
  return [...new Set([...Object.keys(doc.specs), ...Object.keys(doc.params)])];
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
