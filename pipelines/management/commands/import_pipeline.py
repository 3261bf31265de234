"""Create or update a pipeline from a JSON file."""

import json
from argparse import FileType
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pipelines.errors import InvalidPipeline
from pipelines.models import Pipeline
from pipelines.services import assign, save_pipeline
from pipelines.services.fields import tidied


class Command(BaseCommand):
    """The file holds what the API takes; the name decides which pipeline it is."""

    help = "Create a pipeline from a JSON file, or update the one of that name ('-': from stdin)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=FileType(encoding="utf-8"), metavar="FILE")

    def handle(self, *args: Any, file: TextIO, **options: Any) -> None:
        """Save the pipeline and print its id; raise CommandError with every problem."""
        with file:
            try:
                body = json.load(file)
            except (ValueError, RecursionError) as error:
                raise CommandError(f"{file.name} is not JSON: {error}") from error
        if not isinstance(body, dict):
            raise CommandError(f"{file.name} holds no JSON object. Write a pipeline's fields.")
        name = tidied("name", body.get("name"))
        known = Pipeline.objects.filter(name=name).first() if isinstance(name, str) else None
        pipeline = known or Pipeline()
        try:
            save_pipeline(pipeline, user=None, problems=assign(pipeline, body))
        except InvalidPipeline as error:
            lines = "\n".join(f"  - {problem.message}" for problem in error.errors)
            raise CommandError(f"{file.name} cannot be imported:\n{lines}") from error
        did = "Updated" if known else "Created"
        self.stdout.write(f"{did} pipeline {pipeline.pk} '{pipeline.name}'.")
