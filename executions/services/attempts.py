"""The attempts of an execution, the one that is shown included."""

from executions.models import ExecutionAttempt, PipelineExecution


def attempts_of(execution: PipelineExecution) -> list[ExecutionAttempt]:
    """Return every attempt, the first one first; the last is the execution as it stands.

    What each of the earlier ones ran, and how its nodes stood at its end, is in its `nodes`.
    """
    now = ExecutionAttempt.of(execution, list(execution.tasks.all()))
    return [*execution.earlier_attempts.all(), now]
