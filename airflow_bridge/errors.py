"""What can go wrong between LogiData and Airflow, and whether trying again helps."""


class AirflowError(Exception):
    """An expected failure at Airflow.

    `str(error)` is a sentence for a person, a `Message`; `retryable` says that the same call may
    succeed later without anybody changing anything.
    """

    retryable = False

    def __init__(self, message: str, *, retryable: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        if retryable is not None:
            self.retryable = retryable

    def __str__(self) -> str:
        return self.message


class AirflowUnavailable(AirflowError):
    """Airflow cannot be reached, or is not able to answer now.

    `status` is the HTTP status code, None where there was no answer.
    """

    retryable = True

    def __init__(
        self, message: str, *, retryable: bool | None = None, status: int | None = None
    ) -> None:
        super().__init__(message, retryable=retryable)
        self.status = status


class AirflowRefused(AirflowError):
    """Airflow answered, and said no: wrong login, missing permission, a request it rejects.

    `status` is the HTTP status code, None where the answer was not Airflow's at all.
    """

    def __init__(
        self, message: str, *, retryable: bool | None = None, status: int | None = None
    ) -> None:
        super().__init__(message, retryable=retryable)
        self.status = status


class DagNotFound(AirflowError):
    """Airflow does not serve the DAG (any more, or yet)."""


class DagBroken(AirflowError):
    """Airflow cannot import the DAG's file."""


class RunNotFound(AirflowError):
    """Airflow has no such DAG run."""


class DagFileError(ValueError):
    """A pipeline that cannot be written as a DAG file; the message names the part that cannot."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message
