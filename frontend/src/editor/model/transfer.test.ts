import { expect, test } from "vitest";
import { replacements, settingsToTake } from "./transfer";

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
  expect(replacements(taken, (name) => held[name] ?? "")).toEqual([["schedule", "0 6 * * *", "@daily"]]);
});

test("a stored pipeline loses a schedule that the file does not have, and is told", () => {
  const taken = settingsToTake({ schedule: "", timeout: null }, true, (name) => ({ schedule: "@daily", timeout: "60" })[name] ?? "");
  expect(replacements(taken, () => "x")).toEqual([["schedule", "x", ""], ["timeout", "x", ""]]);
});
