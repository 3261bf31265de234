"""A whole stack of its own for the live tests: every service real, in a folder with a space."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.client import LiveStack, running_stack
from tests.plugin import install_plugin


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStack]:
    """The running stack, with a plug-in; started once for all live tests, stopped after them."""
    var = tmp_path_factory.mktemp("live stack") / "var"
    install_plugin(var / "plugins")
    with running_stack(var) as stack:
        yield stack
