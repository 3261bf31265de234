"""The rules for pipelines: what is valid, what saving does, how Airflow comes to serve it."""

from pipelines.services.columns import OutputColumns, lineage
from pipelines.services.comparing import (
    Change,
    Comparison,
    Difference,
    EdgeChange,
    NodeChange,
    compare,
    compare_revisions,
    revision_of,
)
from pipelines.services.deployment import (
    check_deployment,
    claim_look,
    deploy,
    generated_code,
    redeploy,
    request_deployment,
)
from pipelines.services.fields import FIELDS
from pipelines.services.holding import Runs, ask_before_deploying, structure_of
from pipelines.services.preview_running import run_preview
from pipelines.services.previews import (
    find_preview,
    previews_staging,
    remove_old_previews,
    removed_after,
    request_preview,
    stop_preview,
)
from pipelines.services.reconciling import reconcile_deployments, resume_deployments
from pipelines.services.removing import remove_dag
from pipelines.services.restoring import WHEN, Restored, restore_revision, restoring
from pipelines.services.revision_dags import dag_to_run, keep_apart, serve_apart
from pipelines.services.saving import assign, delete_pipeline, find_problems, save_pipeline
from pipelines.services.sources import KnownConnection, files_below, known_connections, tables_of
from pipelines.services.validation import (
    field_values,
    pipeline_field,
    required_params,
    used_params,
    validate_pipeline,
)
from pipelines.services.watermarks import (
    NodeWatermark,
    left_behind,
    set_watermark,
    watermarks_of,
)

__all__ = [
    "FIELDS",
    "WHEN",
    "Change",
    "Comparison",
    "Difference",
    "EdgeChange",
    "KnownConnection",
    "NodeChange",
    "NodeWatermark",
    "OutputColumns",
    "Restored",
    "Runs",
    "ask_before_deploying",
    "assign",
    "check_deployment",
    "claim_look",
    "compare",
    "compare_revisions",
    "dag_to_run",
    "delete_pipeline",
    "deploy",
    "field_values",
    "files_below",
    "find_preview",
    "find_problems",
    "generated_code",
    "keep_apart",
    "known_connections",
    "left_behind",
    "lineage",
    "pipeline_field",
    "previews_staging",
    "reconcile_deployments",
    "redeploy",
    "remove_dag",
    "remove_old_previews",
    "removed_after",
    "request_deployment",
    "request_preview",
    "required_params",
    "restore_revision",
    "restoring",
    "resume_deployments",
    "revision_of",
    "run_preview",
    "save_pipeline",
    "serve_apart",
    "set_watermark",
    "stop_preview",
    "structure_of",
    "tables_of",
    "used_params",
    "validate_pipeline",
    "watermarks_of",
]
