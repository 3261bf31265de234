import { lazy, Suspense, type ReactNode } from "react";
import { isTemplate } from "../model/schema";
import { useForm } from "./context";
import type { InputProps } from "./inputs";

const CodeField = lazy(() => import("../code/CodeField"));

/** SQL, with the columns that come to the node offered while typing. */
export function SQLInput({ id, value, describedBy, invalid, onChange, label, whole }: InputProps & { label: string; whole: boolean }): ReactNode {
  const { disabled, columnsAt } = useForm();
  const text = typeof value === "string" ? value : "";
  return (
    <Suspense fallback={<textarea className="ed-input ed-code" readOnly value={text} aria-label={label} />}>
      <CodeField
        id={id}
        language="sql"
        label={label}
        text={text}
        minHeight={whole ? "7rem" : "2.2rem"}
        readOnly={disabled}
        invalid={invalid && !isTemplate(text)}
        describedBy={describedBy}
        columns={columnsAt(undefined).map((column) => column.name)}
        onChange={(next) => onChange(next === "" ? undefined : next)}
      />
    </Suspense>
  );
}
