"""Start an execution: check that it may, write its rows, queue its trigger."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from etl.graph import Graph, parse_graph
from executions.errors import InvalidParams, PipelineInactive, RevisionNotServed
from executions.models import PipelineExecution, TaskExecution, run_id_for
from executions.publishing import publish_changed
from executions.services.queueing import queue_execute_on_commit
from executions.services.results import storable
from executions.statuses import TriggerType
from pipelines.errors import DomainError, PipelineNotSaved, Problem
from pipelines.models import Pipeline, PipelineRevision
from pipelines.services import (
    dag_to_run,
    keep_apart,
    known_params,
    required_params,
    revision_of,
    value_problem,
)

# The key of `dag_run.conf` under which the operator finds what is ours.
RESERVED_PARAM = "logidata"


def start_execution(
    pipeline: Pipeline,
    *,
    params: object = None,
    trigger_type: str = TriggerType.MANUAL,
    user: AbstractBaseUser | None = None,
    revision: int | None = None,
) -> PipelineExecution:
    """Return a new pending execution of the pipeline; its trigger is queued.

    It runs the current revision, or the one with that number. `params` are laid over the
    revision's default params. Raise `PipelineInactive`, `PipelineNotSaved`, `UnknownRevision`,
    `RevisionNotServed` or `InvalidParams`; Airflow is not asked, so it may be down.
    """
    with transaction.atomic():
        execution = create_execution(
            pipeline,
            params=params,
            trigger_type=trigger_type,
            user_id=user.pk if user is not None else None,
            celery_task_id=str(uuid.uuid4()),
            revision=revision,
        )
        queue_execute_on_commit(execution)
    return execution


@transaction.atomic
def create_execution(
    pipeline: Pipeline,
    *,
    params: object,
    trigger_type: str,
    user_id: int | None,
    celery_task_id: str,
    revision: int | None = None,
) -> PipelineExecution:
    """Write the rows of a new execution, without queuing it; raise as `start_execution` does."""
    # The lock keeps the revision still, and the pipeline from being deleted meanwhile.
    pipelines = Pipeline.objects.select_related("current_revision")
    locked = pipelines.select_for_update(of=("self",)).filter(pk=pipeline.pk).first()
    if locked is None:
        raise PipelineNotSaved(pipeline.name)
    plan = _planned(locked, params, revision)
    keep_apart(plan.dag_id)
    graph = parse_graph(plan.revision.snapshot["config"])
    execution = PipelineExecution(
        pipeline=locked,
        pipeline_name=locked.name,
        revision=plan.revision,
        airflow_dag_id=plan.dag_id,
        trigger_type=TriggerType(trigger_type),
        params=plan.params,
        celery_task_id=celery_task_id,
        triggered_by_id=user_id,
    )
    execution.airflow_dag_run_id = run_id_for(execution.pk)
    execution.save(force_insert=True)
    create_node_rows(execution, graph)
    publish_changed([execution.pk])
    return execution


@dataclass(frozen=True)
class _Plan:
    """What an execution is to run: a revision, in which DAG, with all its params."""

    revision: PipelineRevision
    dag_id: str
    params: dict[str, Any]


def _planned(pipeline: Pipeline, params: object, number: int | None) -> _Plan:
    """Return what an execution would run, writing nothing; raise as `start_execution` does."""
    current = pipeline.current_revision
    if current is None:
        raise PipelineNotSaved(pipeline.name)
    if not pipeline.is_active:
        raise PipelineInactive(pipeline.name)
    chosen = current if number is None else revision_of(pipeline, number)
    dag_id = dag_to_run(chosen, current)
    if dag_id is None:
        raise RevisionNotServed(pipeline.name, chosen.number, current.number)
    return _Plan(chosen, dag_id, _checked_params(pipeline.name, chosen, params))


def run_again(
    execution: PipelineExecution,
    user: AbstractBaseUser | None,
    *,
    params: object = None,
    revision: int | None = None,
    trigger_type: str = TriggerType.MANUAL,
) -> PipelineExecution:
    """Return a new execution of the same pipeline, with the same params unless others are given.

    It runs the same revision unless another one is given. Raise as `start_execution` does.
    """
    pipeline, params, number = _as_before(execution, params, revision)
    return start_execution(
        pipeline, params=params, user=user, revision=number, trigger_type=trigger_type
    )


def run_again_refusal(execution: PipelineExecution) -> str:
    """Return why the execution cannot be run again as things are; empty where it can."""
    try:
        _planned(*_as_before(execution))
    except DomainError as error:
        return str(error.detail)
    return ""


def _as_before(
    execution: PipelineExecution, params: object = None, number: int | None = None
) -> tuple[Pipeline, object, int | None]:
    """Return an execution's pipeline, and its params and revision where no others are given."""
    if execution.pipeline is None:
        raise PipelineNotSaved(execution.pipeline_name)
    if number is None and execution.revision is not None:
        number = execution.revision.number
    if params is None:
        known = execution.pipeline.revisions
        chosen = known.filter(number=number).first() if number is not None else None
        params = params_again(execution, chosen) if chosen is not None else execution.params
    return execution.pipeline, params, number


