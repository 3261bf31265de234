import { type KeyboardEvent, type ReactNode, useId } from "react";

export interface Tab<Key extends string> {
  key: Key;
  label: ReactNode;
}

interface TabsProps<Key extends string> {
  label: string;
  tabs: readonly Tab<Key>[];
  chosen: Key;
  onChoose(key: Key): void;
  /** What stands behind the tabs. */
  end?: ReactNode;
  children: ReactNode;
}

/** Tabs as the ARIA practices describe them: one stop of the Tab key, arrows between them. */
export function Tabs<Key extends string>({ label, tabs, chosen, onChoose, end, children }: TabsProps<Key>) {
  const id = useId();

  function onKeyDown(event: KeyboardEvent) {
    const place = tabs.findIndex((tab) => tab.key === chosen);
    const next = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length]!;
    onChoose(tab.key);
    document.getElementById(`${id}-${tab.key}`)?.focus();
  }

  return (
    <>
      <div className="x-tabs">
        <div role="tablist" aria-label={label} onKeyDown={onKeyDown}>
          {tabs.map((tab) => (
            <button
              key={tab.key}
              id={`${id}-${tab.key}`}
              type="button"
              role="tab"
              aria-selected={tab.key === chosen}
              aria-controls={`${id}-panel`}
              tabIndex={tab.key === chosen ? 0 : -1}
              onClick={() => onChoose(tab.key)}
            >
              {tab.label}
            </button>
          ))}
        </div>
        {end}
      </div>
      <div className="x-tabpanel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${chosen}`}>
        {children}
      </div>
    </>
  );
}
