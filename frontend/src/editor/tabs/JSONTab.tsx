import { lazy, Suspense, useState, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { pretty, readGraph, type TextProblem } from "../model/json";
import { place } from "../model/placing";
import { useEditor, useGraph } from "../store";

const CodeField = lazy(() => import("../code/CodeField"));

/** The JSON behind the canvas. What is no graph yet stays here, and the canvas as it was. */
export function JSONTab(): ReactNode {
  const graph = useGraph();
  const broken = useEditor((state) => state.brokenText);
  const mayChange = useEditor((state) => state.mayChange);
  const [typed, setTyped] = useState<{ text: string; graph: typeof graph } | null>(null);
  const text = broken?.text ?? (typed?.graph === graph ? typed.text : pretty(graph));
  const write = (next: string) => {
    if (next === text) return;
    const read = readGraph(next);
    const { edit, setBrokenText, modules } = useEditor.getState();
    if (!read.graph) {
      setBrokenText({ text: next, problem: read.problem });
      return;
    }
    const placed = place(read.graph, modules);
    edit(() => placed, "json");
    setBrokenText(null);
    setTyped({ text: next, graph: placed });
  };
  return (
    <div className="ed-text-tab">
      <TextFault problem={broken?.problem ?? null} />
      <Suspense fallback={<p className="ed-quiet">{t("Loading…")}</p>}>
        <CodeField
          language="json"
          label={t("The graph as JSON")}
          text={text}
          height="100%"
          readOnly={!mayChange}
          fault={broken?.problem.offset == null ? null : { offset: broken.problem.offset, message: broken.problem.message }}
          onChange={write}
        />
      </Suspense>
    </div>
  );
}

function TextFault({ problem }: { problem: TextProblem | null }): ReactNode {
  return (
    <div aria-live="polite">
      {problem && <p className="ed-problem ed-text-fault">{problem.message} {t("The canvas keeps what it showed before.")}</p>}
    </div>
  );
}
