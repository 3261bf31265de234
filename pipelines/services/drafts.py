"""What is drawn and not deployed yet, and two people who draw the same pipeline."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from pipelines.errors import InvalidPipeline, NoDraft, PipelineChanged, PipelineGone, Problem
from pipelines.models import Pipeline, PipelineDraft
from pipelines.services.comparing import Difference, compare
from pipelines.services.fields import FIELDS, problems_of_field, unstorable
from pipelines.services.saving import Person, assign, name_problems, save_pipeline
from pipelines.services.snapshots import drawn_snapshot
from pipelines.services.validation import field_values

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Newest:
    """The newest state of a pipeline: what was saved, or a draft that is younger.

    `values` are all its fields; `by` is who left it so, None where nobody knows.
    """

    values: Mapping[str, Any]
    at: datetime
    by: str | None
    is_draft: bool


def draft_of(pipeline: Pipeline) -> PipelineDraft | None:
    """Return the pipeline's draft, if it has one."""
    return PipelineDraft.objects.select_related("saved_by").filter(pipeline=pipeline).first()


def newest_of(pipeline: Pipeline, draft: PipelineDraft | None) -> Newest:
    """Return the newest state that somebody has left the pipeline in."""
    values, at, by = field_values(pipeline), pipeline.updated_at, pipeline.updated_by
    is_draft = draft is not None and draft.saved_at >= at
    if draft is not None and is_draft:
        values, at, by = {**values, **draft.content}, draft.saved_at, draft.saved_by
    return Newest(values, at, by.get_username() if by is not None else None, is_draft)


def difference_to(newest: Newest, values: Mapping[str, Any]) -> Difference:
    """Return what leads from the newest state to these values, as far as both can be read."""
    return compare(drawn_snapshot(newest.values), drawn_snapshot({**newest.values, **values}))


def save_draft(
    pipeline: Pipeline,
    content: Mapping[str, Any],
    *,
    user: Person,
    seen: datetime | None = None,
    problems: Sequence[Problem] = (),
) -> PipelineDraft:
    """Keep the fields as the pipeline's draft, whatever problems they have; return it.

    What Airflow serves stays as it is. `seen` is the time of the newest state that the caller
    knows; without it the draft replaces whatever there is.

    Raises:
        PipelineChanged: somebody has saved a draft, or the pipeline, since `seen`.
        InvalidPipeline: the fields cannot be kept, or `problems` of reading them.
        PipelineGone: the pipeline was deleted meanwhile.
    """
    if found := [*problems, *_unkeepable(content)]:
        raise InvalidPipeline(found)
    with transaction.atomic():
        stored = Pipeline.objects.select_for_update(of=("self",))
        locked = stored.select_related("current_revision", "updated_by").filter(pk=pipeline.pk)
        known = locked.first()
        if known is None:
            raise PipelineGone(pipeline.name)
        newest = newest_of(known, draft_of(known))
        if seen is not None and newest.at > seen:
            raise changed(known, newest, content)
        revision = known.current_revision
        return PipelineDraft.objects.update_or_create(
            pipeline=known,
            defaults={
                "content": dict(content),
                "revision": revision.number if revision is not None else None,
                "saved_at": timezone.now(),
                "saved_by_id": _pk(user),
            },
        )[0]


def begin_draft(
    content: Mapping[str, Any], *, user: Person, problems: Sequence[Problem] = ()
) -> Pipeline:
    """Return a new pipeline that is nothing but a draft: Airflow gets to know nothing of it.

    It needs a name; raise InvalidPipeline without one, or where the fields cannot be kept.
    """
    pipeline = Pipeline(name=content.get("name", ""))
    unread = {problem.field for problem in problems}
    found = [*problems, *_unkeepable(content)]
    if "name" not in unread:
        values = field_values(pipeline)
        wrong = [Problem(None, "name", said) for said in problems_of_field("name", values["name"])]
        found += wrong or name_problems(pipeline, values["name"])
    if found:
        raise InvalidPipeline(found)
    assign(pipeline, field_values(pipeline))
    pipeline.owner_id = pipeline.updated_by_id = _pk(user)
    try:
        with transaction.atomic():
            pipeline.save()
            save_draft(pipeline, content, user=user)
    except IntegrityError as error:
        # Two people chose the same name at the same time.
        raise InvalidPipeline(name_problems(pipeline, pipeline.name)) from error
    return pipeline


