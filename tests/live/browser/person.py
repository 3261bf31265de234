"""Someone in front of a browser: signs in, looks, and is held up by what is not accessible."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebSocket, expect

from tests.live.client import Json, LiveStack

Theme = Literal["light", "dark"]
# A laptop's screen.
SCREEN = {"width": 1366, "height": 768}
# What axe finds below this is a matter of taste, or of the package that draws the admin.
HINDERING = ("serious", "critical")
# How long the browser waits for anything: the machine may be busy. Milliseconds.
PATIENCE = 30_000
# What needs no other host.
OWN_SCHEMES = ("data", "blob", "about")

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Account:
    """Whom somebody signs in as."""

    name: str
    password: str


@dataclass
class Person:
    """A signed-in user with a page of their own, and all that went on in it."""

    live: LiveStack
    page: Page
    folder: Path
    # Errors of scripts, requests that failed, and requests that left for another host.
    faults: list[str] = field(default_factory=list)
    # The states of executions that came over WebSockets, in order.
    states: list[Json] = field(default_factory=list)
    # How often a document was loaded.
    loads: int = 0

    @classmethod
    def signs_in(
        cls,
        live: LiveStack,
        browser: Browser,
        folder: Path,
        *,
        account: Account,
        theme: Theme = "light",
        locale: str = "en-US",
    ) -> Person:
        """Return a person at the dashboard, whose browser asks for this language and theme."""
        context = browser.new_context(
            base_url=live.env["LOGIDATA_URL"],
            viewport=SCREEN,  # type: ignore[arg-type]
            color_scheme=theme,
            locale=locale,
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        person = cls(live, page, folder)
        person._take_notes()
        page.goto("/admin/login/?next=/admin/")
        page.locator("input[name=username]").fill(account.name)
        page.locator("input[name=password]").fill(account.password)
        page.locator("input[name=password]").press("Enter")
        expect(page).to_have_url(re.compile(r"/admin/$"))
        return person

    def _take_notes(self) -> None:
        own = urlsplit(self.live.env["LOGIDATA_URL"]).netloc

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                self.faults.append(f"{message.text} ({message.location.get('url')})")

        def on_request(url: str) -> None:
            parts = urlsplit(url)
            if parts.scheme not in OWN_SCHEMES and parts.netloc != own:
                self.faults.append(f"asked another host: {url}")

        def on_load(_: Page) -> None:
            self.loads += 1

        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", on_console)
        self.page.on("request", lambda request: on_request(request.url))
        self.page.on("websocket", self._listen)
        self.page.on("domcontentloaded", on_load)

    def _listen(self, socket: WebSocket) -> None:
        def on_frame(frame: str | bytes) -> None:
            message = json.loads(frame)
            if message["type"] == "state":
                self.states.append(message["state"])

        socket.on("framereceived", on_frame)

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def opens(self, path: str) -> Page:
        """Go to a page of the console."""
        self.page.goto(path)
        self.page.wait_for_load_state("load")
        return self.page

    def photographs(self, name: str) -> Path:
        """Keep what the page looks like, and return where."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.png"
        self.page.screenshot(path=path, animations="disabled")
        return path

    def can_use_the_page(self) -> None:
        """Raise AssertionError if the page keeps somebody from using it."""
        found = Axe().run(self.page, options={"resultTypes": ["violations"]})
        hindering = [
            f"{rule['id']} ({rule['impact']}): {rule['help']}: "
            + "; ".join(node["html"][:200] for node in rule["nodes"][:5])
            for rule in found.response["violations"]
            if rule["impact"] in HINDERING
        ]
        assert not hindering, "\n".join([self.page.url, *hindering])

    def statuses_told(self, node: str) -> list[str]:
        """Return the statuses of a node that came over WebSockets, each once, in order."""
        told = [
            task["status"]
            for state in self.states
            for task in state["tasks"]
            if task["node_id"] == node
        ]
        return list(dict.fromkeys(told))
