import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Dialog } from "../Dialog";

const KEYS: [keys: string, what: string][] = [
  ["/", t("Search the modules; arrow keys choose, Enter adds")],
  ["Tab", t("Go to the next node or connection")],
  ["Enter", t("Open the form of the node")],
  ["Esc", t("Close the form, leave full screen")],
  ["← ↑ → ↓", t("Move the selected nodes; faster with Shift")],
  ["Delete", t("Remove what is selected")],
  ["Ctrl + A", t("Select all nodes")],
  ["Ctrl + C, Ctrl + V", t("Copy and paste nodes, also to another pipeline")],
  ["Ctrl + D", t("Duplicate what is selected")],
  ["Ctrl + Z", t("Undo")],
  ["Ctrl + Shift + Z", t("Redo")],
  ["Ctrl + S", t("Save as draft")],
  ["P", t("Preview the selected node")],
  ["L", t("Tidy up")],
  ["F", t("Full screen")],
  ["?", t("This help")],
];

export function Help({ onClose }: { onClose: () => void }): ReactNode {
  return (
    <Dialog title={t("Keyboard and mouse")} onClose={onClose}>
      <table className="ed-keys">
        <tbody>
          {KEYS.map(([keys, what]) => (
            <tr key={keys}>
              <th scope="row">
                <kbd>{keys}</kbd>
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="ed-help">
        {t("A module added while a node is selected is connected with it. Other connections: drag from output to input, or choose under Inputs in the form. Shift and drag selects an area; Ctrl and the wheel zoom.")}
      </p>
    </Dialog>
  );
}
