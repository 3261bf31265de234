"""A whole stack of its own for the live tests: every service real, in a folder with a space."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.client import LiveStack, running_stack


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStack]:
    """The running stack; started once for all live tests, stopped after them."""
    with running_stack(tmp_path_factory.mktemp("live stack") / "var") as stack:
        yield stack
