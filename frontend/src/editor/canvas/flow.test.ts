// @vitest-environment node
import { expect, test, vi } from "vitest";
import type { GraphDoc } from "../model/graph";
import type { ModuleInfo, Modules } from "../model/modules";

vi.stubGlobal("document", { documentElement: { lang: "en" } });

const { flowEdges, flowNodes } = await import("./flow");

const split: ModuleInfo = {
  key: "transform.split",
  kind: "transform",
  title: "Split",
  icon: "",
  keywords: "", summary: "",
  description: "",
  ports: ["input"],
  variadic: false,
  outputs: "named",
  config_schema: { type: "object", properties: { rest: { type: "string", format: "output-name" } } },
};
const modules: Modules = { [split.key]: split };
const none: ReadonlySet<string> = new Set();

function graph(rest: string, more: Record<string, unknown> = {}): GraphDoc {
  return {
    nodes: [
      { id: "a", module: "extract.csv", position: { x: 0, y: 0 } },
      { id: "s", module: "transform.split", config: { rest, ...more }, position: { x: 240, y: 0 } },
    ],
    edges: [{ source: "a", target: "s" }],
  };
}

test("where only a setting has changed there is nothing to draw anew", () => {
  const nodes = flowNodes([], graph("left"), none, modules);
  const edges = flowEdges([], graph("left"), none, modules);
  expect(flowNodes(nodes, graph("left", { limit: 3 }), none, modules)).toBe(nodes);
  expect(flowEdges(edges, graph("left", { limit: 3 }), none, modules)).toBe(edges);
});

test("only the node that was selected is another object", () => {
  const before = flowNodes([], graph("left"), none, modules);
  const after = flowNodes(before, graph("left"), new Set(["s"]), modules);
  expect(after[0]).toBe(before[0]);
  expect(after[1]).toMatchObject({ id: "s", selected: true });
});

test("a node has a dot for every port, as high as it is drawn", () => {
  const before = flowNodes([], graph("left"), none, modules);
  expect(before[1]!.handles).toMatchObject([
    { type: "target", id: "input", x: -6, y: 23 },
    { type: "source", id: "left", x: 174, y: 62 },
  ]);
  const after = flowNodes(before, graph("right"), none, modules);
  expect(after[1]!.handles![1]).toMatchObject({ id: "right" });
});
