"""The page of benchmarks: a part that is measured anew takes the place of what it was."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.__main__ import RESULTS, write


def test_a_part_takes_its_place_among_the_others_whenever_it_is_measured(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    for part, text in (
        ("dataplane", "## Rows\n"),
        ("latency", "\n## Before\n\n| a |\n"),
        ("lists", "\n## Lists\n"),
        ("latency", "\n## Clicks\n\n| b |\n"),
    ):
        write(part, text, page)
    head, *sections = page.read_text().split("<!-- ")
    assert head.startswith("# Benchmarks\n")
    assert sections == [
        "latency -->\n## Clicks\n\n| b |\n\n",
        "lists -->\n## Lists\n\n",
        "dataplane -->\n## Rows\n",
    ]


def test_what_is_measured_alike_again_leaves_the_page_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(RESULTS.read_text())
    (latency,) = re.findall(r"<!-- latency -->\n(.*?)<!-- ", page.read_text(), re.DOTALL)
    write("latency", latency, page)
    assert page.read_text() == RESULTS.read_text()
