import { useEffect, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { useEditor } from "../store";
import { focusTab } from "../TabBar";
import { momentOf } from "./ConflictDialog";
import { useOffer } from "./useUnsaved";

const NOTICE_MS = 6000;

/** What to know before going on: unsaved work of an earlier visit, and what was just done or refused. */
export function Banners({ seen }: { seen: string | null }): ReactNode {
  const { offer, restore, discard } = useOffer(seen);
  // The button that was pressed is gone then, and the keyboard must not be lost with it.
  const answered = (answer: () => void) => () => {
    answer();
    focusTab();
  };
  return (
    <>
      {offer && (
        <div className="ed-banner" role="status">
          <span>{t("This browser kept unsaved work of {when}.", { when: momentOf(offer.at) })}</span>
          <button type="button" className="ed-button ed-primary" onClick={answered(restore)}>
            {t("Restore it")}
          </button>
          <button type="button" className="ed-button" onClick={answered(discard)}>
            {t("Discard it")}
          </button>
        </div>
      )}
      <BrokenText />
      <NoticeLine />
    </>
  );
}

/** That the JSON says something else than what is drawn, for those who do not look at it. */
function BrokenText(): ReactNode {
  const isHidden = useEditor((state) => state.brokenText !== null && state.tab !== "json");
  if (!isHidden) return null;
  const correct = () => {
    useEditor.getState().show("json");
    focusTab();
  };
  return (
    <div className="ed-banner" role="status">
      <span>{t("The JSON holds a mistake, so the canvas shows what it held before. A change here replaces that text.")}</span>
      <button type="button" className="ed-button" onClick={correct}>
        {t("Correct the JSON")}
      </button>
    </div>
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
