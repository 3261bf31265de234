"""What can be refused when someone starts, follows or cancels an execution."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipelines.errors import DomainError, Problem


class PipelineInactive(DomainError):
    """The pipeline is switched off."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _(
                "Pipeline '%(name)s' is not active, so it cannot be executed. Set it "
                "active and save it, then execute it again."
            )
            % {"name": name},
            title=_("Pipeline is not active"),
            status=409,
            type="pipeline-inactive",
        )


class InvalidParams(DomainError):
    """The params do not fit the pipeline; `errors` names each of them."""

    def __init__(self, name: str, errors: Sequence[Problem]) -> None:
        super().__init__(
            _("Pipeline '%(name)s' cannot be executed with these params: %(problems)s")
            % {"name": name, "problems": " ".join(problem.message for problem in errors)},
            title=_("Invalid params"),
            status=400,
            type="invalid-params",
            errors=errors,
        )


class ExecutionFinished(DomainError):
    """The execution has ended, or its run is gone: there is nothing left to cancel."""

    def __init__(self, status: str) -> None:
        detail = (
            _("The execution no longer has a DAG run; there is nothing to cancel.")
            if status == "unknown"
            else _("The execution has already ended as %(status)s; there is nothing to cancel.")
            % {"status": _(status)}
        )
        super().__init__(
            detail,
            title=_("Execution has ended"),
            status=409,
            type="execution-ended",
        )


class RevisionNotServed(DomainError):
    """The revision has a watermark, so it cannot run beside the one that Airflow serves."""

    def __init__(self, name: str, number: int, current: int) -> None:
        super().__init__(
            _(
                "Revision %(number)s of pipeline '%(name)s' differs from revision "
                "%(current)s, which Airflow serves, in nodes, edges, retries, timeouts "
                "or watermarks, and has a watermark: both at once would read the same "
                "rows. Restore revision %(number)s, then execute the pipeline."
            )
            % {"number": number, "name": name, "current": current},
            title=_("Revision is not served"),
            status=409,
            type="revision-not-served",
        )


class NotRetryable(DomainError):
    """The state of things is against a further attempt of the execution."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            _("The execution cannot be retried: %(reason)s") % {"reason": reason},
            title=_("Execution cannot be retried"),
            status=409,
            type="not-retryable",
        )


class PipelineBusy(DomainError):
    """The pipeline cannot be deleted while executions of it wait or run."""

    def __init__(self, name: str, active: int) -> None:
        super().__init__(
            ngettext(
                "Pipeline '%(name)s' cannot be deleted: %(active)s execution waits or runs, for "
                "all that is known. Cancel them or let them end, then delete it.",
                "Pipeline '%(name)s' cannot be deleted: %(active)s executions wait or run, for "
                "all that is known. Cancel them or let them end, then delete it.",
                active,
            )
            % {"name": name, "active": active},
            title=_("Pipeline is busy"),
            status=409,
            type="pipeline-busy",
        )


class UnknownNode(DomainError):
    """The execution has no such node, or the node had no such try."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, title=_("No such node or try"), status=404, type="unknown-node")


class NothingRejected(DomainError):
    """The node, or the whole execution, has rejected no row that could be looked at."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, title=_("No rejected rows"), status=404, type="nothing-rejected")


class QuarantineGone(DomainError):
    """The rejected rows have been cleaned up with all else that the execution had staged."""

    def __init__(self, node: str, removed: str) -> None:
        super().__init__(
            _(
                "The rows that node '%(node)s' rejected were removed %(removed)s. "
                "Execute the pipeline again to have them again; LOGIDATA_STAGING_DAYS "
                "says how long they are kept."
            )
            % {"node": node, "removed": removed},
            title=_("Rejected rows are gone"),
            status=410,
            type="quarantine-gone",
        )


class StagingUnreadable(DomainError):
    """The staging cannot be read by the web server."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            _(
                "The staged data cannot be read: %(reason)s. See that the web server has "
                "the same LOGIDATA_STAGING as Airflow's tasks, and may read there."
            )
            % {"reason": reason},
            title=_("Staging cannot be read"),
            status=503,
            type="staging-unreadable",
        )


class NotReplayable(DomainError):
    """The state of things is against putting the rejected rows through again."""

    def __init__(self, node: str, reason: str) -> None:
        super().__init__(
            _("The rows that node '%(node)s' rejected cannot be replayed: %(reason)s")
            % {"node": node, "reason": reason},
            title=_("Rows cannot be replayed"),
            status=409,
            type="not-replayable",
        )


