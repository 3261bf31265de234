import { useEffect, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import type { EditorData } from "../page/data";
import { useEditor } from "../store";
import { momentOf } from "./ConflictDialog";
import type { Draft } from "./useDraft";
import { useOffer } from "./useUnsaved";

const NOTICE_MS = 6000;

/** What to know before going on: unsaved work of an earlier visit, and that a draft is shown. */
export function Banners({ data, draft }: { data: EditorData; draft: Draft }): ReactNode {
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
      {data.draft && (
        <div className="ed-banner" role="status">
          <span>
            {data.draft.by
              ? t("This is the draft that {who} saved {when}. It is not deployed: Save deploys it.", {
                  who: data.draft.by,
                  when: momentOf(data.draft.at),
                })
              : t("This is a draft. It is not deployed: Save deploys it.")}
          </span>
          {data.may_change && data.deployed && (
            <button type="button" className="ed-button" onClick={draft.discard}>
              {t("Discard the draft")}
            </button>
          )}
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
