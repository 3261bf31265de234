import {
  applyNodeChanges,
  Background,
  Controls,
  MiniMap,
  ReactFlow,
  useReactFlow,
  useStore,
  type Connection,
  type Edge,
  type EdgeChange,
  type FinalConnectionState,
  type Node,
  type NodeChange,
  type ReactFlowState,
  type Viewport,
} from "@xyflow/react";
import { useCallback, useEffect, useState, type DragEvent, type MouseEvent, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { addModule, connect } from "../commands";
import { makeEdge, whyNot } from "../model/connect";
import { move } from "../model/edit";
import { findNode, type Point } from "../model/graph";
import { kindOf } from "../model/modules";
import { HEAD_HEIGHT, NODE_WIDTH } from "../model/placing";
import { useEditor, useGraph } from "../store";
import { flowEdges, flowNodes, ONLY } from "./flow";
import { ModuleNode } from "./ModuleNode";
import { useNewGraphInView, useOpenedInView, useStartInView } from "./useInView";
import { MIN_ZOOM, useView } from "./useView";

/** What a drag from the palette carries. */
export const DRAGGED = "application/x-logidata-module";

const NODE_TYPES = { module: ModuleNode };
const MANY = 60;
const SOME = 12;

const ADDING = ["Shift", "Control", "Meta"];
const ZOOMING = ["Control", "Meta"];
const MINI = { width: 160, height: 96 };
const PRO = { hideAttribution: true };

/** Below these zooms names are written larger than life, and then not at all. */
const FAR = 0.7;
const DOTS = 0.28;

const ARIA = {
  "node.a11yDescription.default": t(
    "Enter opens the form, the arrow keys move the node, Delete removes it, C copies it with Ctrl.",
  ),
  "node.a11yDescription.keyboardDisabled": t("Enter opens the form, Delete removes the node."),
  "edge.a11yDescription.default": t("Enter selects the connection, Delete removes it."),
  "controls.ariaLabel": t("View of the canvas"),
  "controls.zoomIn.ariaLabel": t("Zoom in"),
  "controls.zoomOut.ariaLabel": t("Zoom out"),
  "minimap.ariaLabel": t("Overview"),
  "handle.ariaLabel": t("Connection point"),
};

// What the canvas is given stays the same: with another function all nodes would be drawn anew.

function onConnect({ source, sourceHandle, target, targetHandle }: Connection): void {
  connect(source, portName(sourceHandle), target, namedPort(target, targetHandle));
}

function onConnectEnd(_: unknown, { isValid, fromNode, fromHandle, toNode, toHandle }: FinalConnectionState): void {
  if (isValid === false && fromNode && toNode) explainRefusal(fromNode.id, fromHandle, toNode.id, toHandle);
}

function openForm(_: unknown, node: Node): void {
  useEditor.getState().open(node.id);
}

function onNodeClick(event: MouseEvent, node: Node): void {
  if (!event.shiftKey && !event.ctrlKey && !event.metaKey) openForm(event, node);
}

function closeForm(): void {
  useEditor.getState().open(null);
}

function keepView(_: unknown, view: Viewport): void {
  useEditor.setState({ view });
}

function onDragOver(event: DragEvent): void {
  if (event.dataTransfer.types.includes(DRAGGED)) event.preventDefault();
}

function portName(handle: string | null | undefined): string | null {
  return handle === ONLY || !handle ? null : handle;
}

/** The port to write into an edge: none where the target has only one. */
function namedPort(target: string, handle: string | null | undefined): string | null {
  const { modules, history } = useEditor.getState();
  const node = findNode(history.present.graph, target);
  const ports = (node && modules[node.module]?.ports) ?? [];
  return ports.length > 1 ? portName(handle) : null;
}

export function Canvas({ dark, full }: { dark: boolean; full: boolean }): ReactNode {
  const graph = useGraph();
  const modules = useEditor((state) => state.modules);
  const selected = useEditor((state) => state.selected);
  const selectedEdges = useEditor((state) => state.selectedEdges);
  const mayChange = useEditor((state) => state.mayChange);
  const [nodes, setNodes] = useState<Node[]>(() => flowNodes([], graph, selected, modules));
  const { screenToFlowPosition } = useReactFlow();
  const distance = useStore(distanceOf);
  const { showAgain } = useView();
  useOpenedInView();
  useNewGraphInView();
  useStartInView(full);

  useEffect(
    () => setNodes((before) => flowNodes(before, graph, selected, modules)),
    [graph, selected, modules],
  );
  const [edges, setEdges] = useState<Edge[]>(() => flowEdges([], graph, selectedEdges, modules));
  useEffect(
    () => setEdges((before) => flowEdges(before, graph, selectedEdges, modules)),
    [graph, selectedEdges, modules],
  );

  const onNodesChange = useCallback((changes: NodeChange[]) => {
    setNodes((before) => applyNodeChanges(changes, before));
    selectChanged(changes, "nodes");
    const moved = new Map<string, Point>();
    for (const change of changes) {
      if (change.type === "position" && change.position && change.dragging === false) {
        moved.set(change.id, change.position);
      }
    }
    if (moved.size > 0) useEditor.getState().edit((old) => movedGraph(old, moved), `move:${[...moved.keys()]}`);
  }, []);
  const onEdgesChange = useCallback((changes: EdgeChange[]) => selectChanged(changes, "edges"), []);
  const isValid = useCallback((edge: Edge | Connection) => {
    const { history, modules: known } = useEditor.getState();
    const port = namedPort(edge.target, edge.targetHandle);
    const drawn = makeEdge(edge.source, portName(edge.sourceHandle), edge.target, port);
    return whyNot(history.present.graph, drawn, known) === null;
  }, []);
  const onDrop = useCallback(
    (event: DragEvent) => {
      const key = event.dataTransfer.getData(DRAGGED);
      if (!key) return;
      event.preventDefault();
      const at = screenToFlowPosition({ x: event.clientX, y: event.clientY });
      addModule(key, { x: at.x - NODE_WIDTH / 2, y: at.y - HEAD_HEIGHT / 2 });
    },
    [screenToFlowPosition],
  );

  return (
    <ReactFlow
      className={`ed-seen-${distance}`}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      colorMode={dark ? "dark" : "light"}
      onNodesChange={onNodesChange}
      onEdgesChange={onEdgesChange}
      isValidConnection={isValid}
      onConnect={onConnect}
      onConnectEnd={onConnectEnd}
      onNodeDoubleClick={openForm}
      onNodeClick={onNodeClick}
      onPaneClick={closeForm}
      onDragOver={onDragOver}
      onDrop={onDrop}
      deleteKeyCode={null}
      multiSelectionKeyCode={ADDING}
      nodesDraggable={mayChange}
      nodesConnectable={mayChange}
      // From far away most are in view: to take out the others with every move costs more than to keep them.
      onlyRenderVisibleElements={graph.nodes.length > MANY && distance !== "dots"}
      connectionRadius={28}
      minZoom={MIN_ZOOM}
      onInit={showAgain}
      onMoveEnd={keepView}
      ariaLabelConfig={ARIA}
      proOptions={PRO}
      zoomOnDoubleClick={false}
      zoomOnScroll={full}
      preventScrolling={full}
      zoomActivationKeyCode={ZOOMING}
    >
      {distance !== "dots" && <Background gap={20} />}
      <Controls showInteractive={false} showFitView={false} />
      {graph.nodes.length > SOME && distance !== "dots" && <MiniMap style={MINI} pannable zoomable nodeClassName={miniClass} />}
    </ReactFlow>
  );
}

/** How much of a node can be seen from here. */
function distanceOf({ transform: [, , zoom] }: ReactFlowState): "near" | "far" | "dots" {
  if (zoom >= FAR) return "near";
  return zoom >= DOTS ? "far" : "dots";
}

function miniClass(node: Node): string {
  const { history, modules } = useEditor.getState();
  const found = findNode(history.present.graph, node.id);
  return found ? `ed-mini-${kindOf(found, modules)}` : "";
}

function movedGraph(graph: Parameters<typeof move>[0], moved: Map<string, Point>): typeof graph {
  const really = [...moved].some(([id, at]) => {
    const position = findNode(graph, id)?.position;
    return !position || Math.round(at.x) !== position.x || Math.round(at.y) !== position.y;
  });
  return really ? move(graph, moved) : graph;
}

/** Take over what React Flow selects and unselects. */
function selectChanged(changes: (NodeChange | EdgeChange)[], which: "nodes" | "edges"): void {
  const selections = changes.filter((change) => change.type === "select");
  if (selections.length === 0) return;
  const { selected, selectedEdges, select } = useEditor.getState();
  const next = new Set(which === "nodes" ? selected : selectedEdges);
  for (const change of selections) {
    if (change.selected) next.add(change.id);
    else next.delete(change.id);
  }
  if (which === "nodes") select(next, selectedEdges);
  else select(selected, next);
}

interface End {
  id?: string | null;
  type: string;
}

function explainRefusal(from: string, fromHandle: End | null, to: string, toHandle: End | null): void {
  const forward = fromHandle?.type === "source";
  const [source, target] = forward ? [from, to] : [to, from];
  const [output, port] = forward ? [fromHandle, toHandle] : [toHandle, fromHandle];
  const { history, modules, tell } = useEditor.getState();
  const edge = makeEdge(source, portName(output?.id), target, namedPort(target, port?.id));
  const reason = whyNot(history.present.graph, edge, modules);
  if (reason) tell(reason);
}
