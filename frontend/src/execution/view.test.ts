import { expect, test } from "vitest";
import { NODE_HEIGHT, NODE_WIDTH } from "./graph";
import { around, FAR, fitting, isSeen, ROOM } from "./view";

const FRAME = { width: 1000, height: 500 };

function grid(columns: number, rows: number) {
  const places = Array.from({ length: columns * rows }, (_, index) => [Math.floor(index / rows), index % rows] as const);
  return new Map(places.map(([column, row]) => [`${column}-${row}`, { x: column * 300, y: row * 110 }]));
}

test("a large graph leaves no part of the canvas empty, whichever node is looked at", () => {
  const spots = grid(10, 10);
  for (const node of ["0-0", "0-9", "4-0", "9-9"]) {
    const { x, y, zoom } = around(spots, node, 0.8, FRAME);
    expect(x).toBeLessThanOrEqual(ROOM.left);
    expect(y).toBeLessThanOrEqual(ROOM.top);
    expect(x + (9 * 300 + NODE_WIDTH) * zoom).toBeGreaterThanOrEqual(FRAME.width - ROOM.right);
    expect(y + (9 * 110 + NODE_HEIGHT) * zoom).toBeGreaterThanOrEqual(FRAME.height - ROOM.bottom);
    expect(isSeen(spots.get(node)!, { x, y, zoom }, FRAME)).toBe(true);
  }
});

test("a node within a large graph stands in the middle, below the tools", () => {
  const spots = grid(10, 10);
  const { x, y, zoom } = around(spots, "5-5", 1, FRAME);
  expect((5 * 300 + NODE_WIDTH / 2) * zoom + x).toBeCloseTo(FRAME.width / 2);
  expect((5 * 110 + NODE_HEIGHT / 2) * zoom + y).toBeCloseTo((ROOM.top + FRAME.height - ROOM.bottom) / 2);
});

test("a graph that is long but low stands in the middle from top to bottom", () => {
  const { y } = around(grid(20, 1), "0-0", 1, FRAME);
  expect(y + NODE_HEIGHT / 2).toBeCloseTo((ROOM.top + FRAME.height - ROOM.bottom) / 2);
});

test("a small graph is never enlarged", () => {
  expect(fitting(grid(1, 1), FRAME).zoom).toBe(1);
});

test("there is a view of a graph without nodes, too", () => {
  expect(fitting(new Map(), FRAME).zoom).toBe(1);
});

test("a large graph is made to fit", () => {
  const { x, y, zoom } = fitting(grid(3, 10), FRAME);
  expect(y).toBeCloseTo(ROOM.top);
  expect(y + (9 * 110 + NODE_HEIGHT) * zoom).toBeCloseTo(FRAME.height - ROOM.bottom);
  expect(x + ((2 * 300 + NODE_WIDTH) * zoom) / 2).toBeCloseTo(FRAME.width / 2);
});

test("a node is not seen where a part of it is outside, or from so far that it is a spot", () => {
  const spot = { x: 0, y: 0 };
  expect(isSeen(spot, { x: 0, y: 0, zoom: 1 }, FRAME)).toBe(true);
  expect(isSeen(spot, { x: -1, y: 0, zoom: 1 }, FRAME)).toBe(false);
  expect(isSeen(spot, { x: 0, y: FRAME.height - NODE_HEIGHT + 1, zoom: 1 }, FRAME)).toBe(false);
  expect(isSeen(spot, { x: 0, y: 0, zoom: FAR - 0.01 }, FRAME)).toBe(false);
});
