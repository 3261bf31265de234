"""Making a pipeline again what it was in an older revision."""

from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from pipelines.models import Pipeline, PipelineRevision
from pipelines.services.comparing import Difference, compare, revision_of
from pipelines.services.saving import Person, assign, save_pipeline
from pipelines.services.snapshots import readable_snapshot
from pipelines.services.validation import field_values

# When a pipeline runs is no part of what it does: going back to an older graph must neither
# switch a schedule on nor off unless someone asks for that.
WHEN = ("schedule", "timezone", "is_active")


@dataclass(frozen=True)
class Restored:
    """A pipeline after a restore; `made` is False where it was like that already."""

    pipeline: Pipeline
    restored: int
    made: bool

    @property
    def revision(self) -> int:
        """The number of the revision that is now the current one."""
        assert self.pipeline.current_revision is not None
        return self.pipeline.current_revision.number

    @property
    def detail(self) -> str:
        """What was done, as a sentence."""
        if self.made:
            return _("Revision %(revision)s was made from revision %(restored)s.") % {
                "revision": self.revision,
                "restored": self.restored,
            }
        return _(
            "The pipeline is what it was in revision %(restored)s: revision "
            "%(revision)s stays the current one."
        ) % {"restored": self.restored, "revision": self.revision}


def restoring(pipeline: Pipeline, number: int, *, when: bool) -> Difference:
    """Return what `restore_revision` would change; raise UnknownRevision."""
    return compare(
        field_values(pipeline),
        field_values(pipeline) | _values(pipeline, revision_of(pipeline, number), when=when),
    )


def restore_revision(
    pipeline: Pipeline, number: int, *, when: bool = False, user: Person
) -> Restored:
    """Make the pipeline what it was in that revision, as a new revision, and deploy that.

    The schedule, its time zone and whether the pipeline is active come back only `when` asked
    for. Nodes that are still there keep their positions. Today's rules hold, and nothing is
    changed where they are broken; watermarks stay where they are.

    Raises:
        UnknownRevision: there is no revision of that number.
        InvalidPipeline: with every problem, a name that another pipeline has taken included.
        PipelineChanged: someone else saved the pipeline after it was read.
        PipelineGone: it was deleted meanwhile.
    """
    values = _values(pipeline, revision_of(pipeline, number), when=when)
    before = pipeline.current_revision_id
    problems = assign(pipeline, values)
    with transaction.atomic():
        save_pipeline(pipeline, user=user, problems=problems)
        done = Restored(pipeline, number, made=pipeline.current_revision_id != before)
        if done.made and user is not None and user.pk is not None:
            # What is stored is English, whoever reads it.
            with override("en"):
                LogEntry.objects.create(
                    user_id=user.pk,
                    content_type=ContentType.objects.get_for_model(Pipeline),
                    object_id=str(pipeline.pk),
                    object_repr=str(pipeline)[:200],
                    action_flag=CHANGE,
                    change_message=done.detail,
                )
    return done


def _values(pipeline: Pipeline, revision: PipelineRevision, *, when: bool) -> dict[str, Any]:
    """Return the fields that restoring a revision sets."""
    kept = () if when else WHEN
    # A field that is younger than the revision had its default then.
    then = readable_snapshot(revision.snapshot)
    values = {field: value for field, value in then.items() if field not in kept}
    return values | {"config": _placed(values["config"], pipeline.config)}


def _placed(config: dict[str, Any], drawn: dict[str, Any]) -> dict[str, Any]:
    """Return a revision's graph with the positions that its nodes have now."""
    places = {node["id"]: node.get("position") for node in drawn["nodes"]}
    nodes = [
        {**node, "position": places[node["id"]]} if places.get(node["id"]) else node
        for node in config["nodes"]
    ]
    return {**config, "nodes": nodes}
