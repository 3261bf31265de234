import { expect, test } from "vitest";
import { run, state, task } from "./examples";
import { attemptStart, ganttRows, ganttScale, placed } from "./gantt";

const TEN = Date.UTC(2026, 0, 1, 10);

test("every try has a bar in the row of its node", () => {
  const rows = ganttRows([task("read", { run_tries: [run(1, 0, 2, "failed"), run(2, 5, 9)] }), task("write")]);
  expect(rows.map((row) => row.bars.map((bar) => [bar.number, bar.status]))).toEqual([[[1, "failed"], [2, "success"]], []]);
});

test("without a bar there is no scale", () => {
  expect(ganttScale(ganttRows([task("read")]), TEN)).toBeNull();
});

test("the scale of what has ended goes from the first start to the last end", () => {
  const scale = ganttScale(ganttRows([task("a", { run_tries: [run(1, 3, 10)] }), task("b", { run_tries: [run(1, 8, 27)] })]), TEN + 999_000);
  expect(scale).toMatchObject({ start: TEN + 3_000, end: TEN + 27_000 });
  expect(scale?.ticks.map((tick) => tick.since)).toEqual([0, 5_000, 10_000, 15_000, 20_000]);
});

test("ticks are round, and never more than asked for", () => {
  for (const seconds of [0.05, 0.7, 3, 59, 61, 3_599, 90_000, 5_000_000]) {
    const scale = ganttScale(ganttRows([task("a", { run_tries: [run(1, 0, seconds)] })]), TEN, 6)!;
    expect(scale.ticks.length).toBeLessThanOrEqual(7);
    expect(scale.ticks.length).toBeGreaterThan(1);
    expect(scale.ticks.at(-1)!.left).toBeLessThanOrEqual(100.0001);
  }
});

test("while a bar runs the scale stands still between two ticks", () => {
  const rows = ganttRows([task("a", { run_tries: [run(1, 0, null, "running")] })]);
  const ends = [21, 22, 24].map((seconds) => ganttScale(rows, TEN + seconds * 1000)!.end);
  expect(new Set(ends).size).toBe(1);
  expect(ganttScale(rows, TEN + 26_000)!.end).toBeGreaterThan(ends[0]!);
});

test("a running bar grows with time and never leaves the axis", () => {
  const rows = ganttRows([task("a", { run_tries: [run(1, 0, null, "running")] })]);
  const scale = ganttScale(rows, TEN + 10_000)!;
  const bar = rows[0]!.bars[0]!;
  expect(placed(bar, scale, TEN + 5_000).width).toBeLessThan(placed(bar, scale, TEN + 9_000).width);
  const late = placed(bar, scale, TEN + 1e9);
  expect(late.left + late.width).toBeLessThanOrEqual(100);
});

test("a bar of no length can still be seen, also at the very end", () => {
  const rows = ganttRows([task("a", { run_tries: [run(1, 0, 100)] }), task("b", { run_tries: [run(1, 100, 100)] })]);
  const { left, width } = placed(rows[1]!.bars[0]!, ganttScale(rows, TEN)!, TEN);
  expect(width).toBeGreaterThan(0);
  expect(left + width).toBeLessThanOrEqual(100);
});

test("a clock that is behind does not turn a running bar round", () => {
  const rows = ganttRows([task("a", { run_tries: [run(1, 60, null, "running")] })]);
  expect(placed(rows[0]!.bars[0]!, ganttScale(rows, TEN)!, TEN).width).toBeGreaterThan(0);
});

test("tries of earlier attempts can be left out", () => {
  const attempt = (number: number, requested_at: string | null) => ({
    number,
    requested_at,
    status: "failed",
    error_message: "",
    requested_by: null,
    started_at: null,
    completed_at: null,
    duration_seconds: null,
    nodes: [],
  });
  const second = state({ attempt: 2, attempts: [attempt(1, null), attempt(2, new Date(TEN + 3_600_000).toISOString())] });
  const tasks = [task("a", { run_tries: [run(1, 0, 2, "failed"), run(2, 3_601, 3_602)] })];
  expect(ganttRows(tasks, attemptStart(second))[0]!.bars.map((bar) => bar.number)).toEqual([2]);
  expect(ganttRows(tasks, attemptStart(state()))[0]!.bars).toHaveLength(2);
});
