// @vitest-environment node
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Doc } from "./graph";
import type { Schema } from "./schema";

vi.stubGlobal("document", { documentElement: { lang: "en" } });

let json: typeof import("./json");
let diff: typeof import("./diff");
let histories: typeof import("./history");
let schemas: typeof import("./schema");
let transfer: typeof import("./transfer");
let unsaved: typeof import("./unsaved");
let params: typeof import("./params");
let carried: typeof import("./carried");

beforeAll(async () => {
  json = await import("./json");
  diff = await import("./diff");
  histories = await import("./history");
  schemas = await import("./schema");
  transfer = await import("./transfer");
  unsaved = await import("./unsaved");
  params = await import("./params");
  carried = await import("./carried");
});

const doc: Doc = {
  graph: { nodes: [{ id: "read", module: "extract.csv", config: { path: "{{ params.file }}" } }], edges: [] },
  params: { file: "orders.csv" },
  specs: {},
};

describe("JSON", () => {
  test("a graph comes back from its own text", () => {
    expect(json.readGraph(json.pretty(doc.graph)).graph).toEqual(doc.graph);
  });

  test.each([
    ['{"nodes": [],\n "edges": [}', 2, 12],
    ['{"nodes": [],\n\n  "edges" []}', 3, 11],
    ["nodes", 1, 1],
  ])("the place of a mistake is told: %s", (text, line, column) => {
    const { problem } = json.readGraph(text);
    expect(problem).toMatchObject({ line, column });
    expect(problem?.message).toMatch(/^This is not JSON: .+ is not expected in line \d+, column \d+\.$/);
  });

  test("a text that ends too early is told as that", () => {
    expect(json.readGraph('{"nodes": [').problem?.message).toContain("ends too early, in line 1, column 12");
  });

  test("an edge to a node that is not there is named, and so is an id that two nodes have", () => {
    const nodes = [{ id: "read", module: "extract.csv" }];
    const loose = json.readGraph(JSON.stringify({ nodes, edges: [{ source: "read", target: "wrote" }] }));
    expect(loose.problem?.message).toMatch(/^Edge 1 names the node 'wrote'/);
    const twice = json.readGraph(JSON.stringify({ nodes: [...nodes, ...nodes], edges: [] }));
    expect(twice.problem?.message).toMatch(/^Two nodes have the id 'read'/);
  });

  test("JSON that is no graph is no mistake of a letter", () => {
    expect(json.readGraph("[]").problem).toMatchObject({ line: null });
  });
});

describe("undo and redo", () => {
  test("bring back what was, and a new change ends what could be redone", () => {
    let history = histories.begin("a");
    history = histories.change(history, "b", null, 0);
    history = histories.change(history, "c", null, 0);
    history = histories.undo(histories.undo(history));
    expect(history.present).toBe("a");
    history = histories.redo(history);
    expect(history.present).toBe("b");
    history = histories.change(history, "d", null, 0);
    expect(histories.redo(history)).toBe(history);
    expect(histories.undo(history).present).toBe("b");
  });

  test("letters typed one after the other are undone together, later ones apart", () => {
    let history = histories.begin("");
    history = histories.change(history, "p", "name", 0);
    history = histories.change(history, "pa", "name", 500);
    history = histories.change(history, "pai", "name", 5000);
    expect(histories.undo(history).present).toBe("pa");
    expect(histories.undo(histories.undo(history)).present).toBe("");
  });
});

