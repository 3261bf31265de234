import { useState, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { pretty } from "../model/json";
import { useForm } from "./context";
import type { InputProps } from "./inputs";

/** Any JSON, where nothing better is known. What is no JSON is kept as it is typed, and said. */
export function JSONInput({ id, value, describedBy, onChange }: InputProps): ReactNode {
  const { disabled } = useForm();
  const [broken, setBroken] = useState<string | null>(null);
  const [typed, setTyped] = useState<{ text: string; value: unknown } | null>(null);
  const shown = broken ?? (typed && typed.value === value ? typed.text : value === undefined ? "" : pretty(value));
  const write = (text: string) => {
    try {
      const next: unknown = text.trim() === "" ? undefined : JSON.parse(text);
      setBroken(null);
      setTyped({ text, value: next });
      onChange(next);
    } catch {
      setBroken(text);
    }
  };
  return (
    <>
      <textarea
        id={id}
        className="ed-input ed-code"
        rows={4}
        spellCheck={false}
        disabled={disabled}
        value={shown}
        aria-describedby={describedBy}
        aria-invalid={broken !== null}
        onChange={(event) => write(event.target.value)}
      />
      {broken !== null && <p className="ed-problem">{t("This is not JSON yet. The last JSON that it was counts.")}</p>}
    </>
  );
}
