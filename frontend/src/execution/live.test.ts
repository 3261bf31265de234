import { beforeEach, expect, test } from "vitest";
import { type Line, LineEnd, LiveLine, type SocketLike, wait } from "./live";

/** A server and a clock that stand still until a test moves them. */
class World {
  now = 0;
  timers = new Map<number, { at: number; call: () => void }>();
  sockets: FakeSocket[] = [];
  polls: { answer: (state: string) => void; fail: (error: Error) => void }[] = [];
  states: string[] = [];
  lines: Line[] = [];
  isOpening = true;
  private lastTimer = 0;

  readonly live = new LiveLine<string>(
    {
      open: () => {
        if (!this.isOpening) throw new Error("no sockets here");
        const socket = new FakeSocket();
        this.sockets.push(socket);
        return socket;
      },
      poll: () => new Promise((answer, fail) => this.polls.push({ answer, fail })),
      later: (milliseconds, call) => {
        this.lastTimer += 1;
        this.timers.set(this.lastTimer, { at: this.now + milliseconds, call });
        return this.lastTimer;
      },
      never: (timer) => this.timers.delete(timer),
      random: () => 1,
    },
    { onState: (state) => this.states.push(state), onLine: (line) => this.lines.push(line) },
  );

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  /** Let time go by, and everything happen that is due in it. */
  async pass(milliseconds: number): Promise<void> {
    const until = this.now + milliseconds;
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.at <= until).sort(([, one], [, other]) => one.at - other.at)[0];
      if (due === undefined) break;
      this.timers.delete(due[0]);
      this.now = due[1].at;
      due[1].call();
      await settled();
    }
    this.now = until;
  }
}

class FakeSocket implements SocketLike {
  onopen = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  sent: string[] = [];
  isClosed = false;

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.isClosed = true;
  }

  say(state: string, hears?: boolean): void {
    this.onmessage?.({ data: JSON.stringify({ type: "state", hears, state }) });
  }

  break(code = 1006): void {
    this.onclose?.({ code });
  }
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

let world: World;
beforeEach(() => {
  world = new World();
  world.live.start();
});

/** Let the sockets fail until the page polls. */
async function withoutSockets(): Promise<void> {
  for (let failures = 0; failures < 3; failures += 1) {
    world.socket.break();
    if (failures < 2) await world.pass(10_000);
  }
  await settled();
}

test("what the socket says is shown, and the page is live", () => {
  world.socket.say("one");
  world.socket.say("two");
  expect(world.states).toEqual(["one", "two"]);
  expect(world.lines.at(-1)).toBe("live");
});

test("a server that does not hear of changes is not live, until it hears again", () => {
  world.socket.say("one", false);
  expect(world.lines.at(-1)).toBe("deaf");
  world.socket.say("one", true);
  expect(world.lines.at(-1)).toBe("live");
});

test("what was just asked for is looked at at once while the server does not hear of it", async () => {
  world.socket.say("one", false);
  world.live.ask();
  world.polls[0]!.answer("two");
  await settled();
  expect(world.states).toEqual(["one", "two"]);
  world.socket.say("two", true);
  world.live.ask();
  expect(world.polls).toHaveLength(1);
});

test("a lost socket is opened again, and a full state comes with it", async () => {
  world.socket.say("one");
  world.socket.break();
  expect(world.lines.at(-1)).toBe("reconnecting");
  await world.pass(500);
  expect(world.sockets).toHaveLength(2);
  world.socket.say("two");
  expect(world.states).toEqual(["one", "two"]);
  expect(world.lines.at(-1)).toBe("live");
});

test("a socket that has been replaced is not heard any more", async () => {
  const old = world.socket;
  const hear = old.onmessage!;
  old.break();
  await world.pass(500);
  world.socket.say("new");
  hear({ data: JSON.stringify({ type: "state", state: "old" }) });
  expect(world.states).toEqual(["new"]);
  expect(old.isClosed).toBe(true);
});

test("waits grow from half a second to ten seconds, and not all pages wait the same", () => {
  expect([1, 2, 3, 4, 5, 6, 20].map((failures) => wait(failures, 1))).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  expect(wait(3, 0)).toBe(1500);
});

test("a socket that works ends the waiting of those before it", async () => {
  world.socket.break();
  await world.pass(500);
  world.socket.break();
  await world.pass(1000);
  world.socket.say("there");
  world.socket.break();
  await world.pass(500);
  expect(world.sockets).toHaveLength(4);
});

