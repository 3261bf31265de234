import type { Doc } from "./graph";
import { isAlike } from "./json";

/** Work that is saved nowhere but in this browser. */
export interface Unsaved {
  doc: Doc;
  /** What was typed as JSON, where that holds a mistake and `doc` is older. */
  text?: string;
  /** The page's other fields, such as the name and the schedule. */
  settings?: Record<string, unknown>;
  /** When it was changed last, as ISO time. */
  at: string;
  /** The newest state of the server that it was made from, as ISO time; null of a new pipeline. */
  seen: string | null;
  /** Whether the form was sent with it since: then it is saved, unless that did not arrive. */
  sent: boolean;
}

/** Where the browser keeps texts: `localStorage`, or a fake of it. */
export interface Keeper {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const keyOf = (pipeline: string | null) => `logidata-editor:${pipeline ?? "new"}`;

export function keep(keeper: Keeper, pipeline: string | null, unsaved: Unsaved): void {
  try {
    keeper.setItem(keyOf(pipeline), JSON.stringify(unsaved));
  } catch {
    // A browser that is full or forbids it keeps nothing; the page still warns before it is left.
  }
}

export function forget(keeper: Keeper, pipeline: string | null): void {
  keeper.removeItem(keyOf(pipeline));
}

function read(keeper: Keeper, pipeline: string | null): Unsaved | null {
  try {
    const found = JSON.parse(keeper.getItem(keyOf(pipeline)) ?? "null") as Unsaved | null;
    return found && Array.isArray(found.doc.graph.nodes) && Array.isArray(found.doc.graph.edges) ? found : null;
  } catch {
    return null;
  }
}

/** What the page shows, and of which state of the server that is. */
export type Shown = Pick<Unsaved, "doc" | "settings" | "seen">;

/**
 * Return work to offer, or null where there is none that `shown` does not have.
 *
 * Work that was sent counts as saved once the server shows a newer state than it was made from:
 * a form that was sent may never have arrived.
 */
export function offered(keeper: Keeper, pipeline: string | null, shown: Shown): Unsaved | null {
  const found = read(keeper, pipeline);
  if (!found) return null;
  const same =
    found.text === undefined &&
    isAlike(found.doc, shown.doc) &&
    (found.settings === undefined || isAlike(found.settings, shown.settings));
  if (!same && !(found.sent && isNewer(shown.seen, found.seen))) return found;
  forget(keeper, pipeline);
  return null;
}

function isNewer(one: string | null, other: string | null | undefined): boolean {
  return one !== null && other != null && Date.parse(one) > Date.parse(other);
}
