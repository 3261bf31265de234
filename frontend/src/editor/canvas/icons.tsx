import type { ReactNode } from "react";

/** Drawn on a field of 24 by 24, in the colour of the text around them. */
const PATHS = {
  extract: "M12 3v11m0 0-4-4m4 4 4-4M4 17v3h16v-3",
  transform: "M3 5h18l-7 8v6l-4 2v-8L3 5Z",
  load: "M12 15V4m0 0L8 8m4-4 4 4M4 17v3h16v-3",
  undo: "M8 4 4 8l4 4M4 8h10a6 6 0 0 1 0 12h-3",
  redo: "m16 4 4 4-4 4m4-4H10a6 6 0 0 0 0 12h3",
  trash: "M4 7h16M10 3h4M6 7l1 13h10l1-13M10 11v6m4-6v6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  paste: "M9 4h6v3H9zM15 5h4v15H5V5h4",
  duplicate: "M9 9h11v11H9zM5 15H4V4h11v1M14.5 12v5M12 14.5h5",
  tidy: "M4 4h6v5H4zM14 10h6v5h-6zM4 15h6v5H4zM10 6.500h2.500v6H14M10 17.500h2.500v-5",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  full: "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7",
  small: "M20 10h-6V4M14 10l7-7M4 14h6v6M10 14l-7 7",
  help: "M9.500 9a2.500 2.500 0 1 1 3.500 2.300c-.7.4-1 .9-1 1.700v.5M12 17v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  close: "m6 6 12 12M18 6 6 18",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7Zm10-3a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
  plus: "M12 5v14M5 12h14",
  up: "m6 14 6-6 6 6",
  down: "m6 10 6 6 6-6",
  alert: "M12 4 2.500 20h19L12 4Zm0 6v4.500m0 2.500v.1",
  search: "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13ZM15.500 15.500 21 21",
  pencil: "M4 20h4L19 9l-4-4L4 16v4Zm9-13 4 4",
  check: "m5 12 5 5 9-10",
  panel: "M4 5h16v14H4zM9 5v14",
} satisfies Record<string, string>;

export type IconName = keyof typeof PATHS;

/** The picture of a module, of the font that the admin brings: a Material Symbol by its name. */
export function ModuleIcon({ name, kind }: { name: string | undefined; kind: IconName }): ReactNode {
  if (!name) return <Icon name={kind} />;
  return (
    <span className="ed-symbol material-symbols-outlined" aria-hidden="true">
      {name}
    </span>
  );
}

export function Icon({ name }: { name: IconName }): ReactNode {
  return (
    <svg className="ed-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
