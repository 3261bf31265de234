/** The part of a log that the page holds: one run of messages without a gap, which grows at both ends. */

export interface LogEvent {
  timestamp: string | null;
  level: string;
  message: string;
}

/** What `GET /executions/{id}/logs` answers for one node. */
export interface LogPage {
  node: string;
  try: number;
  is_kept: boolean;
  total: number;
  offset: number;
  next: number | null;
  events: LogEvent[];
}

export interface LogLine extends LogEvent {
  /** The place in the whole log, from 0. */
  place: number;
}

export interface LogPart {
  try: number;
  isKept: boolean;
  total: number;
  lines: readonly LogLine[];
}

export const EMPTY_LOG: LogPart = { try: 0, isKept: false, total: 0, lines: [] };

/**
 * Return the part with the page added to it.
 *
 * A page that does not touch the part (the log was cut, or changed) replaces it. Lines that are
 * held already stay the same objects.
 */
export function withPage(part: LogPart, page: LogPage): LogPart {
  const added = page.events.map((event, index) => ({ ...event, message: plain(event.message), place: page.offset + index }));
  const known = { try: page.try, isKept: page.is_kept, total: page.total };
  const first = part.lines[0]?.place;
  const end = endOf(part);
  const touches =
    first !== undefined && part.try === page.try && page.total >= end && page.offset <= end && page.offset + added.length >= first;
  if (!touches) {
    const isLost = part.try !== page.try || page.total < end || part.lines.length === 0 || added.length > 0;
    return { ...known, lines: isLost ? added : part.lines };
  }
  const before = added.filter((line) => line.place < first);
  const after = added.filter((line) => line.place >= end);
  return { ...known, lines: before.length || after.length ? [...before, ...part.lines, ...after] : part.lines };
}

/** The place behind the last line that is held. */
export function endOf(part: LogPart): number {
  const last = part.lines.at(-1);
  return last === undefined ? 0 : last.place + 1;
}

/** Return the offset and length of the page before what is held; null at the beginning. */
export function pageBefore(part: LogPart, length: number): { offset: number; limit: number } | null {
  const first = part.lines[0]?.place ?? 0;
  return first === 0 ? null : { offset: Math.max(first - length, 0), limit: Math.min(length, first) };
}

/** Whether all that the log has so far is held. */
export function isWhole(part: LogPart): boolean {
  return (part.lines[0]?.place ?? 0) === 0 && endOf(part) >= part.total;
}

// Colours and moves of a terminal, which some libraries write into logs.
const TERMINAL = /\u001b\[[0-?]*[ -/]*[@-~]/g;

function plain(text: string): string {
  return text.includes("\u001b") ? text.replace(TERMINAL, "") : text;
}

const RANKS: Record<string, number> = { debug: 10, info: 20, warning: 30, warn: 30, error: 40, critical: 50, fatal: 50, exception: 40 };

/** Return how serious a level is; a line without one counts as information. */
export function rank(level: string): number {
  return RANKS[level] ?? 20;
}

/** Return the lines of at least this seriousness. */
export function fromRank(lines: readonly LogLine[], least: number): readonly LogLine[] {
  return least <= 0 ? lines : lines.filter((line) => rank(line.level) >= least);
}

/** Return the places in `lines` of those whose message holds the text, whatever its case. */
export function found(lines: readonly LogLine[], text: string): number[] {
  const wanted = text.toLowerCase();
  if (wanted === "") return [];
  return lines.flatMap((line, index) => (line.message.toLowerCase().includes(wanted) ? [index] : []));
}

/** Cut a message where it holds the text: the odd pieces are what was looked for. */
export function pieces(message: string, text: string): string[] {
  const wanted = text.toLowerCase();
  if (wanted === "") return [message];
  const lower = message.toLowerCase();
  // Some letters change their length with their case; then nothing is marked rather than wrongly.
  if (lower.length !== message.length) return [message];
  const parts: string[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push(message.slice(from, at), message.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  return [...parts, message.slice(from)];
}
