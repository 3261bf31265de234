import { useSyncExternalStore } from "react";

const root = document.documentElement;

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(root, { attributes: true, attributeFilter: ["class"] });
  return () => observer.disconnect();
}

/** Return whether the page is dark now; it may be switched while it is open. */
export function useIsDark(): boolean {
  return useSyncExternalStore(subscribe, () => root.classList.contains("dark"));
}
