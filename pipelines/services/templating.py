"""Templates to start a pipeline from: whole pipelines that run on the example data.

Their texts have a catalogue of their own, the domain `templates`, whose keys are the English ones.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.catalogues import texts_of

DOMAIN = "templates"

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


def pipeline_templates() -> tuple[PipelineTemplate, ...]:
    """Return all templates, by name, in the language of whoever is answered now.

    That goes for the names of their nodes and the help of their parameters, too.
    """
    said = texts_of(DOMAIN)
    found = [_translated(template, said) for template in _stored()]
    return tuple(sorted(found, key=lambda template: template.name))


@cache
def _stored() -> tuple[PipelineTemplate, ...]:
    return tuple(
        PipelineTemplate(id=path.stem, **json.loads(path.read_text(encoding="utf-8")))
        for path in _FOLDER.glob("*.json")
    )


def _translated(template: PipelineTemplate, said: Callable[[str], str]) -> PipelineTemplate:
    nodes = [{**node, "name": said(node["name"])} for node in template.config["nodes"]]
    return replace(
        template,
        name=said(template.name),
        description=said(template.description),
        config={**template.config, "nodes": nodes},
        param_specs={
            name: {**spec, "help": said(spec["help"])}
            for name, spec in template.param_specs.items()
        },
    )
