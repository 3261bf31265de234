import { expect, test } from "vitest";
import { inLayers, type Link } from "./layers";

const HEIGHT = 80;
const SPACING = { width: 200, across: 80, along: 20 };
const chain = (...ids: string[]): Link[] => ids.slice(1).map((target, index) => ({ source: ids[index]!, target }));

function drawn(ids: string[], links: Link[]) {
  const places = inLayers(new Map(ids.map((id) => [id, HEIGHT])), links, SPACING);
  expect([...places.keys()]).toEqual(ids);
  return places;
}

/** A graph with every node reading from two of the layer before. */
function mesh(layers: number, width: number): { ids: string[]; links: Link[] } {
  const id = (layer: number, place: number) => `n${layer}_${place}`;
  const ids = Array.from({ length: layers * width }, (_, index) => id(Math.floor(index / width), index % width));
  const links = ids.slice(width).flatMap((target) => {
    const [layer, place] = target.slice(1).split("_").map(Number) as [number, number];
    return [place, (place + 1) % width].map((from) => ({ source: id(layer - 1, from), target }));
  });
  return { ids, links };
}

test("a chain is a straight line from left to right", () => {
  const places = drawn(["a", "b", "c"], chain("a", "b", "c"));
  expect([...places.values()]).toEqual([
    { x: 0, y: 0 },
    { x: 280, y: 0 },
    { x: 560, y: 0 },
  ]);
});

test("every edge goes to the right, whatever the order of the nodes", () => {
  const { ids, links } = mesh(12, 7);
  const places = drawn([...ids].reverse(), links);
  for (const { source, target } of links) expect(places.get(target)!.x).toBeGreaterThan(places.get(source)!.x);
});

test("no node lies on another", () => {
  const { ids, links } = mesh(20, 25);
  const places = [...drawn(ids, [...links, { source: "n0_0", target: "n19_24" }]).values()];
  for (const left of new Set(places.map(({ x }) => x))) {
    const ys = places.flatMap(({ x, y }) => (x === left ? [y] : [])).sort((one, other) => one - other);
    for (const [index, y] of ys.slice(1).entries()) expect(y - ys[index]!).toBeGreaterThanOrEqual(HEIGHT + SPACING.along - 1);
  }
});

test("a source stands next to its reader, not at the far left", () => {
  const places = drawn(["a", "b", "c", "lookup"], [...chain("a", "b", "c"), { source: "lookup", target: "c" }]);
  expect(places.get("lookup")!.x).toBe(places.get("b")!.x);
});

test("a node that reads two stands between them", () => {
  const places = drawn(["a", "b", "join"], [
    { source: "a", target: "join" },
    { source: "b", target: "join" },
  ]);
  expect(places.get("join")!.y).toBe((places.get("a")!.y + places.get("b")!.y) / 2);
});

test("lanes that have nothing to do with each other do not cross", () => {
  const lanes = ["a", "b", "c", "d"].map((lane) => [`${lane}1`, `${lane}2`, `${lane}3`]);
  const shuffled = [lanes[2]!, lanes[0]!, lanes[3]!, lanes[1]!].flatMap((lane) => [lane[2]!, lane[0]!, lane[1]!]);
  const places = drawn(shuffled, lanes.flatMap((lane) => chain(...lane)));
  for (const lane of lanes) expect(new Set(lane.map((id) => places.get(id)!.y)).size).toBe(1);
});

test("an edge that skips a layer leaves room beside the node there", () => {
  const places = drawn(["a", "b", "c"], [...chain("a", "b", "c"), { source: "a", target: "c" }]);
  expect(places.get("b")!.y).not.toBe((places.get("a")!.y + places.get("c")!.y) / 2);
});

test("edges to unknown nodes, and a cycle, do no harm", () => {
  expect(drawn(["a"], [{ source: "a", target: "elsewhere" }, { source: "a", target: "a" }]).get("a")).toEqual({ x: 0, y: 0 });
  expect(drawn(["a", "b"], [...chain("a", "b"), ...chain("b", "a")]).size).toBe(2);
});

test("edges leave and enter from above in the order of the ports, also past other layers", () => {
  const places = drawn(["split", "second", "first", "lower", "upper", "join"], [
    { source: "split", target: "second", sourceAt: 20 },
    { source: "split", target: "first", sourceAt: 0 },
    { source: "second", target: "lower", sourceAt: 20 },
    { source: "second", target: "upper", sourceAt: 0 },
    { source: "first", target: "join", targetAt: 0 },
    { source: "lower", target: "join", targetAt: 40 },
    { source: "upper", target: "join", targetAt: 20 },
  ]);
  expect(places.get("first")!.y).toBeLessThan(places.get("second")!.y);
  expect(places.get("upper")!.y).toBeLessThan(places.get("lower")!.y);
});

test("a high node takes the room that it needs", () => {
  const places = inLayers(new Map([["high", 300], ["low", 80]]), [], SPACING);
  expect(places.get("low")!.y).toBe(300 + SPACING.along);
});

test("an edge from a port is straight where nothing is in its way", () => {
  const places = inLayers(new Map([["high", 180], ["low", 80]]), [{ source: "high", target: "low", sourceAt: -50 }], SPACING);
  expect(places.get("low")!.y + 80 / 2).toBe(places.get("high")!.y + 180 / 2 - 50);
});

test("a node that all others read takes no room for every reader", () => {
  const ids = Array.from({ length: 30 }, (_, index) => `n${index}`);
  const places = drawn(ids, [...chain(...ids), ...ids.slice(2).map((target) => ({ source: "n0", target }))]);
  const ys = [...places.values()].map(({ y }) => y);
  expect(Math.max(...ys) - Math.min(...ys)).toBeLessThan(8 * HEIGHT);
});
