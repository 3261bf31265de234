// @vitest-environment happy-dom
import { act } from "react";
import { beforeEach, expect, test, vi } from "vitest";
import { button, drawn, press, type } from "../shared/drawn";
import { Head } from "./Head";
import { focusName } from "./page/actions";
import type { Draft } from "./saving/useDraft";
import { useEditor } from "./store";

const PAGE = `
  <input id="id_name" value="Orders">
  <nav class="page-tabs"><a class="button main" href="/execute/">Execute</a></nav>
  <button type="button" name="_continue">Save</button>`;

const draft: Draft = {
  busy: false,
  conflict: null,
  save: vi.fn(),
  keepMine: vi.fn(),
  takeTheirs: vi.fn(),
  cancel: vi.fn(),
  discard: vi.fn(),
};

function head(full: boolean): HTMLElement {
  const nothing = () => undefined;
  return drawn(<Head draft={draft} hasDraft={false} full={full} onTemplates={nothing} onImport={nothing} onDiscard={nothing} />, PAGE);
}

const labels = (place: HTMLElement) => [...place.querySelectorAll(".ed-button")].map((one) => one.textContent?.trim());

beforeEach(() => {
  act(() => useEditor.setState({ mayChange: true }));
});

test("in full screen the head has what it covers: the name, saving and executing", () => {
  expect(labels(head(false))).toEqual(["File ▾", "Save as draft"]);
  const place = head(true);
  expect(labels(place)).toEqual(["File ▾", "Save as draft", "Save and deploy", "Execute"]);
  expect(place.querySelector<HTMLAnchorElement>("a.ed-button")!.getAttribute("href")).toContain("/execute/");
  const clicked = vi.fn();
  document.querySelector("[name=_continue]")!.addEventListener("click", clicked);
  press(button("Save and deploy"));
  expect(clicked).toHaveBeenCalledOnce();
});

test("a name typed in full screen is that of the page", () => {
  const place = head(true);
  const name = place.querySelector<HTMLInputElement>("input[aria-label=Name]")!;
  expect(name.value).toBe("Orders");
  type(name, "Orders of today");
  expect(document.querySelector<HTMLInputElement>("#id_name")!.value).toBe("Orders of today");
});

test("a draft without a name asks for it where it can be written", () => {
  head(false);
  focusName();
  expect(document.activeElement?.id).toBe("id_name");
  const place = head(true);
  focusName();
  expect(place.contains(document.activeElement)).toBe(true);
});

test("who may only look can neither name nor save in full screen", () => {
  act(() => useEditor.setState({ mayChange: false }));
  const place = head(true);
  expect(labels(place)).toEqual(["File ▾", "Execute"]);
  expect(place.querySelector("input")).toBeNull();
});

test("the menu gives the keyboard back to its button", () => {
  const place = head(false);
  press(button("File ▾"));
  press(button("Start from a template…"));
  expect(place.querySelector(".ed-popup")).toBeNull();
  expect(document.activeElement).toBe(button("File ▾"));
});
