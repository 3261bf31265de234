"""Finding executions by what people remember of them: a pipeline's name, or an id."""

import re
from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from etl.execution_id import RUN_ID_PREFIX
from executions.errors import SearchTooWide
from executions.models import Executions, PipelineExecution

# A page is put together from the executions of each name that fits.
MOST_NAMES = 200
_ID = re.compile(rf"(?:{RUN_ID_PREFIX})?([0-9a-f]{{8}}[0-9a-f-]{{0,28}})", re.ASCII | re.IGNORECASE)

# All names that executions have, those of deleted pipelines and from before a renaming too: the
# index is left for the next name again and again, so that it costs by names, not by executions.
_NAMES = """
WITH RECURSIVE named (name) AS (
    (SELECT pipeline_name FROM {table} ORDER BY pipeline_name LIMIT 1)
    UNION ALL
    SELECT (SELECT pipeline_name FROM {table} WHERE pipeline_name > named.name
            ORDER BY pipeline_name LIMIT 1)
    FROM named WHERE named.name IS NOT NULL
)
SELECT name FROM named WHERE name ILIKE ALL (%s) LIMIT %s
"""


def search(queryset: Executions, terms: Sequence[str]) -> Executions:
    """Return the executions whose pipeline's name has all terms in it, in any case.

    A single term may also be a DAG run id, or the first eight or more digits of an execution's id.

    Raises:
        SearchTooWide: more than MOST_NAMES names fit.
    """
    if not terms:
        return queryset
    if len(terms) == 1:
        by_id = search_by_id(queryset, terms[0])
        if by_id.exists():
            return by_id
    return queryset.named(_names_with(terms))


def search_by_id(queryset: Executions, term: str) -> Executions:
    """Return those with this DAG run id, or whose id begins so: by eight or more digits."""
    if match := _ID.fullmatch(term):
        digits = match[1].replace("-", "")[:32]
        first, last = (UUID(digits.ljust(32, filling)) for filling in "0f")
        return queryset.filter(pk__range=(first, last))
    return queryset.filter(airflow_dag_run_id=term)


def _names_with(terms: Sequence[str]) -> list[str]:
    # In a pattern of LIKE these three mean something.
    patterns = ["%" + re.sub(r"([\\%_])", r"\\\1", term) + "%" for term in terms]
    table = connection.ops.quote_name(PipelineExecution._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(_NAMES.format(table=table), [patterns, MOST_NAMES + 1])
        names = [name for (name,) in cursor.fetchall()]
    if len(names) > MOST_NAMES:
        raise SearchTooWide(MOST_NAMES)
    return names