test("where no socket opens, the page polls every five seconds and goes on trying", async () => {
  await withoutSockets();
  expect(world.polls).toHaveLength(1);
  world.polls[0]!.answer("polled");
  await settled();
  expect(world.states).toEqual(["polled"]);
  expect(world.lines.at(-1)).toBe("polling");
  const sockets = world.sockets.length;
  await world.pass(4_900);
  expect(world.polls).toHaveLength(1);
  await world.pass(200);
  expect(world.polls).toHaveLength(2);
  expect(world.sockets.length).toBeGreaterThan(sockets);
});

test("a browser that refuses sockets altogether is polled for", async () => {
  world = new World();
  world.isOpening = false;
  world.live.start();
  await world.pass(3_500);
  expect(world.polls.length).toBeGreaterThan(0);
});

test("an answer to a poll is dropped where the socket has spoken meanwhile", async () => {
  await withoutSockets();
  await world.pass(10_000);
  world.socket.say("newest");
  world.polls[0]!.answer("older");
  await settled();
  expect(world.states).toEqual(["newest"]);
  expect(world.lines.at(-1)).toBe("live");
  const polls = world.polls.length;
  world.socket.say("again");
  await world.pass(15_000);
  expect(world.polls).toHaveLength(polls);
});

test("of two polls the one that was asked later holds", async () => {
  await withoutSockets();
  world.live.ask();
  await settled();
  world.polls[1]!.answer("later");
  await settled();
  world.polls[0]!.answer("earlier");
  await settled();
  expect(world.states).toEqual(["later"]);
});

test("a poll that fails means offline, until one succeeds", async () => {
  await withoutSockets();
  world.polls[0]!.fail(new Error("no network"));
  await settled();
  expect(world.lines.at(-1)).toBe("offline");
  await world.pass(5_000);
  world.polls.at(-1)!.answer("back");
  await settled();
  expect(world.lines.at(-1)).toBe("polling");
  expect(world.states).toEqual(["back"]);
});

test.each([
  [4401, "signed-out"],
  [4403, "forbidden"],
  [4404, "gone"],
] as const)("close code %i ends the line: %s", async (code, line) => {
  world.socket.break(code);
  expect(world.lines.at(-1)).toBe(line);
  await world.pass(60_000);
  expect(world.sockets).toHaveLength(1);
  expect(world.polls).toHaveLength(0);
});

test("a deleted execution ends the line and leaves the last state", async () => {
  world.socket.say("last");
  world.socket.onmessage!({ data: '{"type":"gone"}' });
  await world.pass(60_000);
  expect(world.lines.at(-1)).toBe("gone");
  expect(world.states).toEqual(["last"]);
  expect(world.sockets).toHaveLength(1);
});

test("a poll that is refused ends the line", async () => {
  await withoutSockets();
  world.polls[0]!.fail(new LineEnd("forbidden"));
  await settled();
  expect(world.lines.at(-1)).toBe("forbidden");
});

test("the page pings every twenty seconds while it is live", async () => {
  world.socket.say("one");
  await world.pass(19_000);
  expect(world.socket.sent).toEqual([]);
  await world.pass(2_000);
  world.socket.onmessage!({ data: '{"type":"pong"}' });
  await world.pass(20_000);
  expect(world.socket.sent).toEqual(['{"type":"ping"}', '{"type":"ping"}']);
});

test("a socket of which nothing is heard is given up", async () => {
  world.socket.say("one");
  const silent = world.socket;
  await world.pass(46_000);
  expect(silent.isClosed).toBe(true);
  expect(world.sockets).toHaveLength(2);
});

test("whoever comes back reconnects at once", async () => {
  await withoutSockets();
  const sockets = world.sockets.length;
  world.live.wake();
  expect(world.sockets).toHaveLength(sockets + 1);
});

test("while the socket is live nothing is asked for", async () => {
  world.socket.say("one");
  world.live.ask();
  await settled();
  expect(world.polls).toHaveLength(0);
});

test("a line that is stopped says nothing more", async () => {
  const hear = world.socket.onmessage!;
  world.live.stop();
  hear({ data: JSON.stringify({ type: "state", state: "late" }) });
  await world.pass(60_000);
  expect(world.states).toEqual([]);
  expect(world.timers.size).toBe(0);
});
