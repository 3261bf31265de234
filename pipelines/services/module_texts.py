"""What modules say of themselves, in the reader's language.

The data plane knows no Django and says it in English. These texts have a catalogue of their own,
the domain `modules`, whose keys are the English texts as they stand in the code of the modules.
"""

from collections.abc import Callable
from typing import Any

from etl.registry import catalogue
from pipelines.catalogues import texts_of

DOMAIN = "modules"


def module_catalogue() -> list[dict[str, Any]]:
    """Return the catalogue with titles, summaries, labels and the help of settings translated.

    Keywords are those of the language and the English ones: people know both. A text that the
    translation lacks, such as one of a third party's module, stays as it is.
    """
    said = texts_of(DOMAIN)
    return [
        {
            **module,
            "title": said(module["title"]),
            "summary": said(module["summary"]),
            "keywords": _keywords(module["keywords"], said),
            "config_schema": _translated(module["config_schema"], said),
        }
        for module in catalogue()
    ]


def _keywords(english: str, said: Callable[[str], str]) -> str:
    # Of an empty text gettext would give the head of the catalogue.
    return ", ".join(dict.fromkeys([said(english), english])) if english else ""


def _translated(schema: Any, said: Callable[[str], str]) -> Any:
    """Return a JSON Schema with its labels and help translated, everything else as it is."""
    if isinstance(schema, list):
        return [_translated(item, said) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _part(key, value, said) for key, value in schema.items()}


def _part(key: str, value: Any, said: Callable[[str], str]) -> Any:
    """Return what a key of a schema holds. Settings may have any name, "default" among them."""
    if key in {"properties", "$defs"}:
        return {name: _translated(schema, said) for name, schema in value.items()}
    if key in {"title", "description"}:
        return said(value)
    if key in {"default", "examples", "enum", "const"}:
        return value
    return _translated(value, said)
