/** The admin's form around the editor: hidden fields that the canvas keeps in step, and others. */
import type { Doc } from "../model/graph";
import { pretty } from "../model/json";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function control(name: string): Control | null {
  return document.querySelector<Control>(`#id_${name}`);
}

/** Return what a field of the page holds, "" where the page has none. */
export function formValue(name: string): string {
  return control(name)?.value ?? "";
}

/** Return whether a box of the page is ticked, null where the page has none. */
export function isChecked(name: string): boolean | null {
  const field = control(name);
  return field instanceof HTMLInputElement ? field.checked : null;
}

/** Write into a field of the page, where it has it, and tell whoever listens to that field. */
export function setFormValue(name: string, value: string): void {
  const field = control(name);
  if (!field || field.value === value) return;
  field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Tick or untick a box of the page, where it has it, and tell whoever listens to it. */
export function setChecked(name: string, on: boolean): void {
  const field = control(name);
  if (!(field instanceof HTMLInputElement) || field.checked === on) return;
  field.checked = on;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Write what is drawn into the hidden fields that the form sends. */
export function writeDoc(doc: Doc, text: string = pretty(doc.graph)): void {
  setFormValue("config", text);
  setFormValue("default_params", pretty(doc.params));
  setFormValue("param_specs", pretty(doc.specs));
}

/** Call `listener` whenever one of these fields changes, until the returned function is called. */
export function onFormChange(names: string[], listener: () => void): () => void {
  const fields = names.map(control).filter((field) => field !== null);
  for (const field of fields) {
    field.addEventListener("input", listener);
    field.addEventListener("change", listener);
  }
  return () => {
    for (const field of fields) {
      field.removeEventListener("input", listener);
      field.removeEventListener("change", listener);
    }
  };
}

/** Call `listener` when the form around the editor is sent, until the returned function is called. */
export function onSubmit(listener: () => void): () => void {
  const form = control("config")?.form;
  form?.addEventListener("submit", listener);
  return () => form?.removeEventListener("submit", listener);
}
