// @vitest-environment node
import { expect, test, vi } from "vitest";
import type { Task } from "./state";

vi.hoisted(() => vi.stubGlobal("document", { documentElement: { lang: "en" } }));

import { begun, lineWords, progressWord, refreshedWord } from "./words";

const nodes = (...statuses: string[]) => statuses.map((status) => ({ status }) as Task);

test("nodes that were skipped or cancelled have not succeeded", () => {
  const ended = { is_active: false, progress: { done: 3, total: 3 }, tasks: nodes("success", "cancelled", "skipped") };
  expect(progressWord(ended)).toBe("1 of 3 succeeded");
});

test("while it goes on it is told how many nodes ended", () => {
  const tasks = nodes("success", "running", "pending");
  expect(progressWord({ is_active: true, progress: { done: 1, total: 3 }, tasks })).toBe("1 of 3 nodes ended");
  expect(progressWord({ is_active: true, progress: { done: 0, total: 1 }, tasks: nodes("running") })).toBe("0 of 1 node ended");
});

test("that Airflow was asked is said only where it was", () => {
  const asked = "Airflow was asked; this is what it says now.";
  expect(refreshedWord({ status: "running", status_reason: "", triggered_at: "2026-11-28T12:00:00Z" })).toBe(asked);
  expect(refreshedWord({ status: "pending", status_reason: "Airflow cannot be reached.", triggered_at: null })).not.toBe(asked);
  expect(refreshedWord({ status: "success", status_reason: "", triggered_at: "2026-11-28T12:00:00Z" })).not.toBe(asked);
});

test("a page that the server tells late is not called live", () => {
  expect(lineWords("deaf").word).toContain("Not live");
});

test("a replay is not said to have been started replay", () => {
  expect(begun("replay")).toBe("Replay of rejected rows");
  expect(begun("api")).toBe("Started over the API");
});
