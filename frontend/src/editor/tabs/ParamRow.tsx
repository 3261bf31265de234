import { useId, useState, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Icon } from "../canvas/icons";
import type { Finding } from "../model/findings";
import type { Doc, ParamSpec } from "../model/graph";
import { declaredParams, removeParam, renameParam, setDefault, setSpec, setType } from "../model/params";
import { useEditor } from "../store";
import { ParamValue } from "./ParamValue";

const TYPES: Record<string, string> = {
  string: t("Text"),
  integer: t("Whole number"),
  number: t("Number"),
  boolean: t("Yes or no"),
  date: t("Date"),
  datetime: t("Date and time"),
  enum: t("One of a list"),
  json: t("Any JSON"),
};
const ORDERED = ["integer", "number", "date", "datetime"];

interface Props {
  name: string;
  doc: Doc;
  isUsed: boolean;
  /** What is wrong with its default. */
  problems: Finding[];
}

/** One parameter, in one line; what its type needs more stands in a second. */
export function ParamRow({ name, doc, isUsed, problems }: Props): ReactNode {
  const faultId = useId();
  const { hasSpecs, mayChange, editDoc } = useEditor.getState();
  const spec = doc.specs[name];
  return (
    <div className="ed-param" role="group" aria-label={t("Parameter {name}", { name })}>
      <Labelled text={t("Name")}>
        <NameInput name={name} taken={declaredParams(doc)} disabled={!mayChange} />
      </Labelled>
      {hasSpecs && (
        <Labelled text={t("Type")}>
          <select
            className="ed-input"
            disabled={!mayChange}
            value={spec?.type ?? ""}
            onChange={(event) => editDoc((old) => setType(old, name, event.target.value))}
          >
            {!spec && <option value="">{t("Not said")}</option>}
            {Object.entries(TYPES).map(([type, label]) => (
              <option key={type} value={type}>
                {label}
              </option>
            ))}
          </select>
        </Labelled>
      )}
      <Labelled text={t("Default")}>
        <ParamValue
          value={doc.params[name]}
          spec={spec}
          disabled={!mayChange}
          faultId={problems.length > 0 ? faultId : undefined}
          onChange={(value) => editDoc((old) => setDefault(old, name, value), `default:${name}`)}
        />
        <span id={faultId} aria-live="polite">
          {problems.map((problem) => (
            <span key={problem.message} className="ed-problem">
              {problem.message}
            </span>
          ))}
        </span>
      </Labelled>
      {hasSpecs && spec && <MoreOfSpec name={name} spec={spec} disabled={!mayChange} />}
      <span className="ed-param-end">
        {!isUsed && <span className="ed-quiet">{t("No node uses it.")}</span>}
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
      </span>
    </div>
  );
}

function MoreOfSpec({ name, spec, disabled }: { name: string; spec: ParamSpec; disabled: boolean }): ReactNode {
  const { editDoc } = useEditor.getState();
  const set = (change: Partial<ParamSpec>) => editDoc((old) => setSpec(old, name, change), `spec:${name}`);
  const limit = (which: "min" | "max", text: string) => (
    <Labelled text={text}>
      <ParamValue value={spec[which]} spec={{ type: spec.type }} disabled={disabled} onChange={(value) => set({ [which]: value })} />
    </Labelled>
  );
  return (
    <>
      <label className="ed-param-required">
        <input
          type="checkbox"
          disabled={disabled}
          checked={spec.required ?? false}
          onChange={(event) => set({ required: event.target.checked })}
        />{" "}
        {t("Required")}
      </label>
      {ORDERED.includes(spec.type) && limit("min", t("Smallest"))}
      {ORDERED.includes(spec.type) && limit("max", t("Largest"))}
      {spec.type === "enum" && <Choices choices={spec.choices ?? []} disabled={disabled} onChange={(choices) => set({ choices })} />}
      <Labelled text={t("Help")} wide>
        <input
          className="ed-input"
          type="text"
          maxLength={1000}
          disabled={disabled}
          value={spec.help ?? ""}
          onChange={(event) => set({ help: event.target.value })}
        />
      </Labelled>
    </>
  );
}

/** Choices, one a line; the text stays as it is typed. */
function Choices({ choices, disabled, onChange }: { choices: unknown[]; disabled: boolean; onChange: (choices: unknown[]) => void }): ReactNode {
  const [typed, setTyped] = useState<string | null>(null);
  const shown = choices.map((choice) => (typeof choice === "string" ? choice : JSON.stringify(choice))).join("\n");
  return (
    <Labelled text={t("Choices, one a line")} wide>
      <textarea
        className="ed-input"
        rows={3}
        disabled={disabled}
        value={typed ?? shown}
        onChange={(event) => {
          setTyped(event.target.value);
          onChange(event.target.value.split("\n").filter((line) => line !== ""));
        }}
        onBlur={() => setTyped(null)}
      />
    </Labelled>
  );
}

export function Labelled({ text, wide, children }: { text: string; wide?: boolean; children: ReactNode }): ReactNode {
  return (
    <label className={wide ? "ed-param-wide" : undefined}>
      <span className="ed-label">{text}</span>
      {children}
    </label>
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
