import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Icon } from "../canvas/icons";
import { declaredParams, declareParam, usedParams } from "../model/params";
import { useDoc, useEditor } from "../store";
import { ParamRow } from "./ParamRow";

/** What an execution may be given: parameters with their types, defaults and help. */
export function ParamsTab(): ReactNode {
  const doc = useDoc();
  const hasSpecs = useEditor((state) => state.hasSpecs);
  const mayChange = useEditor((state) => state.mayChange);
  const problems = useEditor((state) => state.problemsByNode.get(""));
  const { editDoc } = useEditor.getState();
  const names = declaredParams(doc);
  const used = usedParams(doc.graph);
  const undeclared = used.filter((name) => !names.includes(name));
  const ofDefault = (name: string) => (problems ?? []).filter((problem) => problem.field === `default_params.${name}`);
  const shownBeside = new Set(names.flatMap(ofDefault));
  const about = (problems ?? []).filter(
    (problem) => /^(default_params|param_specs)\b/.test(problem.field ?? "") && !shownBeside.has(problem),
  );
  const add = (name: string) => editDoc((old) => declareParam(old, name, hasSpecs));
  return (
    <div className="ed-pad ed-scroll">
      <p className="ed-help">
        {t("Write {example} in a field of a node. Whoever executes the pipeline may give another value than the default.", {
          example: "{{ params.name }}",
        })}
      </p>
      <div aria-live="polite">
        {about.map((problem) => (
          <p key={problem.message} className="ed-problem">
            {problem.message}
          </p>
        ))}
      </div>
      {names.map((name, index) => (
        <ParamRow key={index} name={name} doc={doc} isUsed={used.includes(name)} problems={ofDefault(name)} />
      ))}
      <p className="ed-buttons ed-start">
        <button type="button" className="ed-button" disabled={!mayChange} onClick={() => add(freeName(names))}>
          <Icon name="plus" /> {t("Add a parameter")}
        </button>
        {undeclared.map((name) => (
          <button key={name} type="button" className="ed-button" disabled={!mayChange} onClick={() => add(name)}>
            <Icon name="plus" /> {t("Add {item}", { item: name })}
          </button>
        ))}
      </p>
    </div>
  );
}

function freeName(names: string[]): string {
  for (let number = 1; ; number += 1) if (!names.includes(`param_${number}`)) return `param_${number}`;
}
