// What the look of the admin has made clickable without a button is reached by keyboard, too.
"use strict";

(() => {
  const NATIVE = "button, input, select, textarea, summary, a[href], label";
  const CLICKABLE = "[x-on\\:click]";

  function prepare(root) {
    for (const element of root.querySelectorAll(CLICKABLE)) {
      if (element.matches(NATIVE) || element.querySelector(NATIVE) || element.hasAttribute("tabindex")) continue;
      // A backdrop, which a click closes; the Escape key does, too.
      if (!element.textContent.trim()) continue;
      element.tabIndex = 0;
      element.setAttribute("role", "button");
      element.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        element.click();
      });
    }
    // The names of icons are no words to be read out beside words.
    for (const icon of root.querySelectorAll(".material-symbols-outlined")) {
      const owner = icon.closest("a, button, [role=button], summary");
      const alone = owner !== null && owner.textContent.trim() === icon.textContent.trim();
      const name = owner?.getAttribute("title") || owner?.getAttribute("aria-label");
      if (alone && !name) continue;
      if (alone && name) owner.setAttribute("aria-label", name);
      icon.setAttribute("aria-hidden", "true");
    }
  }

  const named = (label) => label.textContent.trim().replace(/\s*[*:]$/, "");

  // The search over all pages is a dialog, which gives the focus back when it is closed.
  function searchEverywhere() {
    const field = document.getElementById("search-input-command");
    const dialog = field?.closest("[x-data]");
    if (!dialog) return;
    field.setAttribute("aria-label", field.placeholder);
    // It sends nothing: results come while typing.
    const sign = document.getElementById("command-submit");
    sign.setAttribute("aria-hidden", "true");
    sign.tabIndex = -1;
    dialog.setAttribute("role", "dialog");
    dialog.setAttribute("aria-modal", "true");
    dialog.setAttribute("aria-label", field.placeholder);
    let before = null;
    field.addEventListener("focus", ({ relatedTarget }) => {
      if (relatedTarget && !dialog.contains(relatedTarget)) before = relatedTarget;
    });
    // Nothing behind it is reached by the Tab key while it is open.
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Tab") return;
      const reached = [...dialog.querySelectorAll("input, a[href]")];
      const next = reached[reached.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1)];
      if (next) return;
      event.preventDefault();
      reached.at(event.shiftKey ? -1 : 0).focus();
    });
    new MutationObserver(() => {
      if (dialog.style.display === "none") before?.focus();
    }).observe(dialog, { attributes: true, attributeFilter: ["style"] });
  }

  document.addEventListener("DOMContentLoaded", () => {
    prepare(document);
    document.getElementById("header-inner")?.setAttribute("role", "banner");
    document.querySelector("#nav-sidebar-apps a.active")?.setAttribute("aria-current", "page");
    searchEverywhere();
    const content = document.getElementById("content");
    content?.setAttribute("role", "main");
    if (content) content.tabIndex = -1;
  });
  // Django draws its lists for choosing several once the page is loaded, after this.
  window.addEventListener("load", () => setTimeout(() => {
    for (const tip of document.querySelectorAll(".help-tooltip[aria-label]")) tip.setAttribute("role", "img");
    // What is typed to choose from many has the name of its field.
    for (const search of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
      const select = search.closest(".select2-container")?.previousElementSibling;
      const label = select && document.querySelector(`label[for="${select.id}"]`);
      if (label) search.setAttribute("aria-label", named(label));
    }
    // So has what was chosen from them, which is said after it.
    for (const chosen of document.querySelectorAll(".select2-selection--single[aria-labelledby]")) {
      const shown = document.getElementById(chosen.getAttribute("aria-labelledby"));
      const select = chosen.closest(".select2-container")?.previousElementSibling;
      const label = select && document.querySelector(`label[for="${select.id}"]`);
      if (!label || !shown) continue;
      label.id ||= `${select.id}_label`;
      chosen.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
      for (const name of ["role", "aria-readonly"]) shown.removeAttribute(name);
    }
  }));
})();
