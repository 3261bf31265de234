"""What previews leave for those after them."""

from __future__ import annotations

from etl.messages import Message, say
from etl.preview.reuse import Output, Shelf
from tests.etl.conftest import Lab


def test_a_warning_that_is_left_can_still_be_translated(lab: Lab) -> None:
    result = lab.run("transform.sort", {"by": [{"column": "n"}]}, "SELECT 1 AS n")
    result["warnings"] = [say("{rows} rows are odd.", rows=3), "plain"]
    shelf = Shelf(lab.staging, "user-1")
    shelf.keep(Output("key", result, cut=False))

    found = shelf.find("key")

    assert found
    assert found.result["warnings"] == ["3 rows are odd.", "plain"]
    warning = found.result["warnings"][0]
    assert isinstance(warning, Message)
    assert warning.values == {"rows": 3}
