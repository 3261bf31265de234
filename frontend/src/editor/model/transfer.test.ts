import { expect, test } from "vitest";
import { imported, replacements, settingsToTake } from "./transfer";

const FILE = { name: "Theirs", schedule: "@daily", timezone: "Europe/Paris", tags: ["a"] };

test("a new pipeline takes from a file what it holds nothing of", () => {
  const held: Record<string, string> = { name: "Mine", timezone: "UTC" };
  expect(settingsToTake(FILE, false, (name) => held[name] ?? "")).toEqual({ schedule: "@daily", timezone: "Europe/Paris", tags: ["a"] });
});

test("a time zone stays with the schedule that is there", () => {
  const held: Record<string, string> = { schedule: "0 6 * * *", timezone: "UTC" };
  expect(settingsToTake(FILE, false, (name) => held[name] ?? "")).toEqual({ name: "Theirs", tags: ["a"] });
});

test("a stored pipeline takes the settings that differ, but for its name", () => {
  const held: Record<string, string> = { name: "Mine", schedule: "0 6 * * *", timezone: "Europe/Paris", tags: "a ", timeout: "60" };
  const taken = settingsToTake({ ...FILE, timeout: 60.0, description: "" }, true, (name) => held[name] ?? "");
  expect(taken).toEqual({ schedule: "@daily" });
  expect(replacements(taken, (name) => held[name] ?? "")).toEqual([{ name: "schedule", from: "0 6 * * *", to: "@daily" }]);
});

test("a stored pipeline loses a schedule that the file does not have, and is told", () => {
  const taken = settingsToTake({ schedule: "", timeout: null }, true, (name) => ({ schedule: "@daily", timeout: "60" })[name] ?? "");
  expect(replacements(taken, () => "x")).toEqual([
    { name: "schedule", from: "x", to: "" },
    { name: "timeout", from: "x", to: "" },
  ]);
});

test("a new pipeline that a file says is not active is not, and none becomes active by a file", () => {
  const held = (active: string) => (name: string) => (name === "is_active" ? active : "");
  expect(settingsToTake({ is_active: false }, false, held("true"))).toEqual({ is_active: false });
  expect(settingsToTake({ is_active: true }, false, held("false"))).toEqual({});
});

test("a stored pipeline is told that a file makes it active", () => {
  const taken = settingsToTake({ is_active: true }, true, () => "false");
  expect(replacements(taken, () => "false")).toEqual([{ name: "is_active", from: "false", to: "true" }]);
});

test("a file says whether its pipeline is active", () => {
  const doc = { graph: { nodes: [], edges: [] }, params: {}, specs: {} };
  const file = JSON.stringify({ name: "a", is_active: false, config: doc.graph });
  expect(imported(file, doc)?.settings).toEqual({ name: "a", is_active: false });
});