class AlreadyReplayed(DomainError):
    """The rows have gone through again already, or are about to."""

    def __init__(self, node: str, replays: Sequence[str]) -> None:
        super().__init__(
            _(
                "The rows that node '%(node)s' rejected were replayed before: "
                '%(replays)s. Once more may load them twice; send "again": true to do '
                "it all the same."
            )
            % {"node": node, "replays": ", ".join(replays)},
            title=_("Rows were replayed before"),
            status=409,
            type="already-replayed",
        )


class InvalidCorrections(DomainError):
    """The corrections do not fit the rejected rows; `errors` names each of them."""

    def __init__(self, node: str, errors: Sequence[Problem]) -> None:
        super().__init__(
            _("The rows of node '%(node)s' cannot be corrected so: %(problems)s")
            % {"node": node, "problems": " ".join(problem.message for problem in errors)},
            title=_("Invalid corrections"),
            status=400,
            type="invalid-corrections",
            errors=errors,
        )


class LogGone(DomainError):
    """Airflow no longer has the log."""

    def __init__(self, node: str) -> None:
        super().__init__(
            _(
                "Node '%(node)s': Airflow no longer has this log; the DAG run was "
                "deleted there. Its counts and error are kept here; execute the pipeline "
                "again for a new log."
            )
            % {"node": node},
            title=_("Log is gone"),
            status=404,
            type="log-gone",
        )


class LogsRemoved(DomainError):
    """The logs of the execution were kept for as long as is set, and not longer."""

    def __init__(self, node: str, removed: str) -> None:
        super().__init__(
            _(
                "Node '%(node)s': the log was removed on %(removed)s; LOGIDATA_LOG_DAYS "
                "says how long logs are kept."
            )
            % {"node": node, "removed": removed},
            title=_("Log was removed"),
            status=410,
            type="log-removed",
        )


class LogsUnreadable(DomainError):
    """LogiData's copy of a log cannot be read by the web server."""

    def __init__(self, node: str, reason: str) -> None:
        super().__init__(
            _(
                "Node '%(node)s': the kept log cannot be read: %(reason)s. See that the "
                "web server has the same LOGIDATA_LOGS as the worker, and may read there."
            )
            % {"node": node, "reason": reason},
            title=_("Log cannot be read"),
            status=503,
            type="log-unreadable",
        )


class AirflowNotAnswering(DomainError):
    """Airflow is needed for the answer and cannot be reached, or refuses."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            _(
                "Airflow cannot be asked now: %(reason)s What is shown may be older; try "
                "again when Airflow is back."
            )
            % {"reason": reason},
            title=_("Airflow does not answer"),
            status=503,
            type="airflow-unavailable",
        )


class HintsOff(DomainError):
    """Nobody may send events of Airflow: no secret was agreed on."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "LogiData takes no events of Airflow, since LOGIDATA_EVENTS_SECRET is not "
                "set. Set it to the same value for LogiData and for Airflow, or remove the "
                "plug-in from Airflow."
            ),
            title=_("Events are off"),
            status=403,
            type="events-off",
        )


class HintsTooLarge(DomainError):
    """More of Airflow's events than are taken at once."""

    def __init__(self) -> None:
        super().__init__(
            _("The events are not taken: they are too large. Send fewer of them at once."),
            title=_("Events are too large"),
            status=413,
            type="events-too-large",
        )


class HintUnsigned(DomainError):
    """An event that is not known to be of Airflow's."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            _(
                "The event is not taken: %(reason)s. Set LOGIDATA_EVENTS_SECRET to the "
                "same value for LogiData and for Airflow, and keep their clocks right."
            )
            % {"reason": reason},
            title=_("Event is not signed"),
            status=403,
            type="event-unsigned",
        )


class InvalidCursor(DomainError):
    """The cursor is none that a list of executions has given out."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The value of 'cursor' is none that the list of executions has given out. "
                "Take the addresses of the pages beside it as they are, or leave 'cursor' "
                "out to begin with the newest."
            ),
            title=_("Invalid cursor"),
            status=400,
            type="invalid-cursor",
        )


class SearchTooWide(DomainError):
    """The search fits the names of so many pipelines that it would take long."""

    def __init__(self, most: int) -> None:
        super().__init__(
            _("The search fits the names of more than %(most)s pipelines. Write more of the name.")
            % {"most": most},
            title=_("Search is too wide"),
            status=400,
            type="search-too-wide",
        )
