"""docs/reliability.md has a row for every fault that a test brings about, and for no other."""

from tests.live.faults import record


def test_the_page_and_the_tests_promise_the_same():
    assert record.promised() == record.all_promises()
