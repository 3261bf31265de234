import { type ReactNode, useEffect, useRef } from "react";
import { t } from "../shared/i18n";

interface DialogProps {
  title: string;
  /** The word of the button that does it. */
  action: string;
  isDangerous?: boolean;
  isBusy: boolean;
  isDisabled?: boolean;
  onDo(): void;
  onClose(): void;
  children: ReactNode;
}

/** A question that has to be answered first. Escape, like Back, does nothing. */
export function Dialog({ title, action, isDangerous, isBusy, isDisabled, onDo, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opened = dialog.current;
    const before = document.activeElement;
    opened?.showModal();
    return () => {
      opened?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="x-dialog"
      aria-labelledby="x-dialog-title"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onDo();
        }}
      >
        <h2 id="x-dialog-title">{title}</h2>
        {children}
        <div className="x-dialog-buttons">
          <button type="button" className="x-button" onClick={onClose} autoFocus={isDangerous}>
            {t("Back")}
          </button>
          <button
            type="submit"
            className={`x-button ${isDangerous ? "is-dangerous" : "is-primary"}`}
            disabled={isBusy || isDisabled}
          >
            {isBusy ? t("Working…") : action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
