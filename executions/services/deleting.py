"""Delete a pipeline, unless something of it still waits or runs."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from executions.errors import PipelineBusy
from executions.models import MAY_STILL_RUN, PipelineExecution
from pipelines import services as pipelines
from pipelines.models import Pipeline


@transaction.atomic
def delete_pipeline(pipeline: Pipeline, user: AbstractBaseUser | None = None) -> None:
    """Delete the pipeline, its DAG file and what Airflow knows of it; its executions stay.

    Raise `PipelineBusy` while executions of it wait or run, or may run for all that is known.
    """
    # The same lock as for starting: no execution slips in between the look and the deletion.
    Pipeline.objects.select_for_update().filter(pk=pipeline.pk).first()
    active = PipelineExecution.objects.filter(MAY_STILL_RUN, pipeline_id=pipeline.pk).count()
    if active:
        raise PipelineBusy(pipeline.name, active)
    pipelines.delete_pipeline(pipeline)
