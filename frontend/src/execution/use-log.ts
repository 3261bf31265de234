import { useCallback, useEffect, useRef, useState } from "react";
import { EMPTY_LOG, endOf, isWhole, type LogPage, type LogPart, pageBefore, withPage } from "./log-pages";
import { refusal, Requests } from "./requests";

const PAGE = 500;
const BIG_PAGE = 5000;
const FOLLOW_EVERY = 1500;

export interface Log {
  part: LogPart;
  problem: string;
  isReading: boolean;
  /** Read the page before what is held. */
  readBefore(): Promise<void>;
  /** Read all of it, so that all of it can be searched. */
  readAll(): Promise<void>;
}

/**
 * Follow the log of one try of a node, from its end backwards.
 *
 * `run` is the try, null for the latest. While `isRunning`, what is new is asked for again and again;
 * once more after it has ended, for the last lines come late.
 */
export function useLog(execution: string, node: string, run: number | null, isRunning: boolean): Log {
  const [part, setPart] = useState<LogPart>(EMPTY_LOG);
  const [problem, setProblem] = useState("");
  const [isReading, setReading] = useState(true);
  const held = useRef(EMPTY_LOG);
  const abort = useRef(new AbortController());

  const read = useCallback(
    async (offset: number, limit: number): Promise<LogPage | null> => {
      const { signal } = abort.current;
      setReading(true);
      try {
        const page = await new Requests(execution).log(node, run, offset, limit, signal);
        if (signal.aborted) return null;
        held.current = withPage(held.current, page);
        setPart(held.current);
        setProblem("");
        return page;
      } catch (error) {
        if (!signal.aborted) setProblem(refusal(error));
        return null;
      } finally {
        if (!signal.aborted) setReading(false);
      }
    },
    [execution, node, run],
  );

  useEffect(() => {
    const own = new AbortController();
    abort.current = own;
    held.current = EMPTY_LOG;
    setPart(EMPTY_LOG);
    void read(-PAGE, PAGE);
    return () => own.abort();
  }, [read]);

  const hasRun = useRef(false);
  useEffect(() => {
    hasRun.current ||= isRunning;
    if (!hasRun.current) return undefined;
    let isLast = !isRunning;
    let timer: ReturnType<typeof setTimeout>;
    async function follow() {
      await read(held.current.lines.length ? endOf(held.current) : -PAGE, BIG_PAGE);
      if (!isLast) timer = setTimeout(() => void follow(), FOLLOW_EVERY);
    }
    timer = setTimeout(() => void follow(), FOLLOW_EVERY);
    return () => {
      isLast = true;
      clearTimeout(timer);
    };
  }, [read, isRunning]);

  const readBefore = useCallback(async () => {
    const page = pageBefore(held.current, PAGE * 2);
    if (page !== null) await read(page.offset, page.limit);
  }, [read]);

  const readAll = useCallback(async () => {
    for (let page = pageBefore(held.current, BIG_PAGE); page !== null; page = pageBefore(held.current, BIG_PAGE)) {
      if ((await read(page.offset, page.limit)) === null) return;
    }
    while (!isWhole(held.current)) {
      const before = endOf(held.current);
      if ((await read(before, BIG_PAGE)) === null || endOf(held.current) === before) return;
    }
  }, [read]);

  return { part, problem, isReading, readBefore, readAll };
}
