import type { Doc } from "./graph";
import type { History } from "./history";
import { isAlike } from "./json";
import type { Keeper } from "./unsaved";

const MOST = 50;
const keyOf = (pipeline: string | null) => `logidata-editor-undo:${pipeline ?? "new"}`;

/** Keep what can be undone while the form is sent: the page that refuses it goes on with that. */
export function carry(keeper: Keeper, pipeline: string | null, history: History<Doc>): void {
  const { past, present, future } = history;
  try {
    keeper.setItem(keyOf(pipeline), JSON.stringify({ past: past.slice(-MOST), present, future: future.slice(0, MOST) }));
  } catch {
    // A browser that is full keeps none: then there is nothing to undo, and nothing else is lost.
  }
}

/** Return what was carried over to a page that shows the same document, once; else null. */
export function carried(keeper: Keeper, pipeline: string | null, shown: Doc): History<Doc> | null {
  const text = keeper.getItem(keyOf(pipeline));
  keeper.removeItem(keyOf(pipeline));
  if (text === null) return null;
  const found = JSON.parse(text) as Omit<History<Doc>, "merging">;
  return isAlike(found.present, shown) ? { ...found, merging: null } : null;
}
