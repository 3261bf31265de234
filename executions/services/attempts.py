"""The attempts of an execution, the one that is shown included."""

from collections.abc import Iterable

from executions.models import ExecutionAttempt, PipelineExecution, TaskExecution


def attempts_of(
    execution: PipelineExecution, tasks: Iterable[TaskExecution] | None = None
) -> list[ExecutionAttempt]:
    """Return every attempt, the first one first; the last is the execution as it stands.

    What each of the earlier ones ran, and how its nodes stood at its end, is in its `nodes`.
    `tasks` are its nodes if they are read already.
    """
    now = ExecutionAttempt.of(execution, list(execution.tasks.all()) if tasks is None else tasks)
    return [*execution.earlier_attempts.all(), now]
