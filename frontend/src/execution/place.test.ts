// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { hashOf, placeOf, rememberedNode, rememberNode } from "./place";

const graph = { nodes: [{ id: "read me", name: "", module: "", position: null }], edges: [] };
const address = () => window.location.pathname + window.location.search + window.location.hash;

beforeEach(() => {
  window.history.replaceState(null, "", "/change/");
});

test("an open node comes back from the address", () => {
  expect(placeOf(hashOf("read me", "log"), graph)).toEqual({ node: "read me", tab: "log" });
  expect(hashOf(null, "log")).toBe("");
});

test("an address of something else opens nothing", () => {
  expect(placeOf("#node=other&tab=odd", graph)).toEqual({ node: null, tab: "overview" });
  expect(placeOf("", graph).node).toBeNull();
});

test("a query opens a node, which the fragment names from then on", () => {
  window.history.replaceState(null, "", "/change/?node=read+me&tab=log&kept=1");
  expect(rememberedNode(graph)).toEqual({ node: "read me", tab: "log" });
  rememberNode({ node: "read me", tab: "data" });
  expect(address()).toBe("/change/?kept=1#node=read+me&tab=data");
  expect(rememberedNode(graph)).toEqual({ node: "read me", tab: "data" });
});

test("a node that was closed is not opened by a reload", () => {
  window.history.replaceState(null, "", "/change/?node=read+me");
  rememberNode({ node: null, tab: "overview" });
  expect(address()).toBe("/change/");
  expect(rememberedNode(graph).node).toBeNull();
});
