/**
 * The line to the server: a WebSocket that comes back, and polling where there can be none.
 *
 * States are given on in the order in which the server read them: those of a socket come in that
 * order; of two sockets only the newest speaks; and what was polled is dropped where the socket has
 * spoken since it was asked for.
 */

export type Line =
  | "connecting"
  | "live"
  | "deaf"
  | "reconnecting"
  | "polling"
  | "offline"
  | "gone"
  | "signed-out"
  | "forbidden";

export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

/** Clocks and calls, so that a test needs neither a server nor time. */
export interface Surroundings<State> {
  open(): SocketLike;
  /** Ask for the state once; throws a `LineEnd` where asking again makes no sense. */
  poll(): Promise<State>;
  later(milliseconds: number, call: () => void): number;
  never(timer: number): void;
  random(): number;
}

export interface Listener<State> {
  onState(state: State): void;
  onLine(line: Line): void;
}

/** The server has said that there is nothing to follow for this user. */
export class LineEnd extends Error {
  constructor(readonly line: "gone" | "signed-out" | "forbidden") {
    super(line);
  }
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
const PING_EVERY = 20_000;
// A socket of which nothing was heard for so long is dead, whatever the browser thinks.
const SILENCE = 45_000;
const POLL_EVERY = 5_000;
// So many sockets in a row that never opened or said nothing: a proxy lets none through.
const POLL_AFTER = 3;

const ENDS: Record<number, LineEnd["line"]> = { 4401: "signed-out", 4403: "forbidden", 4404: "gone" };

/** Return how long to wait, in milliseconds, before the socket is opened again after `failures`. */
export function wait(failures: number, random: number): number {
  const most = Math.min(FIRST_WAIT * 2 ** Math.max(failures - 1, 0), LONGEST_WAIT);
  // Not all pages at once, when a server comes back.
  return Math.round(most * (0.75 + random * 0.25));
}

export class LiveLine<State> {
  private socket: SocketLike | null = null;
  private failures = 0;
  /** How many states came over sockets, and how many polls were begun: what is late is dropped. */
  private heard = 0;
  private polls = 0;
  private isLive = false;
  /** Whether the server hears of changes; else it looks for them, and the socket tells them late. */
  private hears = true;
  private isStopped = false;
  private isPolling = false;
  private timers: Partial<Record<"retry" | "ping" | "silence" | "poll", number>> = {};

  constructor(
    private readonly around: Surroundings<State>,
    private readonly listener: Listener<State>,
  ) {}

  start(): void {
    this.isStopped = false;
    this.connect();
  }

  /** Stop for good; nothing is told afterwards. */
  stop(): void {
    this.isStopped = true;
    for (const name of Object.keys(this.timers)) this.clear(name as keyof typeof this.timers);
    this.drop();
  }

  /** Try again at once: the page is back, or the network is. */
  wake(): void {
    if (this.isStopped || this.socket !== null) return;
    this.failures = Math.min(this.failures, 1);
    this.connect();
  }

  /** Ask for the state now, unless the socket tells it anyway, and at once. */
  ask(): void {
    if (!this.isStopped && !(this.isLive && this.hears)) void this.poll();
  }

  private connect(): void {
    this.clear("retry");
    this.drop();
    let socket: SocketLike;
    try {
      socket = this.around.open();
    } catch {
      this.failed();
      return;
    }
    this.socket = socket;
    // Nothing is heard yet: a socket that hangs while it opens is given up as well.
    this.listen(socket);
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.hear(socket, String(data));
    };
    socket.onclose = ({ code }) => {
      if (socket === this.socket) this.closed(code);
    };
  }

  private hear(socket: SocketLike, text: string): void {
    this.listen(socket);
    const message = JSON.parse(text) as { type: string; hears?: boolean; state?: State };
    if (message.type === "gone") this.end("gone");
    if (message.type !== "state" || message.state === undefined) return;
    this.heard += 1;
    if (!this.isLive) this.schedulePing(socket);
    this.isLive = true;
    this.failures = 0;
    this.isPolling = false;
    this.clear("poll");
    this.hears = message.hears ?? true;
    this.listener.onLine(this.hears ? "live" : "deaf");
    this.listener.onState(message.state);
  }

  private schedulePing(socket: SocketLike): void {
    this.set("ping", PING_EVERY, () => {
      if (socket !== this.socket) return;
      socket.send('{"type":"ping"}');
      this.schedulePing(socket);
    });
  }

  private listen(socket: SocketLike): void {
    this.set("silence", SILENCE, () => {
      if (socket === this.socket) this.closed(0);
    });
  }

  private closed(code: number): void {
    const end = ENDS[code];
    if (end) this.end(end);
    else {
      this.drop();
      this.failed();
    }
  }

  private failed(): void {
    this.failures += 1;
    this.clear("ping");
    this.clear("silence");
    if (this.failures >= POLL_AFTER && !this.isPolling) {
      this.isPolling = true;
      void this.poll();
    } else if (!this.isPolling) this.listener.onLine("reconnecting");
    this.set("retry", wait(this.failures, this.around.random()), () => this.connect());
  }

  private async poll(): Promise<void> {
    this.clear("poll");
    this.polls += 1;
    const [heard, polls] = [this.heard, this.polls];
    const isLate = () => this.isStopped || heard !== this.heard || polls !== this.polls;
    try {
      const state = await this.around.poll();
      if (isLate()) return;
      if (this.isPolling) this.listener.onLine("polling");
      this.listener.onState(state);
    } catch (error) {
      if (isLate()) return;
      if (error instanceof LineEnd) {
        this.end(error.line);
        return;
      }
      this.listener.onLine("offline");
    }
    if (this.isPolling) this.set("poll", POLL_EVERY, () => void this.poll());
  }

  private end(line: LineEnd["line"]): void {
    this.stop();
    this.listener.onLine(line);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.isLive = false;
    if (socket === null) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private set(name: "retry" | "ping" | "silence" | "poll", milliseconds: number, call: () => void): void {
    this.clear(name);
    this.timers[name] = this.around.later(milliseconds, () => {
      delete this.timers[name];
      call();
    });
  }

  private clear(name: "retry" | "ping" | "silence" | "poll"): void {
    const timer = this.timers[name];
    if (timer !== undefined) this.around.never(timer);
    delete this.timers[name];
  }
}
