"""A node as a task: its operator, how it is run, and a stand-in for its work."""

from typing import Any

from etl.module import RunContext

RESULT = {"uri": "/staging/e1/a/1", "metrics": {"rows_out": 3}}


class Recorder:
    """Stands in for `run_node`: remembers its arguments; does as told."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.failure: BaseException | None = None

    def __call__(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        if self.failure:
            raise self.failure
        return RESULT

    @property
    def context(self) -> RunContext:
        found: RunContext = self.calls[-1]["context"]
        return found


def an_operator(**changes: Any) -> Any:
    from operators.airflow_compat import DAG
    from operators.etl_operator import ETLOperator

    arguments = {"task_id": "keep", "module": "transform.filter", "config": {"condition": "a > 1"}}
    with DAG("pipeline_1", schedule=None):
        return ETLOperator(**{**arguments, **changes})


def run(operator: Any, context: dict[str, Any]) -> Any:
    operator.render_template_fields(context, operator.dag.get_template_env())
    return operator.execute(context)


def given(**conf: Any) -> dict[str, Any]:
    return {"logidata": {"execution_id": "e1", **conf}}


def the_failure() -> tuple[type[BaseException], type[BaseException]]:
    from operators.airflow_compat import AirflowException, AirflowFailException

    return AirflowException, AirflowFailException
