import { expect, test } from "vitest";
import { EMPTY_LOG, endOf, found, fromRank, isWhole, type LogPage, pageBefore, pieces, withPage } from "./log-pages";

function page(offset: number, count: number, total: number, fields: Partial<LogPage> = {}): LogPage {
  const events = Array.from({ length: count }, (_, index) => ({ timestamp: null, level: "info", message: `message ${offset + index}` }));
  return { node: "read", try: 1, is_kept: false, total, offset, next: offset + count < total ? offset + count : null, events, ...fields };
}

const places = (part: typeof EMPTY_LOG) => part.lines.map((line) => line.place);

test("a log is read from its end, page by page to its beginning", () => {
  let part = withPage(EMPTY_LOG, page(7, 3, 10));
  expect(isWhole(part)).toBe(false);
  expect(pageBefore(part, 5)).toEqual({ offset: 2, limit: 5 });
  part = withPage(part, page(2, 5, 10));
  expect(pageBefore(part, 5)).toEqual({ offset: 0, limit: 2 });
  part = withPage(part, page(0, 2, 10));
  expect(places(part)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(isWhole(part)).toBe(true);
  expect(pageBefore(part, 5)).toBeNull();
});

test("what is new is added, and what is held stays the same objects", () => {
  const part = withPage(EMPTY_LOG, page(0, 3, 3));
  const grown = withPage(part, page(3, 2, 5));
  expect(places(grown)).toEqual([0, 1, 2, 3, 4]);
  expect(grown.lines[0]).toBe(part.lines[0]);
  expect(endOf(grown)).toBe(5);
});

test("a page without anything new changes no line", () => {
  const part = withPage(EMPTY_LOG, page(0, 3, 3));
  expect(withPage(part, page(3, 0, 3)).lines).toBe(part.lines);
});

test("a page that overlaps adds only what was not there", () => {
  const part = withPage(withPage(EMPTY_LOG, page(2, 3, 5)), page(0, 4, 6));
  expect(places(part)).toEqual([0, 1, 2, 3, 4]);
  expect(places(withPage(part, page(3, 3, 6)))).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a log that became shorter, another try, and a page behind a gap replace what was held", () => {
  const part = withPage(EMPTY_LOG, page(0, 5, 5));
  expect(places(withPage(part, page(0, 2, 2)))).toEqual([0, 1]);
  expect(withPage(part, page(0, 1, 1, { try: 2 }))).toMatchObject({ try: 2, total: 1 });
  expect(places(withPage(part, page(8, 2, 10)))).toEqual([8, 9]);
});

test("colours of a terminal are left out of messages", () => {
  const part = withPage(EMPTY_LOG, page(0, 1, 1, { events: [{ timestamp: null, level: "", message: "\u001b[1;31mred\u001b[0m [kept]" }] }));
  expect(part.lines[0]?.message).toBe("red [kept]");
});

test("lines can be narrowed to how serious they are", () => {
  const events = ["debug", "info", "", "warning", "error", "critical", "odd"].map((level) => ({ timestamp: null, level, message: level }));
  const { lines } = withPage(EMPTY_LOG, page(0, 7, 7, { events }));
  const levels = (least: number) => fromRank(lines, least).map((line) => line.level);
  expect(fromRank(lines, 0)).toBe(lines);
  expect(levels(20)).toEqual(["info", "", "warning", "error", "critical", "odd"]);
  expect(levels(30)).toEqual(["warning", "error", "critical"]);
  expect(levels(40)).toEqual(["error", "critical"]);
});

test("a text is found whatever its case, as it stands", () => {
  const events = ["Read ORDERS.csv", "nothing", "orders.csv (again)"].map((message) => ({ timestamp: null, level: "", message }));
  const { lines } = withPage(EMPTY_LOG, page(0, 3, 3, { events }));
  expect(found(lines, "orders.CSV")).toEqual([0, 2]);
  expect(found(lines, "(")).toEqual([2]);
  expect(found(lines, ".*")).toEqual([]);
  expect(found(lines, "")).toEqual([]);
});

test("a message is cut where it holds the text", () => {
  expect(pieces("aXbxc", "x")).toEqual(["a", "X", "b", "x", "c"]);
  expect(pieces("none", "x")).toEqual(["none"]);
  expect(pieces("whole", "")).toEqual(["whole"]);
  expect(pieces("aXbXc", "x").join("")).toBe("aXbXc");
  expect(pieces("İx", "x").join("")).toBe("İx");
});
