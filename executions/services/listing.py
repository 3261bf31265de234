"""The executions, page by page, at the same cost however long the history has grown.

A page goes on from a key, the time and id of the execution next to it: nothing before it is read
or counted, and what is added or removed elsewhere moves no execution from one page to another.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from executions.errors import InvalidCursor
from executions.models import Executions, PipelineExecution
from executions.statuses import ExecutionStatus, TriggerType

NEWEST_FIRST = ("-created_at", "-id")
OLDEST_FIRST = ("created_at", "id")


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after an execution, or before it when paging back."""

    created_at: datetime
    id: UUID
    backwards: bool = False

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Return the cursor that `str()` gave; raise InvalidCursor for anything else."""
        try:
            direction, created_at, pk = base64.urlsafe_b64decode(text).decode("ascii").split(" ")
            cursor = cls(datetime.fromisoformat(created_at), UUID(pk), direction == "b")
            if str(cursor) != text or cursor.created_at.tzinfo is None:
                raise ValueError(text)
        except ValueError as error:
            raise InvalidCursor from error
        return cursor

    def __str__(self) -> str:
        direction = "b" if self.backwards else "a"
        plain = f"{direction} {self.created_at.isoformat()} {self.id}"
        return base64.urlsafe_b64encode(plain.encode("ascii")).decode("ascii")

    @property
    def condition(self) -> Q:
        """What holds for the executions of its page and of those that follow."""
        if self.backwards:
            beyond = Q(created_at__gt=self.created_at) | Q(id__gt=self.id)
            return Q(created_at__gte=self.created_at) & beyond
        beyond = Q(created_at__lt=self.created_at) | Q(id__lt=self.id)
        return Q(created_at__lte=self.created_at) & beyond


@dataclass(frozen=True)
class Page:
    """Some executions, the newest first, and the cursors of the pages beside them, if any."""

    executions: list[PipelineExecution]
    newer: Cursor | None
    older: Cursor | None


def page_of(queryset: Executions, cursor: Cursor | None, size: int) -> Page:
    """Return the page of `size` executions that the cursor names; without one, the newest."""
    backwards = cursor is not None and cursor.backwards
    if cursor is not None:
        queryset = queryset.filter(cursor.condition)
    keys = _keys(queryset, OLDEST_FIRST if backwards else NEWEST_FIRST, size + 1)
    goes_on = len(keys) > size
    keys = keys[:size][::-1] if backwards else keys[:size]
    if not keys:
        return Page([], None, None)
    is_first = not goes_on if backwards else cursor is None
    is_last = not goes_on and not backwards
    found = queryset.filter(pk__in=[pk for _, pk in keys]).order_by(*NEWEST_FIRST)
    return Page(
        list(found),
        newer=None if is_first else Cursor(*keys[0], backwards=True),
        older=None if is_last else Cursor(*keys[-1]),
    )


def _keys(queryset: Executions, order: tuple[str, str], limit: int) -> list[tuple[datetime, UUID]]:
    """Return time and id of the first executions in that order.

    Each status with each trigger type (and each name, where names are searched for) is a short
    walk of an index that has just these, in order; the walks are merged. PostgreSQL alone would
    go through all executions by time until enough fit, which takes long where few or old ones do.
    """
    keys = queryset.order_by(*order).values_list("created_at", "pk")
    if queryset.is_rejected_only:
        # They have an index of their own, by time.
        return list(keys[:limit])
    branches: dict[str, list[str]] = {
        "status": ExecutionStatus.values,
        "trigger_type": TriggerType.values,
    }
    if queryset.names is not None:
        branches["pipeline_name"] = queryset.names
    of_branch = {field: RawSQL(f'"{field}"."value"', ()) for field in branches}  # noqa: S611 ours
    try:
        walk, parameters = keys.filter(**of_branch)[:limit].query.sql_with_params()
    except EmptyResultSet:
        return []
    direction = "ASC" if order == OLDEST_FIRST else "DESC"
    tables = ", ".join(f'unnest(%s::text[]) AS "{field}" ("value")' for field in branches)
    merged = (
        f"SELECT found.* FROM {tables} CROSS JOIN LATERAL ({walk}) AS found (created_at, id) "  # noqa: S608
        f"ORDER BY found.created_at {direction}, found.id {direction} LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(merged, [*branches.values(), *parameters, limit])
        return [(created_at, pk) for created_at, pk in cursor.fetchall()]
