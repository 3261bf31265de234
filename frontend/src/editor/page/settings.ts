import { formValue, isChecked, onFormChange, setChecked, setFormValue } from "./form";

/** The fields of the page that the canvas does not draw, as the API takes them. */
export type Settings = Record<string, unknown>;

const TEXTS = ["name", "description", "schedule", "timezone"];

/** Return what the page's fields hold; those that it does not have, or that are no number, are left out. */
export function pageSettings(): Settings {
  const found: Settings = {};
  for (const name of TEXTS) if (document.getElementById(`id_${name}`)) found[name] = formValue(name).trim();
  const timeout = formValue("timeout").trim();
  if (timeout === "" || Number.isFinite(Number(timeout))) found.timeout = timeout === "" ? null : Number(timeout);
  found.tags = formValue("tags").split(",").map((tag) => tag.trim()).filter(Boolean);
  const active = isChecked("is_active");
  if (active !== null) found.is_active = active;
  return found;
}

/** Return what the page's field for a setting holds, as text; of a box "true" or "false". */
export function heldSetting(name: string): string {
  return name === "is_active" ? String(isChecked(name)) : formValue(name);
}

/** Write settings into the page's fields; what it does not have is left out. */
export function writeSettings(settings: Settings): void {
  for (const name of [...TEXTS, "timeout", "tags"]) {
    const value = settings[name];
    if (value === undefined) continue;
    setFormValue(name, Array.isArray(value) ? value.join(", ") : String(value ?? ""));
  }
  if (typeof settings.is_active === "boolean") setChecked("is_active", settings.is_active);
}

/** Call `listener` whenever one of these settings changes, until the returned function is called. */
export function onSettingsChange(listener: () => void): () => void {
  return onFormChange([...TEXTS, "timeout", "tags", "is_active"], listener);
}
