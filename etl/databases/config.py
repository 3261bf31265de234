"""The settings that loading into a table has in every database."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from etl.columns import ColumnName, require_columns, unique_names
from etl.messages import say
from etl.quarantine import QuarantineConfig

Mode = Literal["append", "replace", "upsert", "delete_insert"]
OnDrift = Literal["fail", "add_columns", "ignore"]


class TableConfig(QuarantineConfig):
    """How rows go into a table."""

    mode: Mode = Field(
        default="append",
        description="append adds the rows; replace makes them the only ones; upsert updates rows "
        "whose keys exist and adds the others; delete_insert replaces the partitions that the "
        "input has, and leaves the others alone.",
    )
    keys: list[ColumnName] = Field(
        default=[],
        validate_default=True,
        description="Columns that identify a row, for upsert. A new table gets them as its "
        "primary key; an existing one needs a unique index on them.",
        examples=[["order_id"]],
    )
    partition_by: list[ColumnName] = Field(
        default=[],
        validate_default=True,
        description="Columns whose values make a partition, for delete_insert: rows of the table "
        "with values that the input has are deleted first.",
        examples=[["day"], ["country", "month"]],
    )
    on_drift: OnDrift = Field(
        default="fail",
        description="What to do with columns that the table lacks: fail; add_columns adds them to "
        "the table; ignore leaves them out.",
    )

    @field_validator("keys")
    @classmethod
    def _keys_fit_mode(cls, keys: list[str], info: ValidationInfo) -> list[str]:
        # Nothing is claimed beside a mode that is wrong itself.
        mode = info.data.get("mode")
        if mode == "upsert" and not keys:
            raise ValueError(say("Mode upsert needs keys: name the columns that identify a row"))
        if mode not in {"upsert", None} and keys:
            raise ValueError(say("Keys are for mode upsert only. Remove them, or set the mode"))
        unique_names(keys)
        return keys

    @field_validator("partition_by")
    @classmethod
    def _partitions_fit_mode(cls, partition_by: list[str], info: ValidationInfo) -> list[str]:
        mode = info.data.get("mode")
        if mode == "delete_insert" and not partition_by:
            raise ValueError(
                say(
                    "Mode delete_insert needs partition_by: name the columns whose values make a "
                    "partition, such as the day"
                )
            )
        if mode not in {"delete_insert", None} and partition_by:
            raise ValueError(
                say("partition_by is for mode delete_insert only. Remove it, or set the mode")
            )
        unique_names(partition_by)
        return partition_by


def as_named(wanted: list[str], columns: list[str], *, field: str) -> list[str]:
    """Return columns spelled as the input spells them: case matters to databases.

    Raise ConfigError naming those that the input lacks.
    """
    require_columns(wanted, columns, field=field)
    spelled = {name.casefold(): name for name in columns}
    return [spelled[name.casefold()] for name in wanted]
