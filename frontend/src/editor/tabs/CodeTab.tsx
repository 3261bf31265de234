import { lazy, Suspense, useEffect, useState, type ReactNode } from "react";
import { ApiError, type Problem } from "../../shared/api";
import { t } from "../../shared/i18n";
import { findings } from "../model/findings";
import { code } from "../server/calls";
import { useDoc, useEditor } from "../store";

const CodeField = lazy(() => import("../code/CodeField"));

/** The DAG that saving would have Airflow serve. */
export function CodeTab(): ReactNode {
  const doc = useDoc();
  const pipeline = useEditor((state) => state.pipeline);
  const modules = useEditor((state) => state.modules);
  const [text, setText] = useState("");
  const [failure, setFailure] = useState<{ message: string; problems: Problem[] } | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    code(pipeline, doc, stop.signal).then(
      (answer) => {
        setText(answer.code);
        setFailure(null);
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        const problems = error instanceof ApiError ? error.problems : [];
        setFailure({ message: error instanceof Error ? error.message : String(error), problems });
      },
    );
    return () => stop.abort();
  }, [doc, pipeline]);
  return (
    <div className="ed-text-tab">
      {failure && (
        <div className="ed-problem ed-text-fault" role="status">
          {failure.problems.length > 0 ? t("There is no code for a pipeline with problems:") : failure.message}
          <ul>
            {findings(failure.problems, doc.graph, modules).map(({ listed }) => (
              <li key={listed}>{listed}</li>
            ))}
          </ul>
        </div>
      )}
      {!failure && (
        <Suspense fallback={<p className="ed-quiet">{t("Loading…")}</p>}>
          <CodeField language="python" label={t("The code of the DAG")} text={text} height="100%" readOnly />
        </Suspense>
      )}
    </div>
  );
}
