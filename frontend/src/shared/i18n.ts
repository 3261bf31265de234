import { fr } from "./fr";

const catalogs: Record<string, Record<string, string>> = { fr };

/** The page's language, which Django has chosen from what the browser asks for. */
export const language = document.documentElement.lang.slice(0, 2) || "en";

/**
 * Return the text in the page's language; the English text is its key.
 *
 * `{name}` in it is replaced by `values.name`.
 */
export function t(text: string, values: Record<string, string | number> = {}): string {
  const translated = catalogs[language]?.[text] ?? text;
  return translated.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
