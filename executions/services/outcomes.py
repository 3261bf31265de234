"""How the last executions of pipelines went, for strips of a few each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

SHOWN = 10


@dataclass(frozen=True)
class Outcome:
    """How one execution stands."""

    execution_id: UUID
    status: str
    created_at: datetime
    duration_seconds: float | None


def last_outcomes(pipeline_ids: Collection[UUID], limit: int = SHOWN) -> dict[UUID, list[Outcome]]:
    """Return the last executions of each of these pipelines, the oldest of them first.

    It is one query, and for each pipeline a walk of an index over no more than `limit` rows.
    """
    found: dict[UUID, list[Outcome]] = {pk: [] for pk in pipeline_ids}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.id, last.id, last.status, last.created_at, last.duration_seconds
            FROM unnest(%s::uuid[]) AS wanted (id)
            CROSS JOIN LATERAL (
                SELECT id, status, created_at, duration_seconds
                FROM executions_pipelineexecution
                WHERE pipeline_id = wanted.id
                ORDER BY created_at DESC
                LIMIT %s
            ) AS last
            ORDER BY last.created_at
            """,
            [list(found), limit],
        )
        for pipeline_id, *outcome in cursor.fetchall():
            found[pipeline_id].append(Outcome(*outcome))
    return found
