import {
  Background,
  Controls,
  MiniMap,
  type MiniMapNodeProps,
  Panel,
  ReactFlow,
  type ReactFlowInstance,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { type KeyboardEvent, memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { t } from "../shared/i18n";
import { statusClass } from "../shared/status";
import { FlowEdge, type FlowEdgeType } from "./flow-edge";
import { GraphTools } from "./graph-tools";
import { neighbour, NODE_HEIGHT, NODE_WIDTH, places } from "./graph";
import type { Places } from "./layers";
import { NodeBox, type StepNode } from "./node-box";
import { usePage, useShown, useTask } from "./store";
import { useIsDark } from "./theme";

const nodeTypes = { step: NodeBox };
const edgeTypes = { flow: FlowEdge };
// At a smaller zoom the boxes cannot be read.
const READABLE = 0.62;
// From still farther only the colours tell something; without the texts, hundreds of boxes move smoothly.
const FAR = 0.35;
const PADDING = 24;
const MAP_FROM = 30;

type Flow = ReactFlowInstance<StepNode, FlowEdgeType>;

const ARIA = {
  "controls.ariaLabel": t("View of the graph"),
  "controls.zoomIn.ariaLabel": t("Zoom in"),
  "controls.zoomOut.ariaLabel": t("Zoom out"),
  "controls.fitView.ariaLabel": t("Show all"),
};

/** The graph of the revision that ran; it never changes, only the states of its nodes do. */
export function GraphView() {
  const { graph, store } = usePage();
  const isDark = useIsDark();
  const flow = useRef<Flow | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const isMoved = useRef(false);
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
      if (!isInside(flow.current, frame.current, spot)) {
        const zoom = Math.max(flow.current.getZoom(), 0.8);
        void flow.current.setCenter(spot.x + NODE_WIDTH / 2, spot.y + NODE_HEIGHT / 2, { zoom });
      }
      if (withFocus) focusNode(id);
    },
    [spots],
  );

  // A graph that is seen whole stays so, until the reader moves it, when the panel takes its room.
  const fit = useCallback(() => {
    if (isMoved.current || fittingZoom(spots, frame.current) < READABLE) return false;
    void flow.current?.fitView({ maxZoom: 1, padding: `${PADDING}px` });
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
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onInit={begin}
        onMove={(_, { zoom }) => frame.current?.classList.toggle("is-far", zoom < FAR)}
        onMoveStart={(event) => {
          if (event !== null) isMoved.current = true;
        }}
        colorMode={isDark ? "dark" : "light"}
        onlyRenderVisibleElements
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        ariaLabelConfig={ARIA}
        deleteKeyCode={null}
        minZoom={0.05}
        maxZoom={1.5}
      >
        <Background gap={20} />
        <Panel position="top-left">
          <GraphTools onShow={show} />
        </Panel>
        <Controls showInteractive={false} />
        {nodes.length > MAP_FROM && <MiniMap pannable zoomable nodeComponent={MapNode} ariaLabel={t("Overview of the graph")} />}
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

/** Return the zoom at which the whole graph is seen. */
function fittingZoom(spots: Places, frame: HTMLElement | null): number {
  if (!frame || spots.size === 0) return 1;
  const [xs, ys] = [[...spots.values()].map(({ x }) => x), [...spots.values()].map(({ y }) => y)];
  const width = Math.max(...xs) - Math.min(...xs) + NODE_WIDTH;
  const height = Math.max(...ys) - Math.min(...ys) + NODE_HEIGHT;
  return Math.min((frame.clientWidth - 2 * PADDING) / width, (frame.clientHeight - 2 * PADDING) / height, 1);
}

function isInside(flow: Flow, frame: HTMLElement | null, spot: { x: number; y: number }): boolean {
  if (!frame || flow.getZoom() < 0.3) return false;
  const { x, y, zoom } = flow.getViewport();
  const [left, top] = [spot.x * zoom + x, spot.y * zoom + y];
  const [right, bottom] = [left + NODE_WIDTH * zoom, top + NODE_HEIGHT * zoom];
  return left >= 0 && top >= 0 && right <= frame.clientWidth && bottom <= frame.clientHeight;
}

/** Put the focus on a node, which may be drawn only once the view has come to it. */
export function focusNode(id: string, left = 20): void {
  const element = document.getElementById(`x-node-${id}`);
  if (element) element.focus({ preventScroll: true });
  else if (left > 0) requestAnimationFrame(() => focusNode(id, left - 1));
}