describe("the difference of two graphs", () => {
  test("has no places, no order and no empty names in it", () => {
    const [node] = doc.graph.nodes;
    const moved = { nodes: [{ ...node!, name: "", position: { x: 1, y: 2 } }], edges: [] };
    expect(diff.isSame(diff.difference({ graph: doc.graph }, { graph: moved }))).toBe(true);
  });

  test("has no order of keys in it, which the database does not keep", () => {
    const measuring = (measure: Record<string, string>) => ({ nodes: [{ id: "sum", module: "transform.aggregate", config: { measures: [measure] } }], edges: [] });
    const one = measuring({ name: "revenue", function: "sum" });
    expect(diff.isSame(diff.difference({ graph: one }, { graph: measuring({ function: "sum", name: "revenue" }) }))).toBe(true);
    expect(diff.isSame(diff.difference({ graph: one }, { graph: measuring({ function: "max", name: "revenue" }) }))).toBe(false);
  });

  test("has what parameters are in it", () => {
    const found = diff.difference({ graph: doc.graph, specs: {} }, { graph: doc.graph, specs: { least: { type: "number" } } });
    expect(found.specs).toEqual([{ field: "least", old: undefined, new: { type: "number" } }]);
    expect(diff.isSame(found)).toBe(false);
  });

  test("names nodes, fields, edges and params", () => {
    const after = {
      graph: {
        nodes: [
          { id: "read", module: "extract.csv", config: { path: "b.csv" } },
          { id: "write", module: "load.csv" },
        ],
        edges: [{ source: "read", target: "write" }],
      },
      params: {},
    };
    const found = diff.difference({ graph: doc.graph, params: doc.params }, after);
    expect(found.nodes.map(({ kind, node }) => [kind, node.id])).toEqual([
      ["changed", "read"],
      ["added", "write"],
    ]);
    expect(found.nodes[0]?.fields).toEqual([{ field: "config.path", old: "{{ params.file }}", new: "b.csv" }]);
    expect(found.edges).toEqual([{ kind: "added", edge: { source: "read", target: "write" } }]);
    expect(found.params).toEqual([{ field: "file", old: "orders.csv", new: undefined }]);
  });
});

describe("how a value is edited", () => {
  const field = (schema: Schema) => schemas.fieldOf(schema, { $defs: { Key: { type: "object", properties: {} } } });

  test("follows from its schema", () => {
    expect(field({ anyOf: [{ type: "integer" }, { type: "null" }] })).toEqual({ kind: "number", whole: true });
    expect(field({ anyOf: [{ enum: ["a"], type: "string" }, { enum: ["b"], type: "string" }] })).toEqual({
      kind: "choice",
      options: ["a", "b"],
    });
    expect(field({ type: "string", format: "sql-expression" })).toEqual({ kind: "sql", whole: false });
    expect(field({ anyOf: [{ type: "string" }, { type: "number" }, { type: "null" }] })).toEqual({ kind: "any" });
    expect(field({ type: "array", items: { $ref: "#/$defs/Key" } }).kind).toBe("objects");
    expect(field({ type: "array", items: { type: "string", "x-picker": "column" } })).toMatchObject({ picker: "column" });
    expect(field({ type: "object", additionalProperties: { type: "string" } }).kind).toBe("map");
    expect(field({ anyOf: [{ type: "object" }, { type: "array" }] })).toEqual({ kind: "json" });
  });

  test.each([1, true, null, "text", "1", "true", '"quoted"', ["a"]])("any value comes back from its text: %j", (value) => {
    expect(schemas.literalOf(schemas.textOf(value))).toEqual(value);
  });
});

describe("files", () => {
  test("an exported pipeline is imported as it was", () => {
    const text = transfer.exported(doc, { name: "Orders", schedule: "@daily" });
    const found = transfer.imported(text, { ...doc, params: {} });
    expect(found?.doc).toEqual(doc);
    expect(found?.settings).toEqual({ name: "Orders", schedule: "@daily" });
  });

  test("a graph alone leaves the parameters as they are; anything else is refused", () => {
    expect(transfer.imported(JSON.stringify(doc.graph), doc)?.doc).toEqual(doc);
    expect(transfer.imported(JSON.stringify({ format: "other", config: doc.graph }), doc)).toBeNull();
    expect(transfer.imported("{}", doc)).toBeNull();
    expect(transfer.imported("no JSON", doc)).toBeNull();
  });
});

