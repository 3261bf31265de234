// @vitest-environment node
import { expect, test, vi } from "vitest";

vi.hoisted(() => vi.stubGlobal("document", { documentElement: { lang: "en" } }));

import { asTable } from "./rejected-rows";

const about = { file: null, line: null, field: "amount", reason: "'two' is no DOUBLE" };

const ours = (...names: string[]) => names.map((name) => ({ name, isOurs: true }));

test("the values of rejected rows stand in columns, and rows are counted from 1", () => {
  expect(asTable([{ ...about, record: '{"id":"1","amount":"two"}' }])).toEqual({
    columns: [...ours("#", "Reason"), { name: "id" }, { name: "amount" }],
    rows: [[1, "'two' is no DOUBLE", "1", "two"]],
  });
});

test("a raw record stays whole, and it is told where it stands", () => {
  expect(asTable([{ ...about, file: "a.csv", line: 3, record: "1;two" }])).toEqual({
    columns: ours("#", "Reason", "File", "Line", "Record"),
    rows: [[1, "'two' is no DOUBLE", "a.csv", 3, "1;two"]],
  });
});

test("columns of the data that are called like ours stand beside ours", () => {
  const { columns, rows } = asTable([{ ...about, record: '{"Reason":"late","#":7}' }]);
  expect(columns).toEqual([...ours("#", "Reason"), { name: "Reason" }, { name: "#" }]);
  expect(rows).toEqual([[1, "'two' is no DOUBLE", "late", 7]]);
});
