"""Ask Airflow about executions that a person has picked, while that person waits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from airflow_bridge.patience import seconds_left, within
from executions.errors import AirflowNotAnswering
from executions.models import PipelineExecution
from executions.services.following import refresh_execution

# For as long as a person waits for a page.
PATIENCE = 10.0


@dataclass(frozen=True)
class Monitored:
    """How many executions were looked at, and why the others were not; empty if all were."""

    seen: int
    problem: str


def refresh_executions(executions: Sequence[PipelineExecution]) -> Monitored:
    """Bring the executions up to what Airflow says, as many as `PATIENCE` seconds suffice for.

    The first time that Airflow does not answer ends it: it would not answer about the next one
    either, and each would have to wait.
    """
    with within(PATIENCE):
        for seen, execution in enumerate(executions):
            left = len(executions) - seen
            if not seconds_left(math.inf):
                return Monitored(
                    seen,
                    _(
                        "Not looked at: %(left)s, since Airflow took %(patience)g s for the "
                        "others. The regular sync brings them up to date; to look now, select "
                        "fewer."
                    )
                    % {"left": left, "patience": PATIENCE},
                )
            try:
                refresh_execution(execution)
            except AirflowNotAnswering as error:
                return Monitored(
                    seen,
                    _("%(detail)s Not looked at: %(left)s.")
                    % {"detail": error.detail, "left": left},
                )
    return Monitored(len(executions), "")
