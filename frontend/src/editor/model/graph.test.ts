// @vitest-environment node
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { GraphDoc, NodeDoc } from "./graph";
import type { ModuleInfo, Modules } from "./modules";

vi.stubGlobal("document", { documentElement: { lang: "en" } });

let graphs: typeof import("./graph");
let connecting: typeof import("./connect");
let editing: typeof import("./edit");
let ids: typeof import("./ids");
let modulesOf: typeof import("./modules");
let placing: typeof import("./placing");

beforeAll(async () => {
  graphs = await import("./graph");
  connecting = await import("./connect");
  editing = await import("./edit");
  ids = await import("./ids");
  modulesOf = await import("./modules");
  placing = await import("./placing");
});

function module(key: string, more: Partial<ModuleInfo> = {}): ModuleInfo {
  const kind = key.split(".")[0] as ModuleInfo["kind"];
  return {
    key,
    kind,
    title: key,
    icon: "",
    keywords: "", summary: "",
    description: "",
    ports: kind === "extract" ? [] : ["input"],
    variadic: false,
    outputs: kind === "load" ? "none" : "one",
    config_schema: {},
    ...more,
  };
}

const branches = {
  type: "object",
  properties: {
    branches: {
      type: "array",
      items: { $ref: "#/$defs/Branch" },
    },
    rest: { anyOf: [{ type: "string", format: "output-name" }, { type: "null" }] },
  },
  $defs: { Branch: { type: "object", properties: { name: { type: "string", format: "output-name" } } } },
};

const modules: Modules = Object.fromEntries(
  [
    module("extract.csv"),
    module("transform.filter"),
    module("transform.join", { ports: ["left", "right"] }),
    module("transform.union", { ports: [], variadic: true }),
    module("transform.split", { outputs: "named", config_schema: branches }),
    module("load.csv"),
  ].map((one) => [one.key, one]),
);

const node = (id: string, key: string, more: Partial<NodeDoc> = {}): NodeDoc => ({ id, module: key, ...more });

const line: GraphDoc = {
  nodes: [node("read", "extract.csv"), node("keep", "transform.filter"), node("write", "load.csv")],
  edges: [
    { source: "read", target: "keep" },
    { source: "keep", target: "write" },
  ],
};

describe("which connections are legal", () => {
  const why = (graph: GraphDoc, source: string, target: string, port: string | null = null) =>
    connecting.whyNot(graph, connecting.makeEdge(source, null, target, port), modules);

  test("a loader gives nothing, and an extractor takes nothing", () => {
    const bare = { ...line, edges: [] };
    expect(why(bare, "write", "keep")).toContain("no output");
    expect(why(bare, "keep", "read")).toContain("no input");
    expect(why(bare, "read", "keep")).toBeNull();
  });

  test("no connection closes a cycle, however long", () => {
    const graph = {
      nodes: ["a", "b", "c"].map((id) => node(id, "transform.union")),
      edges: [
        { source: "a", target: "b" },
        { source: "b", target: "c" },
      ],
    };
    expect(why(graph, "c", "a")).toContain("cycle");
    expect(why(graph, "a", "a")).toContain("itself");
    expect(why(graph, "a", "c")).toBeNull();
  });

  test("a port is taken once; another port of the same node is free", () => {
    const graph = {
      nodes: [node("a", "extract.csv"), node("b", "extract.csv"), node("join", "transform.join")],
      edges: [{ source: "a", target: "join" }],
    };
    // An edge without a port entered the first one.
    expect(why(graph, "b", "join", "left")).toContain("taken");
    expect(why(graph, "b", "join", "right")).toBeNull();
    expect(connecting.freeEdge(graph, "b", "join", modules, [null])).toEqual({ source: "b", target: "join", port: "right" });
  });

  test("a module with any number of inputs takes each source once", () => {
    const graph = {
      nodes: [node("a", "extract.csv"), node("b", "extract.csv"), node("all", "transform.union")],
      edges: [{ source: "a", target: "all" }],
    };
    expect(why(graph, "b", "all")).toBeNull();
    expect(why(graph, "a", "all")).toContain("taken");
  });
});

describe("outputs", () => {
  test("are those that the config names, and those that an edge still leaves by", () => {
    const split = node("split", "transform.split", { config: { branches: [{ name: "big" }, {}], rest: "others" } });
    expect(modulesOf.outputsOf(split, [], modules)).toEqual(["big", "others"]);
    const old = [{ source: "split", target: "x", output: "gone" }];
    expect(modulesOf.outputsOf(split, old, modules)).toEqual(["big", "others", "gone"]);
    expect(modulesOf.outputsOf(node("read", "extract.csv"), [], modules)).toEqual([null]);
    expect(modulesOf.outputsOf(node("write", "load.csv"), [], modules)).toEqual([]);
  });
});

