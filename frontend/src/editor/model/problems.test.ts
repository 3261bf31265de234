// @vitest-environment node
import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";

const MESSAGES = "../logidata/locale/fr/LC_MESSAGES/messages.po";

/** Return the module as a page in that language has it. */
async function inLanguage(lang: string): Promise<typeof import("./problems")> {
  vi.stubGlobal("document", { documentElement: { lang } });
  vi.resetModules();
  return import("./problems");
}

afterEach(() => vi.unstubAllGlobals());

test("a node's form does not name the node again, in either language", async () => {
  const english = await inLanguage("en");
  expect(english.shortMessage({ node: "read", field: null, message: "Node 'read': it has no input." })).toBe(
    "It has no input.",
  );
  const french = await inLanguage("fr");
  const said = readFileSync(MESSAGES, "utf8").match(/msgid "Node '\{node\}': \{problem\}"\nmsgstr "(.*)"/)?.[1];
  const message = said!.replace("{node}", "read").replace("{problem}", "il n’a pas d’entrée.");
  expect(french.shortMessage({ node: "read", field: null, message })).toBe("Il n’a pas d’entrée.");
});

test("what is said of another node, or of none, stays as it is", async () => {
  const { shortMessage } = await inLanguage("en");
  expect(shortMessage({ node: "read", field: null, message: "Node 'keep': it has no input." })).toBe(
    "Node 'keep': it has no input.",
  );
  expect(shortMessage({ node: null, field: null, message: "The graph has no nodes." })).toBe("The graph has no nodes.");
});
