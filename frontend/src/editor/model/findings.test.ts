// @vitest-environment node
import { expect, test, vi } from "vitest";
import type { GraphDoc } from "./graph";
import type { ModuleInfo, Modules } from "./modules";
import type { Problem } from "./problems";

vi.stubGlobal("document", { documentElement: { lang: "en" } });

const { atField, facedAs, facedKey, findings, isNote, stillNeeded, undeclaredParams } = await import("./findings");

function module(key: string, ports: string[], config_schema: ModuleInfo["config_schema"] = {}): ModuleInfo {
  const kind = key.split(".")[0] as ModuleInfo["kind"];
  const outputs = kind === "load" ? ("none" as const) : ("one" as const);
  return { key, kind, title: key, icon: "", keywords: "", summary: "", description: "", ports, variadic: false, outputs, config_schema };
}

const measure = { type: "object", properties: { name: { type: "string", title: "Name" } } };
const modules: Modules = {
  "extract.csv": module("extract.csv", [], { properties: { path: { type: "string", title: "Path" } } }),
  "transform.join": module("transform.join", ["left", "right"]),
  "transform.aggregate": module("transform.aggregate", ["input"], {
    properties: { measures: { type: "array", title: "Measures", items: measure }, types: { type: "object" } },
  }),
};

const graph: GraphDoc = {
  nodes: [
    { id: "a", module: "extract.csv", name: "Orders", config: {} },
    { id: "j", module: "transform.join", config: {} },
    { id: "g", module: "transform.aggregate", config: { measures: [{}], types: { "x.y": "no type" } } },
  ],
  edges: [{ source: "a", target: "j", port: "left" }],
};

function problem(node: string | null, field: string, message = `Node '${node}': it is so.`): Problem {
  return { node, field, message };
}

test("a setting that nobody has filled in is missing, and a wrong one is not", () => {
  const drawn = { ...graph, nodes: [graph.nodes[0]!, { id: "b", module: "extract.csv", config: { path: "?" } }] };
  const [empty, wrong] = findings([problem("a", "config.path"), problem("b", "config.path")], drawn, modules);
  expect(empty).toMatchObject({ missing: true, what: "Path", message: "Fill this in.", listed: "Orders: to fill in: Path" });
  expect(wrong).toMatchObject({ missing: false, message: "It is so." });
});

test("a setting within a list has the names of all that it is in", () => {
  const [found] = findings([problem("g", "config.measures.0.name")], graph, modules);
  expect(found).toMatchObject({ missing: true, what: "Measures 1 Name" });
});

test("nothing is claimed of a name with a dot in it", () => {
  const [found] = findings([problem("g", "config.types.x.y")], graph, modules);
  expect(found).toMatchObject({ missing: false, message: "It is so." });
});

test("connections that a node needs are missing, in the server's order", () => {
  const [output, right] = findings([problem("j", "edges", "1"), problem("j", "edges", "2")], graph, modules);
  expect(stillNeeded([output!, right!])).toBe("To connect: output, input right");
});

test("beside a connection that must not be, the server's own sentences stand", () => {
  const found = findings([problem("a", "edges", "Node 'a': it takes no input.")], graph, modules);
  expect(found).toMatchObject([{ missing: false, message: "It takes no input." }]);
});

test("an empty graph is no problem yet, and a cycle is one", () => {
  const empty = { nodes: [], edges: [] };
  expect(findings([problem(null, "config.nodes")], empty, modules)[0]!.missing).toBe(true);
  expect(findings([problem(null, "config")], graph, modules)[0]!.missing).toBe(false);
});

test("what is missing is a note until its field is left, or all of its node was to be saved", () => {
  const [found] = findings([problem("a", "config.path")], graph, modules);
  expect(isNote(found!, new Set())).toBe(true);
  expect(isNote(found!, new Set([facedKey("a", "config.other"), facedKey("b")]))).toBe(true);
  expect(isNote(found!, new Set([facedKey("a", "config.path")]))).toBe(false);
  expect(isNote(found!, new Set([facedKey("a")]))).toBe(false);
});

test("what is wrong is never a note", () => {
  const [found] = findings([problem("g", "config.types.x.y")], graph, modules);
  expect(isNote(found!, new Set())).toBe(false);
});

test("what was left stays so when its node gets another id", () => {
  const faced = facedAs(new Set(["a", "a config.path", "ab config.path"]), "a", "z");
  expect([...faced]).toEqual(["z", "z config.path", "ab config.path"]);
});

test("findings are found by field, with what is below it where asked", () => {
  const fields = ["config.keys.0", "config.keys", "config.keyset"];
  const all = findings(fields.map((field) => problem("a", field)), graph, modules);
  expect(atField(all, "config.keys", false)).toHaveLength(1);
  expect(atField(all, "config.keys", true)).toHaveLength(2);
});

test("a param that is not declared is a note at its field, which nothing turns into a problem", () => {
  const config = { path: "{{ params.file }} {{ params.day }}" };
  const doc = { graph: { nodes: [{ id: "a", module: "extract.csv", config }], edges: [] }, params: { file: "x" }, specs: {} };
  const [found, ...others] = undeclaredParams(doc);
  expect(others).toEqual([]);
  expect(found).toMatchObject({ node: "a", field: "config.path", param: "day" });
  expect(isNote(found!, new Set([facedKey("a")]))).toBe(true);
  expect(stillNeeded([found!])).toContain("day");
  expect(undeclaredParams({ ...doc, specs: { day: { type: "date" } } })).toEqual([]);
});
