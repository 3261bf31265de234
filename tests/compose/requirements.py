"""Which distributions a compiled requirements file pins, and which the code of a folder imports."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.compose.compose_file import PROJECT


def normal(name: str) -> str:
    """Return a distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(path: str) -> dict[str, str]:
    """Return distribution → version of a compiled requirements file."""
    lines = (PROJECT / path).read_text().splitlines()
    matches = (re.match(r"([A-Za-z0-9][\w.-]*)==([^ ;\\]+)", line) for line in lines)
    return {normal(match[1]): match[2] for match in matches if match}


def imported_distributions(folders: Iterable[str]) -> dict[str, set[str]]:
    """Return distribution → the files below the folders that import it."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        for path in sorted((PROJECT / folder).rglob("*.py")):
            for module in _imported_modules(path):
                for distribution in _distributions().get(module, []):
                    found.setdefault(normal(distribution), set()).add(
                        str(path.relative_to(PROJECT))
                    )
    return found


@cache
def _distributions() -> dict[str, list[str]]:
    return {
        module: names
        for module, names in packages_distributions().items()
        if module not in sys.stdlib_module_names
    }


def _imported_modules(path: Path) -> set[str]:
    """Return the top-level names of what a file imports, lazily too, except for typing only."""
    names: set[str] = set()
    tree = ast.parse(path.read_text())
    only_typing = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in only_typing:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names
