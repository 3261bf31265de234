// @vitest-environment node
import { expect, test, vi } from "vitest";
import type { ModuleInfo } from "./modules";

vi.stubGlobal("document", { documentElement: { lang: "en" } });

const { searchModules } = await import("./modules");

function module(key: string, title: string, keywords: string, description: string): ModuleInfo {
  const rest = { kind: "transform" as const, icon: "", summary: "", ports: ["input"], variadic: false, outputs: "one" as const };
  return { key, title, keywords, description, config_schema: {}, ...rest };
}

test("modules are found by the words that people have for them, after those that are called so", () => {
  const all = [
    module("transform.limit", "Limit", "first, top", "Stops where enough rows have come."),
    module("transform.filter", "Filter", "where, condition", "Keep the rows for which a condition holds."),
    module("transform.where", "Where", "", ""),
  ];
  expect(searchModules(all, "where").map((found) => found.title)).toEqual(["Where", "Filter", "Limit"]);
  expect(searchModules(all, "merge")).toEqual([]);
});