def drawn(pipeline: Pipeline, draft: PipelineDraft | None = None) -> Pipeline:
    """Set the pipeline's fields to those of its draft, unsaved; return it."""
    draft = draft or draft_of(pipeline)
    if draft is not None:
        assign(pipeline, draft.content)
        pipeline.drawn_at = draft.saved_at
    return pipeline


def deploy_draft(pipeline: Pipeline, *, user: Person, seen: datetime | None = None) -> Pipeline:
    """Save the pipeline as its draft has it, and have Airflow serve that; the draft is gone then.

    Raise NoDraft, PipelineChanged if somebody has changed it since `seen`, and what `save_pipeline`
    raises; the draft stays then.
    """
    draft = draft_of(pipeline)
    if draft is None:
        raise NoDraft(pipeline.name)
    newest = newest_of(pipeline, draft)
    if seen is not None and newest.at > seen:
        raise changed(pipeline, newest, draft.content)
    with transaction.atomic():
        saved = save_pipeline(drawn(pipeline, draft), user=user)
        forget_draft(saved, seen=draft.saved_at)
    return saved


def discard_draft(pipeline: Pipeline, *, seen: datetime | None = None) -> None:
    """Remove the pipeline's draft.

    Raise NoDraft, and PipelineChanged where somebody has saved it since `seen`: it stays then.
    """
    draft = draft_of(pipeline)
    if draft is not None and seen is not None and draft.saved_at > seen:
        raise changed(pipeline, newest_of(pipeline, draft), field_values(pipeline))
    if draft is None or not forget_draft(pipeline, seen=draft.saved_at):
        raise NoDraft(pipeline.name)


def forget_draft(pipeline: Pipeline, *, seen: datetime) -> bool:
    """Remove the pipeline's draft, unless it was saved after `seen`; return whether one is gone."""
    return PipelineDraft.objects.filter(pipeline=pipeline, saved_at__lte=seen).delete()[0] > 0


def stale_drafts() -> QuerySet[PipelineDraft]:
    """Return the drafts that nobody has saved for LOGIDATA_DRAFT_DAYS."""
    until = timezone.now() - settings.LOGIDATA_DRAFT_DAYS
    return PipelineDraft.objects.filter(saved_at__lt=until)


def remove_stale_drafts(at_most: int) -> int:
    """Remove at most so many stale drafts, the oldest first; return how many.

    What was deployed stays as it is. A pipeline that never was more than its draft goes with it.
    """
    removed = 0
    pks = stale_drafts().order_by("saved_at").values_list("pipeline", flat=True)
    for pk in list(pks[:at_most]):
        with transaction.atomic():
            # Whoever saves a draft, or deploys it, takes the same lock.
            pipeline = Pipeline.objects.select_for_update(of=("self",)).filter(pk=pk).first()
            if pipeline is None or not stale_drafts().filter(pipeline=pipeline).delete()[0]:
                continue
            removed += 1
            logger.info(
                "The draft of pipeline '%s' is removed: nobody has saved it for long", pipeline
            )
            if pipeline.current_revision_id is None and not pipeline.revisions.exists():
                pipeline.delete()
    return removed


def changed(pipeline: Pipeline, newest: Newest, mine: Mapping[str, Any]) -> PipelineChanged:
    """Return the refusal that tells who has changed the pipeline, when, and what is different.

    Its difference leads from what they have saved to `mine`.
    """
    return PipelineChanged(
        pipeline.name,
        by=newest.by,
        more={
            "draft" if newest.is_draft else "pipeline": dict(newest.values),
            "by": newest.by,
            "at": newest.at.isoformat(),
            "diff": asdict(difference_to(newest, mine)),
        },
    )


def _unkeepable(content: Mapping[str, Any]) -> list[Problem]:
    """Return what a draft cannot hold: anything else may be wrong with it."""
    found = [
        Problem(None, name, _("The field '%(name)s' %(said)s") % {"name": name, "said": said})
        for name, value in content.items()
        if name in FIELDS and (said := unstorable(value))
    ]
    if not isinstance(content.get("config", {}), Mapping):
        found.append(Problem(None, "config", _("The graph is no JSON object. Send one.")))
    return found


def _pk(user: Person) -> Any:
    return user.pk if user is not None and user.is_authenticated else None
