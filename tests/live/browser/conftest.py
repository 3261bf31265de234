"""A real browser before the running stack."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from stack.starting import manage
from tests.live.browser.chromium import running_chromium
from tests.live.browser.person import Account, Person, Theme
from tests.live.client import LiveStack

SignIn = Callable[..., Person]

# Somebody of the staff who may look at everything there is, and change nothing.
VIEWER = """
import sys
from django.contrib.auth.models import Permission, User
viewer = User.objects.create_user({name!r}, password={password!r}, is_staff=True)
viewer.user_permissions.set(Permission.objects.filter(
    codename__startswith="view_", content_type__app_label__in={apps!r}))
"""


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, started once for these tests."""
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def signs_in(
    live: LiveStack, chromium: Browser, pytestconfig: pytest.Config, tmp_path: Path
) -> Iterator[SignIn]:
    """Return what signs a person in; each gets a browser profile of its own."""
    asked = pytestconfig.getoption("screenshots")
    folder = Path(asked) if asked else tmp_path / "screenshots"
    operator = Account(live.env["LOGIDATA_ADMIN_USER"], live.env["LOGIDATA_ADMIN_PASSWORD"])
    people: list[Person] = []

    def sign_in(
        theme: Theme = "light", locale: str = "en-US", account: Account = operator
    ) -> Person:
        person = Person.signs_in(
            live, chromium, folder, account=account, theme=theme, locale=locale
        )
        people.append(person)
        return person

    yield sign_in
    for person in people:
        person.context.close()


@pytest.fixture
def person(signs_in: SignIn) -> Person:
    """An operator who reads English, in the light."""
    return signs_in()


@pytest.fixture(scope="package")
def accounts(live: LiveStack) -> Callable[..., Account]:
    """Return what makes an account that may only view, within the given apps."""

    def make(*apps: str) -> Account:
        account = Account(f"viewer-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex)
        script = VIEWER.format(name=account.name, password=account.password, apps=apps)
        manage(live.stack, "shell", "-c", script)
        return account

    return make
