"""The catalogue of modules as a page of documentation."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from etl.registry import catalogue

_HEADINGS = {"extract": "Extract", "transform": "Transform", "load": "Load"}


def modules_markdown() -> str:
    """Return docs/modules.md: every module with its docstring, inputs and settings."""
    lines = [
        "# Modules",
        "",
        "What a node of a graph can do. This page is generated: run "
        "`python -m etl modules --markdown > docs/modules.md`.",
        "",
    ]
    for kind, modules in groupby(catalogue(), key=lambda module: module["kind"]):
        lines += [f"## {_HEADINGS[kind]}", ""]
        for module in modules:
            lines += _module(module)
    return "\n".join(lines).rstrip() + "\n"


def _module(module: Mapping[str, Any]) -> list[str]:
    paragraphs = [" ".join(part.split()) for part in module["description"].split("\n\n")]
    lines = [f"### `{module['key']}`", ""]
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
    lines = ["| setting | type | default | |", "| --- | --- | --- | --- |"]
    for name, field in schema.get("properties", {}).items():
        default = "required" if name in required else f"`{_default(field.get('default'))}`"
        text = field.get("description", "")
        lines.append(f"| `{name}` | {_type(field)} | {default} | {_cell(text)} |")
    return [*lines, ""]


def _default(value: object) -> str:
    import json

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
