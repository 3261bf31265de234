import { useId, useState, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Icon } from "../canvas/icons";
import { literalOf, textOf } from "../model/schema";
import { useForm } from "./context";
import type { InputProps } from "./inputs";
import { Picker } from "./Picker";

type Props = InputProps & { picker: string | null; literal: boolean };

/** A list of texts, such as columns: each a chip, with a field for the next one. */
export function ListOfTexts({ id, value, schema, describedBy, invalid, onChange, picker, literal }: Props): ReactNode {
  const { disabled, columnsAt } = useForm();
  const listId = useId();
  const [text, setText] = useState("");
  const items = listOf(value ?? schema.default);
  const write = (next: unknown[]) => onChange(next.length === 0 && !hasDefault(schema.default) ? undefined : next);
  const add = (typed: string) => {
    if (typed === "" && !hasDefault(schema.default)) return;
    write([...items, literal ? literalOf(typed) : typed]);
    setText("");
  };
  const chosen = picker === "column" && columnsAt(schema["x-port"]).some((column) => column.name === text);
  return (
    <div className="ed-chips">
      {items.map((item, index) => (
        <span key={index} className="ed-chip">
          {item === "" ? t("(empty)") : textOf(item)}
          <button
            type="button"
            disabled={disabled}
            aria-label={t("Remove {item}", { item: textOf(item) })}
            onClick={() => write(items.filter((_, other) => other !== index))}
          >
            <Icon name="close" />
          </button>
        </span>
      ))}
      <span className="ed-chip-add">
        <input
          id={id}
          type="text"
          className="ed-input"
          autoComplete="off"
          spellCheck={false}
          disabled={disabled}
          value={text}
          list={picker ? listId : undefined}
          placeholder={picker === "column" ? t("Column, then Enter") : t("Value, then Enter")}
          aria-label={t("Add to the list")}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          onChange={(event) => {
            const typed = event.target.value;
            // Choosing from the list replaces the text at once, which typing does not.
            const picked = (event.nativeEvent as InputEvent).inputType === "insertReplacementText";
            if (picked) add(typed);
            else setText(typed);
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter" || (event.key === "," && picker)) {
              event.preventDefault();
              add(text.trim());
            } else if (event.key === "Backspace" && text === "" && items.length > 0) write(items.slice(0, -1));
          }}
          onBlur={() => {
            if (text.trim() !== "") add(text.trim());
          }}
        />
        {chosen && <span className="ed-hidden">{t("Enter adds it.")}</span>}
      </span>
      {picker && <Picker kind={picker} port={schema["x-port"]} listId={listId} text={text} />}
      {picker === "column" && !disabled && <Suggested port={schema["x-port"]} items={items} add={(name) => write([...items, name])} />}
    </div>
  );
}

const MOST = 12;

/** The columns that are not in the list yet, one click away. */
function Suggested({ port, items, add }: { port: string | undefined; items: unknown[]; add: (name: string) => void }): ReactNode {
  const { columnsAt } = useForm();
  const left = columnsAt(port).filter((column) => !items.includes(column.name)).slice(0, MOST);
  if (left.length === 0) return null;
  return (
    <div className="ed-suggested">
      {left.map(({ name, type }) => (
        <button key={name} type="button" title={type} aria-label={t("Add {item}", { item: name })} onClick={() => add(name)}>
          + {name}
        </button>
      ))}
    </div>
  );
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function hasDefault(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
