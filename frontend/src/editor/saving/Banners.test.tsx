// @vitest-environment happy-dom
import { act } from "react";
import { beforeEach, expect, test } from "vitest";
import { button, drawn, press } from "../../shared/drawn";
import type { Doc } from "../model/graph";
import { keep } from "../model/unsaved";
import { useEditor } from "../store";
import { TabBar } from "../TabBar";
import { Banners } from "./Banners";

const doc = (...ids: string[]): Doc => ({
  graph: { nodes: ids.map((id) => ({ id, module: "extract.csv" })), edges: [] },
  params: {},
  specs: {},
});
const state = () => useEditor.getState();
const shown = () => state().history.present;

function page() {
  return drawn(
    <>
      <Banners seen={null} />
      <TabBar />
    </>,
    '<input id="id_description" value="as saved">',
  );
}

beforeEach(() => {
  localStorage.clear();
  act(() => useEditor.setState({ pipeline: "p", tab: "canvas" }));
  act(() => state().begin(doc("saved")));
});

function leave(text?: string): void {
  const settings = { description: "as typed", tags: [], timeout: null };
  keep(localStorage, "p", { doc: doc("saved", "typed"), settings, ...(text ? { text } : {}), at: "2026-01-02T09:00:00Z", seen: null, sent: false });
}

test("restored work can be undone, and done again", () => {
  leave();
  page();
  press(button("Restore it"));
  expect(shown()).toEqual(doc("saved", "typed"));
  expect(document.querySelector<HTMLInputElement>("#id_description")!.value).toBe("as typed");
  act(() => state().undo());
  expect(shown()).toBe(state().saved);
  act(() => state().redo());
  expect(shown()).toEqual(doc("saved", "typed"));
});

test("the keyboard stays in the editor when the offer is answered", () => {
  for (const answer of ["Restore it", "Discard it"]) {
    leave();
    page();
    press(button(answer));
    expect(document.querySelector(".ed-banner")).toBeNull();
    expect(document.activeElement?.id).toBe("ed-tab-canvas");
    act(() => state().begin(doc("saved")));
  }
});

test("discarded work is not offered again", () => {
  leave();
  page();
  press(button("Discard it"));
  expect(shown()).toBe(state().saved);
  page();
  expect(document.querySelector(".ed-banner")).toBeNull();
});

test("a restored text that is no JSON is shown, and so is the way back to it", () => {
  leave("{");
  page();
  press(button("Restore it"));
  expect(document.activeElement?.id).toBe("ed-tab-json");
  press(button("Canvas"));
  press(button("Correct the JSON"));
  expect(state().tab).toBe("json");
  expect(document.activeElement?.id).toBe("ed-tab-json");
});
