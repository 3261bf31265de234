// @vitest-environment node
import { expect, test, vi } from "vitest";

test("a text without a translation stays English, with its values filled in", async () => {
  vi.stubGlobal("document", { documentElement: { lang: "fr" } });
  const { t } = await import("./i18n");
  expect(t("{rows} rows of {node}", { rows: 3, node: "read" })).toBe("3 rows of read");
});
