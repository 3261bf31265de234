import { expect, test } from "vitest";

import { editor } from "./fr/editor";
import { execution } from "./fr/execution";
import { shared } from "./fr/shared";
import { fr } from "./fr";

const files = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.*", "!../shared/{i18n,fr}.ts", "!../shared/fr/*"], {
  query: "?raw",
  import: "default",
  eager: true,
});

/** The texts of all calls `t("…")`; the second group is what a call holds that is no such text. */
const CALL = /\bt\(\s*(?:("(?:[^"\\]|\\.)*")\s*[,)]|([^\n]*))/g;

const calls = Object.entries(files).flatMap(([file, source]) =>
  [...source.matchAll(CALL)].map(([, literal, other]) => ({ file, literal, other })),
);
const texts = new Set(calls.flatMap(({ literal }) => (literal === undefined ? [] : [JSON.parse(literal) as string])));

function placeholders(text: string): string[] {
  return [...text.matchAll(/\{\w+\}/g)].map(([whole]) => whole).sort();
}

test("the sources are found, and what is translated is a text in one piece", () => {
  expect(texts.size).toBeGreaterThan(300);
  expect(calls.filter(({ literal }) => literal === undefined)).toEqual([]);
});

test("every text has its French", () => {
  expect([...texts].filter((text) => !fr[text])).toEqual([]);
});

test("there is no French for a text that no page has", () => {
  expect(Object.keys(fr).filter((text) => !texts.has(text))).toEqual([]);
});

test("a text stands in one of the lists only", () => {
  const all = [shared, editor, execution].flatMap((list) => Object.keys(list));
  expect(all.filter((text, place) => all.indexOf(text) !== place)).toEqual([]);
});

test("the French has the placeholders of the English", () => {
  const wrong = Object.entries(fr).filter(([text, french]) => `${placeholders(text)}` !== `${placeholders(french)}`);
  expect(wrong).toEqual([]);
});

test("the French has a space that does not break before its high punctuation", () => {
  expect(Object.values(fr).filter((french) => / [:;!?»]|« /.test(french))).toEqual([]);
});
