import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { setDiagnostics } from "@codemirror/lint";
import CodeMirror, { EditorView, type ReactCodeMirrorRef } from "@uiw/react-codemirror";
import { useEffect, useMemo, useRef, type ReactNode } from "react";
import { useDark } from "../page/dark";

export type Language = "sql" | "json" | "python";

interface Props {
  id?: string;
  language: Language;
  label: string;
  text: string;
  minHeight?: string;
  height?: string;
  readOnly?: boolean;
  invalid?: boolean;
  describedBy?: string;
  columns?: string[];
  /** Where the text is marked as wrong, and why. */
  fault?: { offset: number; message: string } | null;
  onChange?: (text: string) => void;
}

/** A text with the colours of its language. Tab leaves it, as it leaves every other field. */
export default function CodeField(props: Props): ReactNode {
  const { id, language, label, text, readOnly = false, invalid, describedBy, columns, fault, onChange } = props;
  const dark = useDark();
  const editor = useRef<ReactCodeMirrorRef>(null);
  const known = (columns ?? []).join("\n");
  const extensions = useMemo(() => {
    const attributes = {
      "aria-label": label,
      // The keyboard comes here to scroll, too.
      tabindex: "0",
      "aria-invalid": String(invalid ?? false),
      ...(id ? { id } : {}),
      ...(describedBy ? { "aria-describedby": describedBy } : {}),
    };
    return [languageOf(language, known), EditorView.lineWrapping, EditorView.contentAttributes.of(attributes)];
  }, [language, known, label, invalid, id, describedBy]);

  useEffect(() => {
    const view = editor.current?.view;
    if (!view) return;
    const at = Math.min(fault?.offset ?? 0, view.state.doc.length);
    const marks = fault ? [{ from: at, to: at, severity: "error" as const, message: fault.message }] : [];
    view.dispatch(setDiagnostics(view.state, marks));
  }, [fault, text]);

  return (
    <CodeMirror
      ref={editor}
      className={`ed-codemirror${invalid ? " ed-invalid" : ""}`}
      value={text}
      theme={dark ? "dark" : "light"}
      extensions={extensions}
      readOnly={readOnly}
      indentWithTab={false}
      {...(props.minHeight ? { minHeight: props.minHeight } : {})}
      {...(props.height ? { height: props.height } : {})}
      basicSetup={{
        lineNumbers: language !== "sql",
        foldGutter: language === "json",
        highlightActiveLine: false,
        highlightActiveLineGutter: false,
      }}
      {...(onChange ? { onChange } : {})}
    />
  );
}

function languageOf(language: Language, columns: string): ReturnType<typeof json> {
  if (language === "json") return json();
  if (language === "python") return python();
  const names = columns === "" ? [] : columns.split("\n");
  return sql({ dialect: PostgreSQL, schema: { input: names }, defaultTable: "input", upperCaseKeywords: true });
}
