import { useEffect, useState, type ReactNode } from "react";
import { ApiError } from "../../shared/api";
import { language, t } from "../../shared/i18n";
import { getConnections, getFiles, getTables } from "../server/calls";
import { useForm } from "./context";

interface Choice {
  value: string;
  hint: string;
}

interface Props {
  kind: string;
  port: string | undefined;
  listId: string;
  text: string;
}

/** What to choose from while a field is filled in; anything else may be typed all the same. */
export function Picker({ kind, port, listId, text }: Props): ReactNode {
  const { columnsAt } = useForm();
  if (kind === "column") {
    return <Choices listId={listId} choices={columnsAt(port).map(({ name, type }) => ({ value: name, hint: type }))} />;
  }
  return <AskedChoices kind={kind} listId={listId} text={text} />;
}

function AskedChoices({ kind, listId, text }: Omit<Props, "port">): ReactNode {
  const { config } = useForm();
  const connection = typeof config.connection === "string" ? config.connection : "";
  const [choices, setChoices] = useState<Choice[]>([]);
  const [reason, setReason] = useState("");
  const asked = kind === "connection" ? "" : text;
  useEffect(() => {
    let newest = true;
    const timer = setTimeout(
      () =>
        ask(kind, connection, asked).then(
          (found) => {
            if (!newest) return;
            setChoices(found);
            setReason("");
          },
          (error: unknown) => {
            if (newest && error instanceof ApiError) setReason(error.message);
          },
        ),
      asked === "" ? 0 : 250,
    );
    return () => {
      newest = false;
      clearTimeout(timer);
    };
  }, [kind, connection, asked]);
  return (
    <>
      <Choices listId={listId} choices={choices} />
      {reason && <p className="ed-help">{t("Nothing to choose from: {reason}", { reason })}</p>}
    </>
  );
}

async function ask(kind: string, connection: string, text: string): Promise<Choice[]> {
  if (kind === "connection") {
    return (await getConnections()).map(({ id, type, description }) => ({
      value: id,
      hint: [type, description].filter(Boolean).join(", "),
    }));
  }
  if (kind === "table") {
    return connection ? (await getTables(connection, text)).map((name) => ({ value: name, hint: "" })) : [];
  }
  if (kind === "file") return (await getFiles(text)).map(({ path, size }) => ({ value: path, hint: sizeText(size) }));
  return [];
}

function sizeText(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const format = { style: "unit", unit: units[step]!, maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, format).format(bytes / 1000 ** step);
}

function Choices({ listId, choices }: { listId: string; choices: Choice[] }): ReactNode {
  return (
    <datalist id={listId}>
      {choices.map(({ value, hint }) => (
        <option key={value} value={value} label={hint ? `${value} · ${hint}` : undefined} />
      ))}
    </datalist>
  );
}
