"""A browser that tells when a page was painted, what it is about was drawn, and how it moves."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page

from tests.live.browser.person import SCREEN

# Milliseconds.
PATIENCE = 60_000
MOVED_SECONDS = 2.0

# When the first element that is waited for was in the page and painted, and the longest task since
# it was last asked.
WATCH = """
(awaited) => {
    window.longest = 0;
    new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) {
            window.longest = Math.max(window.longest, duration);
        }
    }).observe({ type: "longtask", buffered: true });
    const observer = new MutationObserver(() => {
        if (!document.querySelector(awaited)) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => { window.firstDrawn = performance.now(); }));
    });
    observer.observe(document, { childList: true, subtree: true, attributes: true });
}
"""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
TAKE_LONGEST = "() => { const { longest } = window; window.longest = 0; return longest; }"
COUNT_FRAMES = """
() => {
    const frames = [];
    window.frames = frames;
    const count = (at) => {
        if (window.frames !== frames) return;
        frames.push(at);
        requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
}
"""
FRAMES_A_SECOND = "(frames.length - 1) / (frames.at(-1) - frames[0]) * 1000"


@dataclass(frozen=True)
class Opened:
    """A page that was opened in a browser without a cache; milliseconds since it was asked for."""

    page: Page
    first_paint: float
    first_drawn: float


@contextmanager
def opened(
    browser: Browser, url: str, awaited: str, cookie: tuple[str, str], stored: Mapping[str, str]
) -> Iterator[Opened]:
    """Open a page, and wait for the element that is `awaited` (a CSS selector) to be drawn.

    The browser has nothing but the cookie and what is `stored` for scripts.
    """
    name, value = cookie
    context = browser.new_context(viewport=SCREEN)  # type: ignore[arg-type]
    # Of the whole site, not of the page's folder.
    context.add_cookies([{"name": name, "value": value, "url": urljoin(url, "/")}])
    page = context.new_page()
    for key, text in stored.items():
        page.add_init_script(f"localStorage.setItem({key!r}, {text!r})")
    page.add_init_script(f"({WATCH})({awaited!r})")
    page.goto(url)
    page.wait_for_function("window.firstDrawn", timeout=PATIENCE)
    yield Opened(page, page.evaluate(FIRST_PAINT), page.evaluate("window.firstDrawn"))
    context.close()


def longest_task(page: Page) -> float:
    """Return the milliseconds of the longest task of the page's thread since this was last asked.

    It is 0 where none took 50 ms: a browser tells of no shorter ones.
    """
    longest: float = page.evaluate(TAKE_LONGEST)
    return longest


def drag(page: Page) -> float:
    """Drag the graph of the page to and fro, and return how many frames a second were drawn."""
    pane = page.locator(".react-flow__pane").bounding_box()
    assert pane is not None
    x, y = pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] - 20
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(COUNT_FRAMES)
    until, step = time.monotonic() + MOVED_SECONDS, 0
    while time.monotonic() < until:
        step += 1
        page.mouse.move(x + 200 * (-1) ** (step // 10) * (step % 10) / 10, y - step % 40 * 2)
        # As often as a mouse tells where it is.
        time.sleep(0.008)
    frames: float = page.evaluate(FRAMES_A_SECOND)
    page.mouse.up()
    return frames
