/** What stands on the page outside of the editor, for where the editor covers it. */

/** Send the page's form: save, and deploy. */
export function saveAndDeploy(): void {
  document.querySelector<HTMLButtonElement>('button[name="_continue"]')?.click();
}

/** Return where the pipeline is executed; null where nobody may, or nothing is deployed. */
export function executeAddress(): string | null {
  return document.querySelector<HTMLAnchorElement>(".page-tabs a.button.main")?.href ?? null;
}

/** The id of the field for the pipeline's name that stands in for the page's own while that is covered. */
export const COVERED_NAME = "ed-name";

export function focusName(): void {
  (document.getElementById(COVERED_NAME) ?? document.getElementById("id_name"))?.focus();
}
