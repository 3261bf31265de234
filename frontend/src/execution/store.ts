/** What the page shows, held outside of React so that a node is drawn again only when it changed. */

import { createContext, useContext, useSyncExternalStore } from "react";
import { type ClockOffset, offsetFrom } from "./clock";
import type { Graph } from "./graph";
import type { May } from "./detail";
import type { Line } from "./live";
import { type ExecutionState, receive, type Task } from "./state";

export type PanelTab = "overview" | "log" | "data" | "rejected";

/** What the page's template gives. */
export interface PageData {
  execution_id: string;
  state: ExecutionState | null;
  graph: Graph | null;
  may: May;
  /** Whether the user may see which alerts were sent. */
  shows_alerts: boolean;
  /** What is to be known of a replay from its beginning. */
  notes: string[];
  urls: {
    pipeline: string | null;
    change_params: string | null;
    /** The form that runs the newest revision with the same params. */
    run_newest: string | null;
    /** The editor, with `__node__` in the place of the id of the node that it opens. */
    edit_node: string | null;
    /** With a nil UUID in the place of the execution's id. */
    execution: string;
    /** With `__node__` in the place of the node's id. */
    quarantine: string;
  };
}

export interface Shown {
  execution: ExecutionState;
  line: Line;
  /** How far the server's clock is ahead of this one, in milliseconds. */
  offset: ClockOffset;
  /** The node whose panel is open. */
  node: string | null;
  tab: PanelTab;
  /** Refusals and results of what the user asked for, the newest last. */
  messages: Message[];
}

export interface Message {
  id: number;
  kind: "info" | "success" | "warning" | "error";
  text: string;
}

export class Store {
  private readonly listeners = new Set<() => void>();
  private tasks: { of: readonly Task[]; byId: Map<string, Task> };
  private lastMessage = 0;

  constructor(private shown: Shown) {
    this.tasks = index(shown.execution.tasks);
  }

  readonly get = (): Shown => this.shown;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly task = (id: string): Task | undefined => {
    if (this.tasks.of !== this.shown.execution.tasks) this.tasks = index(this.shown.execution.tasks);
    return this.tasks.byId.get(id);
  };

  change(part: Partial<Shown>): void {
    this.shown = { ...this.shown, ...part };
    for (const listener of this.listeners) listener();
  }

  /** Take in a state that has just come. */
  receive(next: ExecutionState): void {
    const execution = receive(this.shown.execution, next);
    this.change({ execution, offset: offsetFrom(this.shown.offset, Date.parse(next.server_time), Date.now()) });
  }

  say(kind: Message["kind"], text: string): void {
    this.lastMessage += 1;
    this.change({ messages: [...this.shown.messages.slice(-4), { id: this.lastMessage, kind, text }] });
  }

  dismiss(id: number): void {
    this.change({ messages: this.shown.messages.filter((message) => message.id !== id) });
  }

  open(node: string | null, tab?: PanelTab): void {
    this.change({ node, tab: tab ?? this.shown.tab });
  }
}

function index(tasks: readonly Task[]): { of: readonly Task[]; byId: Map<string, Task> } {
  return { of: tasks, byId: new Map(tasks.map((task) => [task.node_id, task])) };
}

export interface Page {
  data: PageData;
  graph: Graph;
  store: Store;
  /** Ask the server for the state, where no socket tells it. */
  ask(): void;
  wake(): void;
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error("There is no page around this part.");
  return page;
}

/** Return a part of what is shown; the caller is drawn again when that part is another object. */
export function useShown<T>(part: (shown: Shown) => T): T {
  const { store } = usePage();
  return useSyncExternalStore(store.subscribe, () => part(store.get()));
}

export function useTask(id: string): Task | undefined {
  const { store } = usePage();
  return useSyncExternalStore(store.subscribe, () => store.task(id));
}
