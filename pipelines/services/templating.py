"""Templates to start a pipeline from: whole pipelines that run on the example data."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parent.parent / "pipeline_templates"


@dataclass(frozen=True)
class PipelineTemplate:
    """A pipeline to begin with; its name and description say what it is good for."""

    id: str
    name: str
    description: str
    config: dict[str, Any]
    default_params: dict[str, Any]
    param_specs: dict[str, Any]
    tags: list[str]


@cache
def pipeline_templates() -> tuple[PipelineTemplate, ...]:
    """Return all templates, by name."""
    found = [
        PipelineTemplate(id=path.stem, **json.loads(path.read_text(encoding="utf-8")))
        for path in _FOLDER.glob("*.json")
    ]
    return tuple(sorted(found, key=lambda template: template.name))
