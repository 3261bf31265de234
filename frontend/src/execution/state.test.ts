import { expect, test } from "vitest";
import { state, task } from "./examples";
import { isSame, lastReplay, receive } from "./state";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test("a state that says the same keeps every node the same object", () => {
  const shown = state({ tasks: [task("read"), task("write")], attempts: [], params: { day: ["mon"] } });
  const next = receive(shown, copy(shown));
  expect(next.tasks).toBe(shown.tasks);
  expect(next.params).toBe(shown.params);
});

test("only the node that changed becomes another object", () => {
  const shown = state({ tasks: [task("read"), task("write")] });
  const next = receive(shown, state({ tasks: [task("read", { status: "running", tries: 1 }), task("write")] }));
  expect(next.tasks[0]).not.toBe(shown.tasks[0]);
  expect(next.tasks[0]?.status).toBe("running");
  expect(next.tasks[1]).toBe(shown.tasks[1]);
});

test("a state of an earlier attempt never replaces that of a later one", () => {
  const shown = state({ attempt: 2, status: "running" });
  expect(receive(shown, state({ attempt: 1, status: "failed" }))).toBe(shown);
  expect(receive(shown, state({ attempt: 3, status: "pending" })).status).toBe("pending");
});

test("a node that came or went is taken over", () => {
  const shown = state({ tasks: [task("read")] });
  expect(receive(shown, state({ tasks: [task("read"), task("write")] })).tasks).toHaveLength(2);
  expect(receive(shown, state({ tasks: [] })).tasks).toEqual([]);
});

test("values are the same by what they say, not by their order or identity", () => {
  expect(isSame({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
  expect(isSame({ a: 1 }, { a: 1, b: undefined })).toBe(false);
  expect(isSame([1], { 0: 1 })).toBe(false);
  expect(isSame(null, {})).toBe(false);
  expect(isSame({ a: undefined }, { b: undefined })).toBe(false);
});

test("the last replay is that of the node which is asked for", () => {
  const replay = (id: string, replay_node: string, minute: number) => ({ id, replay_node, status: "success", created_at: `2026-01-01T10:0${minute}:00Z` });
  const replays = [replay("a", "cast", 2), replay("b", "read", 3), replay("c", "cast", 1)];
  expect(lastReplay(replays)?.id).toBe("b");
  expect(lastReplay(replays, "cast")?.id).toBe("a");
  expect(lastReplay(replays, "write")).toBeUndefined();
});
