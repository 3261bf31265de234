// @vitest-environment node
import { beforeEach, expect, test, vi } from "vitest";
import type { ModuleInfo } from "./model/modules";

vi.stubGlobal("document", { documentElement: { lang: "en" } });
const kept = new Map<string, string>();
vi.stubGlobal("sessionStorage", {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
});

const commands = await import("./commands");
const { useEditor } = await import("./store");

const module = (key: string, title: string, ports: string[]): ModuleInfo => ({
  key,
  kind: key.split(".")[0] as ModuleInfo["kind"],
  title,
  icon: "",
  keywords: "", summary: "",
  description: "",
  ports,
  variadic: false,
  outputs: key.startsWith("load") ? "none" : "one",
  config_schema: {},
});

const state = () => useEditor.getState();
const graph = () => state().history.present.graph;

beforeEach(() => {
  kept.clear();
  state().setModules([
    module("extract.csv", "CSV file", []),
    module("transform.filter", "Filter", ["input"]),
    module("load.csv", "CSV file", ["input"]),
  ]);
  useEditor.setState({ mayChange: true, notice: null });
  state().begin({ graph: { nodes: [], edges: [] }, params: {}, specs: {} });
});

test("modules added one after the other make a line", () => {
  const ids = ["extract.csv", "transform.filter", "load.csv"].map((key) => commands.addModule(key));
  expect(ids).toEqual(["csv_file", "filter", "csv_file_2"]);
  expect(graph().edges).toEqual([
    { source: "csv_file", target: "filter" },
    { source: "filter", target: "csv_file_2" },
  ]);
  // A node and its connection are one step.
  state().undo();
  expect(graph().nodes.map((node) => node.id)).toEqual(["csv_file", "filter"]);
});

test("nothing is connected behind a loader, and nothing that is dropped elsewhere", () => {
  commands.addModule("load.csv");
  commands.addModule("transform.filter");
  commands.addModule("transform.filter", { x: 700, y: 0 });
  expect(graph().edges).toEqual([]);
});

test("an id follows the name, until the node is deployed", () => {
  const id = commands.addModule("extract.csv");
  commands.nameNode(id, "Read orders", null);
  expect(graph().nodes[0]).toMatchObject({ id: "read_orders", name: "Read orders" });
  expect(state().opened).toBe("read_orders");
  commands.nameNode("read_orders", "Read all", graph());
  expect(graph().nodes[0]).toMatchObject({ id: "read_orders", name: "Read all" });
});

test("an id that somebody chose stays when the name changes", () => {
  commands.addModule("extract.csv");
  expect(commands.changeId("csv_file", "own")).toBeNull();
  commands.nameNode("own", "Read orders", null);
  expect(graph().nodes[0]).toMatchObject({ id: "own", name: "Read orders" });
  commands.addModule("transform.filter");
  expect(commands.changeId("filter", "own")).toContain("Another node");
  expect(commands.changeId("filter", "a b")).toContain("letters");
});

test("a refused connection is told, and changes nothing", () => {
  commands.addModule("extract.csv");
  commands.addModule("transform.filter");
  const before = graph();
  commands.connect("filter", null, "csv_file", null);
  expect(graph()).toBe(before);
  expect(state().notice?.text).toContain("no input");
});

test("copied nodes are pasted with what connects them, and are selected then", async () => {
  commands.addModule("extract.csv");
  commands.addModule("transform.filter");
  commands.selectAll();
  await commands.copySelected();
  await commands.pasteCopied();
  expect(graph().edges).toContainEqual({ source: "csv_file_2", target: "filter_2" });
  expect([...state().selected]).toEqual(["csv_file_2", "filter_2"]);
});

test("who may only look changes nothing", () => {
  commands.addModule("extract.csv");
  useEditor.setState({ mayChange: false });
  const before = state().history;
  commands.selectAll();
  commands.removeSelected();
  state().editDoc((doc) => ({ ...doc, params: { a: 1 } }));
  expect(state().history).toBe(before);
});

test("what is half typed in one form is not that of the next, but stays while a node is renamed", () => {
  const first = commands.addModule("extract.csv");
  const { openings } = state();
  commands.nameNode(first, "Orders", null);
  expect(state()).toMatchObject({ opened: "orders", openings });
  commands.addModule("transform.filter");
  expect(state().openings).toBe(openings + 1);
});

test("copies do not lie on top of each other", async () => {
  state().select([commands.addModule("extract.csv")]);
  await commands.copySelected();
  await commands.pasteCopied();
  await commands.pasteCopied();
  const places = graph().nodes.map((node) => JSON.stringify(node.position));
  expect(new Set(places).size).toBe(3);
});

test("a node that was left unfinished stays so when it is renamed", () => {
  const id = commands.addModule("extract.csv");
  state().face(id, "config.path");
  commands.nameNode(id, "Orders", null);
  expect([...state().faced]).toEqual(["orders config.path"]);
});
