import { useState, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Icon } from "../canvas/icons";
import type { Doc } from "../model/graph";
import { declaredParams, removeParam, renameParam, setDefault, setSpec, usedParams } from "../model/params";
import { literalOf, textOf } from "../model/schema";
import { useDoc, useEditor } from "../store";

const TYPES: [value: string, label: string][] = [
  ["", t("Any")],
  ["string", t("Text")],
  ["integer", t("Whole number")],
  ["number", t("Number")],
  ["boolean", t("Yes or no")],
  ["date", t("Date")],
];

/** What an execution may be given: parameters with their types, defaults and help. */
export function ParamsTab(): ReactNode {
  const doc = useDoc();
  const hasSpecs = useEditor((state) => state.hasSpecs);
  const mayChange = useEditor((state) => state.mayChange);
  const { editDoc } = useEditor.getState();
  const names = declaredParams(doc);
  const used = usedParams(doc.graph);
  const undeclared = used.filter((name) => !names.includes(name));
  const add = (name: string) => editDoc((old) => (hasSpecs ? setSpec(old, name, {}) : setDefault(old, name, "")));
  return (
    <div className="ed-pad ed-scroll">
      <p className="ed-help">
        {t("Write {example} in a field of a node. Whoever executes the pipeline may give another value than the default.", {
          example: "{{ params.name }}",
        })}
      </p>
      {names.length > 0 && (
        <table className="ed-params">
          <thead>
            <tr>
              <th scope="col">{t("Name")}</th>
              {hasSpecs && <th scope="col">{t("Type")}</th>}
              <th scope="col">{t("Default")}</th>
              {hasSpecs && <th scope="col">{t("Required")}</th>}
              {hasSpecs && <th scope="col">{t("Help")}</th>}
              <th scope="col">
                <span className="ed-hidden">{t("Remove")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {names.map((name, index) => (
              <ParamRow key={index} name={name} doc={doc} isUsed={used.includes(name)} />
            ))}
          </tbody>
        </table>
      )}
      <p className="ed-buttons">
        <button type="button" className="ed-button" disabled={!mayChange} onClick={() => add(freeName(names))}>
          <Icon name="plus" /> {t("Add a parameter")}
        </button>
        {undeclared.map((name) => (
          <button key={name} type="button" className="ed-button" disabled={!mayChange} onClick={() => add(name)}>
            <Icon name="plus" /> {t("Add {item}", { item: name })}
          </button>
        ))}
      </p>
    </div>
  );
}

function freeName(names: string[]): string {
  for (let number = 1; ; number += 1) if (!names.includes(`param_${number}`)) return `param_${number}`;
}

function ParamRow({ name, doc, isUsed }: { name: string; doc: Doc; isUsed: boolean }): ReactNode {
  const { hasSpecs, mayChange, editDoc } = useEditor.getState();
  const spec = doc.specs[name] ?? {};
  return (
    <tr>
      <td>
        <NameInput name={name} taken={declaredParams(doc)} disabled={!mayChange} />
        {!isUsed && <span className="ed-quiet">{t("No node uses it.")}</span>}
      </td>
      {hasSpecs && (
        <td>
          <select
            className="ed-input"
            aria-label={t("Type of {name}", { name })}
            disabled={!mayChange}
            value={spec.type ?? ""}
            onChange={(event) => editDoc((old) => setSpec(old, name, { type: event.target.value }))}
          >
            {spec.type && !TYPES.some(([type]) => type === spec.type) && <option>{spec.type}</option>}
            {TYPES.map(([type, label]) => (
              <option key={type} value={type}>
                {label}
              </option>
            ))}
          </select>
        </td>
      )}
      <td>
        <DefaultInput name={name} value={doc.params[name]} type={spec.type} disabled={!mayChange} />
      </td>
      {hasSpecs && (
        <td>
          <input
            type="checkbox"
            aria-label={t("{name} is required", { name })}
            disabled={!mayChange}
            checked={spec.required ?? false}
            onChange={(event) => editDoc((old) => setSpec(old, name, { required: event.target.checked || undefined }))}
          />
        </td>
      )}
      {hasSpecs && (
        <td>
          <input
            className="ed-input"
            type="text"
            aria-label={t("Help for {name}", { name })}
            disabled={!mayChange}
            value={spec.help ?? ""}
            onChange={(event) => editDoc((old) => setSpec(old, name, { help: event.target.value }), `help:${name}`)}
          />
        </td>
      )}
      <td>
        <button
          type="button"
          className="ed-icon-button"
          aria-label={t("Remove {item}", { item: name })}
          title={t("Remove")}
          disabled={!mayChange}
          onClick={() => editDoc((old) => removeParam(old, name))}
        >
          <Icon name="trash" />
        </button>
      </td>
    </tr>
  );
}

function NameInput({ name, taken, disabled }: { name: string; taken: string[]; disabled: boolean }): ReactNode {
  const [typed, setTyped] = useState<string | null>(null);
  const next = typed?.trim() ?? name;
  const wrong = next !== name && (!/^[A-Za-z_]\w*$/.test(next) || taken.includes(next));
  const write = () => {
    if (next !== name && !wrong) useEditor.getState().editDoc((old) => renameParam(old, name, next));
    if (!wrong) setTyped(null);
  };
  return (
    <>
      <input
        className="ed-input ed-code"
        type="text"
        autoComplete="off"
        spellCheck={false}
        aria-label={t("Name of the parameter")}
        aria-invalid={wrong}
        disabled={disabled}
        value={typed ?? name}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={write}
        onKeyDown={(event) => {
          if (event.key === "Enter") write();
        }}
      />
      {wrong && <span className="ed-problem">{t("Letters, digits and underscores, and no name twice.")}</span>}
    </>
  );
}

interface DefaultProps {
  name: string;
  value: unknown;
  type: string | undefined;
  disabled: boolean;
}

function DefaultInput({ name, value, type, disabled }: DefaultProps): ReactNode {
  const { editDoc } = useEditor.getState();
  const [typed, setTyped] = useState<string | null>(null);
  const isText = type === "string" || type === "date";
  const meant = (text: string): unknown => {
    if (text === "") return undefined;
    return isText ? text : literalOf(text);
  };
  const shownAs = isText && typeof value === "string" ? value : textOf(value);
  const shown = typed !== null && meant(typed) === value ? typed : shownAs;
  if (type === "boolean") {
    return (
      <select
        className="ed-input"
        aria-label={t("Default of {name}", { name })}
        disabled={disabled}
        value={typeof value === "boolean" ? String(value) : ""}
        onChange={(event) =>
          editDoc((old) => setDefault(old, name, event.target.value === "" ? undefined : event.target.value === "true"))
        }
      >
        <option value="">{t("None")}</option>
        <option value="true">{t("Yes")}</option>
        <option value="false">{t("No")}</option>
      </select>
    );
  }
  return (
    <input
      className="ed-input"
      type={type === "date" ? "date" : "text"}
      autoComplete="off"
      aria-label={t("Default of {name}", { name })}
      placeholder={t("None")}
      disabled={disabled}
      value={shown}
      onChange={(event) => {
        setTyped(event.target.value);
        editDoc((old) => setDefault(old, name, meant(event.target.value)), `default:${name}`);
      }}
    />
  );
}
