"""Under which id a run's outputs are staged when the run was not started by LogiData."""

import hashlib
import re

# The run that LogiData starts for an execution has this before the execution's id.
RUN_ID_PREFIX = "logidata__"

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_.:+@-]")
# A folder's name may have 255 bytes; some are left for those who put something behind it.
_LONGEST = 200


def execution_id_of_run(dag_id: str, run_id: str) -> str:
    """Return the execution id of a DAG run that brought none, as one started by its schedule.

    The same run always gives the same id, and no two runs share one; it can name a folder.
    """
    # No DAG id has a colon.
    plain = f"{dag_id}:{run_id}"
    safe = _FORBIDDEN.sub("_", plain)[:_LONGEST]
    if safe == plain:
        return safe
    return f"{safe}-{hashlib.sha256(plain.encode()).hexdigest()[:12]}"
