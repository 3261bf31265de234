/** Which part of a graph is seen, and from how far. */

import { NODE_HEIGHT, NODE_WIDTH } from "./graph";
import type { Places } from "../shared/layers";

/** How the graph is moved, in pixels of the screen, and how large it is drawn. */
export interface View {
  x: number;
  y: number;
  zoom: number;
}

/** The canvas, in pixels of the screen. */
export interface Frame {
  width: number;
  height: number;
}

/** A smaller zoom than this leaves nothing to be read in the boxes. */
export const READABLE = 0.62;
/** The zoom at which a part of a graph is shown that is too large to be seen whole. */
export const CLOSE = 0.8;
/** From farther than this only the colours tell something. */
export const FAR = 0.45;
/** What stays free around a graph, in pixels of the screen: the tools lie above it. */
export const ROOM = { top: 56, right: 24, bottom: 24, left: 24 };

/** Return the box around all nodes. */
export function boundsOf(spots: Places): { x: number; y: number; width: number; height: number } {
  if (spots.size === 0) return { x: 0, y: 0, width: NODE_WIDTH, height: NODE_HEIGHT };
  const [xs, ys] = [[...spots.values()].map((spot) => spot.x), [...spots.values()].map((spot) => spot.y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x + NODE_WIDTH, height: Math.max(...ys) - y + NODE_HEIGHT };
}

/** Return the view in which the whole graph is seen, never enlarged. */
export function fitting(spots: Places, frame: Frame): View {
  const { width, height } = boundsOf(spots);
  const zoom = Math.min((frame.width - ROOM.left - ROOM.right) / width, (frame.height - ROOM.top - ROOM.bottom) / height, 1);
  return around(spots, "", zoom, frame);
}

/** Return the view with a node in its middle, or as near to it as leaves no room unused beside the graph. */
export function around(spots: Places, node: string, zoom: number, frame: Frame): View {
  const box = boundsOf(spots);
  const spot = spots.get(node) ?? box;
  return {
    x: moved(box.x * zoom, box.width * zoom, (spot.x + NODE_WIDTH / 2) * zoom, ROOM.left, frame.width - ROOM.right),
    y: moved(box.y * zoom, box.height * zoom, (spot.y + NODE_HEIGHT / 2) * zoom, ROOM.top, frame.height - ROOM.bottom),
    zoom,
  };
}

/** Return how far to move along one axis so that `middle` is between `from` and `to`, and so is the graph. */
function moved(start: number, length: number, middle: number, from: number, to: number): number {
  // Half a pixel is no reason to leave the middle.
  if (length <= to - from + 0.5) return (from + to - length) / 2 - start;
  return Math.min(Math.max((from + to) / 2 - middle, to - start - length), from - start);
}

/** Whether a node is seen whole, and large enough to be one. */
export function isSeen(spot: { x: number; y: number }, { x, y, zoom }: View, frame: Frame): boolean {
  const [left, top] = [spot.x * zoom + x, spot.y * zoom + y];
  const [right, bottom] = [left + NODE_WIDTH * zoom, top + NODE_HEIGHT * zoom];
  return zoom >= FAR && left >= 0 && top >= 0 && right <= frame.width && bottom <= frame.height;
}
