import { useId, useState, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { isTemplate, literalOf, textOf, type Schema } from "../model/schema";
import { useForm } from "./context";
import { Picker } from "./Picker";

export interface InputProps {
  id: string;
  value: unknown;
  schema: Schema;
  describedBy: string;
  invalid: boolean;
  onChange: (value: unknown) => void;
}

function placeholderOf(schema: Schema): string | undefined {
  const { default: byDefault, examples } = schema;
  if (typeof byDefault === "string" || typeof byDefault === "number") return String(byDefault) || undefined;
  const [example] = examples ?? [];
  return typeof example === "string" || typeof example === "number" ? String(example) : undefined;
}

export function TextInput({ id, value, schema, describedBy, invalid, onChange, picker }: InputProps & { picker: string | null }): ReactNode {
  const { disabled } = useForm();
  const list = useId();
  const [focused, setFocused] = useState(false);
  // An empty text says nothing, unless the default says something.
  const empty = typeof schema.default === "string" && schema.default !== "" ? "" : undefined;
  const text = typeof value === "string" ? value : textOf(value);
  return (
    <>
      <input
        id={id}
        type="text"
        className="ed-input"
        autoComplete="off"
        spellCheck={false}
        disabled={disabled}
        value={text}
        list={picker ? list : undefined}
        placeholder={placeholderOf(schema)}
        aria-describedby={describedBy}
        aria-invalid={invalid}
        onFocus={() => setFocused(true)}
        onChange={(event) => onChange(event.target.value === "" ? empty : event.target.value)}
      />
      {picker && focused && <Picker kind={picker} port={schema["x-port"]} listId={list} text={text} />}
    </>
  );
}

/** A number; a template is taken as text, and so is what is no number: the check says so. */
export function NumberInput({ id, value, schema, describedBy, invalid, onChange }: InputProps): ReactNode {
  const { disabled } = useForm();
  const [typed, setTyped] = useState<string | null>(null);
  const meant = (text: string): unknown => {
    if (text.trim() === "") return undefined;
    const number = Number(text);
    return isTemplate(text) || !Number.isFinite(number) ? text : number;
  };
  // "1." and "1.0" mean 1, but must not turn into it while somebody types.
  const shown = typed !== null && meant(typed) === value ? typed : textOf(value);
  return (
    <input
      id={id}
      type="text"
      inputMode="decimal"
      className="ed-input"
      autoComplete="off"
      disabled={disabled}
      value={shown}
      placeholder={placeholderOf(schema)}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(meant(event.target.value));
      }}
    />
  );
}

export function Switch({ id, value, schema, describedBy, onChange }: InputProps): ReactNode {
  const { disabled } = useForm();
  const on = (value ?? schema.default ?? false) === true;
  return (
    <input
      id={id}
      type="checkbox"
      className="ed-switch"
      role="switch"
      disabled={disabled}
      checked={on}
      aria-describedby={describedBy}
      onChange={(event) => onChange(event.target.checked === schema.default ? undefined : event.target.checked)}
    />
  );
}

export function Choice(props: InputProps & { options: string[]; required: boolean }): ReactNode {
  const { id, value, schema, describedBy, invalid, onChange, options, required } = props;
  const { disabled } = useForm();
  const shown = value ?? schema.default;
  const text = typeof shown === "string" ? shown : "";
  const unknown = text !== "" && !options.includes(text);
  return (
    <select
      id={id}
      className="ed-input"
      disabled={disabled}
      value={text}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
    >
      {(text === "" || schema.default === undefined || schema.default === null) && (
        <option value="">{required ? t("Choose…") : t("None")}</option>
      )}
      {unknown && <option value={text}>{text}</option>}
      {options.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  );
}

/** Text, a number, true, false or null: whichever the text reads as. */
export function ValueInput({ id, value, schema, describedBy, invalid, onChange }: InputProps): ReactNode {
  const { disabled } = useForm();
  const [typed, setTyped] = useState<string | null>(null);
  const meant = (text: string): unknown => (text === "" ? undefined : literalOf(text));
  const shown = typed !== null && meant(typed) === value ? typed : textOf(value);
  return (
    <input
      id={id}
      type="text"
      className="ed-input"
      autoComplete="off"
      spellCheck={false}
      disabled={disabled}
      value={shown}
      placeholder={placeholderOf(schema)}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(meant(event.target.value));
      }}
    />
  );
}
