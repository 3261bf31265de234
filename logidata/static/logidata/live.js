// Keeps what a page shows up to date: [data-live] names where its parts come from (its own address
// without one), [data-part] the parts. Rows keep what is selected in them, and the focus.
"use strict";

(() => {
  const POLL = 15_000;
  const LEAST = 2_000;
  const PINGS = 20_000;
  const roots = new Map();
  let socket = null;
  let retryAfter = 500;
  let last = 0;
  let timer = 0;

  const keyOf = (row) =>
    row.dataset.key || row.querySelector("input.action-select")?.value || row.querySelector("a[href]")?.getAttribute("href");

  // Puts new content into an element; what had the focus in it has it afterwards.
  function fill(element, fresh) {
    if (element.innerHTML === fresh.innerHTML) return;
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    const links = () => [...element.querySelectorAll("a[href], button, summary")];
    const place = focused ? links().indexOf(focused) : -1;
    const address = focused?.getAttribute("href");
    element.replaceChildren(...fresh.cloneNode(true).childNodes);
    if (!focused) return;
    const found = links();
    (found.find((link) => address && link.getAttribute("href") === address) ?? found[place])?.focus({ preventScroll: true });
  }

  function mergeRow(row, fresh) {
    const cells = [...fresh.children];
    if (row.children.length !== cells.length) return fill(row, fresh);
    [...row.children].forEach((cell, place) => {
      if (!cell.querySelector("input")) fill(cell, cells[place]);
    });
  }

  function mergeTable(table, fresh) {
    const body = table.tBodies.length === 1 && fresh.tBodies.length === 1 ? table.tBodies[0] : null;
    const old = new Map([...table.querySelectorAll("tbody > tr")].map((row) => [keyOf(row), row]));
    const rows = [...fresh.querySelectorAll("tbody > tr")];
    for (const row of rows) {
      const there = old.get(keyOf(row));
      if (there) mergeRow(there, row);
    }
    // With a body to each row, as other lists have it, what is there is renewed, and nothing moved.
    if (!body) return;
    const wanted = new Set(rows.map(keyOf));
    for (const [key, row] of old) {
      const held = row.querySelector("input:checked") || row.contains(document.activeElement);
      if (!wanted.has(key) && !held) row.remove();
    }
    let before = body.firstElementChild;
    for (const row of rows) {
      const there = old.get(keyOf(row));
      if (there && there === before) before = before.nextElementSibling;
      else if (!there) body.insertBefore(document.importNode(row, true), before);
      else if (there.previousElementSibling !== null || before !== null) {
        if (!there.contains(document.activeElement)) body.insertBefore(there, before);
      }
    }
  }

  // The admin's script knows the rows that were there when the page came; this one those of now.
  function recount(table) {
    const counter = table.closest(".result-list-wrapper")?.querySelector("span.action-counter");
    if (!counter) return;
    const boxes = [...table.querySelectorAll("input.action-select")];
    const chosen = { sel: boxes.filter((box) => box.checked).length, cnt: boxes.length };
    counter.dataset.actionsIcnt = String(boxes.length);
    counter.textContent = interpolate(
      ngettext("%(sel)s of %(cnt)s selected", "%(sel)s of %(cnt)s selected", chosen.sel), chosen, true,
    );
    const toggle = table.querySelector(".action-toggle");
    if (toggle) toggle.checked = boxes.length > 0 && chosen.sel === boxes.length;
  }

  function watchSelection(table) {
    table.addEventListener("change", ({ target }) => {
      if (target.matches(".action-toggle")) {
        for (const box of table.querySelectorAll("input.action-select")) box.checked = target.checked;
      }
      recount(table);
    });
  }

  function merge(root, page) {
    for (const fresh of page.querySelectorAll("[data-part]")) {
      const part = root.querySelector(`[data-part="${fresh.dataset.part}"]`);
      // What stands within another root is renewed by that one.
      if (!part || fresh.closest("[data-live]")) continue;
      const table = part.querySelector("table#result_list");
      const freshTable = fresh.querySelector("table#result_list");
      if (table && freshTable) {
        mergeTable(table, freshTable);
        recount(table);
      } else fill(part, fresh);
    }
  }

  // Says that what is shown may be old, and why: "away" or "out"; nothing takes that back.
  function admit(why) {
    const note = document.getElementById("stale-note");
    if (!note) return;
    for (const text of note.children) text.hidden = text.dataset.why !== why;
    note.hidden = !why;
  }

  async function renew(root) {
    const state = roots.get(root);
    if (state.busy || document.hidden) return;
    state.busy = true;
    try {
      const answer = await fetch(root.dataset.live || location.href, {
        headers: { "X-Live": "1" },
        credentials: "same-origin",
        redirect: "error",
      });
      if (answer.status === 401 || answer.status === 403) return stop();
      if (answer.ok) merge(root, new DOMParser().parseFromString(await answer.text(), "text/html"));
      admit(answer.ok ? "" : "away");
    } catch {
      // The server is away for a moment: what is shown stays, and the next look shows more.
      admit("away");
    } finally {
      state.busy = false;
    }
  }

  function renewAll() {
    last = Date.now();
    clearTimeout(timer);
    timer = 0;
    for (const root of roots.keys()) if (!root.dataset.liveEvery) renew(root);
  }

  // However many changes there are, one look for all of them.
  function changed() {
    if (!timer) timer = setTimeout(renewAll, Math.max(0, last + LEAST - Date.now()));
  }

  function listen() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const opened = new WebSocket(`${scheme}://${location.host}/ws/executions`);
    let pings = 0;
    opened.onopen = () => {
      socket = opened;
      retryAfter = 500;
      pings = setInterval(() => opened.send('{"type":"ping"}'), PINGS);
      changed();
    };
    opened.onmessage = (event) => {
      if (JSON.parse(event.data).type === "changed") changed();
    };
    opened.onclose = (event) => {
      clearInterval(pings);
      if (socket === opened) socket = null;
      if (event.code === 4401 || event.code === 4403 || !roots.size) return;
      setTimeout(listen, retryAfter);
      retryAfter = Math.min(retryAfter * 2, 60_000);
    };
  }

  function stop() {
    admit("out");
    roots.clear();
    socket?.close();
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const root of document.querySelectorAll("[data-live]")) {
      roots.set(root, { busy: false });
      root.querySelectorAll("table#result_list").forEach(watchSelection);
      const every = Number(root.dataset.liveEvery);
      if (!every) continue;
      renew(root);
      setInterval(() => roots.has(root) && renew(root), every * 1000);
    }
    if (![...roots.keys()].some((root) => !root.dataset.liveEvery)) return;
    last = Date.now();
    listen();
    setInterval(() => socket || renewAll(), POLL);
    document.addEventListener("visibilitychange", () => document.hidden || changed());
  });
})();
