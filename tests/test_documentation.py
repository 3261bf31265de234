"""What the documentation points at is there."""

from __future__ import annotations

import re
import subprocess

import pytest

from stack.layout import PROJECT

PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", PROJECT / "CHANGELOG.md"]
PAGES += sorted((PROJECT / "docs").rglob("*.md"))
APPS = ("pipelines", "executions", "alerts", "logidata")
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


CONSOLE = (PROJECT / "docs" / "console.md").read_text()


def test_the_guide_of_the_console_calls_everything_what_the_pages_call_it():
    sources = [
        *(PROJECT / "frontend" / "src").rglob("*.ts*"),
        *(PROJECT / "logidata" / "locale").rglob("*.po"),
        *(path for app in APPS for path in (PROJECT / app).rglob("*.py")),
        *(path for app in APPS for path in (PROJECT / app).rglob("*.html")),
    ]
    said = "\n".join(path.read_text() for path in sources)
    labels = set(re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", CONSOLE))
    assert len(labels) > 35
    assert sorted(label for label in labels if label not in said) == []


def test_the_guide_of_the_console_has_the_keys_of_the_canvas():
    help_text = (PROJECT / "frontend/src/editor/canvas/Help.tsx").read_text()
    keys = re.findall(r'^  \["([^"]+)", t\(', help_text, re.MULTILINE)
    assert "Ctrl + S" in keys
    table = CONSOLE.partition("## Keyboard")[2].replace("arrow keys |", "← ↑ → ↓ |")
    told = table.replace("Ctrl + Z, Ctrl + Shift + Z", "Ctrl + Z | | Ctrl + Shift + Z")
    assert [key for key in keys if key != "?" and f"| {key} |" not in told.replace("**", "")] == []
