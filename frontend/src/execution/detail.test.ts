// @vitest-environment node
import { expect, test, vi } from "vitest";

vi.hoisted(() => vi.stubGlobal("document", { documentElement: { lang: "en" } }));

import { type Detail, stateOf } from "./detail";
import { state, task } from "./examples";

const NOW = "2026-01-01T11:00:00.000Z";
const EVERYTHING = { cancel: true, execute: true };

/** An answer of `GET /executions/{id}`, which says nothing of its own of what is possible. */
function answer(status: string, tasks: Detail["tasks"] = [], fields: Partial<Detail> = {}): Detail {
  const { server_time, is_active, may_still_run, actions, progress, ...rest } = state({ status });
  return { ...rest, ...fields, tasks };
}

function node(id: string, fields: Partial<Detail["tasks"][number]>): Detail["tasks"][number] {
  const { has_sample, has_rejected, outputs, columns, run_tries, ...rest } = task(id);
  return { ...rest, ...fields };
}

test("outputs become what is to be known of them", () => {
  const { tasks } = stateOf(
    answer("success", [
      node("read", { output: { columns: ["a", "b"], data: [{ a: 1, b: 2 }], shape: [7, 2] } }),
      node("split", { output: { outputs: { kept: { shape: [3, 1] }, dropped: { shape: [4, 1] } } }, rejected: { rows: 1 } }),
      node("write", { output: null }),
    ]),
    EVERYTHING,
    NOW,
  );
  expect(tasks.map((each) => [each.has_sample, each.columns, each.outputs, each.has_rejected])).toEqual([
    [true, 2, null, false],
    [true, null, { kept: 3, dropped: 4 }, true],
    [false, null, null, false],
  ]);
  expect(tasks[0]).not.toHaveProperty("output");
});

test("the last try is made of the node's own times", () => {
  const times = { started_at: "2026-01-01T10:00:00Z", completed_at: null, duration_seconds: null };
  const { tasks } = stateOf(answer("running", [node("read", { status: "running", tries: 2, ...times })]), EVERYTHING, NOW);
  expect(tasks[0]?.run_tries).toEqual([{ number: 2, status: "running", ...times }]);
});

test("what can be done follows from the status and from what the user may", () => {
  const actions = (status: string, may = EVERYTHING, fields: Partial<Detail> = {}) => stateOf(answer(status, [], fields), may, NOW).actions;
  expect(actions("running")).toEqual({ cancel: true, retry: false, run_again: false });
  expect(actions("failed")).toEqual({ cancel: false, retry: true, run_again: true });
  expect(actions("unknown")).toEqual({ cancel: true, retry: false, run_again: true });
  expect(actions("failed", { cancel: true, execute: false })).toEqual({ cancel: false, retry: false, run_again: false });
  expect(actions("running", EVERYTHING, { cancel_requested_at: NOW }).cancel).toBe(false);
});

test("progress counts the nodes that have ended, however", () => {
  const tasks = ["success", "failed", "skipped", "running", "pending"].map((status) => node(status, { status }));
  expect(stateOf(answer("running", tasks), EVERYTHING, NOW).progress).toEqual({ done: 3, total: 5 });
});

test("what the server says of itself holds", () => {
  const told = state({ status: "failed", actions: { cancel: false, retry: false, run_again: true }, server_time: "2026-02-02T00:00:00Z" });
  const made = stateOf(told, EVERYTHING, NOW);
  expect(made.actions).toEqual(told.actions);
  expect(made.server_time).toBe(told.server_time);
});
