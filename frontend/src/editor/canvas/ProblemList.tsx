import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import { isNote } from "../model/findings";
import { findNode } from "../model/graph";
import { Popup } from "../Popup";
import { useEditor, useGraph } from "../store";
import { Icon } from "./icons";

/** How the graph stands with the server's check, and every problem, to go to. */
export function ProblemList(): ReactNode {
  const problems = useEditor((state) => state.problems);
  const faced = useEditor((state) => state.faced);
  const isBroken = useEditor((state) => state.brokenText !== null);
  const mayChange = useEditor((state) => state.mayChange);
  const isEmpty = useGraph().nodes.length === 0;
  const checking = useEditor((state) => state.checking);
  const failure = useEditor((state) => state.checkFailure);
  if (!mayChange) return null;
  if (isBroken) {
    return (
      <span className="ed-state ed-bad" role="status">
        <Icon name="alert" /> {t("The JSON holds a mistake")}
      </span>
    );
  }
  if (checking === "failed") {
    return (
      <span className="ed-state ed-bad" role="status" title={failure}>
        <Icon name="alert" /> {t("Not checked: {reason}", { reason: failure })}
      </span>
    );
  }
  if (problems.length === 0) {
    return (
      <span className="ed-state" role="status">
        {checking === "waiting" ? t("Checking…") : <><Icon name="check" /> {t("No problems")}</>}
      </span>
    );
  }
  const notes = problems.filter((finding) => isNote(finding, faced));
  const wrong = problems.filter((finding) => !notes.includes(finding));
  if (isEmpty && wrong.length === 0) {
    return (
      <span className="ed-state" role="status">
        <Icon name="plus" /> {t("Nothing is drawn yet")}
      </span>
    );
  }
  return (
    <Popup
      className={wrong.length > 0 ? "ed-bad" : "ed-warn"}
      button={
        <>
          <Icon name={wrong.length > 0 ? "alert" : "pencil"} /> {summary(wrong.length, notes.length)}
        </>
      }
    >
      {(close) => (
        <ul className="ed-problem-list">
          {[...wrong, ...notes].map((finding) => (
            <li
              key={`${finding.node} ${finding.field} ${finding.message}`}
              className={notes.includes(finding) ? "ed-note" : "ed-problem"}
            >
              <ProblemLine node={finding.node} message={finding.listed} done={close} />
            </li>
          ))}
        </ul>
      )}
    </Popup>
  );
}

function summary(wrong: number, notes: number): string {
  const parts = [];
  if (wrong > 0) parts.push(wrong === 1 ? t("1 problem") : t("{count} problems", { count: wrong }));
  if (notes > 0) parts.push(t("{count} to fill in", { count: notes }));
  return parts.join(" · ");
}

function ProblemLine({ node, message, done }: { node: string | null; message: string; done: () => void }): ReactNode {
  const { history, open, select } = useEditor.getState();
  const found = findNode(history.present.graph, node);
  if (!found) return <span>{message}</span>;
  return (
    <button
      type="button"
      className="ed-link"
      onClick={() => {
        select([found.id]);
        open(found.id);
        done();
      }}
    >
      {message}
    </button>
  );
}
