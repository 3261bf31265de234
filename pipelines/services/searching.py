"""Finding pipelines by what people remember of them: words, or an id copied from somewhere."""

from uuid import UUID

from django.db.models import Q, QuerySet

from airflow_bridge.spec import parse_dag_id
from pipelines.models import Pipeline


def search(queryset: QuerySet[Pipeline], text: str) -> QuerySet[Pipeline]:
    """Return the pipelines that have each word in their name or description, in any case.

    A single word may also be a pipeline's id, or that of its DAG.
    """
    words = text.split()
    if len(words) == 1 and (pk := _id_in(words[0])) is not None:
        return queryset.filter(pk=pk)
    for word in words:
        queryset = queryset.filter(Q(name__icontains=word) | Q(description__icontains=word))
    return queryset


def _id_in(word: str) -> UUID | None:
    named = parse_dag_id(word)
    if named is not None:
        return named[0]
    try:
        return UUID(word)
    except ValueError:
        return None
