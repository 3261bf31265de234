import { useId, useRef, useState, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { changeId, followInSQL, nameNode } from "../commands";
import type { GraphDoc, NodeDoc } from "../model/graph";
import { useEditor } from "../store";
import { useForm, useProblems } from "./context";
import { Problems } from "./FieldFrame";

/** A node's name and id. */
export function Identity({ node, deployed }: { node: NodeDoc; deployed: GraphDoc | null }): ReactNode {
  const { disabled } = useForm();
  const nameId = useId();
  const idId = useId();
  const title = useEditor((state) => state.modules[node.module]?.title ?? node.module);
  const [typed, setTyped] = useState<string | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const idProblems = useProblems("id", false);
  // While a name is typed its id passes through others, which may mean something else in SQL.
  const idBefore = useRef(node.id);
  const write = () => {
    if (typed === null) return;
    const reason = changeId(node.id, typed.trim());
    setRefused(reason);
    if (reason === null) setTyped(null);
  };
  return (
    <div className="ed-pair">
      <div className="ed-field">
        <label className="ed-label" htmlFor={nameId}>
          {t("Name")}
        </label>
        <input
          id={nameId}
          className="ed-input"
          type="text"
          maxLength={200}
          autoComplete="off"
          disabled={disabled}
          placeholder={title}
          value={node.name ?? ""}
          onFocus={() => (idBefore.current = node.id)}
          onBlur={() => followInSQL(idBefore.current, node.id)}
          onChange={(event) => nameNode(node.id, event.target.value, deployed)}
        />
        <Problems id={`${nameId}-problems`} problems={useProblems("name", false)} />
      </div>
      <div className="ed-field">
        <label className="ed-label" htmlFor={idId}>
          {t("Id")}
        </label>
        <input
          id={idId}
          className="ed-input ed-code"
          type="text"
          autoComplete="off"
          spellCheck={false}
          disabled={disabled}
          title={t("The name of the task in Airflow.")}
          aria-invalid={refused !== null}
          aria-describedby={`${idId}-problems`}
          value={typed ?? node.id}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={write}
          onKeyDown={(event) => {
            if (event.key === "Enter") write();
            if (event.key === "Escape" && typed !== null) {
              event.preventDefault();
              setTyped(null);
              setRefused(null);
            }
          }}
        />
        <div aria-live="polite" id={`${idId}-problems`}>
          {refused && <p className="ed-problem">{refused}</p>}
          <Problems id={`${idId}-found`} problems={idProblems} />
        </div>
      </div>
    </div>
  );
}
