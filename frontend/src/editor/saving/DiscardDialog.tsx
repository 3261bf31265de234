import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Dialog } from "../Dialog";

/** Whether the draft really is to go: nobody can bring it back. */
export function DiscardDialog({ discard, onClose }: { discard: () => void; onClose: () => void }): ReactNode {
  return (
    <Dialog title={t("Discard the draft?")} onClose={onClose}>
      <p>{t("The draft is deleted for everybody, with what is not saved here. What is deployed runs on as it is.")}</p>
      <p className="ed-buttons">
        <button type="button" className="ed-button" onClick={onClose}>
          {t("Cancel")}
        </button>
        <button
          type="button"
          className="ed-button ed-bad"
          onClick={() => {
            onClose();
            discard();
          }}
        >
          {t("Discard the draft")}
        </button>
      </p>
    </Dialog>
  );
}
