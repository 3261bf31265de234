/** Components in the DOM of a test. */

import { act, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let root: Root | null = null;

/** Draw into an empty page, which may hold `fields` beside it; return where. */
export function drawn(content: ReactNode, fields = ""): HTMLElement {
  act(() => root?.unmount());
  document.body.innerHTML = `${fields}<div></div>`;
  const place = document.body.lastElementChild as HTMLElement;
  root = createRoot(place);
  act(() => root?.render(content));
  return place;
}

/** Return the button, or link, with exactly this text. */
export function button(text: string): HTMLElement {
  const found = [...document.querySelectorAll<HTMLElement>("button, a")].find((one) => one.textContent === text);
  if (!found) throw new Error(`There is no button '${text}'.`);
  return found;
}

/** Press a button as somebody does who has come to it by keyboard. */
export function press(pressed: HTMLElement): void {
  pressed.focus();
  act(() => pressed.click());
}

/** Have a field hold a text, as if it was typed. */
export function type(field: HTMLInputElement, text: string): void {
  // Past React's own record of the value, which would hide that it changed.
  const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!;
  act(() => {
    set!.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
