"""What a revision holds, in one form: the same pipeline gives the same bytes, however written."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from etl.graph import GraphError, canonical, canonical_json
from etl.partial import partial_graph
from pipelines.models import Pipeline
from pipelines.services.fields import FIELDS, tidied
from pipelines.services.validation import field_values

# Fields that came later, and leave the hashes of older revisions alone while they hold nothing.
_YOUNGER = frozenset({"param_specs"})


def snapshot_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the snapshot of a pipeline's fields; raise GraphError if the graph is none.

    Fields that are missing have the defaults of a new pipeline. A snapshot gives itself.
    """
    known = {**field_values(Pipeline()), **values}
    fields = {field: _as_stored(tidied(field, known[field])) for field in FIELDS}
    return fields | {"config": _as_stored(canonical(known["config"]))}


def readable_snapshot(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored snapshot as one of today; its graph as it is if no graph has that form now.

    A release that adds a field to nodes thereby changes none of the pipelines.
    """
    try:
        return snapshot_of(values)
    except GraphError:
        return {**field_values(Pipeline()), **values}


def drawn_snapshot(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as a snapshot to compare, of a graph as much as can be read of it."""
    readable = partial_graph(values.get("config"), ()).graph
    return snapshot_of({**values, "config": readable.model_dump(mode="json")})


def hash_of(snapshot: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a snapshot, which is that of its revision."""
    told = {key: value for key, value in snapshot.items() if value or key not in _YOUNGER}
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()


def _as_stored(value: Any) -> Any:
    """Return a JSON value as PostgreSQL gives it back.

    It writes numbers out in full: 1e+20 comes back as a whole number, and -0.0 as 0.0. Both would
    otherwise look like a change when the pipeline is saved again.
    """
    if isinstance(value, float):
        return json.loads(f"{Decimal(repr(value)):f}") if value else 0.0
    if isinstance(value, list | tuple):
        return [_as_stored(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_stored(item) for key, item in value.items()}
    return value
