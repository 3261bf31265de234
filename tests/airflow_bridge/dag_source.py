"""Reads a generated DAG file back without running it."""

import ast
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ReadBack:
    """The arguments of the DAG and of each task, as the literals that the file holds."""

    dag: dict[str, Any]
    tasks: dict[str, dict[str, Any]]
    arrows: list[tuple[str, str]]


def read_back(source: str) -> ReadBack:
    """Return what the file holds; fail where it holds any statement that is not expected."""
    module = ast.parse(source)
    docstring, *imports, block = module.body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value, ast.Constant)
    assert all(isinstance(statement, ast.ImportFrom) for statement in imports)
    assert {statement.module for statement in imports} <= {
        "datetime",
        "operators.airflow_compat",
        "operators.etl_operator",
    }
    assert isinstance(block, ast.With)
    (item,) = block.items
    dag = _arguments(item.context_expr, "DAG")
    variables: dict[str, str] = {}
    tasks: dict[str, dict[str, Any]] = {}
    arrows: list[tuple[str, str]] = []
    for statement in block.body:
        if isinstance(statement, ast.Assign):
            (target,) = statement.targets
            assert isinstance(target, ast.Name)
            arguments = _arguments(statement.value, "ETLOperator")
            assert target.id not in variables
            variables[target.id] = arguments["task_id"]
            tasks[arguments["task_id"]] = arguments
        elif isinstance(statement, ast.Expr):
            arrow = statement.value
            assert isinstance(arrow, ast.BinOp)
            assert isinstance(arrow.op, ast.RShift)
            assert isinstance(arrow.left, ast.Name)
            assert isinstance(arrow.right, ast.Name)
            arrows.append((variables[arrow.left.id], variables[arrow.right.id]))
        else:
            assert isinstance(statement, ast.Pass)
    return ReadBack(dag, tasks, arrows)


def _arguments(call: ast.expr, function: str) -> dict[str, Any]:
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    assert call.func.id == function
    assert not call.args
    return {str(keyword.arg): _value(keyword.value) for keyword in call.keywords}


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call):
        # The only calls: the timetable and the start date, on literals and a constant.
        assert isinstance(node.func, ast.Name)
        assert node.func.id in {"CronTriggerTimetable", "datetime"}
        named = {
            str(keyword.arg): ast.unparse(keyword.value)
            if isinstance(keyword.value, ast.Attribute)
            else ast.literal_eval(keyword.value)
            for keyword in node.keywords
        }
        return (node.func.id, [ast.literal_eval(arg) for arg in node.args], named)
    return ast.literal_eval(node)
