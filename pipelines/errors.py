"""Errors that an operator reads, in the API and the admin alike."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from etl.problems import Problem

__all__ = [
    "ConnectionNotHere",
    "DomainError",
    "InvalidPipeline",
    "InvalidPosition",
    "InvalidSchedule",
    "NoDataFolder",
    "NoDraft",
    "NoSuchWatermark",
    "PipelineChanged",
    "PipelineGone",
    "PipelineNotSaved",
    "PreviewsUnavailable",
    "Problem",
    "SourceUnavailable",
    "StateUnavailable",
    "UnknownRevision",
]


class DomainError(Exception):
    """Something that a caller can set right.

    `detail` says what, where and what next. `title` and `type` are the same for every error of
    its kind, `status` is the HTTP status of the answer, `errors` are the single problems, and
    `more` are further keys of the answer.
    """

    def __init__(
        self,
        detail: str,
        *,
        title: str,
        status: int,
        type: str,  # noqa: A002 - the name in the answer
        errors: Sequence[Problem] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.title = title
        self.status = status
        self.type = type
        self.errors = list(errors)
        self.more = dict(more or {})


class InvalidPipeline(DomainError):
    """The pipeline cannot be saved as it is; `errors` names every problem at once."""

    def __init__(self, errors: Sequence[Problem]) -> None:
        super().__init__(
            ngettext(
                "The pipeline has %(count)d problem: %(problems)s",
                "The pipeline has %(count)d problems: %(problems)s",
                len(errors),
            )
            % {
                "count": len(errors),
                "problems": " ".join(problem.message for problem in errors),
            },
            title=_("Invalid pipeline"),
            status=400,
            type="invalid-pipeline",
            errors=errors,
        )


class InvalidSchedule(DomainError):
    """It is no schedule, or its time zone is none."""

    def __init__(self, errors: Sequence[Problem]) -> None:
        super().__init__(
            " ".join(problem.message for problem in errors),
            title=_("Invalid schedule"),
            status=400,
            type="invalid-schedule",
            errors=errors,
        )


class PipelineChanged(DomainError):
    """Someone saved the pipeline after the caller had read it."""

    def __init__(
        self, name: str, *, by: str | None = None, more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(
            _(
                "Pipeline '%(name)s' was changed by %(who)s meanwhile. Look at it as "
                "it is now, then make your change again."
            )
            % {"name": name, "who": by or _("someone else")},
            title=_("Pipeline was changed"),
            status=409,
            type="pipeline-changed",
            more=more,
        )


class NoDraft(DomainError):
    """The pipeline has no draft."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _("Pipeline '%(name)s' has no draft: it is as it was deployed. PUT one first.")
            % {"name": name},
            title=_("No draft"),
            status=404,
            type="no-draft",
        )


class PipelineGone(DomainError):
    """Someone deleted the pipeline meanwhile."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _("Pipeline '%(name)s' was deleted meanwhile. Create it anew if it is still wanted.")
            % {"name": name},
            title=_("Pipeline was deleted"),
            status=404,
            type="pipeline-gone",
        )


class UnknownRevision(DomainError):
    """The pipeline has no revision of that number."""

    def __init__(self, name: str, number: int, last: int | None) -> None:
        others = (
            _("Its revisions are numbered up to %(last)s: read their list, and choose one.")
            % {"last": last}
            if last
            else _("It has none yet. Save it without problems first.")
        )
        super().__init__(
            _("Pipeline '%(name)s' has no revision %(number)s. %(others)s")
            % {"name": name, "number": number, "others": others},
            title=_("No such revision"),
            status=404,
            type="unknown-revision",
        )


class NoSuchWatermark(DomainError):
    """The pipeline has no node of that name with a watermark."""

    def __init__(self, name: str, node: str) -> None:
        super().__init__(
            _(
                "Pipeline '%(name)s' has no node '%(node)s' with a watermark. Read the "
                "list of its watermarks, or give the node one."
            )
            % {"name": name, "node": node},
            title=_("No such watermark"),
            status=404,
            type="no-such-watermark",
        )


class InvalidPosition(DomainError):
    """A watermark cannot be set to that, or not without more being said."""

    def __init__(self, node: str, errors: Sequence[Problem]) -> None:
        super().__init__(
            _("The watermark of '%(node)s' stays as it is: %(problems)s")
            % {"node": node, "problems": " ".join(problem.message for problem in errors)},
            title=_("Invalid position"),
            status=400,
            type="invalid-position",
            errors=errors,
        )


class StateUnavailable(DomainError):
    """Where positions are kept cannot be read or written."""

    def __init__(self, why: str) -> None:
        super().__init__(
            _(
                "The positions of watermarks cannot be reached: %(why)s. Look at "
                "LOGIDATA_STATE, and whether the web server may read and write there."
            )
            % {"why": why},
            title=_("State unavailable"),
            status=503,
            type="state-unavailable",
        )


class PipelineNotSaved(DomainError):
    """The pipeline has no revision, so there is no DAG of it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _("Pipeline '%(name)s' has no revision yet. Save it without problems first.")
            % {"name": name},
            title=_("Pipeline has no revision"),
            status=409,
            type="pipeline-without-revision",
        )


class PreviewsUnavailable(DomainError):
    """Previews can be neither queued nor read at the moment."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Previews wait in Redis, which does not answer at the moment. Try again; "
                "GET /api/v1/health tells when it is back."
            ),
            title=_("Previews unavailable"),
            status=503,
            type="previews-unavailable",
        )


class ConnectionNotHere(DomainError):
    """What a connection leads to cannot be looked at from the web server."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            detail,
            title=_("Connection cannot be used here"),
            status=409,
            type="connection-not-here",
        )


class SourceUnavailable(DomainError):
    """The server that a connection leads to does not answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            detail, title=_("Source unavailable"), status=503, type="source-unavailable"
        )


class NoDataFolder(DomainError):
    """The web server sees no folder with data."""

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__(
            _(
                "The web server sees none of the data folders %(folders)s. Write the "
                "path by hand, or have an administrator mount them for it, see "
                "LOGIDATA_DATA_DIRS."
            )
            % {"folders": ", ".join(map(str, folders))},
            title=_("No data folder"),
            status=409,
            type="no-data-folder",
        )
