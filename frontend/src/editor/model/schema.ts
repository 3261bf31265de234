/** JSON Schema, as far as the config of modules uses it. */
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  propertyNames?: Schema;
  items?: Schema;
  format?: string;
  minimum?: number;
  maximum?: number;
  /** What there is to choose from: connection, file, table, column, or columns for a list. */
  "x-picker"?: string;
  /** The port whose columns those are; the first one if it is not said. */
  "x-port"?: string;
}

/** How a value is edited. */
export type Field =
  | { kind: "text"; picker: string | null }
  | { kind: "sql"; whole: boolean }
  | { kind: "number"; whole: boolean }
  | { kind: "switch" }
  | { kind: "choice"; options: string[] }
  | { kind: "any" }
  | { kind: "texts"; picker: string | null; literal: boolean }
  | { kind: "objects"; item: Schema }
  | { kind: "map"; keyPicker: string | null; value: Schema }
  | { kind: "object"; properties: Record<string, Schema>; required: string[] }
  | { kind: "json" };

/** Return the schema that a reference stands for; what stands beside the reference counts more. */
export function resolve(schema: Schema, root: Schema): Schema {
  if (!schema.$ref) return schema;
  const found = root.$defs?.[schema.$ref.replace("#/$defs/", "")] ?? {};
  const { $ref: _, ...beside } = schema;
  return { ...found, ...beside };
}

/** Return a schema without the alternative "null", and whether it had one. */
export function withoutNull(schema: Schema, root: Schema): { schema: Schema; nullable: boolean } {
  if (!schema.anyOf) return { schema: resolve(schema, root), nullable: false };
  const options = schema.anyOf.map((option) => resolve(option, root));
  const rest = options.filter((option) => option.type !== "null");
  const { anyOf: _, ...outer } = schema;
  const nullable = rest.length < options.length;
  if (rest.length === 1) return { schema: { ...rest[0], ...outer }, nullable };
  if (rest.every((option) => option.enum)) {
    return { schema: { type: "string", enum: rest.flatMap((option) => option.enum ?? []), ...outer }, nullable };
  }
  return { schema: { ...outer, anyOf: rest }, nullable };
}

const SCALARS = ["string", "integer", "number", "boolean"];

function pickerOf(schema: Schema | undefined): string | null {
  return schema?.["x-picker"] ?? null;
}

/** Return how the values of a schema are edited; "json" where nothing better is known. */
export function fieldOf(given: Schema, root: Schema): Field {
  const { schema } = withoutNull(given, root);
  if (schema.anyOf) {
    return schema.anyOf.every((option) => SCALARS.includes(option.type ?? "")) ? { kind: "any" } : { kind: "json" };
  }
  if (schema.enum) return { kind: "choice", options: schema.enum.map(String) };
  switch (schema.type) {
    case "string":
      if (schema.format === "sql" || schema.format === "sql-expression") {
        return { kind: "sql", whole: schema.format === "sql" };
      }
      return { kind: "text", picker: pickerOf(schema) };
    case "integer":
    case "number":
      return { kind: "number", whole: schema.type === "integer" };
    case "boolean":
      return { kind: "switch" };
    case "array":
      return arrayField(schema, root);
    case "object":
      return objectField(schema, root);
    default:
      return { kind: "json" };
  }
}

function arrayField(schema: Schema, root: Schema): Field {
  if (!schema.items) return { kind: "json" };
  const item = withoutNull(schema.items, root).schema;
  if (item.type === "object" && item.properties) return { kind: "objects", item };
  if (item.type === "string" && !item.enum) {
    return { kind: "texts", picker: pickerOf(item), literal: false };
  }
  if (item.anyOf?.every((option) => SCALARS.includes(option.type ?? ""))) {
    return { kind: "texts", picker: null, literal: true };
  }
  return { kind: "json" };
}

function objectField(schema: Schema, root: Schema): Field {
  if (schema.properties) {
    return { kind: "object", properties: schema.properties, required: schema.required ?? [] };
  }
  if (typeof schema.additionalProperties === "object") {
    const keys = schema.propertyNames && resolve(schema.propertyNames, root);
    return { kind: "map", keyPicker: pickerOf(keys), value: schema.additionalProperties };
  }
  return { kind: "json" };
}

/** Return the value that a text means: a number, true, false or other JSON where it reads as such. */
export function literalOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Return the text that means a value: see literalOf. */
export function textOf(value: unknown): string {
  if (typeof value !== "string") return value === undefined ? "" : JSON.stringify(value);
  return typeof literalOf(value) === "string" && !value.startsWith('"') ? value : JSON.stringify(value);
}

/** Whether a value holds a template, such as `{{ params.day }}`: its type is known only in a run. */
export function isTemplate(value: unknown): value is string {
  return typeof value === "string" && value.includes("{{");
}

/** Return what people call a setting: its title, or its name as words. */
export function labelOf(name: string, given: Schema, root: Schema): string {
  const { title } = withoutNull(given, root).schema;
  if (title) return title;
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Return what people call the setting at a path such as `config.measures.0.name`; "" for the whole. */
export function labelAt(path: string, root: Schema): string {
  const labels: string[] = [];
  let schema: Schema | undefined = root;
  for (const key of path.split(".").slice(1)) {
    schema = schema && withoutNull(schema, root).schema;
    if (/^\d+$/.test(key)) {
      labels.push(String(Number(key) + 1));
      schema = schema?.items;
    } else {
      schema = schema?.properties?.[key];
      labels.push(labelOf(key, schema ?? {}, root));
    }
  }
  return labels.join(" ");
}
