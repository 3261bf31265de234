import { StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";

/** Return what the page's template wrote as `json_script` with this id. */
export function pageData<T>(id: string): T {
  const element = document.getElementById(id);
  if (!element?.textContent) throw new Error(`The page has no data '${id}'.`);
  return JSON.parse(element.textContent) as T;
}

/** Draw into the page's element with this id. */
export function mount(id: string, content: ReactNode): void {
  const element = document.getElementById(id);
  if (element) createRoot(element).render(<StrictMode>{content}</StrictMode>);
}
