import { useState, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { labelOf, type Schema } from "../model/schema";
import { ConfigField } from "./ConfigField";
import { useForm } from "./context";

interface Props {
  path: string;
  properties: Record<string, Schema>;
  required: string[];
  value: Record<string, unknown>;
  onChange: (value: Record<string, unknown>) => void;
  /** Whether the optional ones are folded away while there are many. */
  fold?: boolean;
}

const FEW = 6;

/** The fields of an object, those that are required first. */
export function Fields({ path, properties, required, value, onChange, fold }: Props): ReactNode {
  const { root } = useForm();
  const names = Object.keys(properties);
  const first = names.filter((name) => required.includes(name));
  // Damaged rows are a thought for later, though modules name them first.
  const optional = names.filter((name) => !required.includes(name) && name !== "max_rejected");
  const rest = names.includes("max_rejected") ? [...optional, "max_rejected"] : optional;
  // Once: fields must not jump while somebody types.
  const [open] = useState(() => rest.length <= FEW || rest.some((name) => value[name] !== undefined));
  const one = (name: string) => (
    <ConfigField
      key={name}
      path={`${path}.${name}`}
      label={labelOf(name, properties[name]!, root)}
      schema={properties[name]!}
      required={required.includes(name)}
      value={value[name]}
      onChange={(next) => onChange(withValue(value, name, next))}
    />
  );
  if (!fold || rest.length === 0) return [...first, ...rest].map(one);
  return (
    <>
      {first.map(one)}
      <details className="ed-more" open={open || first.length === 0}>
        <summary>{t("More settings ({count})", { count: rest.length })}</summary>
        {rest.map(one)}
      </details>
    </>
  );
}

function withValue(old: Record<string, unknown>, name: string, value: unknown): Record<string, unknown> {
  if (value !== undefined) return { ...old, [name]: value };
  const { [name]: _, ...rest } = old;
  return rest;
}
