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
from pipelines.services.drafts import (
    Newest,
    begin_draft,
    changed,
    deploy_draft,
    difference_to,
    discard_draft,
    draft_of,
    drawn,
    forget_draft,
    newest_of,
    remove_stale_drafts,
    save_draft,
    stale_drafts,
)
from pipelines.services.exporting import (
    FORMAT,
    VERSION,
    Imported,
    export_pipeline,
    file_name,
    import_pipeline,
)
from pipelines.services.fields import FIELDS
from pipelines.services.holding import Runs, ask_before_deploying, structure_of
from pipelines.services.module_texts import module_catalogue
from pipelines.services.params import value_problem
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
from pipelines.services.schedules import LANGUAGES, ScheduleMeaning, explain_schedule
from pipelines.services.searching import search
from pipelines.services.sources import KnownConnection, files_below, known_connections, tables_of
from pipelines.services.templating import PipelineTemplate, pipeline_templates
from pipelines.services.unsaved import Check, NodeColumns, check_pipeline, code_of, look_ahead
from pipelines.services.validation import (
    field_values,
    known_params,
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
    "FORMAT",
    "LANGUAGES",
    "VERSION",
    "WHEN",
    "Change",
    "Check",
    "Comparison",
    "Difference",
    "EdgeChange",
    "Imported",
    "KnownConnection",
    "Newest",
    "NodeChange",
    "NodeColumns",
    "NodeWatermark",
    "OutputColumns",
    "PipelineTemplate",
    "Restored",
    "Runs",
    "ScheduleMeaning",
    "ask_before_deploying",
    "assign",
    "begin_draft",
    "changed",
    "check_deployment",
    "check_pipeline",
    "claim_look",
    "code_of",
    "compare",
    "compare_revisions",
    "dag_to_run",
    "delete_pipeline",
    "deploy",
    "deploy_draft",
    "difference_to",
    "discard_draft",
    "draft_of",
    "drawn",
    "explain_schedule",
    "export_pipeline",
    "field_values",
    "file_name",
    "files_below",
    "find_preview",
    "find_problems",
    "forget_draft",
    "generated_code",
    "import_pipeline",
    "keep_apart",
    "known_connections",
    "known_params",
    "left_behind",
    "lineage",
    "look_ahead",
    "module_catalogue",
    "newest_of",
    "pipeline_field",
    "pipeline_templates",
    "previews_staging",
    "reconcile_deployments",
    "redeploy",
    "remove_dag",
    "remove_old_previews",
    "remove_stale_drafts",
    "removed_after",
    "request_deployment",
    "request_preview",
    "required_params",
    "restore_revision",
    "restoring",
    "resume_deployments",
    "revision_of",
    "run_preview",
    "save_draft",
    "save_pipeline",
    "search",
    "serve_apart",
    "set_watermark",
    "stale_drafts",
    "stop_preview",
    "structure_of",
    "tables_of",
    "used_params",
    "validate_pipeline",
    "value_problem",
    "watermarks_of",
]
