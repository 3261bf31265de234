"""The catalogue of modules as pages of documentation."""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from etl.registry import catalogue

_HEADINGS = {"extract": "Extract", "transform": "Transform", "load": "Load"}


def module_pages() -> dict[str, str]:
    """Return the pages of docs/modules/ by file name: one a module, README.md to list them."""
    modules = catalogue()
    pages = {f"{module['key']}.md": _page(_module(module)) for module in modules}
    return {"README.md": _page(_index(modules)), **pages}


def write_pages(folder: Path) -> None:
    """Write the pages into a folder, and remove those of modules that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = module_pages()
    for path in folder.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def _page(lines: Sequence[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _index(modules: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "# Modules",
        "",
        "What a node of a graph can do. These pages are generated: run `make docs`.",
        "",
    ]
    for kind, group in groupby(modules, key=lambda module: module["kind"]):
        lines += [f"## {_HEADINGS[kind]}", "", "| module | |", "| --- | --- |"]
        for module in group:
            first = " ".join(module["description"].split("\n\n")[0].split())
            lines.append(f"| [`{module['key']}`]({module['key']}.md) | {_cell(first)} |")
        lines.append("")
    return lines


def _module(module: Mapping[str, Any]) -> list[str]:
    paragraphs = [" ".join(part.split()) for part in module["description"].split("\n\n")]
    lines = [f"# `{module['key']}`", ""]
    for paragraph in paragraphs:
        lines += [paragraph, ""]
    if module["variadic"]:
        lines += ["Inputs: any number, each a table named after its port.", ""]
    elif len(module["ports"]) > 1:
        lines += [f"Inputs: {', '.join(f'`{port}`' for port in module['ports'])}.", ""]
    schema = module["config_schema"]
    lines += _fields(schema)
    for name, nested in schema.get("$defs", {}).items():
        lines += [f"Each `{name}`: {nested.get('description', '')}", "", *_fields(nested)]
    return lines


def _fields(schema: Mapping[str, Any]) -> list[str]:
    required = schema.get("required", [])
    lines = ["| setting | type | default | | example |", "| --- | --- | --- | --- | --- |"]
    for name, field in schema.get("properties", {}).items():
        default = "required" if name in required else f"`{_default(field.get('default'))}`"
        text = field.get("description", "")
        examples = ", ".join(f"`{_default(example)}`" for example in field.get("examples", []))
        lines.append(f"| `{name}` | {_type(field)} | {default} | {_cell(text)} | {examples} |")
    return [*lines, ""]


def _default(value: object) -> str:
    return _cell(json.dumps(value, ensure_ascii=False))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _type(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        return f"`{field['$ref'].rsplit('/', 1)[-1]}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        kinds = [_type(option) for option in field["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("type") == "object":
        values = field.get("additionalProperties")
        return f"object of {_type(values)}" if isinstance(values, dict) else "object"
    return str(field.get("type", "any"))
