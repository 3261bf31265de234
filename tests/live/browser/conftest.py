"""A real browser before the running stack."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.live.browser.person import Person, Theme
from tests.live.client import LiveStack

# Without the sandbox, as root in a container; and quiet in a closed network.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, started once for these tests."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "There is no Chromium: as root, apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def signs_in(
    live: LiveStack, chromium: Browser, pytestconfig: pytest.Config, tmp_path: Path
) -> Iterator[Callable[..., Person]]:
    """Return what signs a person in; each gets a browser profile of its own."""
    asked = pytestconfig.getoption("screenshots")
    folder = Path(asked) if asked else tmp_path / "screenshots"
    people: list[Person] = []

    def sign_in(theme: Theme = "light", locale: str = "en-US") -> Person:
        people.append(Person.signs_in(live, chromium, folder, theme=theme, locale=locale))
        return people[-1]

    yield sign_in
    for person in people:
        person.context.close()


@pytest.fixture
def person(signs_in: Callable[..., Person]) -> Person:
    """Someone who reads English, in the light."""
    return signs_in()
