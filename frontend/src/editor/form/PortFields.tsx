import { useId, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Icon } from "../canvas/icons";
import { disconnect, possibleSources } from "../commands";
import { addEdge } from "../model/edit";
import { edgeId, edgesTo, findNode, nodeLabel, type EdgeDoc, type NodeDoc } from "../model/graph";
import { inputPorts, portOf } from "../model/modules";
import { useEditor, useGraph } from "../store";
import { useForm } from "./context";

/** What feeds a node, port by port: connections for those who use no mouse. */
export function PortFields({ node }: { node: NodeDoc }): ReactNode {
  const modules = useEditor((state) => state.modules);
  const graph = useGraph();
  const ports = inputPorts(node, modules);
  const { onLeave } = useForm();
  const entering = edgesTo(graph.edges, node.id);
  if (ports.length === 0) return null;
  return (
    <fieldset
      className="ed-field"
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) onLeave("edges");
      }}
    >
      <legend className="ed-label">{t("Inputs")}</legend>
      {ports.map((port) => (
        <Port
          key={port ?? ""}
          node={node}
          port={port}
          several={ports.length > 1}
          edges={port === null ? entering : entering.filter((edge) => portOf(edge, node, modules) === port)}
        />
      ))}
    </fieldset>
  );
}

interface PortProps {
  node: NodeDoc;
  /** null: the module takes any number of inputs. */
  port: string | null;
  several: boolean;
  edges: EdgeDoc[];
}

function Port({ node, port, several, edges }: PortProps): ReactNode {
  const { disabled } = useForm();
  const { edit } = useEditor.getState();
  const graph = useGraph();
  const id = useId();
  const open = port === null || edges.length === 0;
  const sources = open ? possibleSources(node.id, several ? port : null) : [];
  return (
    <div className="ed-port-line">
      {several && <span className="ed-port-name">{port}</span>}
      {edges.map((edge) => (
        <span key={edgeId(edge)} className="ed-chip">
          {nodeLabel(findNode(graph, edge.source) ?? node)}
          {edge.output && ` · ${edge.output}`}
          <button
            type="button"
            disabled={disabled}
            aria-label={t("Remove the connection from {node}", { node: edge.source })}
            onClick={() => disconnect(edge)}
          >
            <Icon name="close" />
          </button>
        </span>
      ))}
      {open && sources.length === 0 && !disabled && (
        <span className="ed-quiet">
          {graph.nodes.length === 1
            ? t("There is no other node yet. Add one, and connect it here.")
            : t("No node can be connected here: the others are connected already, have no output, or come after this one.")}
        </span>
      )}
      {open && sources.length > 0 && (
        <select
          id={id}
          className="ed-input"
          aria-label={port ? t("Connect the input {port}", { port }) : t("Connect an input")}
          disabled={disabled}
          value=""
          onChange={(event) => {
            const chosen = sources.find(({ edge }) => edgeId(edge) === event.target.value);
            if (chosen) edit((old) => addEdge(old, chosen.edge));
          }}
        >
          <option value="">{t("Connect with…")}</option>
          {sources.map(({ edge, label }) => (
            <option key={edgeId(edge)} value={edgeId(edge)}>
              {label}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
