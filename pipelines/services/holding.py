"""Whether a revision has to wait for runs whose nodes its DAG file would change.

Where Airflow keeps a version of the file for each run, none has to. On Airflow 2, and in an
Airflow 3 whose bundle has no versions, every run follows the newest file: written in the middle of
a run, the file would take nodes away from it and give it others. A node's config is no reason to
wait, for a run brings its own along.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from airflow_bridge import factory
from airflow_bridge.errors import AirflowError, DagNotFound
from etl.graph import parse_graph, watermark_of
from etl.messages import say
from pipelines.models import Pipeline, PipelineRevision


@dataclass(frozen=True)
class Runs:
    """The questions about runs, to which the app that knows them gives the answers."""

    # Take note of the runs of a pipeline that Airflow has begun by itself; may raise AirflowError.
    catch_up: Callable[[uuid.UUID], None]
    # How many runs may be going on in another structure than this revision's.
    that_differ_from: Callable[[PipelineRevision], int]
    # Whether any run, ended ones included, is one of the DAG with that id.
    belong_to: Callable[[str], bool]


_known: list[Runs] = []


def ask_before_deploying(runs: Runs) -> None:
    """Have these runs asked about before a DAG file is written or removed."""
    _known.append(runs)


def has_runs(dag_id: str) -> bool:
    """Return whether any run that is known, ended or not, is one of that DAG."""
    return any(runs.belong_to(dag_id) for runs in _known)


def structure_of(revision: PipelineRevision) -> object:
    """Return what of a revision the DAG file fixes and `dag_run.conf` cannot replace."""
    graph = parse_graph(revision.snapshot["config"])
    # Names are shown only, and configs come along with the run.
    return (
        {
            node.model_dump_json(exclude={"name", "config", "position"})
            + str(watermark_of(node, graph))
            for node in graph.nodes
        },
        {(edge.reference, edge.target, edge.port) for edge in graph.edges},
        revision.snapshot.get("timeout"),
    )


def every_run_keeps_its_file(pipeline: Pipeline) -> bool:
    """Return whether a new file changes no run; raise AirflowError where that cannot be asked.

    If it may change some, the runs that Airflow has begun by itself are known on return.
    """
    try:
        dag = factory.get_airflow_client().get_dag(pipeline.dag_id)
    except DagNotFound:
        # Airflow has forgotten its runs, too.
        return True
    if dag.bundle_version is not None:
        return True
    for runs in _known:
        runs.catch_up(pipeline.pk)
    return False


def why_to_wait(revision: PipelineRevision, unknown: AirflowError | None = None) -> str:
    """Return for what the revision has to wait, empty if for nothing.

    `unknown` is why it could not be asked whether runs keep their files.
    """
    count = sum(runs.that_differ_from(revision) for runs in _known)
    if not count:
        return ""
    if unknown is not None:
        return say("Waiting for Airflow: {reason}", reason=unknown)
    executions = say("1 execution") if count == 1 else say("{count} executions", count=count)
    return say(
        "Revision {number} waits for {executions} of this pipeline with other nodes, edges, "
        "retries or timeouts, which the new DAG file would change in the middle of the run. It is "
        "deployed when they have ended; cancel them to have it sooner. An Airflow that keeps "
        "versions of its DAG files needs no such wait: see 'Revisions and runs' in "
        "docs/production.md.",
        number=revision.number,
        executions=executions,
    )
