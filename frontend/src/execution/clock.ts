/** The server's clock, by which everything that runs is measured. */

import { useSyncExternalStore } from "react";

/** Milliseconds to add to this computer's clock; null until the server has told its time. */
export type ClockOffset = number | null;

const SET_ANEW = 5_000;

/**
 * Return the offset once the server's time has come.
 *
 * A message is always late and never early, so the largest offset is the most exact one; a jump
 * means that one of the clocks was set.
 */
export function offsetFrom(known: ClockOffset, server: number, here: number): ClockOffset {
  if (Number.isNaN(server)) return known;
  const seen = server - here;
  return known === null || Math.abs(seen - known) > SET_ANEW ? seen : Math.max(known, seen);
}

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const each of listeners) each();
    }, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

const stand = (): (() => void) => () => undefined;

/** Return this computer's time, anew each second while `isRunning`: one timer for the whole page. */
export function useNow(isRunning: boolean): number {
  const ticking = useSyncExternalStore(isRunning ? subscribe : stand, () => now);
  return isRunning ? ticking : Date.now();
}
