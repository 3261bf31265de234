import { useState } from "react";
import { t } from "../shared/i18n";

/** A button that copies a text. */
export function Copy({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  async function copy() {
    await copied(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  }
  return (
    <button type="button" className="x-button is-small" onClick={() => void copy()} aria-live="polite">
      {isCopied ? t("Copied") : t("Copy")}
    </button>
  );
}

async function copied(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Browsers give a clipboard to pages over HTTPS only; consoles of a closed network often have none.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
