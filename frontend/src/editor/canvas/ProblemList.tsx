import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import { findNode } from "../model/graph";
import { Popup } from "../Popup";
import { useEditor } from "../store";
import { Icon } from "./icons";

/** How the graph stands with the server's check, and every problem, to go to. */
export function ProblemList(): ReactNode {
  const problems = useEditor((state) => state.problems);
  const checking = useEditor((state) => state.checking);
  const failure = useEditor((state) => state.checkFailure);
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
  return (
    <Popup
      className="ed-bad"
      button={
        <>
          <Icon name="alert" /> {problems.length === 1 ? t("1 problem") : t("{count} problems", { count: problems.length })}
        </>
      }
    >
      {(close) => (
        <ul className="ed-problem-list">
          {problems.map((problem) => (
            <li key={`${problem.node} ${problem.field} ${problem.message}`}>
              <ProblemLine node={problem.node} message={problem.message} done={close} />
            </li>
          ))}
        </ul>
      )}
    </Popup>
  );
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
