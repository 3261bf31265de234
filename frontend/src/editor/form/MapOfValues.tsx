import { useId, useState, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Icon } from "../canvas/icons";
import { literalOf, textOf, type Schema } from "../model/schema";
import { useForm } from "./context";
import { Picker } from "./Picker";

type Row = [key: string, value: unknown];

interface Props {
  id: string;
  value: unknown;
  onChange: (value: unknown) => void;
  schema: Schema;
  keyPicker: string | null;
  valueSchema: Schema;
}

/** Names with a value each, such as columns and their types: one line a name. */
export function MapOfValues({ id, value, onChange, schema, keyPicker, valueSchema }: Props): ReactNode {
  const { disabled } = useForm();
  const listId = useId();
  const entries = Object.entries((value ?? {}) as Record<string, unknown>);
  // A line without a name is in nobody's JSON yet; neither are two of one name.
  const [rows, setRows] = useState<Row[]>(entries);
  const shown = sameAs(rows, entries) ? rows : entries;
  const write = (next: Row[]) => {
    setRows(next);
    const named = next.filter(([key]) => key !== "");
    onChange(named.length === 0 ? undefined : Object.fromEntries(named));
  };
  const set = (index: number, row: Row) => write(shown.map((old, other) => (other === index ? row : old)));
  const read = (text: string) => (valueSchema.type === "string" ? text : literalOf(text));
  return (
    <div className="ed-map">
      {shown.map(([key, one], index) => (
        <div key={index} className="ed-map-row">
          <input
            className="ed-input"
            type="text"
            autoComplete="off"
            spellCheck={false}
            aria-label={keyPicker === "column" ? t("Column") : t("Name")}
            placeholder={keyPicker === "column" ? t("Column") : t("Name")}
            list={keyPicker ? listId : undefined}
            disabled={disabled}
            value={key}
            onChange={(event) => set(index, [event.target.value, one])}
          />
          <input
            className="ed-input"
            type="text"
            autoComplete="off"
            spellCheck={false}
            aria-label={t("Value of {name}", { name: key })}
            placeholder={t("Value")}
            disabled={disabled}
            value={valueSchema.type === "string" && typeof one === "string" ? one : textOf(one)}
            onChange={(event) => set(index, [key, read(event.target.value)])}
          />
          <button
            type="button"
            className="ed-icon-button"
            disabled={disabled}
            aria-label={t("Remove {item}", { item: key })}
            onClick={() => write(shown.filter((_, other) => other !== index))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button id={id} type="button" className="ed-button" disabled={disabled} onClick={() => setRows([...shown, ["", ""]])}>
        <Icon name="plus" /> {t("Add")}
      </button>
      {keyPicker && <Picker kind={keyPicker} port={schema["x-port"]} listId={listId} text="" />}
    </div>
  );
}

function sameAs(rows: Row[], entries: Row[]): boolean {
  const named = Object.fromEntries(rows.filter(([key]) => key !== ""));
  return JSON.stringify(named) === JSON.stringify(Object.fromEntries(entries));
}
