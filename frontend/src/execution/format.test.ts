// @vitest-environment node
import { expect, test, vi } from "vitest";

vi.hoisted(() => {
  vi.stubEnv("TZ", "Europe/Paris");
  vi.stubGlobal("document", { documentElement: { lang: "en" } });
});

import { axisTime, counted, duration, moment, running, rows, shortRows, size, valueText, zone } from "./format";

test("durations are said in the unit that fits, and never as 60 seconds", () => {
  expect([0, 0.0341, 0.9999, 2.34, 59.94, 59.97, 65, 3599.6, 7380, 100_000, null].map(duration)).toEqual([
    ...["0 ms", "34 ms", "1.0 s", "2.3 s", "59.9 s", "1 min 00 s", "1 min 05 s", "1 h 00 min"],
    ...["2 h 03 min", "1 d 3 h", "–"],
  ]);
});

test("what runs is counted in whole seconds, and never backwards from nothing", () => {
  expect([-3, 0.4, 59.9, 60].map(running)).toEqual(["0 s", "0 s", "59 s", "1 min 00 s"]);
});

test("an axis has short words", () => {
  expect([0, 20, 5_000, 120_000, 5_400_000, 90_000, 86_400_000].map(axisTime)).toEqual(["0", "20 ms", "5 s", "2 min", "1 h 30 min", "1 min 30 s", "1 d"]);
});

test("sizes go by thousands", () => {
  expect([0, 999, 999_600, 1_500, 249_000_000, 3e12, null].map(size)).toEqual(["0 B", "999 B", "1 MB", "1.5 kB", "249 MB", "3 TB", "–"]);
});

test("rows are grouped, and shortened where there is little room", () => {
  expect([rows(1_234_567), rows(null), shortRows(9_999), shortRows(1_250_000)]).toEqual(["1,234,567", "–", "9,999", "1.3M"]);
});

test("the word follows the number", () => {
  expect([0, 1, 2_000].map((count) => counted(count, "{n} row", "{n} rows"))).toEqual(["0 rows", "1 row", "2,000 rows"]);
});

test("a moment of today goes without its day", () => {
  const now = new Date(2026, 0, 2, 12).getTime();
  expect(moment(new Date(2026, 0, 2, 9, 5, 7).toISOString(), now)).toBe("09:05:07");
  expect(moment(new Date(2026, 0, 1, 21, 5, 7).toISOString(), now)).toMatch(/2026.* 21:05:07$/);
  expect(moment(null, now)).toBe("–");
});

test("values are shown as text or JSON", () => {
  expect([valueText("a"), valueText(1.5), valueText({ a: [1] })]).toEqual(["a", "1.5", '{"a":[1]}']);
});

test("the time zone is that of the moment, in summer as in winter", () => {
  expect(zone("2026-01-02T09:00:00Z")).toEqual({ short: "GMT+1", name: "Europe/Paris" });
  expect(zone("2026-07-02T09:00:00Z").short).toBe("GMT+2");
});
