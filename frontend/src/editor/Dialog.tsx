import { useId, useLayoutEffect, useRef, type ReactNode } from "react";
import { t } from "../shared/i18n";
import { Icon } from "./canvas/icons";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}

/** A window over the page. Escape closes it, and the keyboard goes back to where it was. */
export function Dialog({ title, onClose, children, wide }: Props): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // Closed while it is still in the page: only then does the browser give the keyboard back.
  useLayoutEffect(() => {
    const shown = dialog.current;
    if (shown && !shown.open) shown.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} className={`ed-dialog${wide ? " ed-wide" : ""}`} aria-labelledby={titleId} onCancel={onClose}>
      <div className="ed-dialog-head">
        <h2 id={titleId}>{title}</h2>
        <button type="button" className="ed-icon-button" aria-label={t("Close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="ed-dialog-body">{children}</div>
    </dialog>
  );
}
