import { memo, type Ref, type UIEvent, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from "react";
import { t } from "../shared/i18n";
import { isFollowingAt } from "./following";
import { precise } from "./format";
import { type LogLine, pieces } from "./log-pages";

export interface LogScroller {
  /** Bring the line with this place into view. */
  show(place: number): void;
}

interface LogLinesProps {
  ref: Ref<LogScroller>;
  lines: readonly LogLine[];
  text: string;
  current: number | null;
  isWrapped: boolean;
  /** Whether the end is kept in view. */
  isFollowing: boolean;
  onFollowing(isFollowing: boolean): void;
  hasBefore: boolean;
  onBefore(): Promise<void>;
  empty: string;
}

// Lines are drawn in blocks, and only those near the view: a log of 100,000 lines scrolls like one of 100.
const BLOCK = 100;
const LINE_HEIGHT = 20;

/** The lines of a log, following its end until the reader scrolls away from it. */
export function LogLines({ ref, lines, text, current, isWrapped, isFollowing, onFollowing, hasBefore, onBefore, empty }: LogLinesProps) {
  const frame = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const seen = useRef(0);
  const [wanted, setWanted] = useState<number | null>(null);
  const first = useRef({ place: 0, height: 0 });
  const blocks = useMemo(() => inBlocks(lines), [lines]);

  useImperativeHandle(ref, () => ({
    show(place) {
      onFollowing(false);
      setWanted(place);
    },
  }));

  useLayoutEffect(() => {
    if (wanted === null) return;
    frame.current?.querySelector(`[data-place="${wanted}"]`)?.scrollIntoView({ block: "center" });
  }, [wanted, current]);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const place = lines[0]?.place ?? 0;
    if (isFollowing) element.scrollTop = element.scrollHeight;
    // At its very top a browser keeps the top, not the line that is read.
    else if (place < first.current.place && element.scrollTop < 5) element.scrollTop += element.scrollHeight - first.current.height;
    first.current = { place, height: element.scrollHeight };
  }, [lines, isFollowing, isWrapped]);

  // Blocks take their height when they are drawn, which is after the lines have come.
  useEffect(() => {
    const [element, lines] = [frame.current, content.current];
    if (!isFollowing || !element || !lines) return undefined;
    const observer = new ResizeObserver(() => {
      element.scrollTop = element.scrollHeight;
    });
    observer.observe(lines);
    observer.observe(element);
    return () => observer.disconnect();
  }, [isFollowing]);

  function onScroll(event: UIEvent<HTMLDivElement>) {
    const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
    onFollowing(isFollowingAt(isFollowing, seen.current, event.currentTarget));
    seen.current = scrollTop;
    if (hasBefore && scrollTop < 200 && scrollHeight > clientHeight) void onBefore();
  }

  return (
    <div className="x-log-frame">
      <div
        ref={frame}
        className={`x-log-lines${isWrapped ? " is-wrapped" : ""}`}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={t("Messages")}
        onScroll={onScroll}
      >
        <div ref={content}>
          {hasBefore && (
            <button type="button" className="x-link x-log-before" onClick={() => void onBefore()}>
              {t("Earlier messages")}
            </button>
          )}
          {lines.length === 0 && <p className="x-empty">{empty}</p>}
          {blocks.map((block) => (
            <Block
              key={block.key}
              lines={block.lines}
              text={text}
              current={block.lines.some((line) => line.place === current) ? current : null}
              isWanted={block.lines.some((line) => line.place === wanted)}
            />
          ))}
        </div>
      </div>
      {!isFollowing && (
        <button type="button" className="x-button is-small x-log-end" onClick={() => onFollowing(true)}>
          {t("To the end")}
        </button>
      )}
    </div>
  );
}

interface LinesBlock {
  key: number;
  lines: readonly LogLine[];
}

let lastBlocks = new Map<number, LinesBlock>();

/** Cut the lines by their place, so that a block stays the same when others come before or after it. */
function inBlocks(lines: readonly LogLine[]): LinesBlock[] {
  const found = new Map<number, LogLine[]>();
  for (const line of lines) {
    const key = Math.floor(line.place / BLOCK);
    const block = found.get(key);
    if (block) block.push(line);
    else found.set(key, [line]);
  }
  const blocks = [...found].map(([key, block]) => {
    const old = lastBlocks.get(key);
    const isKept = old?.lines.length === block.length && old.lines.every((line, index) => line === block[index]);
    return isKept ? old : { key, lines: block };
  });
  lastBlocks = new Map(blocks.map((block) => [block.key, block]));
  return blocks;
}

interface BlockProps {
  lines: readonly LogLine[];
  text: string;
  current: number | null;
  isWanted: boolean;
}

const Block = memo(function Block({ lines, text, current, isWanted }: BlockProps) {
  const element = useRef<HTMLDivElement>(null);
  const [isNear, setNear] = useState(false);
  const height = useRef(lines.length * LINE_HEIGHT);

  useEffect(() => {
    const block = element.current;
    if (!block) return undefined;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry) return;
        if (!entry.isIntersecting) height.current = block.offsetHeight || height.current;
        setNear(entry.isIntersecting);
      },
      { root: block.closest(".x-log-lines"), rootMargin: "1200px 0px" },
    );
    observer.observe(block);
    return () => observer.disconnect();
  }, []);

  const isDrawn = isNear || isWanted;
  return (
    <div ref={element} style={isDrawn ? undefined : { height: Math.max(height.current, lines.length * LINE_HEIGHT) }}>
      {isDrawn && lines.map((line) => <Line key={line.place} line={line} text={text} isCurrent={line.place === current} />)}
    </div>
  );
});

const Line = memo(function Line({ line, text, isCurrent }: { line: LogLine; text: string; isCurrent: boolean }) {
  return (
    <div className={`x-line is-${line.level || "info"}${isCurrent ? " is-current" : ""}`} data-place={line.place}>
      <time>{line.timestamp ? precise(line.timestamp) : ""}</time>
      <span className="x-level">{line.level}</span>
      <span className="x-message">
        {text === "" ? line.message : pieces(line.message, text).map((piece, index) => (index % 2 ? <mark key={index}>{piece}</mark> : piece))}
      </span>
    </div>
  );
});