describe("unsaved work", () => {
  const keeper = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
  };
  const other = { ...doc, params: {} };

  const kept = { doc, at: "2024-05-01T00:00:00Z", seen: "2024-05-01T06:00:00.100000+00:00", sent: false };
  const seen = kept.seen;
  const newer = "2024-05-01T08:00:01+02:00";

  test("is offered until it is what the page shows", () => {
    const place = keeper();
    unsaved.keep(place, "1", kept);
    expect(unsaved.offered(place, "2", { doc: other, seen })).toBeNull();
    expect(unsaved.offered(place, "1", { doc: other, seen })?.doc).toEqual(doc);
    expect(unsaved.offered(place, "1", { doc: other, seen: newer })?.doc).toEqual(doc);
    expect(unsaved.offered(place, "1", { doc: doc, seen })).toBeNull();
    expect(unsaved.offered(place, "1", { doc: other, seen })).toBeNull();
  });

  test("that was sent is offered until the server shows something newer", () => {
    const place = keeper();
    unsaved.keep(place, "1", { ...kept, sent: true });
    expect(unsaved.offered(place, "1", { doc: other, seen })?.doc).toEqual(doc);
    expect(unsaved.offered(place, "1", { doc: other, seen })?.doc).toEqual(doc);
    expect(unsaved.offered(place, "1", { doc: other, seen: newer })).toBeNull();
    expect(unsaved.offered(place, "1", { doc: other, seen })).toBeNull();
  });

  test("that was sent of a new pipeline is offered: no page of it tells whether it arrived", () => {
    const place = keeper();
    unsaved.keep(place, null, { ...kept, seen: null, sent: true });
    expect(unsaved.offered(place, null, { doc: other, seen: null })?.doc).toEqual(doc);
  });

  test("is the same in whatever order the server gives the keys of it", () => {
    const place = keeper();
    unsaved.keep(place, "1", { ...kept, doc: { ...doc, params: { a: 1, b: 2 } } });
    expect(unsaved.offered(place, "1", { doc: { ...doc, params: { b: 2, a: 1 } }, seen })).toBeNull();
  });

  test("is more than the graph: JSON with a mistake in it, and the page's other fields", () => {
    const place = keeper();
    unsaved.keep(place, "1", { ...kept, text: "{" });
    expect(unsaved.offered(place, "1", { doc, seen })?.text).toBe("{");
    unsaved.keep(place, "1", { ...kept, settings: { name: "new" } });
    expect(unsaved.offered(place, "1", { doc, seen, settings: { name: "old" } })?.settings).toEqual({ name: "new" });
    expect(unsaved.offered(place, "1", { doc, seen, settings: { name: "new" } })).toBeNull();
  });

  test("comes back with what could be undone, on a page that shows the same", () => {
    const place = keeper();
    const history = histories.change(histories.begin(other), doc, null, 0);
    carried.carry(place, "1", history);
    expect(carried.carried(place, "1", doc)?.past).toEqual([other]);
    expect(carried.carried(place, "1", doc)).toBeNull();
    carried.carry(place, "1", history);
    expect(carried.carried(place, "1", other)).toBeNull();
  });

  test("that cannot be read is nothing", () => {
    const place = keeper();
    place.setItem("logidata-editor:1", '{"doc": 3}');
    expect(unsaved.offered(place, "1", { doc: other, seen })).toBeNull();
  });
});

test("params that nodes use are found in every template", () => {
  const graph = {
    nodes: [{ id: "a", module: "m", config: { x: ["{{ params.day }}", { y: "{% if params['big'] %}" }], z: "params.not" } }],
    edges: [],
  };
  expect(params.usedParams(graph)).toEqual(["day", "big"]);
});

test("the field that uses a param is known, however deep it lies", () => {
  const config = { rules: [{ when: "{{ params.day }} {{ params.day }}" }], path: "{{ params.file }}" };
  expect(params.paramsOf({ id: "a", module: "m", config })).toEqual([
    { name: "day", field: "config.rules.0.when" },
    { name: "file", field: "config.path" },
  ]);
});

test("another type of a param keeps its help, and drops the limits of the old one", () => {
  const before = params.setSpec(doc, "file", { type: "number", min: 3, help: "Which." });
  expect(params.setType(before, "file", "string").specs.file).toEqual({ type: "string", help: "Which." });
});
