import { expect, test } from "vitest";
import { hashOf, placeOf } from "./place";

const graph = { nodes: [{ id: "read me", name: "", module: "", position: null }], edges: [] };

test("an open node comes back from the address", () => {
  expect(placeOf(hashOf("read me", "log"), graph)).toEqual({ node: "read me", tab: "log" });
  expect(hashOf(null, "log")).toBe("");
});

test("an address of something else opens nothing", () => {
  expect(placeOf("#node=other&tab=odd", graph)).toEqual({ node: null, tab: "overview" });
  expect(placeOf("", graph).node).toBeNull();
});
