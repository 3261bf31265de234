// @vitest-environment node
import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: { lang: "en" } });

const { isSeen, viewOfAll, viewOfStart } = await import("./useView");

const laptop = { width: 600, height: 440 };

test("a graph that can be read at once is shown whole, in the middle", () => {
  const view = viewOfStart({ x: 0, y: 0, width: 300, height: 100 }, laptop, 0);
  expect(view).toEqual({ zoom: 1, x: 150, y: 170 });
});

test("a wide graph begins at its left end, as large as names can be read", () => {
  const view = viewOfStart({ x: 40, y: 0, width: 4000, height: 100 }, laptop, 0);
  expect(view.zoom).toBe(0.55);
  expect(40 * view.zoom + view.x).toBe(28);
});

test("a high graph begins where its first node is", () => {
  const view = viewOfStart({ x: 0, y: 0, width: 300, height: 4000 }, laptop, 2000);
  expect(2000 * view.zoom + view.y).toBe(220);
});

test("all of a graph is in view however far out that is", () => {
  const { zoom, x } = viewOfAll({ x: 0, y: 0, width: 10_000, height: 800 }, laptop);
  expect(x).toBeGreaterThanOrEqual(0);
  expect(10_000 * zoom + x).toBeLessThanOrEqual(600);
});

test("a view that nothing of the graph is in any more is not come back to", () => {
  const bounds = { x: 0, y: 0, width: 300, height: 100 };
  expect(isSeen(bounds, laptop, { x: -200, y: 0, zoom: 1 })).toBe(true);
  expect(isSeen(bounds, laptop, { x: -300, y: 0, zoom: 1 })).toBe(false);
  expect(isSeen(bounds, laptop, { x: 0, y: 441, zoom: 1 })).toBe(false);
});
