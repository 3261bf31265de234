import { useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { findNode } from "../model/graph";
import { NODE_WIDTH } from "../model/placing";
import { useEditor, useGraph } from "../store";
import { useView } from "./useView";

/** Once the canvas has its new size. */
const REVEAL_AFTER_MS = 120;

/** Show the start of a graph that came as a whole, such as a template or a file, or was laid out anew. */
export function useNewGraphInView(): void {
  const graph = useGraph();
  const looks = useEditor((state) => state.looks);
  const { showStart } = useView();
  const known = useRef({ graph, looks });
  useEffect(() => {
    const before = known.current;
    known.current = { graph, looks };
    const isNew = graph.nodes.length > 1 && graph.nodes.every((node) => !findNode(before.graph, node.id));
    if (isNew || looks !== before.looks) showStart();
  }, [graph, looks, showStart]);
}

/** Show the start of the graph anew where the canvas has become as large as the screen, or small again. */
export function useStartInView(full: boolean): void {
  const { showStart } = useView();
  const was = useRef(full);
  useEffect(() => {
    if (was.current === full) return undefined;
    was.current = full;
    const timer = setTimeout(showStart, REVEAL_AFTER_MS);
    return () => clearTimeout(timer);
  }, [full, showStart]);
}

/** Bring the node whose form or preview is open back into view, where that has covered it. */
export function useOpenedInView(): void {
  const opened = useEditor((state) => state.opened);
  const previewed = useEditor((state) => state.previewed);
  const { setCenter } = useReactFlow();
  const store = useStoreApi();
  useEffect(() => {
    const shown = opened ?? previewed;
    if (shown === null) return undefined;
    // Once the canvas has got narrower.
    const timer = setTimeout(() => {
      const { width, height, transform, nodeLookup } = store.getState();
      const node = nodeLookup.get(shown);
      if (!node) return;
      const [x, y, zoom] = transform;
      const { x: left, y: top } = node.internals.positionAbsolute;
      const size = { width: node.measured.width ?? NODE_WIDTH, height: node.measured.height ?? 0 };
      const start = { x: left * zoom + x, y: top * zoom + y };
      const inside = start.x >= 0 && start.y >= 0 && start.x + size.width * zoom <= width && start.y + size.height * zoom <= height;
      if (!inside) void setCenter(left + size.width / 2, top + size.height / 2, { zoom, duration: 200 });
    }, REVEAL_AFTER_MS);
    return () => clearTimeout(timer);
  }, [opened, previewed, setCenter, store]);
}
