import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Icon } from "../canvas/icons";
import type { Schema } from "../model/schema";
import { Problems } from "./FieldFrame";
import { useForm, useProblems } from "./context";
import { Fields } from "./Fields";

interface Props {
  path: string;
  item: Schema;
  value: unknown;
  onChange: (value: unknown) => void;
}

/** A list of objects, such as measures: each a card with its own fields. */
export function ListOfObjects({ path, item, value, onChange }: Props): ReactNode {
  const { disabled } = useForm();
  const items = Array.isArray(value) ? (value as Record<string, unknown>[]) : [];
  const write = (next: unknown[]) => onChange(next.length === 0 ? undefined : next);
  const swap = (from: number, to: number) => {
    const next = [...items];
    const [moved] = next.splice(from, 1);
    next.splice(to, 0, moved!);
    write(next);
  };
  return (
    <div className="ed-cards">
      {items.map((one, index) => (
        <div key={index} className="ed-card" role="group" aria-label={titleOf(one, item, index)}>
          <div className="ed-card-head">
            <span>{titleOf(one, item, index)}</span>
            <CardButton icon="up" label={t("Move up")} disabled={disabled || index === 0} act={() => swap(index, index - 1)} />
            <CardButton
              icon="down"
              label={t("Move down")}
              disabled={disabled || index === items.length - 1}
              act={() => swap(index, index + 1)}
            />
            <CardButton
              icon="trash"
              label={t("Remove")}
              disabled={disabled}
              act={() => write(items.filter((_, other) => other !== index))}
            />
          </div>
          <ItemProblems path={`${path}.${index}`} />
          <Fields
            path={`${path}.${index}`}
            properties={item.properties ?? {}}
            required={item.required ?? []}
            value={one}
            onChange={(next) => write(items.map((old, other) => (other === index ? next : old)))}
          />
        </div>
      ))}
      <button type="button" className="ed-button" disabled={disabled} onClick={() => write([...items, {}])}>
        <Icon name="plus" /> {t("Add")}
      </button>
    </div>
  );
}

function ItemProblems({ path }: { path: string }): ReactNode {
  return <Problems id={`${path}-problems`} problems={useProblems(path, false)} />;
}

function titleOf(one: Record<string, unknown>, item: Schema, index: number): string {
  const name = one.name ?? one.column;
  return typeof name === "string" && name !== "" ? name : `${item.title ?? ""} ${index + 1}`.trim();
}

interface ButtonProps {
  icon: "up" | "down" | "trash";
  label: string;
  disabled: boolean;
  act: () => void;
}

function CardButton({ icon, label, disabled, act }: ButtonProps): ReactNode {
  return (
    <button type="button" className="ed-icon-button" title={label} aria-label={label} disabled={disabled} onClick={act}>
      <Icon name={icon} />
    </button>
  );
}
