"""The pages that scripts draw bring the style of everything that these scripts are made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stack.layout import PROJECT

BUNDLE = PROJECT / "logidata" / "static" / "console"
IMPORT = re.compile(r"""(?:from|import)\s*["']\./([\w-]+)\.js["']""")
PAGES = {
    "editor": "pipelines/templates/admin/pipelines/pipeline/editor.html",
    "execution": "executions/templates/admin/executions/pipelineexecution/execution.html",
}


def parts(name: str, known: set[str] | None = None) -> set[str]:
    """Return the scripts that one begins with, itself among them."""
    found = known if known is not None else set()
    if name not in found:
        found.add(name)
        for other in IMPORT.findall((BUNDLE / f"{name}.js").read_text()):
            parts(other, found)
    return found


@pytest.mark.parametrize(("script", "template"), PAGES.items())
def test_a_page_links_the_style_of_every_part_of_its_script(script: str, template: str) -> None:
    styles = {f"console/{name}.css" for name in parts(script) if styled(name)}
    linked = set(re.findall(r"console/[\w-]+\.css", (PROJECT / template).read_text()))
    assert linked == styles


def styled(name: str) -> bool:
    return Path(BUNDLE / f"{name}.css").exists()
