// @vitest-environment node
import { expect, test, vi } from "vitest";

vi.hoisted(() => vi.stubGlobal("document", { documentElement: { lang: "en" } }));

import { asTable } from "./rejected-rows";

const about = { file: null, line: null, field: "amount", reason: "'two' is no DOUBLE" };

test("the values of rejected rows stand in columns, and rows are counted from 1", () => {
  const rows = asTable([{ ...about, record: '{"id":"1","amount":"two"}' }]);
  expect(rows).toEqual([{ "#": 1, Reason: "'two' is no DOUBLE", id: "1", amount: "two" }]);
});

test("a raw record stays whole, and it is told where it stands", () => {
  const [row] = asTable([{ ...about, file: "a.csv", line: 3, record: "1;two" }]);
  expect(row).toMatchObject({ File: "a.csv", Line: 3, Record: "1;two" });
});
