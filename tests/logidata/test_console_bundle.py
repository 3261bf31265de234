"""The built console: what its scripts need is there, and linked by its pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
BUNDLE = ROOT / "logidata" / "static" / "console"
PAGES = {
    "editor": ROOT / "pipelines/templates/admin/pipelines/pipeline/editor.html",
    "execution": ROOT / "executions/templates/admin/executions/pipelineexecution/execution.html",
}


def _scripts(name: str, known: set[str]) -> set[str]:
    """Return the names of a script and of all that it imports before it begins."""
    if name not in known:
        known.add(name)
        text = (BUNDLE / f"{name}.js").read_text()
        for imported in re.findall(r'(?:from|import)\s*"\./(\w+)\.js"', text):
            _scripts(imported, known)
    return known


@pytest.mark.parametrize("page", PAGES)
def test_a_page_links_the_styles_of_all_scripts_that_it_loads(page: str) -> None:
    linked = re.findall(r"console/(\w+)\.css", PAGES[page].read_text())
    styled = {name for name in _scripts(page, set()) if (BUNDLE / f"{name}.css").exists()}
    assert set(linked) == styled
    assert linked[-1] == page, "a page's own styles come last, for they change the shared ones"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_the_styles_of_what_draws_its_graph(page: str) -> None:
    linked = re.findall(r"console/(\w+)\.css", PAGES[page].read_text())
    styles = "".join((BUNDLE / f"{name}.css").read_text() for name in linked)
    assert ".react-flow__node{" in styles
    assert ".react-flow__minimap" in styles
