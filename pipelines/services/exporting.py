"""A pipeline as a file, and a pipeline out of a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from pipelines.errors import InvalidPipeline, Problem
from pipelines.models import Pipeline
from pipelines.services.drafts import begin_draft
from pipelines.services.fields import FIELDS
from pipelines.services.saving import Person, assign, find_problems, save_pipeline
from pipelines.services.validation import field_values

FORMAT = "logidata-pipeline"
VERSION = 1
# What a file says beside the pipeline's fields.
_ABOUT = ("format", "version")


@dataclass(frozen=True)
class Imported:
    """A pipeline from a file; with `problems` it is a draft, which nothing runs."""

    pipeline: Pipeline
    problems: list[Problem]


def export_pipeline(pipeline: Pipeline) -> dict[str, Any]:
    """Return all that makes the pipeline, as JSON to keep in a file. It holds no secret."""
    return {"format": FORMAT, "version": VERSION, **field_values(pipeline)}


def import_pipeline(
    body: Mapping[str, Any], *, user: Person, name: str | None = None, draft: bool = False
) -> Imported:
    """Return a new pipeline of what `export_pipeline` gave, or of a pipeline's fields.

    It is checked as a whole: without problems it is saved and deployed, with some, or if only a
    `draft` is wanted, it is kept as a draft. `name` takes the place of the file's.

    Raise InvalidPipeline where not even a draft can be made of it: for another format, a field
    that pipelines do not have, a name that is missing or taken.
    """
    content = {key: value for key, value in body.items() if key not in _ABOUT}
    if name is not None:
        content["name"] = name
    pipeline = Pipeline()
    unreadable = [*_format_problems(body), *assign(pipeline, content)]
    if unreadable:
        raise InvalidPipeline(unreadable)
    if not draft:
        try:
            with transaction.atomic():
                return Imported(save_pipeline(pipeline, user=user), [])
        except InvalidPipeline as refused:
            found = refused.errors
    else:
        found = find_problems(pipeline)
    return Imported(begin_draft(content, user=user), found)


def file_name(pipeline: Pipeline) -> str:
    """Return what to call the file of a pipeline: ASCII letters, digits and dashes."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in pipeline.name).split()
    return f"{'-'.join(words)[:80] or 'pipeline'}.json"


def _format_problems(body: Mapping[str, Any]) -> list[Problem]:
    found = []
    if body.get("format", FORMAT) != FORMAT:
        found.append(
            Problem(
                None,
                "format",
                _("This is no file of a pipeline: its format is not '%(format)s'.")
                % {"format": FORMAT},
            )
        )
    version = body.get("version", VERSION)
    if version != VERSION or isinstance(version, bool):
        found.append(
            Problem(
                None,
                "version",
                _(
                    "The file has version %(version)r, and this LogiData reads version "
                    "%(known)s. Export it again with a LogiData that is as old as this "
                    "one, or update this one."
                )
                % {"version": version, "known": VERSION},
            )
        )
    if not any(field in body for field in FIELDS):
        found.append(Problem(None, "config", _("The file has no pipeline in it. Choose another.")))
    return found
