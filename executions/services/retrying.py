"""Run an ended execution again from where it failed, or from chosen nodes: a new attempt of it."""

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from etl.graph import Graph, parse_graph, split_reference
from etl.messages import say
from etl.module import Loader
from executions.errors import NotRetryable, PipelineInactive, UnknownNode
from executions.models import PipelineExecution, TaskExecution
from executions.services.queueing import queue_execute_on_commit
from executions.services.replay_plan import module_of
from executions.statuses import ExecutionStatus, NodeStatus
from executions.transitions import begin_attempt
from pipelines.models import Pipeline
from pipelines.services import structure_of


@dataclass(frozen=True)
class Retry:
    """An execution in its new attempt, the nodes that run again, and what to think of."""

    execution: PipelineExecution
    nodes: tuple[str, ...]
    warnings: tuple[str, ...]


@transaction.atomic
def retry_execution(
    execution: PipelineExecution,
    user: AbstractBaseUser | None,
    *,
    nodes: Collection[str] | None = None,
) -> Retry:
    """Begin a new attempt of an ended execution; Airflow is told in the background.

    The nodes that did not succeed run again, or `nodes` and all behind them; the others keep
    their outputs. The configuration is that of the execution's own revision. Raise
    `NotRetryable`, `UnknownNode` or `PipelineInactive`.
    """
    # No edit and no deletion slips in between the checks and the attempt.
    pipeline = (
        Pipeline.objects.select_for_update(of=("self",))
        .select_related("current_revision")
        .filter(pk=execution.pipeline_id)
        .first()
        if execution.pipeline_id
        else None
    )
    execution = PipelineExecution.objects.select_related("revision").get(pk=execution.pk)
    graph = _graph_to_run(execution, pipeline)
    tasks = {task.node_id: task for task in execution.tasks.all()}
    has_run = execution.triggered_at is not None
    # Without a run there is nothing to be cleared: one is started, of all nodes.
    again = _nodes_to_run(execution, graph, tasks, nodes if has_run else graph.topological_order())
    _require_outputs(execution, graph, tasks, again)
    begun = begin_attempt(
        execution,
        nodes=again,
        reason=say("Retry asked for; Airflow is being told."),
        attempt_requested_at=timezone.now(),
        attempt_requested_by=user,
        attempted_at=timezone.now(),
        clear_pending=has_run,
        # How it is seen that the run was cleared; older executions have their end only.
        run_queued_at=execution.run_queued_at or execution.completed_at,
        clear_claimed_at=None,
    )
    if not begun:
        raise NotRetryable(
            _("it was taken up, or its outputs were removed, at this moment. Look at it again.")
        )
    warnings = _warnings(graph, tasks, again)
    execution.refresh_from_db()
    queue_execute_on_commit(execution)
    return Retry(execution, tuple(again), tuple(warnings))


def _graph_to_run(execution: PipelineExecution, pipeline: Pipeline | None) -> Graph:
    """Return the graph of the execution's revision, if Airflow would run just that one again."""
    if execution.status == ExecutionStatus.UNKNOWN:
        raise NotRetryable(
            _(
                "how it ended is not known. See whether its data was loaded, then execute the "
                "pipeline again."
            )
        )
    if not execution.is_final:
        raise NotRetryable(
            _("it is still %(status)s. Let it end, or cancel it, then retry it.")
            % {"status": _(execution.status)}
        )
    if pipeline is None or pipeline.current_revision is None:
        raise NotRetryable(_("its pipeline was deleted. Create it anew and execute it."))
    if not pipeline.is_active:
        raise PipelineInactive(pipeline.name)
    own, current = execution.revision, pipeline.current_revision
    if own is None:
        raise NotRetryable(_("which revision it ran is not known. Execute the pipeline again."))
    if not execution.is_pinned and structure_of(own) != structure_of(current):
        raise NotRetryable(
            _(
                "it ran revision %(number)s, and Airflow would follow revision "
                "%(current)s, which differs in nodes, edges, retries, timeouts or "
                "watermarks. Restore revision %(number)s and retry, or execute the "
                "pipeline again."
            )
            % {"number": own.number, "current": current.number}
        )
    if execution.bundle_version and execution.staging_removed_at is not None:
        raise NotRetryable(
            _(
                "its outputs and, after as many days, the version of its DAG file were "
                "removed. Run it again as a new execution."
            )
        )
    return parse_graph(own.snapshot["config"])


def _nodes_to_run(
    execution: PipelineExecution,
    graph: Graph,
    tasks: dict[str, TaskExecution],
    chosen: Collection[str] | None,
) -> list[str]:
    """Return the nodes to run again, in order: those chosen or not succeeded, and all behind."""
    order = graph.topological_order()
    idle = set((execution.replay_plan or {}).get("idle", ()))
    if chosen:
        if unknown := sorted(set(chosen) - set(order)):
            raise UnknownNode(
                _("The execution has no node '%(unknown)s'. Its nodes: %(order)s.")
                % {"unknown": unknown[0], "order": ", ".join(order)}
            )
        first = set(chosen)
    else:
        done = {node for node, task in tasks.items() if task.status == NodeStatus.SUCCESS}
        first = set(order) - done
    first -= idle
    if not first:
        raise NotRetryable(
            _("none of its nodes has failed. Choose the node to run again from.")
            if not chosen
            else _("the chosen nodes have nothing to do in it.")
        )
    again: list[str] = []
    for node in order:
        if node in first or _sources(graph, node) & set(again):
            again.append(node)
    return again


def _require_outputs(
    execution: PipelineExecution, graph: Graph, tasks: dict[str, TaskExecution], again: list[str]
) -> None:
    """Refuse where a node would miss the output of one that does not run again."""
    idle = set((execution.replay_plan or {}).get("idle", ()))
    for node in again:
        for source in sorted(_sources(graph, node) - set(again) - idle):
            task = tasks.get(source)
            if task is None or task.status != NodeStatus.SUCCESS:
                raise NotRetryable(
                    _(
                        "node '%(node)s' needs the output of '%(source)s', which has not "
                        "succeeded. Retry from '%(source)s', or from the failed nodes."
                    )
                    % {"node": node, "source": source}
                )
            if execution.staging_removed_at is not None:
                raise NotRetryable(
                    _(
                        "the output of '%(source)s', which '%(node)s' needs, was removed "
                        "%(at)s UTC. Retry from the first node, or execute the "
                        "pipeline again; LOGIDATA_STAGING_DAYS says how long outputs are kept."
                    )
                    % {
                        "source": source,
                        "node": node,
                        "at": f"{execution.staging_removed_at:%Y-%m-%d %H:%M}",
                    }
                )


def _warnings(graph: Graph, tasks: dict[str, TaskExecution], again: list[str]) -> list[str]:
    """Name the loaders whose rows are in their target already, and stay there."""
    found = []
    for node_id in again:
        node, task = graph.node(node_id), tasks.get(node_id)
        module = module_of(node.module)
        if (
            task is not None
            and task.status == NodeStatus.SUCCESS
            and module is not None
            and issubclass(module, Loader)
            and module.doubles(node.config)
        ):
            found.append(
                _(
                    "Node '%(node_id)s' has loaded its rows in an earlier attempt: it adds "
                    "none twice, so other rows than those are not loaded. Execute the "
                    "pipeline again to load all."
                )
                % {"node_id": node_id}
            )
    return found


def _sources(graph: Graph, node_id: str) -> set[str]:
    return {split_reference(reference)[0] for reference in graph.inputs_of(node_id).values()}
