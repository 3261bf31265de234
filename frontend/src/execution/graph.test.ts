import { expect, test } from "vitest";
import { behind, type Graph, neighbour, NODE_WIDTH, places, unconnected } from "./graph";

function graph(positions: ({ x: number; y: number } | null)[], edges: [number, number][] = []): Graph {
  return {
    nodes: positions.map((position, index) => ({ id: `n${index}`, name: "", module: "", position })),
    edges: edges.map(([source, target]) => ({ source: `n${source}`, target: `n${target}`, port: null })),
  };
}

test("nodes stay where their author put them", () => {
  const spots = [
    { x: 5, y: 7 },
    { x: 400, y: -90 },
  ];
  expect([...places(graph(spots, [[0, 1]])).values()]).toEqual(spots);
});

test("where a place is missing, or boxes lie on each other, all nodes are laid out", () => {
  for (const second of [null, { x: NODE_WIDTH - 10, y: 20 }]) {
    const found = places(graph([{ x: 0, y: 0 }, second], [[0, 1]]));
    expect(found.get("n1")!.x - found.get("n0")!.x).toBeGreaterThan(NODE_WIDTH);
  }
});

test("a retry runs the chosen nodes and all behind them", () => {
  const diamond = graph([null, null, null, null, null], [[0, 1], [0, 2], [1, 3], [2, 3]]);
  expect([...behind(diamond, ["n1"])].sort()).toEqual(["n1", "n3"]);
  expect([...behind(diamond, ["n0"])].sort()).toEqual(["n0", "n1", "n2", "n3"]);
  expect([...behind(diamond, ["n4"])]).toEqual(["n4"]);
});

test("an arrow leads to the nearest node in its direction", () => {
  const spots = new Map([
    ["a", { x: 0, y: 0 }],
    ["b", { x: 300, y: 10 }],
    ["c", { x: 300, y: 200 }],
    ["d", { x: 600, y: 0 }],
  ]);
  expect(neighbour(spots, "a", "ArrowRight")).toBe("b");
  expect(neighbour(spots, "b", "ArrowDown")).toBe("c");
  expect(neighbour(spots, "d", "ArrowLeft")).toBe("b");
  expect(neighbour(spots, "d", "ArrowRight")).toBeNull();
  expect(neighbour(spots, "a", "Enter")).toBeNull();
  expect(neighbour(spots, "nowhere", "ArrowRight")).toBeNull();
});

test("without a known revision there are the nodes that ran", () => {
  expect(unconnected([{ node_id: "a", node_name: "A", module: "extract.csv" }])).toEqual({
    nodes: [{ id: "a", name: "A", module: "extract.csv", position: null }],
    edges: [],
  });
});
