import { useEffect, useMemo, useRef, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Icon, ModuleIcon } from "../canvas/icons";
import { setSetting } from "../model/edit";
import { findNode, nodeLabel, type GraphDoc, type NodeDoc } from "../model/graph";
import { kindOf } from "../model/modules";
import { isNote, type Finding } from "../model/findings";
import { arriving } from "../model/problems";
import { labelOf, type Schema } from "../model/schema";
import { useEditor, useGraph } from "../store";
import { ColumnsOfNode } from "./ColumnsOfNode";
import { ConfigField } from "./ConfigField";
import { Form } from "./context";
import { Problems } from "./FieldFrame";
import { Fields } from "./Fields";
import { Identity } from "./Identity";
import { PortFields } from "./PortFields";
import { RUN_SETTINGS, WATERMARK } from "./settings";

const NONE: Finding[] = [];

/** The form of the node that is open: everything about it, in one column. */
export function NodePanel({ deployed }: { deployed: GraphDoc | null }): ReactNode {
  const opened = useEditor((state) => state.opened);
  const node = findNode(useGraph(), opened);
  const openings = useEditor((state) => state.openings);
  return node ? <Panel key={openings} node={node} deployed={deployed} /> : null;
}

function Panel({ node, deployed }: { node: NodeDoc; deployed: GraphDoc | null }): ReactNode {
  const { modules, mayChange, edit, open, preview, face } = useEditor.getState();
  const problems = useEditor((state) => state.problemsByNode.get(node.id)) ?? NONE;
  const faced = useEditor((state) => state.faced);
  const columns = useEditor((state) => state.columns[node.id]);
  const module = modules[node.module];
  const kind = kindOf(node, modules);
  const config = node.config ?? {};
  const close = () => {
    open(null);
    focusNode(node.id);
  };
  const value = useMemo(
    () => ({
      root: module?.config_schema ?? {},
      problems,
      isNote: (finding: Finding) => isNote(finding, faced),
      onLeave: (path: string) => face(node.id, path),
      columnsAt: (port: string | undefined) =>
        kind === "extract" ? (columns?.out[""] ?? []) : arriving(columns, port),
      config: node.config ?? {},
      disabled: !mayChange,
    }),
    [module, problems, faced, face, node.id, columns, kind, node.config, mayChange],
  );
  const heading = useRef<HTMLHeadingElement>(null);
  // A form that opens is where the keyboard goes on; once a node, not with every letter of its id.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);

  return (
    <Form value={value}>
      <aside
        className="ed-panel"
        aria-label={t("Settings of {node}", { node: nodeLabel(node) })}
        onKeyDown={(event) => {
          if (event.key === "Escape" && !event.defaultPrevented) close();
        }}
      >
        <div className={`ed-panel-head ed-${kind}`}>
          <span className="ed-node-icon">
            <ModuleIcon name={module?.icon} kind={kind} />
          </span>
          <div className="ed-panel-title">
            <h2 ref={heading} tabIndex={-1}>
              {nodeLabel(node)}
            </h2>
            <span className="ed-quiet">{node.module}</span>
          </div>
          <button type="button" className="ed-button" onClick={() => preview(node.id)}>
            <Icon name="eye" /> {t("Preview")}
          </button>
          <button type="button" className="ed-icon-button" aria-label={t("Close the form")} title={t("Close the form")} onClick={close}>
            <Icon name="close" />
          </button>
        </div>
        <div className="ed-panel-body">
          <p className="ed-help">{module?.summary ?? t("This module is not installed.")}</p>
          <Problems id="ed-node-problems" problems={problems.filter((problem) => !hasField(problem, module?.config_schema))} />
          <Identity node={node} deployed={deployed} />
          <PortFields node={node} />
          <Problems id="ed-edge-problems" problems={problems.filter((problem) => problem.field === "edges")} />
          {module && (
            <Fields
              path="config"
              properties={module.config_schema.properties ?? {}}
              required={module.config_schema.required ?? []}
              value={config}
              fold
              onChange={(next) => edit((graph) => setSetting(graph, node.id, "config", next), `config:${changedKey(config, next)}`)}
            />
          )}
          {kind === "extract" && <Watermark node={node} problems={problems} />}
          <RunSettings node={node} problems={problems} />
          <ColumnsOfNode columns={columns} />
        </div>
      </aside>
    </Form>
  );
}

function RunSettings({ node, problems }: { node: NodeDoc; problems: Finding[] }): ReactNode {
  const names = Object.keys(RUN_SETTINGS);
  const open = names.some((name) => problems.some((problem) => problem.field === name));
  return (
    <details className="ed-more" open={open || undefined}>
      <summary>{t("Retries and limits")}</summary>
      {names.map((name) => (
        <Setting key={name} node={node} name={name} schema={RUN_SETTINGS[name]!} />
      ))}
    </details>
  );
}

interface SettingProps {
  node: NodeDoc;
  name: string;
  schema: Schema;
}

function Setting({ node, name, schema }: SettingProps): ReactNode {
  const { edit } = useEditor.getState();
  return (
    <ConfigField
      path={name}
      label={labelOf(name, schema, {})}
      schema={schema}
      required={false}
      value={node[name] ?? undefined}
      onChange={(next) => edit((graph) => setSetting(graph, node.id, name, next), `setting:${name}`)}
    />
  );
}

function Watermark({ node, problems }: { node: NodeDoc; problems: Finding[] }): ReactNode {
  const { edit } = useEditor.getState();
  const value = (node.watermark ?? {}) as Record<string, unknown>;
  const write = (next: Record<string, unknown>) =>
    edit(
      (graph) => setSetting(graph, node.id, "watermark", Object.keys(next).length > 0 ? next : undefined),
      `watermark:${changedKey(value, next)}`,
    );
  return (
    <details className="ed-more" open={node.watermark ? true : undefined}>
      <summary>{t("Watermark")}</summary>
      <p className="ed-help">{WATERMARK.description}</p>
      <Problems id="ed-watermark-problems" problems={problems.filter((problem) => problem.field === "watermark")} />
      <Fields path="watermark" properties={WATERMARK.properties ?? {}} required={[]} value={value} onChange={write} />
    </details>
  );
}

/** Whether a problem has a field of its own in the form, where it is shown. */
function hasField(problem: Finding, schema: { properties?: object } | undefined): boolean {
  const [first, second] = (problem.field ?? "").split(".");
  if (first === "config") return second !== undefined && second in (schema?.properties ?? {});
  return first === "id" || first === "edges" || first === "name" || first === "watermark" || (first ?? "") in RUN_SETTINGS;
}

function changedKey(old: Record<string, unknown>, next: Record<string, unknown>): string {
  const keys = new Set([...Object.keys(old), ...Object.keys(next)]);
  return [...keys].find((key) => old[key] !== next[key]) ?? "";
}

/** Give the keyboard back to a node of the canvas. */
function focusNode(id: string): void {
  document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
}
