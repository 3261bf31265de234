import { useEffect, type RefObject } from "react";
import { copySelected, duplicateSelected, pasteCopied, removeSelected, selectAll, tidyUp } from "../commands";
import { useEditor } from "../store";

export interface Shortcuts {
  saveDraft: () => void;
  help: () => void;
  fullScreen: () => void;
  leaveFullScreen: () => void;
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));

/** Follow the keyboard while it is on the canvas, or nowhere on the page. */
export function useShortcuts(root: RefObject<HTMLElement | null>, shortcuts: Shortcuts): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (document.querySelector("dialog[open]")) return;
      const control = event.ctrlKey || event.metaKey;
      // In the page's other fields, too: they are saved with the canvas.
      if (control && event.key.toLowerCase() === "s") {
        event.preventDefault();
        shortcuts.saveDraft();
        return;
      }
      const inside = root.current?.contains(target) ?? false;
      // Where nothing has the keyboard, the page has it, or what the page is in.
      if (!inside && !target.contains(root.current)) return;
      if (isTyping(target) || event.defaultPrevented || useEditor.getState().tab !== "canvas") return;
      const act = control ? withControl(event) : plain(event, target, shortcuts);
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [root, shortcuts]);
}

function withControl(event: KeyboardEvent): (() => void) | undefined {
  const { undo, redo } = useEditor.getState();
  switch (event.key.toLowerCase()) {
    case "z":
      return event.shiftKey ? redo : undo;
    case "y":
      return redo;
    case "a":
      return selectAll;
    case "d":
      return duplicateSelected;
    case "c":
      // Text that is selected is what somebody wants to copy.
      return window.getSelection()?.toString() ? undefined : () => void copySelected();
    case "v":
      return () => void pasteCopied();
    default:
      return undefined;
  }
}

function plain(event: KeyboardEvent, target: HTMLElement, shortcuts: Shortcuts): (() => void) | undefined {
  const { selected, open, preview } = useEditor.getState();
  if (event.altKey) return undefined;
  const node = target.closest<HTMLElement>(".react-flow__node")?.dataset.id;
  switch (event.key) {
    case "Delete":
    case "Backspace":
      return removeSelected;
    case "Enter":
      return node ? () => open(node) : undefined;
    case "Escape":
      return () => {
        open(null);
        shortcuts.leaveFullScreen();
      };
    case "/":
      return () => document.querySelector<HTMLElement>(".ed-palette-search")?.focus();
    case "?":
      return shortcuts.help;
    case "f":
      return shortcuts.fullScreen;
    case "l":
      return tidyUp;
    case "p": {
      const [only] = selected;
      return only === undefined ? undefined : () => preview(only);
    }
    default:
      return undefined;
  }
}
