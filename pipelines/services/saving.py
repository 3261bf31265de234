"""Saving and deleting a pipeline."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from pipelines.errors import InvalidPipeline, PipelineChanged, PipelineGone, Problem
from pipelines.models import DagRemoval, DeploymentStatus, Pipeline, PipelineRevision
from pipelines.services.deployment import begin_deployment
from pipelines.services.fields import FIELDS
from pipelines.services.removing import queue_removal
from pipelines.services.revision_dags import remove_all_apart
from pipelines.services.snapshots import hash_of, readable_snapshot, snapshot_of
from pipelines.services.validation import (
    field_values,
    pipeline_field,
    validate_pipeline,
)

Person = AbstractBaseUser | AnonymousUser | None


def assign(pipeline: Pipeline, values: Mapping[str, Any]) -> list[Problem]:
    """Set the pipeline's fields from a JSON object, unsaved; return a problem per unknown key."""
    known = {field: value for field, value in values.items() if field in FIELDS}
    for field, value in known.items():
        setattr(pipeline, field, value)
    return [
        Problem(
            None,
            field,
            _("A pipeline has no field '%(field)s'. Remove it.") % {"field": field[:100]},
        )
        for field in values
        if field not in FIELDS
    ]


def save_pipeline(
    pipeline: Pipeline, *, user: Person, problems: Sequence[Problem] = ()
) -> Pipeline:
    """Save the pipeline, and have Airflow serve it if what it runs has changed; return it.

    `problems` are those that the caller has found while reading its input: they are reported
    together with ours.

    All fields are saved, and the row is locked only after Airflow has been asked. So that nobody's
    change is undone, a pipeline that was saved after the caller had read it is refused.

    Raises:
        InvalidPipeline: with every problem; nothing is saved.
        PipelineChanged: someone else saved it after it was read.
        PipelineGone: it was deleted meanwhile.
    """
    assign(pipeline, field_values(pipeline))
    found = [*problems, *find_problems(pipeline, unless=problems)]
    if found:
        raise InvalidPipeline(found)
    person = user if user is not None and user.is_authenticated else None
    try:
        with transaction.atomic():
            _store(pipeline, person)
            _revise(pipeline, person)
    except IntegrityError as error:
        # Two people chose the same name at the same time.
        if "name" not in str(error):
            raise
        raise InvalidPipeline([_name_taken(pipeline.name)]) from error
    return pipeline


def find_problems(pipeline: Pipeline, *, unless: Sequence[Problem] = ()) -> list[Problem]:
    """Return what stands against saving the pipeline, its name being taken included.

    Fields that `unless` has a problem for are left out: their values were never read.
    """
    unread = {pipeline_field(problem) for problem in unless}
    values = {name: value for name, value in field_values(pipeline).items() if name not in unread}
    found = [
        problem for problem in validate_pipeline(values) if pipeline_field(problem) not in unread
    ]
    if "name" not in unread | {pipeline_field(problem) for problem in found}:
        found += name_problems(pipeline, values["name"])
    return found


def name_problems(pipeline: Pipeline, name: str) -> list[Problem]:
    """Return the problem of a name that another pipeline has."""
    taken = Pipeline.objects.exclude(pk=pipeline.pk).filter(name=name).exists()
    return [_name_taken(name)] if taken else []


def delete_pipeline(pipeline: Pipeline) -> None:
    """Delete the pipeline, then its DAG from Airflow; its revisions and executions stay.

    Whether it may be deleted while executions of it are under way is asked in
    `executions.services.delete_pipeline`.
    """
    dag_id = pipeline.dag_id
    with transaction.atomic():
        DagRemoval.objects.get_or_create(dag_id=dag_id)
        remove_all_apart(pipeline)
        pipeline.delete()
        queue_removal(dag_id)


def _store(pipeline: Pipeline, user: AbstractBaseUser | None) -> None:
    """Write the fields of a pipeline; lock its row, so that revisions are numbered one by one."""
    if pipeline._state.adding:
        pipeline.owner_id = pipeline.updated_by_id = user.pk if user is not None else None
        pipeline.save()
        return
    stored = Pipeline.objects.select_for_update().filter(pk=pipeline.pk).first()
    if stored is None:
        raise PipelineGone(pipeline.name)
    if stored.updated_at != pipeline.updated_at:
        raise PipelineChanged(stored.name)
    # Only what operators write: the deployment's columns belong to the tasks that follow it, and
    # ours may be older than theirs.
    pipeline.updated_by_id = user.pk if user is not None else None
    pipeline.save(update_fields=[*FIELDS, "updated_at", "updated_by"])
    pipeline.current_revision = stored.current_revision
    pipeline.deployment_status = stored.deployment_status
    pipeline.deployment_error = stored.deployment_error
    pipeline.deployment_asked_at = stored.deployment_asked_at
    pipeline.deployment_started_at = stored.deployment_started_at
    pipeline.deployment_checked_at = stored.deployment_checked_at
    pipeline.deployment_ready_at = stored.deployment_ready_at


def _revise(pipeline: Pipeline, user: AbstractBaseUser | None) -> None:
    """Make a new revision if what runs has changed, and deploy what is not deployed."""
    snapshot = snapshot_of(field_values(pipeline))
    sha256 = hash_of(snapshot)
    current = pipeline.current_revision
    if current is None or hash_of(readable_snapshot(current.snapshot)) != sha256:
        last = pipeline.revisions.aggregate(last=Max("number"))["last"] or 0
        pipeline.current_revision = PipelineRevision.objects.create(
            pipeline=pipeline,
            number=last + 1,
            snapshot=snapshot,
            sha256=sha256,
            created_by_id=user.pk if user is not None else None,
        )
        begin_deployment(pipeline, now=timezone.now())
    elif pipeline.deployment_status == DeploymentStatus.FAILED:
        # Saving again is what people do to try again.
        begin_deployment(pipeline, now=timezone.now())


def _name_taken(name: str) -> Problem:
    return Problem(
        None,
        "name",
        _("Another pipeline is called '%(name)s'. Choose a name that is not taken.")
        % {"name": name},
    )
