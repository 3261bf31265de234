import type { FocusEvent, ReactNode } from "react";
import { t } from "../../shared/i18n";
import type { Finding } from "../model/findings";
import { declareParam } from "../model/params";
import type { Schema } from "../model/schema";
import { useEditor } from "../store";
import { useForm } from "./context";

interface Frame {
  id: string;
  /** Where the field is in its node, such as `config.path`. */
  path: string;
  label: string;
  schema: Schema;
  required: boolean;
  problems: Finding[];
  /** Whether the field is made of several controls, which a label cannot name. */
  group?: boolean;
  children: ReactNode;
}

/** A field with its label, its help and what is wrong with it, tied together for screen readers. */
export function FieldFrame({ id, path, label, schema, required, problems, group, children }: Frame): ReactNode {
  const { onLeave } = useForm();
  const left = (event: FocusEvent<HTMLElement>) => {
    if (!event.currentTarget.contains(event.relatedTarget)) onLeave(path);
  };
  const name = path.slice(path.lastIndexOf(".") + 1);
  const title = (
    <>
      {label}
      {isOtherName(label, name) && (
        <code className="ed-tech" aria-hidden="true">
          {name}
        </code>
      )}
      {required && (
        <>
          <span className="ed-required" aria-hidden="true">
            {" "}
            *
          </span>
          <span className="ed-hidden"> {t("(required)")}</span>
        </>
      )}
    </>
  );
  const notes = (
    <>
      {schema.description && (
        <p className="ed-help" id={`${id}-help`}>
          {schema.description}
          <Aside schema={schema} />
        </p>
      )}
      <Problems id={`${id}-problems`} problems={problems} />
    </>
  );
  if (group) {
    return (
      <fieldset className="ed-field" onBlur={left} aria-describedby={describedBy(id, schema)}>
        <legend className="ed-label">{title}</legend>
        {children}
        {notes}
      </fieldset>
    );
  }
  return (
    <div className="ed-field" onBlur={left}>
      <label className="ed-label" htmlFor={id}>
        {title}
      </label>
      {children}
      {notes}
    </div>
  );
}

export function describedBy(id: string, schema: Schema): string {
  return schema.description ? `${id}-help ${id}-problems` : `${id}-problems`;
}

/** Whether the JSON's name of a setting says more than its label does. */
function isOtherName(label: string, name: string): boolean {
  return label.toLowerCase() !== name.replaceAll("_", " ").toLowerCase();
}

/** The problems of a field; announced when they come. */
export function Problems({ id, problems }: { id: string; problems: Finding[] }): ReactNode {
  const { isNote } = useForm();
  return (
    <div id={id} aria-live="polite">
      {problems.map((problem) => (
        <p key={problem.message} className={isNote(problem) ? "ed-note" : "ed-problem"}>
          {problem.message}
          {problem.param !== undefined && <AddParam name={problem.param} />}
        </p>
      ))}
    </div>
  );
}

function AddParam({ name }: { name: string }): ReactNode {
  const { hasSpecs, mayChange, editDoc } = useEditor.getState();
  if (!mayChange) return null;
  return (
    <>
      {" "}
      <button type="button" className="ed-link" onClick={() => editDoc((old) => declareParam(old, name, hasSpecs))}>
        {t("Add {item}", { item: name })}
      </button>
    </>
  );
}

function Aside({ schema }: { schema: Schema }): ReactNode {
  const [example] = schema.examples ?? [];
  const telling = schema.default !== undefined && schema.default !== null && !isEmpty(schema.default);
  return (
    <>
      {telling && <span> {t("Default: {value}.", { value: short(schema.default) })}</span>}
      {example !== undefined && <span> {t("Example: {value}", { value: short(example) })}</span>}
    </>
  );
}

function isEmpty(value: unknown): boolean {
  return value === "" || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
