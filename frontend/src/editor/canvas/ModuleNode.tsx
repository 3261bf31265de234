import { Handle, Position, type NodeProps } from "@xyflow/react";
import { memo, type ReactNode } from "react";
import { useShallow } from "zustand/react/shallow";
import { t } from "../../shared/i18n";
import { isNote, stillNeeded } from "../model/findings";
import { findNode, nodeLabel } from "../model/graph";
import { inputPorts, kindOf, outputsOf } from "../model/modules";
import { isNamed, PORT_HEIGHT, portLines, portTop } from "../model/placing";
import { useEditor } from "../store";
import { ONLY } from "./flow";
import { Icon, ModuleIcon } from "./icons";

/** A node on the canvas: looks itself up by its id, so that only what changed is drawn anew. */
export const ModuleNode = memo(function ModuleNode({ id, selected }: NodeProps): ReactNode {
  const node = useEditor((state) => findNode(state.history.present.graph, id));
  const modules = useEditor((state) => state.modules);
  const found = useEditor((state) => state.problemsByNode.get(id));
  const faced = useEditor((state) => (found ? state.faced : null));
  const outputs = useEditor(
    useShallow((state) => {
      const { graph } = state.history.present;
      const found = findNode(graph, id);
      return found ? outputsOf(found, graph.edges, state.modules) : [];
    }),
  );
  const previewed = useEditor((state) => state.previewed === id);
  if (!node) return null;
  const kind = kindOf(node, modules);
  const inputs = inputPorts(node, modules);
  const module = modules[node.module];
  const problems = (found ?? []).filter((finding) => !isNote(finding, faced ?? new Set()));
  const needed = stillNeeded((found ?? []).filter((finding) => !problems.includes(finding)));
  const state = problems.length > 0 ? " ed-faulty" : needed ? " ed-unfinished" : "";
  const lines = portLines(inputs, outputs);
  return (
    <div className={`ed-node ed-${kind}${selected ? " ed-selected" : ""}${state}`}>
      <div className="ed-node-head">
        <span className="ed-node-icon">
          <ModuleIcon name={module?.icon} kind={kind} />
        </span>
        <span className="ed-node-text">
          <span className="ed-node-name" title={nodeLabel(node)}>
            {nodeLabel(node)}
          </span>
          {needed ? (
            <span className="ed-node-needs" title={needed}>
              {needed}
            </span>
          ) : (
            <span className="ed-node-module">{module?.title ?? node.module}</span>
          )}
        </span>
        {previewed && <Icon name="eye" />}
        {problems.length > 0 && (
          <span className="ed-node-problems" title={problems.map((problem) => problem.message).join("\n")}>
            <Icon name="alert" />
            <span>{problems.length}</span>
            <span className="ed-hidden">{problems.length === 1 ? t("problem") : t("problems")}</span>
          </span>
        )}
      </div>
      <Ports names={inputs} side="in" />
      <Ports names={outputs} side="out" />
      {lines > 0 && <div className="ed-node-ports" style={{ height: lines * PORT_HEIGHT }} />}
    </div>
  );
});

function Ports({ names, side }: { names: (string | null)[]; side: "in" | "out" }): ReactNode {
  const named = isNamed(names, side);
  return names.map((name, index) => {
    const what = side === "in" ? t("Input") : t("Output");
    return (
      <Handle
        key={name ?? ONLY}
        id={name ?? ONLY}
        type={side === "in" ? "target" : "source"}
        position={side === "in" ? Position.Left : Position.Right}
        style={{ top: portTop(names, index, side) }}
        title={name ? `${what} ${name}` : what}
      >
        {named && <span className={`ed-port ed-port-${side}`}>{name}</span>}
      </Handle>
    );
  });
}
