"""What can go wrong in a node, said so that both a person and a scheduler can act on it."""

from typing import TypedDict

from etl.messages import Wording, say, wording
from etl.results import Quarantined


class ErrorDict(TypedDict):
    """An error at the JSON boundary."""

    type: str
    message: str
    wording: Wording | None
    node: str | None
    field: str | None
    retryable: bool
    quarantine: Quarantined | None


class ETLError(Exception):
    """A failure that the operator of a pipeline can understand and act on.

    `str(error)` is a whole sentence for people: node, what is wrong, what to do next. It is a
    `Message` if the message is one.
    `retryable` says whether the same try later may succeed without anyone changing anything;
    `quarantine` where the faulty rows are, if there are any.
    """

    quarantine: Quarantined | None = None

    def __init__(
        self,
        message: str,
        *,
        node: str | None = None,
        field: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.field = field
        self.retryable = retryable

    def __str__(self) -> str:
        if not self.node:
            return self.message
        return say("Node '{node}': {problem}", node=self.node, problem=self.message)

    def as_dict(self) -> ErrorDict:
        """Return the error as a small JSON object; `message` is the whole sentence."""
        sentence = str(self)
        return {
            "type": type(self).__name__,
            "message": str(sentence),
            "wording": wording(sentence),
            "node": self.node,
            "field": self.field,
            "retryable": self.retryable,
            "quarantine": self.quarantine,
        }


class ConfigError(ETLError):
    """The graph, its params or the installation must be changed first. A retry cannot help."""

    def __init__(self, message: str, *, node: str | None = None, field: str | None = None) -> None:
        super().__init__(message, node=node, field=field, retryable=False)


class MissingColumnError(ConfigError):
    """A node names a column that its input does not have."""

    def __init__(self, message: str, *, column: str, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.column = column


class DataError(ETLError):
    """The data is not what the node was told to expect. A retry cannot help."""

    def __init__(self, message: str, *, node: str | None = None, field: str | None = None) -> None:
        super().__init__(message, node=node, field=field, retryable=False)


class NodeCancelled(ETLError):
    """Somebody cancelled the execution. A retry must not bring it back."""

    def __init__(self) -> None:
        super().__init__(
            say(
                "it was cancelled before it had written anything. Execute the pipeline again to "
                "run it."
            )
        )


class TransientError(ETLError):
    """Something outside is unavailable at the moment. A retry may help."""

    def __init__(self, message: str, *, node: str | None = None, field: str | None = None) -> None:
        super().__init__(message, node=node, field=field, retryable=True)


class NoRowsError(DataError):
    """A source has no rows now, and only rows would tell its columns."""
