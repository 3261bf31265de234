"""What every test of a fault gets: executions that it meets, and a last look at all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.live.client import LiveStack
from tests.live.faults import record
from tests.live.faults.soundness import Trial, require_truth, settle

Begin = Callable[..., Trial]


@pytest.fixture(scope="session")
def begin(live: LiveStack) -> Iterator[Begin]:
    """Return a function that makes a trial; what was true of each must be so to the end."""
    trials: list[Trial] = []

    def make(name: str, **fields: object) -> Trial:
        trials.append(Trial(live, name, **fields))  # type: ignore[arg-type]
        return trials[-1]

    yield make
    wrong = {trial.name: trial.untrue() for trial in trials if trial.seen is not None}
    assert not any(wrong.values()), wrong


@pytest.fixture
def trial(begin: Begin, request: pytest.FixtureRequest) -> Iterator[Trial]:
    """A ready pipeline for the fault of the test; in the end all must be true in time."""
    [name] = request.node.get_closest_marker("fault").args
    made: Trial = begin(name, **getattr(request, "param", {})).ready()
    yield made
    if made.healed:
        if made.seen is None:
            settle(made)
        require_truth(made)


@pytest.fixture(scope="session", autouse=True)
def _page(pytestconfig: pytest.Config) -> Iterator[None]:
    yield
    if pytestconfig.getoption("write_reliability"):
        record.write()
