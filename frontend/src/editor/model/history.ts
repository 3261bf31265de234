/** What can be undone and redone. Immutable. */
export interface History<T> {
  past: T[];
  present: T;
  future: T[];
  /** What the last change was part of, and when: changes of one kind, one after the other, are undone at once. */
  merging: { key: string; at: number } | null;
}

const LIMIT = 200;
const MERGE_MS = 1500;

export function begin<T>(present: T): History<T> {
  return { past: [], present, future: [], merging: null };
}

/** Return the history with a change; those with one `key` within 1.5 s are undone together. */
export function change<T>(history: History<T>, present: T, key: string | null, now: number): History<T> {
  if (present === history.present) return history;
  const merging = key === null ? null : { key, at: now };
  const same = key !== null && history.merging?.key === key && now - history.merging.at < MERGE_MS;
  const past = same ? history.past : [...history.past, history.present].slice(-LIMIT);
  return { past, present, future: [], merging };
}

export function undo<T>(history: History<T>): History<T> {
  const present = history.past.at(-1);
  if (present === undefined) return history;
  return { past: history.past.slice(0, -1), present, future: [history.present, ...history.future], merging: null };
}

export function redo<T>(history: History<T>): History<T> {
  const [present, ...future] = history.future;
  if (present === undefined) return history;
  return { past: [...history.past, history.present], present, future, merging: null };
}
