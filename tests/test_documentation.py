"""What the documentation points at is there."""

from __future__ import annotations

import re
import subprocess

import pytest

from stack.layout import PROJECT

PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", PROJECT / "CHANGELOG.md"]
PAGES += sorted((PROJECT / "docs").rglob("*.md"))
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page):
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_command_exists(page):
    commands = re.findall(r"^\$ make ([\w.-]+)|`make ([\w.-]+)", page.read_text(), re.MULTILINE)
    for target in {first or second for first, second in commands}:
        subprocess.run(["make", "--dry-run", target], cwd=PROJECT, capture_output=True, check=True)


def test_every_file_that_the_readmes_commands_name_exists():
    commands = re.findall(r"examples/[\w./-]+", (PROJECT / "README.md").read_text())
    assert commands
    assert [name for name in commands if not (PROJECT / name).exists()] == []
