import { expect, test } from "vitest";
import { renameReads, renameTable } from "./sql";

test.each([
  ["SELECT * FROM orders", "SELECT * FROM paid"],
  ["select o.id from Orders o join lines l on l.id = o.id", "select o.id from paid o join lines l on l.id = o.id"],
  ["SELECT orders.id, orders FROM lines, orders", "SELECT paid.id, orders FROM lines, paid"],
  ['SELECT "orders".id FROM "orders"', 'SELECT "paid".id FROM "paid"'],
])("a query follows the table's new name: %s", (query, expected) => {
  expect(renameTable(query, "orders", "paid")).toBe(expected);
});

test.each([
  "SELECT 'from orders' FROM lines",
  "SELECT 1 -- from orders",
  "SELECT id, orders FROM lines WHERE orders > 1",
  "SELECT * FROM shop.orders",
  "SELECT * FROM old_orders",
  "SELECT * FROM {{ params.orders }}",
  "SELECT paid.id FROM lines paid JOIN orders ON true",
])("a query stays where that is another name, or the new one is in use: %s", (query) => {
  expect(renameTable(query, "orders", "paid")).toBe(query);
});

test("only queries that read the node by its id follow", () => {
  const sql = (id: string) => ({ id, module: "transform.sql", config: { query: "SELECT * FROM orders" } });
  const graph = {
    nodes: [{ id: "paid", module: "extract.csv" }, sql("by_id"), sql("by_port"), sql("other")],
    edges: [
      { source: "paid", target: "by_id" },
      { source: "paid", target: "by_port", port: "orders" },
    ],
  };
  const renamed = renameReads(graph, "orders", "paid", new Set(["by_id", "by_port", "other"]));
  expect(renamed.nodes.map((node) => node.config?.query)).toEqual([
    undefined, "SELECT * FROM paid", "SELECT * FROM orders", "SELECT * FROM orders",
  ]);
});
