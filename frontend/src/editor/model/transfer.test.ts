import { expect, test } from "vitest";
import { settingsToTake } from "./transfer";

const FILE = { name: "Theirs", schedule: "@daily", timezone: "Europe/Paris", tags: ["a"] };

test("a new pipeline takes from a file what it holds nothing of", () => {
  const held: Record<string, string> = { name: "Mine", timezone: "UTC" };
  expect(settingsToTake(FILE, false, (name) => held[name] ?? "")).toEqual({ schedule: "@daily", timezone: "Europe/Paris", tags: ["a"] });
});

test("a time zone stays with the schedule that is there", () => {
  const held: Record<string, string> = { schedule: "0 6 * * *", timezone: "UTC" };
  expect(settingsToTake(FILE, false, (name) => held[name] ?? "")).toEqual({ name: "Theirs", tags: ["a"] });
});

test("a stored pipeline keeps its settings, also those that are empty", () => {
  expect(settingsToTake(FILE, true, () => "")).toEqual({});
});
