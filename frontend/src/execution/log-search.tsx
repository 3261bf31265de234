import { t } from "../shared/i18n";
import { rows } from "./format";

interface LogSearchProps {
  text: string;
  onText(text: string): void;
  count: number;
  place: number;
  onPlace(place: number): void;
}

/** A field to look for something, with how often it is there and ways to the next and the one before. */
export function LogSearch({ text, onText, count, place, onPlace }: LogSearchProps) {
  const step = (by: number) => {
    if (count > 0) onPlace((place + by + count) % count);
  };
  return (
    <span className="x-log-search">
      <input
        type="search"
        className="x-input"
        value={text}
        placeholder={t("Search the log")}
        aria-label={t("Search the log")}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
          // The first Escape ends the search, the next one closes the panel.
          else if (event.key === "Escape" && text !== "") onText("");
          else return;
          event.preventDefault();
        }}
      />
      {text !== "" && (
        <span className="x-log-found">
          <span role="status">{count === 0 ? t("none") : t("{place} of {count}", { place: rows(place + 1), count: rows(count) })}</span>
          <button type="button" className="x-icon-button" onClick={() => step(-1)} aria-label={t("The one before")} title={t("The one before")} disabled={count === 0}>
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d="M4 10l4-4 4 4" />
            </svg>
          </button>
          <button type="button" className="x-icon-button" onClick={() => step(1)} aria-label={t("The next one")} title={t("The next one")} disabled={count === 0}>
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d="M4 6l4 4 4-4" />
            </svg>
          </button>
        </span>
      )}
    </span>
  );
}
