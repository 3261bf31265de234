import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { addModule } from "../commands";
import { KINDS, searchModules, type Kind, type ModuleInfo } from "../model/modules";
import { useEditor } from "../store";
import { DRAGGED } from "./Canvas";
import { Icon, ModuleIcon } from "./icons";

const TITLES: Record<Kind, string> = {
  extract: t("Extract"),
  transform: t("Transform"),
  load: t("Load"),
};

/** All modules, to search, and to put on the canvas by mouse or keyboard. */
export function Palette(): ReactNode {
  const all = useEditor((state) => state.moduleList);
  const [query, setQuery] = useState("");
  // What has just been added is not to lie below it: see the rail beside a form.
  const [folded, setFolded] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  const searchId = useId();
  const found = searchModules(all, query);
  const groups = KINDS.map((kind) => ({ kind, modules: found.filter((module) => module.kind === kind) }));
  // One stop of the Tab key, as in every list of choices; the arrows go through it.
  const first = groups.find((group) => group.modules.length > 0)?.modules[0]?.key;
  const step = (event: KeyboardEvent, by: number) => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>("[data-module]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement) + by;
    event.preventDefault();
    if (at < 0) document.getElementById(searchId)?.focus();
    else items[at]?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") step(event, 1);
    if (event.key === "ArrowUp") step(event, -1);
  };
  return (
    <aside
      className={`ed-palette${folded ? " ed-folded" : ""}`}
      aria-label={t("Modules")}
      onKeyDown={onKeyDown}
      onMouseLeave={() => setFolded(false)}
      onFocus={() => setFolded(false)}
    >
      <div className="ed-palette-body">
        <label className="ed-hidden" htmlFor={searchId}>
          {t("Search modules")}
        </label>
        <span className="ed-palette-find">
          <Icon name="search" />
          <input
            id={searchId}
            type="search"
            className="ed-input ed-palette-search"
            placeholder={t("Search modules")}
            autoComplete="off"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && found[0]) addModule(found[0].key);
            }}
          />
        </span>
        <div className="ed-palette-list" ref={list}>
          {groups.map(({ kind, modules }) => (
            <Group key={kind} kind={kind} modules={modules} first={first} onAdded={() => setFolded(true)} />
          ))}
          {found.length === 0 && <p className="ed-quiet">{t("No module has these words. Try others.")}</p>}
        </div>
      </div>
    </aside>
  );
}

interface GroupProps {
  kind: Kind;
  modules: ModuleInfo[];
  /** The module that the Tab key reaches. */
  first: string | undefined;
  onAdded: () => void;
}

function Group({ kind, modules, first, onAdded }: GroupProps): ReactNode {
  if (modules.length === 0) return null;
  return (
    <div role="group" aria-label={TITLES[kind]}>
      <div className="ed-palette-title">{TITLES[kind]}</div>
      {modules.map((module) => (
        <div
          key={module.key}
          role="button"
          tabIndex={module.key === first ? 0 : -1}
          draggable
          data-module={module.key}
          className={`ed-palette-item ed-${kind}`}
          title={module.summary}
          aria-label={t("Add {item}", { item: `${module.title} (${TITLES[kind]})` })}
          // The second click of a double click adds no second node.
          onClick={(event) => {
            if (event.detail > 1) return;
            addModule(module.key);
            onAdded();
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            addModule(module.key);
          }}
          onDragStart={(event) => {
            event.dataTransfer.setData(DRAGGED, module.key);
            event.dataTransfer.effectAllowed = "copy";
          }}
        >
          <span className="ed-node-icon">
            <ModuleIcon name={module.icon} kind={kind} />
          </span>
          <span className="ed-palette-name">{module.title}</span>
        </div>
      ))}
    </div>
  );
}
