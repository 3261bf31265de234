"""What differs between two revisions, by meaning: settings, nodes and edges."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from etl.graph import Node, canonical_json
from pipelines.errors import UnknownRevision
from pipelines.models import Pipeline, PipelineRevision
from pipelines.services.fields import FIELDS
from pipelines.services.snapshots import readable_snapshot

Kind = Literal["added", "removed", "changed"]

_LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Change:
    """A value that differs; `old` is None where it was added, `new` where it was removed.

    `field` is a path such as `default_params.min_amount` or `config.condition`.
    """

    field: str
    kind: Kind
    old: Any
    new: Any


@dataclass(frozen=True)
class NodeChange:
    """A node that differs, and in what; `module` is the newer one."""

    node: str
    kind: Kind
    module: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class EdgeChange:
    """An edge that only one of the two has."""

    kind: Kind
    source: str
    target: str
    port: str | None
    output: str | None


@dataclass(frozen=True)
class Difference:
    """All that leads from one snapshot to another; nothing if they run the same."""

    settings: tuple[Change, ...] = ()
    nodes: tuple[NodeChange, ...] = ()
    edges: tuple[EdgeChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.settings or self.nodes or self.edges)


@dataclass(frozen=True)
class Comparison:
    """Two revisions of a pipeline, and what leads from the one to the other."""

    old: PipelineRevision
    new: PipelineRevision
    difference: Difference


def revision_of(pipeline: Pipeline, number: int) -> PipelineRevision:
    """Return the pipeline's revision of that number; raise UnknownRevision."""
    found = None
    if 0 < number <= _LARGEST_NUMBER:
        found = pipeline.revisions.select_related("created_by").filter(number=number).first()
    if found is None:
        last = pipeline.revisions.order_by("-number").values_list("number", flat=True).first()
        raise UnknownRevision(pipeline.name, number, last)
    return found


def compare_revisions(pipeline: Pipeline, old: int, new: int | None = None) -> Comparison:
    """Return what leads from one revision to another, or to the current one.

    Raise UnknownRevision where there is no such revision, or no current one.
    """
    before = revision_of(pipeline, old)
    current = pipeline.current_revision
    if new is None:
        new = current.number if current is not None else 0
    after = revision_of(pipeline, new)
    return Comparison(before, after, compare(before.snapshot, after.snapshot))


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """Return what leads from one snapshot to another."""
    before, after = readable_snapshot(old), readable_snapshot(new)
    settings: list[Change] = []
    for field in FIELDS:
        if field != "config":
            settings += _changes(field, before[field], after[field])
    return Difference(
        tuple(settings),
        tuple(_nodes(before["config"], after["config"])),
        tuple(_edges(before["config"], after["config"])),
    )


def _changes(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Yield what differs within two JSON values; objects are gone through, lists are one value."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            within = f"{path}.{key}" if path else key
            if key not in old:
                yield Change(within, "added", None, new[key])
            elif key not in new:
                yield Change(within, "removed", old[key], None)
            else:
                yield from _changes(within, old[key], new[key])
    # As JSON: 1, 1.0 and True are equal in Python, and run differently.
    elif canonical_json(old) != canonical_json(new):
        yield Change(path, "changed", old, new)


def _nodes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[NodeChange]:
    before, after = ({node["id"]: node for node in graph["nodes"]} for graph in (old, new))
    for node_id in sorted({*before, *after}):
        if node_id not in before:
            now = after[node_id]
            yield NodeChange(node_id, "added", now["module"], tuple(_alone({}, _told(now))))
        elif node_id not in after:
            was = before[node_id]
            yield NodeChange(node_id, "removed", was["module"], tuple(_alone(_told(was), {})))
        elif changes := tuple(_changes("", before[node_id], after[node_id])):
            yield NodeChange(node_id, "changed", after[node_id]["module"], changes)


def _told(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return what there is to tell of a node that is new or gone: what is not the default."""
    defaults = {name: field.default for name, field in Node.model_fields.items()}
    return {
        key: value
        for key, value in node.items()
        if key not in {"id", "module"} and (key not in defaults or value != defaults[key])
    }


def _alone(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    """Yield the values of a node that only one side has, its config's one by one."""
    configs = {"config": old.pop("config", {})}, {"config": new.pop("config", {})}
    yield from _changes("", *configs)
    yield from _changes("", old, new)


def _edges(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[EdgeChange]:
    before, after = (
        Counter(
            (edge["source"], edge["target"], edge.get("port"), edge.get("output"))
            for edge in graph["edges"]
        )
        for graph in (old, new)
    )
    found = [
        *(EdgeChange("removed", *edge) for edge in (before - after).elements()),
        *(EdgeChange("added", *edge) for edge in (after - before).elements()),
    ]
    yield from sorted(found, key=lambda edge: (edge.source, edge.target, edge.kind))
