"""Put the rows that a node has rejected through it again, as an execution linked to the first."""

import uuid
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from etl.graph import Graph, parse_graph
from etl.messages import Message, say
from etl.replay import check_corrections
from executions.errors import AlreadyReplayed, InvalidCorrections, NotReplayable
from executions.models import PipelineExecution
from executions.publishing import publish_changed
from executions.services.quarantine import Quarantine, quarantine_of
from executions.services.queueing import queue_execute_on_commit
from executions.services.replay_plan import (
    module_of,
    plan,
    require_replayable,
    warnings_of,
    why_not_kept,
)
from executions.services.starting import create_execution, params_again
from executions.statuses import ExecutionStatus, NodeStatus, TriggerType
from pipelines.errors import DomainError, PipelineNotSaved
from pipelines.messages import as_json, in_words, translated
from pipelines.models import Pipeline, PipelineRevision

_CAME_TO_NOTHING = (ExecutionStatus.FAILED, ExecutionStatus.CANCELLED)


@dataclass(frozen=True)
class Replay:
    """An execution that has been started to replay rows, and what to think of while it runs."""

    execution: PipelineExecution
    warnings: tuple[str, ...]


def replay_rejected(
    execution: PipelineExecution,
    node: str,
    *,
    records: object = None,
    again: bool = False,
    user: AbstractBaseUser | None = None,
) -> Replay:
    """Start an execution of the pipeline's current revision on the rows that a node rejected.

    `records` corrects rows: {index: {column: value}}, and raw ones {index: {"record": text}}. Rows
    that were replayed before are refused, as `AlreadyReplayed`, unless `again`. Raise what
    `quarantine_of` and `start_execution` do, and `NotReplayable` or `InvalidCorrections`.
    """
    found = quarantine_of(execution, node)
    _require_ended_well(found)
    corrections, problems = check_corrections(found.dataset, {} if records is None else records)
    if problems:
        raise InvalidCorrections(node, [in_words(problem) for problem in problems])
    with transaction.atomic():
        # Two replays of the same rows do not pass this at once, and the revision keeps still.
        pipeline, revision = _running_now(
            Pipeline.objects.select_for_update().filter(pk=execution.pipeline_id).first()
            if execution.pipeline_id
            else None,
            node,
        )
        before = earlier_replays(execution, node)
        if before and not again:
            raise AlreadyReplayed(node, [str(replay.pk) for replay in before])
        graph = _graph_to_take(revision, found)
        started = create_execution(
            pipeline,
            params=params_again(execution, revision),
            trigger_type=TriggerType.REPLAY,
            user_id=user.pk if user is not None else None,
            celery_task_id=str(uuid.uuid4()),
        )
        warnings = [
            *([_replayed_before(before)] if before else []),
            *warnings_of(graph, node),
        ]
        started.replay_of = execution
        started.replay_node = node
        started.replay_plan = {
            **plan(graph, node, found.dataset.uri, found.rows, corrections),
            "warnings": [as_json(warning) for warning in warnings],
        }
        started.save(update_fields=["replay_of", "replay_node", "replay_plan"])
        queue_execute_on_commit(started)
        publish_changed([execution.pk])
    return Replay(started, tuple(map(translated, warnings)))


def replay_refusal(execution: PipelineExecution, node: str) -> str:
    """Return why the rows that a node rejected cannot be replayed as things are; "" if they can.

    Whether they were replayed before is another question: see `earlier_replays`.
    """
    try:
        found = quarantine_of(execution, node)
        _require_ended_well(found)
        _, revision = _running_now(execution.pipeline, node)
        _graph_to_take(revision, found)
    except DomainError as error:
        return error.detail
    return ""


def earlier_replays(execution: PipelineExecution, node: str) -> list[PipelineExecution]:
    """Return the replays of a node's rejected rows that have loaded some, or still may."""
    return [
        replay
        for replay in execution.replays.filter(replay_node=node).order_by("created_at")
        if replay.status not in _CAME_TO_NOTHING or _has_loaded(replay)
    ]


def _has_loaded(replay: PipelineExecution) -> bool:
    modules = replay.tasks.filter(status=NodeStatus.SUCCESS).values_list("module", flat=True)
    return any(cls is None or cls.kind == "load" for cls in map(module_of, modules))


def _running_now(pipeline: Pipeline | None, node: str) -> tuple[Pipeline, PipelineRevision]:
    """Return the pipeline and the revision that a replay runs."""
    if pipeline is None:
        raise NotReplayable(node, _("the pipeline was deleted. Create it anew and execute it."))
    if pipeline.current_revision is None:
        raise PipelineNotSaved(pipeline.name)
    return pipeline, pipeline.current_revision


def _graph_to_take(revision: PipelineRevision, found: Quarantine) -> Graph:
    """Return the graph of a revision that can take in the rows again."""
    graph = parse_graph(revision.snapshot["config"])
    require_replayable(graph, found.node, raw_of=found.task.module if found.is_raw else None)
    return graph


def _require_ended_well(found: Quarantine) -> None:
    """Refuse where the rows beside the rejected ones are not loaded: those would be missing."""
    execution, node = found.execution, found.node
    if not execution.is_final:
        raise NotReplayable(
            node,
            _("the execution is still %(status)s. Let it end first.")
            % {"status": _(execution.status)},
        )
    if execution.status != ExecutionStatus.SUCCESS or found.task.status != NodeStatus.SUCCESS:
        raise NotReplayable(
            node,
            _(
                "the execution has ended as %(status)s, so that its other rows are "
                "missing, too. Correct the pipeline, or the data, and execute the whole "
                "pipeline again."
            )
            % {"status": _(execution.status)},
        )
    if not found.is_raw and not found.dataset.records:
        raise NotReplayable(node, why_not_kept(found.task.module))


def _replayed_before(before: list[PipelineExecution]) -> Message:
    return say(
        "These rows were replayed before ({ids}): what loads them by append loads them twice.",
        ids=", ".join(str(replay.pk) for replay in before),
    )
