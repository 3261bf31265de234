import {
  Background,
  ControlButton,
  Controls,
  MiniMap,
  type MiniMapNodeProps,
  Panel,
  ReactFlow,
  type ReactFlowInstance,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { type KeyboardEvent, memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { t } from "../shared/i18n";
import { statusClass } from "../shared/status";
import { FlowEdge, type FlowEdgeType } from "./flow-edge";
import { GraphTools } from "./graph-tools";
import { neighbour, NODE_HEIGHT, NODE_WIDTH, places } from "./graph";
import type { Places } from "../shared/layers";
import { NodeBox, type StepNode } from "./node-box";
import { Overview } from "./overview";
import { usePage, useShown, useTask } from "./store";
import { useIsDark } from "./theme";
import { around, CLOSE, FAR, fitting, type Frame, isSeen, READABLE } from "./view";

const nodeTypes = { step: NodeBox };
const edgeTypes = { flow: FlowEdge };
// Of more nodes than these only those in view are drawn.
const MANY = 60;
// From afar the overview draws the nodes and their lines.
const NO_BOXES: StepNode[] = [];
const NO_LINES: FlowEdgeType[] = [];
const MAP_FROM = 30;
const BEGINNING = { x: 0, y: 0, zoom: CLOSE };

type Flow = ReactFlowInstance<StepNode, FlowEdgeType>;

const ARIA = {
  "controls.ariaLabel": t("View of the graph"),
  "controls.zoomIn.ariaLabel": t("Zoom in"),
  "controls.zoomOut.ariaLabel": t("Zoom out"),
};

/** The graph of the revision that ran; it never changes, only the states of its nodes do. */
export function GraphView() {
  const { graph, store } = usePage();
  const isDark = useIsDark();
  const flow = useRef<Flow | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const isMoved = useRef(false);
  const [isFar, setFar] = useState(false);
  const [focused, setFocused] = useState<string | null>(null);
  const spots = useMemo(() => places(graph), [graph]);
  const nodes = useMemo(() => boxes(graph.nodes, spots), [graph, spots]);
  const edges = useMemo(() => lines(graph.edges), [graph]);
  const open = useShown((shown) => shown.node);

  const show = useCallback(
    (id: string, withFocus: boolean) => {
      const spot = spots.get(id);
      if (!spot || !flow.current) return;
      setFocused(id);
      const view = flow.current.getViewport();
      const size = sizeOf(frame.current);
      if (!isSeen(spot, view, size)) void flow.current.setViewport(around(spots, id, Math.max(view.zoom, CLOSE), size));
      if (withFocus) focusNode(id);
    },
    [spots],
  );

  // A graph that is seen whole stays so, until the reader moves it, when the panel takes its room.
  const fit = useCallback(() => {
    const view = fitting(spots, sizeOf(frame.current));
    if (isMoved.current || view.zoom < READABLE) return false;
    void flow.current?.setViewport(view);
    return true;
  }, [spots]);

  useEffect(() => {
    const timer = setTimeout(() => {
      fit();
      if (open !== null) show(open, false);
    }, 50);
    return () => clearTimeout(timer);
  }, [open, show, fit]);

  const begin = useCallback(
    (instance: Flow) => {
      flow.current = instance;
      if (!fit()) show(store.get().node ?? worthASight(store.get().execution.tasks) ?? nodes[0]!.id, false);
    },
    [fit, nodes, show, store],
  );

  function showAll() {
    const view = fitting(spots, sizeOf(frame.current));
    // First, or all boxes would be drawn for a moment.
    flushSync(() => setFar(view.zoom < FAR));
    void flow.current?.setViewport(view);
  }

  function onKeyDown(event: KeyboardEvent) {
    const id = focused ?? nodes[0]?.id;
    if (id === undefined || !(event.target as HTMLElement).closest(".x-node, .x-graph-keys")) return;
    if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      const next = focused === null ? id : neighbour(spots, id, event.key);
      if (next !== null) show(next, true);
    } else if ((event.key === "Enter" || event.key === " ") && focused !== null) {
      event.preventDefault();
      store.open(id);
    }
  }

  return (
    <div ref={frame} className="x-graph" onKeyDown={onKeyDown}>
      <button type="button" className="x-graph-keys" onFocus={() => show(focused ?? nodes[0]?.id ?? "", true)}>
        {t("Nodes of the graph: arrows go from node to node, Enter opens one")}
      </button>
      <ReactFlow<StepNode, FlowEdgeType>
        nodes={isFar ? NO_BOXES : nodes}
        edges={isFar ? NO_LINES : edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onInit={begin}
        onMove={(event, { zoom }) => {
          if (event) isMoved.current = true;
          setFar(zoom < FAR);
        }}
        colorMode={isDark ? "dark" : "light"}
        onlyRenderVisibleElements={nodes.length > MANY}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        ariaLabelConfig={ARIA}
        deleteKeyCode={null}
        defaultViewport={BEGINNING}
        minZoom={0.02}
        maxZoom={1.5}
      >
        {isFar ? <Overview graph={graph} spots={spots} /> : <Background gap={20} />}
        <Panel position="top-left">
          <GraphTools onShow={show} />
        </Panel>
        <Controls showInteractive={false} showFitView={false}>
          <ControlButton
            className="x-show-all"
            title={t("Show all")}
            aria-label={t("Show all")}
            onClick={showAll}
          >
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" />
            </svg>
          </ControlButton>
        </Controls>
        {nodes.length > MAP_FROM && !isFar && <MiniMap pannable zoomable nodeComponent={MapNode} ariaLabel={t("Overview of the graph")} />}
      </ReactFlow>
    </div>
  );
}

const MapNode = memo(function MapNode({ id, x, y, width, height }: MiniMapNodeProps) {
  const task = useTask(id);
  return <rect className={`x-map-node ${statusClass(task?.status ?? "pending")}`} x={x} y={y} width={width} height={height} rx={8} />;
});

function boxes(nodes: readonly { id: string; name: string; module: string }[], spots: Places): StepNode[] {
  return nodes.map(({ id, name, module }) => ({
    id,
    type: "step",
    position: spots.get(id) ?? { x: 0, y: 0 },
    width: NODE_WIDTH,
    height: NODE_HEIGHT,
    data: { name: name || id, module },
  }));
}

function lines(edges: readonly { source: string; target: string; port: string | null; output?: string | null }[]): FlowEdgeType[] {
  return edges.map(({ source, target, port, output = null }, index) => ({
    id: `e${index}`,
    type: "flow",
    ariaLabel: t("Connection from {source} to {target}", { source, target }),
    source,
    target,
    data: { port, output },
  }));
}

/** Return the node to look at first in a large graph: one that failed, or that runs. */
function worthASight(tasks: readonly { node_id: string; status: string }[]): string | null {
  const found = ["failed", "running"].map((status) => tasks.find((task) => task.status === status));
  return found.find((task) => task !== undefined)?.node_id ?? null;
}

function sizeOf(frame: HTMLElement | null): Frame {
  return { width: frame?.clientWidth ?? 0, height: frame?.clientHeight ?? 0 };
}

/** Put the focus on a node, which may be drawn only once the view has come to it. */
export function focusNode(id: string, left = 20): void {
  const element = document.getElementById(`x-node-${id}`);
  if (element) element.focus({ preventScroll: true });
  else if (left > 0) requestAnimationFrame(() => focusNode(id, left - 1));
}