describe("ids", () => {
  test("come from names, and are identifiers of Python's whatever the name", () => {
    expect(ids.idFromName("Read orders")).toBe("read_orders");
    expect(ids.idFromName("Über 3 Größen!")).toBe("uber_3_gro_en");
    expect(ids.idFromName("2024 data")).toBe("data");
    expect(ids.idFromName("class")).toBe("class_node");
    expect(ids.idFromName("注文")).toBe("node");
    for (const name of ["x".repeat(300), "if", "--", "1a"]) expect(ids.isNodeId(ids.idFromName(name))).toBe(true);
  });

  test("are unique", () => {
    expect(ids.uniqueId("read", ["read", "read_2"])).toBe("read_3");
    expect(ids.uniqueId("read_2", ["read_2"])).toBe("read_3");
    expect(ids.uniqueId("free", ["read"])).toBe("free");
  });
});

describe("editing", () => {
  test("a removed node takes its edges along", () => {
    expect(editing.remove(line, new Set(["keep"]), new Set())).toEqual({ nodes: [line.nodes[0], line.nodes[2]], edges: [] });
  });

  test("a renamed node keeps its edges", () => {
    const renamed = editing.renameNode(line, "keep", "paid");
    expect(renamed.edges).toEqual([
      { source: "read", target: "paid" },
      { source: "paid", target: "write" },
    ]);
    expect(line.nodes[1]?.id).toBe("keep");
  });

  test("pasted nodes get ids of their own, and the edges between them", () => {
    const copied = editing.copy(line, new Set(["read", "keep"]));
    const { graph, ids: pasted } = editing.paste(line, copied, { x: 10, y: 20 });
    expect(pasted).toEqual(["read_2", "keep_2"]);
    expect(graph.edges).toContainEqual({ source: "read_2", target: "keep_2" });
    expect(graph.edges).toHaveLength(3);
  });

  test("an emptied setting leaves the graph", () => {
    const set = editing.setSetting(line, "keep", "retries", 2);
    expect(set.nodes[1]).toEqual({ id: "keep", module: "transform.filter", retries: 2 });
    expect(editing.setSetting(set, "keep", "retries", undefined).nodes[1]).toEqual(line.nodes[1]);
  });
});

describe("placing", () => {
  test("a graph without places is laid out along its edges", () => {
    const [read, keep, write] = placing.place(line, modules).nodes.map((one) => one.position!);
    expect(read!.x).toBeLessThan(keep!.x);
    expect(keep!.x).toBeLessThan(write!.x);
  });

  test("what enters the upper port comes from above", () => {
    for (const ports of [["left", "right"], ["right", "left"]] as const) {
      const graph = {
        nodes: [node("a", "extract.csv"), node("b", "extract.csv"), node("join", "transform.join")],
        edges: [
          { source: "a", target: "join", port: ports[0] },
          { source: "b", target: "join", port: ports[1] },
        ],
      };
      const [a, b] = placing.place(graph, modules).nodes.map((one) => one.position!.y);
      expect(a! < b!).toBe(ports[0] === "left");
    }
  });

  test("nodes that have a place stay there", () => {
    const placed = { ...line, nodes: line.nodes.map((one, index) => (index < 2 ? { ...one, position: { x: index, y: 7 } } : one)) };
    const found = placing.place(placed, modules).nodes.map((one) => one.position!);
    expect(found[0]).toEqual({ x: 0, y: 7 });
    expect(found[1]).toEqual({ x: 1, y: 7 });
    expect(found[2]!.y).toBeGreaterThan(7);
    expect(placing.place(line, modules)).not.toBe(line);
  });
});

test("what cannot be drawn is no graph", () => {
  expect(graphs.asGraph({ nodes: [{ id: "a", module: "m" }] })).toEqual({ nodes: [{ id: "a", module: "m" }], edges: [] });
  expect(graphs.asGraph({ nodes: [{ id: "a" }] })).toBeNull();
  expect(graphs.asGraph({ nodes: [{ id: "a", module: "m" }, { id: "a", module: "m" }] })).toBeNull();
  expect(graphs.asGraph({ nodes: [], edges: [{ source: "a", target: "b" }] })).toBeNull();
  expect(graphs.asGraph([])).toBeNull();
});
