import { Handle, Position, type NodeProps } from "@xyflow/react";
import { memo, type ReactNode } from "react";
import { useShallow } from "zustand/react/shallow";
import { t } from "../../shared/i18n";
import { findNode, nodeLabel } from "../model/graph";
import { inputPorts, kindOf, outputsOf } from "../model/modules";
import { PORT_HEIGHT } from "../model/placing";
import { useEditor } from "../store";
import { Icon, ModuleIcon } from "./icons";

/** The id of the handle of a port or output that needs no name. */
export const ONLY = "";

/** A node on the canvas: looks itself up by its id, so that only what changed is drawn anew. */
export const ModuleNode = memo(function ModuleNode({ id, selected }: NodeProps): ReactNode {
  const node = useEditor((state) => findNode(state.history.present.graph, id));
  const modules = useEditor((state) => state.modules);
  const problems = useEditor((state) => state.problemsByNode.get(id));
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
  const lines = Math.max(inputs.length > 1 ? inputs.length : 0, outputs[0] ? outputs.length : 0);
  return (
    <div className={`ed-node ed-${kind}${selected ? " ed-selected" : ""}${problems ? " ed-faulty" : ""}`}>
      <div className="ed-node-head">
        <span className="ed-node-icon">
          <ModuleIcon name={module?.icon} kind={kind} />
        </span>
        <span className="ed-node-text">
          <span className="ed-node-name" title={nodeLabel(node)}>
            {nodeLabel(node)}
          </span>
          <span className="ed-node-module">{module?.title ?? node.module}</span>
        </span>
        {previewed && <Icon name="eye" />}
        {problems && (
          <span className="ed-node-problems" title={problems.map((problem) => problem.message).join("\n")}>
            <Icon name="alert" />
            <span>{problems.length}</span>
            <span className="ed-hidden">{t("problems")}</span>
          </span>
        )}
      </div>
      <Ports names={inputs} side="in" lines={lines} />
      <Ports names={outputs} side="out" lines={lines} />
      {lines > 0 && <div className="ed-node-ports" style={{ height: lines * PORT_HEIGHT }} />}
    </div>
  );
});

function Ports({ names, side, lines }: { names: (string | null)[]; side: "in" | "out"; lines: number }): ReactNode {
  const named = lines > 0 && names[0] !== null && (side === "out" || names.length > 1);
  return names.map((name, index) => {
    const top = named ? 58 + index * PORT_HEIGHT + PORT_HEIGHT / 2 : 29;
    const what = side === "in" ? t("Input") : t("Output");
    return (
      <Handle
        key={name ?? ONLY}
        id={name ?? ONLY}
        type={side === "in" ? "target" : "source"}
        position={side === "in" ? Position.Left : Position.Right}
        style={{ top }}
        title={name ? `${what} ${name}` : what}
      >
        {named && <span className={`ed-port ed-port-${side}`}>{name}</span>}
      </Handle>
    );
  });
}
