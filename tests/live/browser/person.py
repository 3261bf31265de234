"""Someone in front of a browser: signs in, looks, and is held up by what is not accessible."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.live.client import LiveStack

Theme = Literal["light", "dark"]
# A laptop's screen.
SCREEN = {"width": 1366, "height": 768}
# What axe finds below this is a matter of taste, or of the package that draws the admin.
HINDERING = ("serious", "critical")


@dataclass
class Person:
    """A signed-in user with a page of their own."""

    live: LiveStack
    page: Page
    folder: Path

    @classmethod
    def signs_in(
        cls,
        live: LiveStack,
        browser: Browser,
        folder: Path,
        *,
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
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.goto("/admin/login/?next=/admin/")
        page.locator("input[name=username]").fill(live.env["LOGIDATA_ADMIN_USER"])
        page.locator("input[name=password]").fill(live.env["LOGIDATA_ADMIN_PASSWORD"])
        page.locator("input[name=password]").press("Enter")
        expect(page).to_have_url(re.compile(r"/admin/$"))
        return cls(live, page, folder)

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def opens(self, path: str) -> Page:
        """Go to a page of the console; it must come without an error of its scripts."""
        faults: list[str] = []
        self.page.on("pageerror", lambda error: faults.append(str(error)))
        self.page.goto(path)
        self.page.wait_for_load_state("load")
        assert not faults, f"{path}: {faults}"
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
