"""What is stored about a pipeline. The rules for changing it are in pipelines.services."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone as clock
from django.utils.translation import gettext_lazy as _

from airflow_bridge.spec import DagSpec, dag_id_of
from etl.graph import parse_graph
from pipelines.messages import MessageField


def empty_graph() -> dict[str, Any]:
    """Return the config of a pipeline that nobody has drawn yet."""
    return {"nodes": [], "edges": []}


class DeploymentStatus(models.TextChoices):
    """How far Airflow is with serving a pipeline's current revision."""

    DRAFT = "draft", _("Draft")
    REGISTERING = "registering", _("Registering")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


class Pipeline(models.Model):
    """What to run: a graph with its schedule and settings.

    Change one through `pipelines.services.save_pipeline`, which checks it, keeps its revisions
    and has Airflow serve it; `save()` alone only stores the row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200, unique=True)
    description = models.TextField(_("description"), blank=True)
    config = models.JSONField(_("graph"), default=empty_graph)
    schedule = models.CharField(_("schedule"), max_length=100, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_active = models.BooleanField(_("active"), default=True)
    timeout = models.FloatField(_("timeout"), null=True, blank=True)
    default_params = models.JSONField(_("default parameters"), default=dict, blank=True)
    # {name: {"type", "help", "required", "min", "max", "choices"}}: see pipelines.services.params.
    param_specs = models.JSONField(_("parameter types"), default=dict, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="pipelines",
        verbose_name=_("owner"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    deployment_status = models.CharField(
        _("deployment"),
        max_length=16,
        choices=DeploymentStatus,
        default=DeploymentStatus.DRAFT,
        editable=False,
    )
    deployment_error = MessageField(_("deployment error"), blank=True, editable=False)
    # When it was asked for. The deadline runs from `deployment_started_at`, which is set anew
    # while Airflow is away.
    deployment_asked_at = models.DateTimeField(null=True, editable=False)
    deployment_started_at = models.DateTimeField(null=True, editable=False)
    deployment_checked_at = models.DateTimeField(null=True, editable=False)
    deployment_ready_at = models.DateTimeField(null=True, editable=False)
    current_revision = models.ForeignKey(
        "PipelineRevision",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("current revision"),
    )

    # When the draft was saved whose fields these are, not stored; None for those that are.
    drawn_at: datetime | None = None

    class Meta:
        verbose_name = _("pipeline")
        verbose_name_plural = _("pipelines")
        ordering = ("name",)
        permissions = (
            ("execute_pipeline", "Can execute pipelines"),
            ("set_watermark", "Can set watermarks of pipelines"),
        )
        indexes = (
            models.Index(
                fields=["deployment_checked_at"],
                name="pipeline_unsettled",
                condition=models.Q(deployment_status="registering"),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def dag_id(self) -> str:
        """The id of the DAG that runs this pipeline."""
        return dag_id_of(self.pk)

    @property
    def deployment_seconds(self) -> float | None:
        """How long the deployment took since it was asked for; so far, while it is registering.

        None for a draft.
        """
        ends = {
            DeploymentStatus.REGISTERING: clock.now(),
            DeploymentStatus.READY: self.deployment_ready_at,
            DeploymentStatus.FAILED: self.deployment_checked_at,
        }
        end = ends.get(DeploymentStatus(self.deployment_status))
        if end is None or self.deployment_asked_at is None:
            return None
        return round(max(0.0, (end - self.deployment_asked_at).total_seconds()), 3)

    @property
    def deployment_waits(self) -> bool:
        """Whether the current revision waits to be deployed: Airflow serves the one before."""
        return self.deployment_status == DeploymentStatus.REGISTERING and bool(
            self.deployment_error
        )


class PipelineDraft(models.Model):
    """What somebody has drawn of a pipeline and not deployed yet. It may have problems.

    `content` holds the fields that were sent, by name. `revision` is the number of the one that it
    was begun from, null before there was any.
    """

    pipeline = models.OneToOneField(
        Pipeline, on_delete=models.CASCADE, primary_key=True, related_name="draft"
    )
    content = models.JSONField()
    revision = models.PositiveIntegerField(null=True)
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"draft of {self.pipeline}"


class PipelineRevision(models.Model):
    """An immutable numbered snapshot of all that decides what a pipeline's DAG is.

    It outlives its pipeline, since executions refer to it.
    """

    pipeline = models.ForeignKey(
        Pipeline,
        on_delete=models.SET_NULL,
        null=True,
        related_name="revisions",
        verbose_name=_("pipeline"),
    )
    number = models.PositiveIntegerField(_("number"))
    snapshot = models.JSONField(_("snapshot"))
    sha256 = models.CharField(_("sha256"), max_length=64)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    class Meta:
        verbose_name = _("pipeline revision")
        verbose_name_plural = _("pipeline revisions")
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "number"], name="revision_number_unique")
        ]

    def __str__(self) -> str:
        return f"revision {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row; raise TypeError for one that is stored already."""
        if not self._state.adding:
            raise TypeError("A revision never changes. Save its pipeline to make a new one.")
        super().save(*args, **kwargs)

    def dag_spec(self, *, apart: bool = False) -> DagSpec:
        """Return what the DAG generator needs; raise ValueError once the pipeline is deleted.

        `apart` is for a DAG that runs this revision beside the one of the current revision.
        """
        if self.pipeline_id is None:
            raise ValueError(f"The pipeline of {self} is deleted: it has no DAG any more.")
        data: dict[str, Any] = self.snapshot
        return DagSpec(
            pipeline_id=self.pipeline_id,
            name=data["name"],
            description=data["description"],
            revision=self.number,
            sha256=self.sha256,
            graph=parse_graph(data["config"]),
            schedule=data["schedule"] or None,
            timezone=data["timezone"],
            timeout=data.get("timeout"),
            default_params=data["default_params"],
            tags=tuple(data["tags"]),
            is_active=data["is_active"],
            effective_from=self.created_at,
            is_apart=apart,
        )


class DagRemoval(models.Model):
    """A DAG of a deleted pipeline that Airflow may still know.

    Written in the transaction that deletes the pipeline and kept until the DAG is gone, so that
    nothing stays behind in Airflow if a process dies or Airflow is down meanwhile.
    """

    dag_id = models.CharField(max_length=250, primary_key=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_error = MessageField(blank=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return self.dag_id
