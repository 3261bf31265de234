import { useId, type ReactNode } from "react";
import { fieldOf, isTemplate, type Schema } from "../model/schema";
import { describedBy, FieldFrame } from "./FieldFrame";
import { useForm, useProblems } from "./context";
import { Choice, NumberInput, Switch, TextInput, ValueInput } from "./inputs";
import { ListOfTexts } from "./ListOfTexts";
import { ListOfObjects } from "./ListOfObjects";
import { MapOfValues } from "./MapOfValues";
import { Fields } from "./Fields";
import { JSONInput } from "./JSONInput";
import { SQLInput } from "./SQLInput";

export interface FieldProps {
  path: string;
  label: string;
  schema: Schema;
  required: boolean;
  value: unknown;
  /** `undefined` takes the value away, so that the default counts. */
  onChange: (value: unknown) => void;
}

/** One value of a config, edited as its schema says. */
export function ConfigField(props: FieldProps): ReactNode {
  const { path, label, schema, required, value, onChange } = props;
  const { root, isNote } = useForm();
  const id = useId();
  const field = fieldOf(schema, root);
  const nested = field.kind === "objects" || field.kind === "object";
  const problems = useProblems(path, !nested);
  const group = nested || field.kind === "texts" || field.kind === "map";
  const common = { id, value, onChange, schema, describedBy: describedBy(id, schema), invalid: !problems.every(isNote) };

  let control: ReactNode;
  // What a template gives is known only in a run: it is text, whatever the schema says.
  if (isTemplate(value) && field.kind !== "sql") control = <TextInput {...common} picker={null} />;
  else if (field.kind === "text") control = <TextInput {...common} picker={field.picker} />;
  else if (field.kind === "sql") control = <SQLInput {...common} label={label} whole={field.whole} />;
  else if (field.kind === "number") control = <NumberInput {...common} />;
  else if (field.kind === "switch") control = <Switch {...common} />;
  else if (field.kind === "choice") control = <Choice {...common} options={field.options} required={required} />;
  else if (field.kind === "any") control = <ValueInput {...common} />;
  else if (field.kind === "texts") control = <ListOfTexts {...common} picker={field.picker} literal={field.literal} />;
  else if (field.kind === "objects") control = <ListOfObjects path={path} item={field.item} {...common} />;
  else if (field.kind === "map") control = <MapOfValues {...common} keyPicker={field.keyPicker} valueSchema={field.value} />;
  else if (field.kind === "object") {
    control = (
      <Fields
        path={path}
        properties={field.properties}
        required={field.required}
        value={(value ?? {}) as Record<string, unknown>}
        onChange={(next) => onChange(Object.keys(next).length === 0 ? undefined : next)}
      />
    );
  } else control = <JSONInput {...common} />;

  return (
    <FieldFrame id={id} path={path} label={label} schema={schema} required={required} problems={problems} group={group}>
      {control}
    </FieldFrame>
  );
}
