import { useReactFlow, useStoreApi } from "@xyflow/react";
import { useCallback } from "react";
import type { Point } from "../model/graph";
import { boundsOf, type Size } from "../model/placing";
import { useEditor, type View } from "../store";

/** How far out the canvas can be seen: 500 nodes fit a laptop's screen. */
export const MIN_ZOOM = 0.04;
/** From here on names of nodes are easy to read. */
const READABLE = 0.55;
const MARGIN = 28;
const GLIDE_MS = 200;

/** Return the view that has a rectangle in its middle, as large as it can be, but no larger than life. */
export function viewOfAll(bounds: Point & Size, screen: Size): View {
  return centred(bounds, screen, zoomFor(bounds, screen));
}

/**
 * Return the view that a graph begins with: all of it, where that can be read, or else its left end.
 *
 * `first` is the height at which the graph begins, for one that is higher than the screen.
 */
export function viewOfStart(bounds: Point & Size, screen: Size, first: number): View {
  const zoom = Math.max(zoomFor(bounds, screen), READABLE);
  const middle = centred(bounds, screen, zoom);
  const isWide = bounds.width * zoom > screen.width - 2 * MARGIN;
  const isHigh = bounds.height * zoom > screen.height - 2 * MARGIN;
  return {
    zoom,
    x: isWide ? MARGIN - bounds.x * zoom : middle.x,
    y: isHigh ? Math.min(MARGIN - bounds.y * zoom, screen.height / 2 - first * zoom) : middle.y,
  };
}

/** Whether something of a rectangle is in view. */
export function isSeen(bounds: Point & Size, screen: Size, { x, y, zoom }: View): boolean {
  const left = bounds.x * zoom + x;
  const top = bounds.y * zoom + y;
  return left < screen.width && top < screen.height && left + bounds.width * zoom > 0 && top + bounds.height * zoom > 0;
}

function zoomFor(bounds: Size, screen: Size): number {
  const fits = Math.min((screen.width - 2 * MARGIN) / bounds.width, (screen.height - 2 * MARGIN) / bounds.height);
  return Math.min(1, Math.max(fits, MIN_ZOOM));
}

function centred(bounds: Point & Size, screen: Size, zoom: number): View {
  return {
    zoom,
    x: screen.width / 2 - (bounds.x + bounds.width / 2) * zoom,
    y: screen.height / 2 - (bounds.y + bounds.height / 2) * zoom,
  };
}

function viewOfBefore(bounds: Point & Size, screen: Size, first: number): View {
  const { view } = useEditor.getState();
  return view && isSeen(bounds, screen, view) ? view : viewOfStart(bounds, screen, first);
}

interface Shows {
  showAll: () => void;
  showStart: () => void;
  /** What was seen before the canvas was left for another tab; the start of the graph if that is gone. */
  showAgain: () => void;
}

/** What shows the graph: all of it, from its start, or as it was seen last. */
export function useView(): Shows {
  const { setViewport } = useReactFlow();
  const store = useStoreApi();
  const show = useCallback(
    (viewOf: (bounds: Point & Size, screen: Size, first: number) => View, duration: number) => {
      const { history, modules } = useEditor.getState();
      const { nodes } = history.present.graph;
      const { width, height } = store.getState();
      const bounds = boundsOf(history.present.graph, modules);
      if (!bounds || width === 0) return;
      const first = nodes.map((node) => node.position).reduce((a, b) => (a && b && b.x < a.x ? b : a));
      void setViewport(viewOf(bounds, { width, height }, first?.y ?? bounds.y), { duration });
    },
    [setViewport, store],
  );
  return {
    showAll: useCallback(() => show(viewOfAll, GLIDE_MS), [show]),
    showStart: useCallback(() => show(viewOfStart, GLIDE_MS), [show]),
    showAgain: useCallback(() => show(viewOfBefore, 0), [show]),
  };
}
