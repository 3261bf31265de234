import { useEffect, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { useEditor } from "../store";
import { momentOf } from "./ConflictDialog";
import { useOffer } from "./useUnsaved";

const NOTICE_MS = 6000;

/** What to know before going on: unsaved work of an earlier visit, and what was just done or refused. */
export function Banners(): ReactNode {
  const { offer, restore, discard } = useOffer();
  return (
    <>
      {offer && (
        <div className="ed-banner" role="status">
          <span>{t("This browser kept unsaved work of {when}.", { when: momentOf(offer.at) })}</span>
          <button type="button" className="ed-button ed-primary" onClick={restore}>
            {t("Restore it")}
          </button>
          <button type="button" className="ed-button" onClick={discard}>
            {t("Discard it")}
          </button>
        </div>
      )}
      <NoticeLine />
    </>
  );
}

function NoticeLine(): ReactNode {
  const notice = useEditor((state) => state.notice);
  useEffect(() => {
    if (!notice) return undefined;
    const timer = setTimeout(() => useEditor.setState({ notice: null }), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div className="ed-notice-place" role="status">
      {notice && <div className={`ed-notice ed-${notice.kind}`}>{notice.text}</div>}
    </div>
  );
}
