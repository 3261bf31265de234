import { useEffect, useState, type ReactNode } from "react";
import { ApiError } from "../../shared/api";
import { t } from "../../shared/i18n";
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
  if (kind === "table") return connection ? (await getTables(connection, text)).map(named) : [];
  if (kind === "file") return (await getFiles(text)).map(named);
  return [];
}

/** Tables and files are told by name alone, or as objects with one. */
function named(found: unknown): Choice {
  if (typeof found === "string") return { value: found, hint: "" };
  const { name, path } = found as { name?: string; path?: string };
  return { value: path ?? name ?? "", hint: "" };
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