def params_of_execution(execution_id: str, revision: PipelineRevision | None) -> dict[str, object]:
    """Return what to fill in for running an execution again; nothing if there is none such."""
    try:
        pk = uuid.UUID(execution_id)
    except ValueError:
        return {}
    execution = PipelineExecution.objects.select_related("revision").filter(pk=pk).first()
    if execution is None or revision is None or execution.pipeline_id != revision.pipeline_id:
        return {}
    return params_again(execution, revision)


def params_again(execution: PipelineExecution, revision: PipelineRevision) -> dict[str, object]:
    """Return the params that an execution was given, as far as a revision knows them.

    Those that were defaults then are left out: the revision has its own.
    """
    old = execution.revision.snapshot["default_params"] if execution.revision else {}
    known = known_params(revision.snapshot)
    return {
        key: value
        for key, value in execution.params.items()
        if key in known and (key not in old or old[key] != value)
    }


def create_node_rows(execution: PipelineExecution, graph: Graph) -> None:
    """Write one pending row a node, in topological order."""
    nodes = {node.id: node for node in graph.nodes}
    TaskExecution.objects.bulk_create(
        (
            TaskExecution(
                execution=execution,
                node_id=node_id,
                node_name=nodes[node_id].name,
                module=nodes[node_id].module,
                position=position,
                max_tries=nodes[node_id].retries + 1,
            )
            for position, node_id in enumerate(graph.topological_order())
        ),
        ignore_conflicts=True,
    )


def _checked_params(name: str, revision: PipelineRevision, params: object) -> dict[str, Any]:
    if params is None:
        params = {}
    if not isinstance(params, Mapping):
        raise InvalidParams(
            name,
            [
                Problem(
                    None,
                    "params",
                    _('The params must be an object. Write one like {"min_amount": 10}.'),
                )
            ],
        )
    defaults: dict[str, Any] = revision.snapshot["default_params"]
    specs: dict[str, Any] = revision.snapshot.get("param_specs", {})
    config = revision.snapshot["config"]
    problems = [
        Problem(
            None,
            f"params.{key}",
            _("Param '%(key)s' is required and has no default. Give it a value.") % {"key": key},
        )
        for key in sorted(required_params(config, defaults, specs) - set(params))
    ]
    known = known_params(revision.snapshot) - {RESERVED_PARAM}
    for key, value in params.items():
        if key not in known:
            problems.append(Problem(None, f"params.{key}", _unknown_param(str(key), known)))
        elif problem := _unstorable(value) or _misfit(specs.get(key), value):
            problems.append(
                Problem(
                    None,
                    f"params.{key}",
                    _("Param '%(key)s' %(problem)s") % {"key": key, "problem": problem},
                )
            )
    if problems:
        raise InvalidParams(name, problems)
    return {**defaults, **params}


def _misfit(spec: Mapping[str, Any] | None, value: object) -> str | None:
    return value_problem(spec, value) if spec is not None else None


def _unknown_param(key: str, known: set[str]) -> str:
    has = (
        _("It knows: %(known)s.") % {"known": ", ".join(sorted(known))}
        if known
        else _("It takes no params.")
    )
    return _(
        "Param '%(key)s' is not used by the pipeline. %(has)s Correct the name, or leave it out."
    ) % {"key": key, "has": has}


def _unstorable(value: object) -> str | None:
    """Return why a param's value cannot be kept as JSON in PostgreSQL, if so."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return _("is not a JSON value (NaN and infinity are none). Give it another value.")
    if storable(value) != value:
        return _("holds a character that cannot be stored (U+0000 or half a pair). Remove it.")
    return None
