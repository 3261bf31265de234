"""What a pipeline would be if it were saved as it is drawn now: problems, columns, code."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from etl.errors import ConfigError
from etl.graph import Node
from etl.partial import PartialGraph, partial_graph
from etl.registry import get_module
from etl.schemas import GraphSchemas, follow_columns
from pipelines.errors import InvalidPipeline, Problem
from pipelines.messages import in_words
from pipelines.models import Pipeline, PipelineRevision
from pipelines.services.background import Background, Pending, Unanswered
from pipelines.services.columns import remembered
from pipelines.services.deployment import generator
from pipelines.services.fields import FIELDS
from pipelines.services.peeking import Columns, Sources
from pipelines.services.saving import find_problems, name_problems
from pipelines.services.snapshots import hash_of, readable_snapshot, snapshot_of
from pipelines.services.validation import (
    AirflowNames,
    field_problems,
    field_values,
    graph_problems,
    names_in_airflow,
    param_problems,
    pipeline_field,
    problems_together,
)

# Seconds: how old a catalogue of Airflow's may be, and how long somebody who types waits for one,
# and for all sources together.
_FRESH = 10.0
_WAIT = 0.2
# And how long what nodes give is computed, which takes some milliseconds for each new one.
_FOLLOW = 0.8
_UNKNOWN = AirflowNames(None, None)

_names: Background[AirflowNames] = Background(fresh=_FRESH)


@dataclass(frozen=True)
class NodeColumns:
    """What comes in at each port of a node, and goes out of each output; None where unknown.

    The only output of a node has the name "". `unknown` says why a source has not told its
    columns, if anything keeps it from that.
    """

    inputs: Mapping[str, Columns | None]
    outputs: Mapping[str, Columns | None]
    unknown: str | None


@dataclass(frozen=True)
class Check:
    """What is known of an unfinished pipeline.

    It is not `complete` while Airflow, or a source, is still being asked for what is there: the
    same check finds more a second later.
    """

    problems: list[Problem]
    columns: Mapping[str, NodeColumns]
    complete: bool


def check_pipeline(
    pipeline: Pipeline, *, written: Collection[str], unless: Sequence[Problem] = ()
) -> Check:
    """Return what saving the pipeline would say of its fields as they are now; quickly.

    `written` are the fields that somebody has filled in: a new pipeline's others are no problem
    yet. Those that `unless` has a problem for were not read. Columns are followed as far as an
    unfinished graph allows. Airflow and sources are asked in the background.
    """
    unread = {pipeline_field(problem) for problem in unless}
    fields = field_values(pipeline)
    asked = FIELDS if not pipeline._state.adding else ("config", *written)
    problems, bad = field_problems(
        {name: fields[name] for name in FIELDS if name in asked and name not in unread}
    )
    bad |= unread
    problems += param_problems(fields, bad)
    if "name" in asked and "name" not in bad:
        problems += name_problems(pipeline, fields["name"])
    if "config" in bad:
        return Check([*unless, *problems], {}, complete=True)
    names, complete = _known_names()
    of_graph = graph_problems(fields["config"], names)
    part = partial_graph(fields["config"], of_graph)
    sources = Sources(_WAIT)
    params = {} if "default_params" in bad else fields["default_params"]
    found = follow_columns(
        part.graph,
        params=params,
        peek=sources.peek,
        skip=part.unsure,
        memory=remembered,
        seconds=_FOLLOW,
    )
    problems += [*of_graph, *map(in_words, found.problems)]
    if not of_graph:
        problems += problems_together(fields, bad)
    complete = complete and found.complete and not sources.pending
    columns = {node.id: _around(node, part, found, sources) for node in part.graph.nodes}
    return Check([*unless, *problems], columns, complete)


def code_of(pipeline: Pipeline, *, problems: Sequence[Problem] = ()) -> str:
    """Return the code of the DAG that saving the pipeline now would have Airflow serve.

    Raise InvalidPipeline with every problem, `problems` of the caller's included.
    """
    if found := [*problems, *find_problems(pipeline, unless=problems)]:
        raise InvalidPipeline(found)
    snapshot = snapshot_of(field_values(pipeline))
    sha256 = hash_of(snapshot)
    current = pipeline.current_revision
    if current is None or hash_of(readable_snapshot(current.snapshot)) != sha256:
        current = PipelineRevision(
            pipeline=pipeline,
            number=current.number + 1 if current is not None else 1,
            snapshot=snapshot,
            sha256=sha256,
            created_at=timezone.now().replace(microsecond=0),
        )
    return generator().generate_dag(current.dag_spec())


def look_ahead() -> None:
    """Have Airflow asked for its names now, for a check that comes in a moment."""
    _known_names(wait=0)


def _known_names(wait: float = _WAIT) -> tuple[AirflowNames, bool]:
    """Return the names in Airflow, and whether they are all that can be known now."""
    try:
        found = _names.get("", names_in_airflow, wait=wait)
    except Pending:
        return _UNKNOWN, False
    except Unanswered:
        return _UNKNOWN, True
    return found.value, not found.pending


def _around(node: Node, part: PartialGraph, found: GraphSchemas, sources: Sources) -> NodeColumns:
    inputs = part.graph.inputs_of(node.id)
    ports: tuple[str, ...] = ()
    names: tuple[str, ...] = ("",)
    try:
        module = get_module(node.module)
    except ConfigError:
        names = ()
    else:
        ports = module.ports
        names = () if module.kind == "load" else module.outputs(node.config) or ("",)
    return NodeColumns(
        {port: _gives(inputs.get(port), found) for port in (*ports, *inputs)},
        {name: _gives(f"{node.id}.{name}".rstrip("."), found) for name in names},
        sources.unknown.get(node.id),
    )


def _gives(reference: str | None, found: GraphSchemas) -> Columns | None:
    schema = found.outputs.get(reference) if reference is not None else None
    return schema.columns if schema is not None else None
