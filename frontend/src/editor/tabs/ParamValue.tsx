import { useState, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import type { ParamSpec } from "../model/graph";
import { literalOf, textOf } from "../model/schema";

interface Props {
  value: unknown;
  spec: ParamSpec | undefined;
  disabled: boolean;
  /** The element that says what is wrong with it. */
  faultId?: string | undefined;
  /** `undefined`: there is none. */
  onChange: (value: unknown) => void;
}

/** A value of a parameter's type. */
export function ParamValue({ value, spec, disabled, faultId, onChange }: Props): ReactNode {
  const type = spec?.type;
  if (type === "boolean") {
    const options = [
      ["true", t("Yes")],
      ["false", t("No")],
    ] as const;
    return <Select value={value} options={options} disabled={disabled} faultId={faultId} onChange={(text) => onChange(text === "" ? undefined : text === "true")} />;
  }
  if (type === "enum") {
    const options = (spec?.choices ?? []).map((choice) => [textOf(choice), textOf(choice)] as const);
    const read = (text: string) => (spec?.choices ?? []).find((choice) => textOf(choice) === text);
    return <Select value={value} options={options} disabled={disabled} faultId={faultId} onChange={(text) => onChange(read(text))} />;
  }
  return <TypedText value={value} type={type} disabled={disabled} faultId={faultId} onChange={onChange} />;
}

/** What ties a control to what is wrong with it. */
function fault(id: string | undefined): { "aria-invalid"?: true; "aria-describedby"?: string } {
  return id === undefined ? {} : { "aria-invalid": true, "aria-describedby": id };
}

interface SelectProps {
  value: unknown;
  options: readonly (readonly [value: string, label: string])[];
  disabled: boolean;
  faultId: string | undefined;
  onChange: (text: string) => void;
}

function Select({ value, options, disabled, faultId, onChange }: SelectProps): ReactNode {
  return (
    <select className="ed-input" disabled={disabled} {...fault(faultId)} value={textOf(value)} onChange={(event) => onChange(event.target.value)}>
      <option value="">{t("None")}</option>
      {options.map(([text, label]) => (
        <option key={text} value={text}>
          {label}
        </option>
      ))}
    </select>
  );
}

function TypedText({ value, type, disabled, faultId, onChange }: Omit<Props, "spec"> & { type: string | undefined }): ReactNode {
  const [typed, setTyped] = useState<string | null>(null);
  const isText = type === "string" || type === "date" || type === "datetime";
  const meant = (text: string): unknown => {
    if (text === "") return undefined;
    return isText ? text : literalOf(text);
  };
  const shownAs = isText && typeof value === "string" ? value : textOf(value);
  // "1." must not turn into "1" while somebody types.
  const shown = typed !== null && meant(typed) === value ? typed : shownAs;
  return (
    <input
      className="ed-input"
      type={type === "date" ? "date" : "text"}
      autoComplete="off"
      placeholder={type === "datetime" ? "2024-05-31T06:00:00Z" : t("None")}
      disabled={disabled}
      {...fault(faultId)}
      value={shown}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(meant(event.target.value));
      }}
    />
  );
}
