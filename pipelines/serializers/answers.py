"""What requests are answered with beside a pipeline."""

from typing import Any

from rest_framework import serializers

from pipelines.errors import Problem
from pipelines.serializers.fields import ObjectField


class ProblemSerializer(serializers.Serializer[Problem]):
    """One problem: where it is and what to do about it."""

    node = serializers.CharField(allow_null=True)
    field = serializers.CharField(allow_null=True)
    message = serializers.CharField()


class ValidationSerializer(serializers.Serializer[Any]):
    """Whether a pipeline could be saved."""

    valid = serializers.BooleanField()
    errors = ProblemSerializer(many=True)  # type: ignore[assignment]


class ErrorSerializer(serializers.Serializer[Any]):
    """Every error answer."""

    type = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()
    errors = ProblemSerializer(many=True)  # type: ignore[assignment]


class StartedSerializer(serializers.Serializer[Any]):
    """An execution that has been started."""

    task_id = serializers.CharField(source="celery_task_id")
    execution_id = serializers.UUIDField(source="pk")
    status = serializers.CharField()


class StatusOnlySerializer(serializers.Serializer[Any]):
    """What those are answered who may act on something but not view it."""

    id = serializers.ReadOnlyField()
    status = serializers.CharField()


class ModuleSerializer(serializers.Serializer[Any]):
    """A module of the catalogue."""

    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    icon = serializers.CharField(help_text="A name of Google's Material Symbols.")
    keywords = serializers.CharField(
        help_text="Other words that people look for it by, with commas between them."
    )
    summary = serializers.CharField(help_text="What it does, in a sentence.")
    description = serializers.CharField()
    ports = serializers.ListField(child=serializers.CharField())
    variadic = serializers.BooleanField(
        help_text="Whether it takes any number of inputs, each a port named after its source."
    )
    outputs = serializers.ChoiceField(
        choices=("none", "one", "named"),
        help_text="Named ones are those that the config's fields of format `output-name` name.",
    )
    quarantines = serializers.BooleanField()
    config_schema = ObjectField(
        help_text="JSON Schema. `format` tells SQL from other text (`sql`, `sql-expression`), and "
        "`x-picker` what there is to choose from: `connection`, `file`, `table`, `column` or "
        "`columns`, of the input at the port `x-port`, or at the first."
    )


class OriginSerializer(serializers.Serializer[Any]):
    """A column of an extractor."""

    node = serializers.CharField()
    column = serializers.CharField()


class ColumnOriginSerializer(serializers.Serializer[Any]):
    """A column of an output."""

    name = serializers.CharField()
    type = serializers.CharField()
    sources = OriginSerializer(
        many=True, allow_null=True, help_text="Null where they cannot be known."
    )


class OutputColumnsSerializer(serializers.Serializer[Any]):
    """The columns of one output of a node, and where they come from."""

    node = serializers.CharField()
    output = serializers.CharField(allow_null=True, help_text="Its name, where a node has several.")
    columns = ColumnOriginSerializer(
        many=True, allow_null=True, help_text="Null where they cannot be known."
    )
