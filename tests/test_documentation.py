"""What the documentation points at is there."""

from __future__ import annotations

import re

import pytest

from stack.layout import PROJECT

PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", PROJECT / "CHANGELOG.md"]
PAGES += sorted((PROJECT / "docs").rglob("*.md"))
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page):
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_command_exists(page):
    targets = set(TARGET.findall((PROJECT / "Makefile").read_text()))
    named = set(re.findall(r"^\$ make ([a-z-]+)|`make ([a-z-]+)", page.read_text(), re.MULTILINE))
    assert {first or second for first, second in named} <= targets


def test_every_file_that_the_readmes_commands_name_exists():
    commands = re.findall(r"examples/[\w./-]+", (PROJECT / "README.md").read_text())
    assert commands
    assert [name for name in commands if not (PROJECT / name).exists()] == []
