"""The rules for executions: starting, triggering, following, cancelling, reading logs."""

from executions.publishing import publish_all_changed
from executions.services.attempts import attempts_of
from executions.services.beginning import Attempt
from executions.services.cancelling import Cancel, carry_out_cancel, request_cancel
from executions.services.cleaning import remove_staging
from executions.services.corrections import Edited, corrections_of, values_of
from executions.services.deleting import delete_pipeline
from executions.services.following import refresh_execution
from executions.services.graphs import execution_graph
from executions.services.hints import look_at_run
from executions.services.lineage import execution_lineage
from executions.services.listing import Cursor, Page, page_of
from executions.services.live import live_state
from executions.services.log_copying import copy_logs
from executions.services.log_masking import mask
from executions.services.logs import LogFile, NodeLog, execution_logs, log_file, node_of
from executions.services.monitoring import Monitored, refresh_executions
from executions.services.outcomes import Outcome, last_outcomes
from executions.services.quarantine import Quarantine, quarantine_of
from executions.services.replaying import (
    Replay,
    earlier_replays,
    replay_refusal,
    replay_rejected,
)
from executions.services.retention import Kept, remove_unkept, retention
from executions.services.retrying import Retry, retry_execution
from executions.services.searching import search, search_by_id
from executions.services.starting import (
    create_execution,
    params_of_execution,
    run_again,
    run_again_refusal,
    start_execution,
)
from executions.services.stopping import still_running
from executions.services.sync_round import SyncReport
from executions.services.syncing import sync_active
from executions.services.triggering import trigger_execution

__all__ = [
    "Attempt",
    "Cancel",
    "Cursor",
    "Edited",
    "Kept",
    "LogFile",
    "Monitored",
    "NodeLog",
    "Outcome",
    "Page",
    "Quarantine",
    "Replay",
    "Retry",
    "SyncReport",
    "attempts_of",
    "carry_out_cancel",
    "copy_logs",
    "corrections_of",
    "create_execution",
    "delete_pipeline",
    "earlier_replays",
    "execution_graph",
    "execution_lineage",
    "execution_logs",
    "last_outcomes",
    "live_state",
    "log_file",
    "look_at_run",
    "mask",
    "node_of",
    "page_of",
    "params_of_execution",
    "publish_all_changed",
    "quarantine_of",
    "refresh_execution",
    "refresh_executions",
    "remove_staging",
    "remove_unkept",
    "replay_refusal",
    "replay_rejected",
    "request_cancel",
    "retention",
    "retry_execution",
    "run_again",
    "run_again_refusal",
    "search",
    "search_by_id",
    "start_execution",
    "still_running",
    "sync_active",
    "trigger_execution",
    "values_of",
]
