"""Is this pipeline one that can run? Every problem at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from airflow_bridge import factory
from airflow_bridge.errors import AirflowError
from airflow_bridge.patience import within
from etl.errors import ETLError
from etl.graph import parse_graph
from etl.problems import Problem
from etl.templates import referenced_params
from etl.validation import validate_graph
from pipelines.messages import in_words
from pipelines.models import Pipeline
from pipelines.services.columns import column_problems
from pipelines.services.fields import FIELDS, problems_of_field, tidied
from pipelines.services.params import required_by_specs, value_problem

# Someone waits for their pipeline to be saved.
NAMES_WITHIN_SECONDS = 3.0


@dataclass(frozen=True)
class AirflowNames:
    """What graphs may refer to by name in Airflow; None where Airflow cannot be asked."""

    connections: frozenset[str] | None
    pools: frozenset[str] | None


def names_in_airflow() -> AirflowNames:
    """Return the names of Airflow's connections and pools, with LOGIDATA_CONNECTIONS added.

    Both are None while Airflow cannot be asked or is slow: then nothing is claimed about them, so
    that a pipeline can be saved, and its tasks report a missing connection themselves.
    """
    try:
        with within(NAMES_WITHIN_SECONDS):
            client = factory.get_airflow_client()
            connections = frozenset(client.connection_ids()) | settings.LOGIDATA_CONNECTIONS
            return AirflowNames(connections, frozenset(client.pool_names()))
    except AirflowError:
        return AirflowNames(None, None)


def field_values(pipeline: Pipeline) -> dict[str, Any]:
    """Return the fields that an operator writes, by name, as they are kept."""
    return {field: tidied(field, getattr(pipeline, field)) for field in FIELDS}


def validate_pipeline(data: Mapping[str, object]) -> list[Problem]:
    """Return every problem of a pipeline's fields, none if it can be saved.

    Fields that are missing have the defaults of a new pipeline. Values of any JSON shape are
    taken. That a name is taken already is found by saving, not here.
    """
    known = {field: value for field, value in data.items() if field in FIELDS}
    unknown = [_unknown_field(field) for field in data if field not in FIELDS]
    values = field_values(Pipeline()) | known
    found, bad = field_problems(values)
    problems = [*unknown, *found, *param_problems(values, bad)]
    if "config" not in bad:
        of_graph = graph_problems(values["config"], names_in_airflow())
        problems += of_graph
        if not of_graph and "default_params" not in bad:
            problems += column_problems(parse_graph(values["config"]), values["default_params"])
        if not of_graph:
            problems += problems_together(values, bad)
    return problems


def field_problems(values: Mapping[str, Any]) -> tuple[list[Problem], set[str]]:
    """Return what is wrong with fields on their own, and which fields these are."""
    problems = [
        Problem(None, field, message)
        for field, value in values.items()
        for message in problems_of_field(field, value)
    ]
    return problems, {problem.field for problem in problems if problem.field}


def graph_problems(config: object, names: AirflowNames) -> list[Problem]:
    """Return what is wrong with a graph, each with its place within the pipeline."""
    found = validate_graph(config, connections=names.connections, pools=names.pools)
    return [_within_config(problem) for problem in found]


def param_problems(values: Mapping[str, Any], bad: set[str]) -> list[Problem]:
    """Return which default parameters do not fit their types; `bad` fields are no use."""
    if bad & {"default_params", "param_specs"}:
        return []
    defaults = values["default_params"]
    found = {
        name: value_problem(spec, defaults[name])
        for name, spec in values["param_specs"].items()
        if name in defaults
    }
    return [
        Problem(
            None,
            f"default_params.{name}",
            _("The default of parameter '%(name)s' %(said)s") % {"name": name, "said": said},
        )
        for name, said in found.items()
        if said
    ]


def problems_together(values: Mapping[str, Any], bad: set[str]) -> list[Problem]:
    """Return what is wrong between fields of a pipeline with a good graph; `bad` are no use."""
    if bad & {"schedule", "is_active", "default_params", "param_specs"}:
        return []
    return list(_schedule_without_params(values))


def pipeline_field(problem: Problem) -> str:
    """Return the pipeline's field that holds the fault: `config` for all of the graph's."""
    if problem.node is not None or not problem.field:
        return "config"
    return problem.field.split(".")[0]


def used_params(config: object) -> set[str]:
    """Return the names of the parameters that a graph's templates use; empty for a bad graph."""
    try:
        return referenced_params(parse_graph(config))
    except ETLError:
        return set()


def known_params(snapshot: Mapping[str, Any]) -> set[str]:
    """Return the names of the parameters that an execution of a revision may give."""
    named = {*snapshot["default_params"], *snapshot.get("param_specs", {})}
    return used_params(snapshot["config"]) | named


def required_params(
    config: object,
    default_params: Mapping[str, object],
    param_specs: Mapping[str, Any] | None = None,
) -> set[str]:
    """Return the parameters that every execution must give; none of the graph's if that is bad.

    Those are the ones that a template uses without a fallback, or that are required by their spec,
    and that have no default.
    """
    try:
        used = referenced_params(parse_graph(config), required_only=True)
    except ETLError:
        used = set()
    return (used | required_by_specs(param_specs or {})) - set(default_params)


def _schedule_without_params(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Nobody is there to fill in a parameter when the clock starts the pipeline."""
    if not (values["schedule"] and values["is_active"]):
        return
    for name in sorted(
        required_params(values["config"], values["default_params"], values["param_specs"])
    ):
        yield Problem(
            None,
            "default_params",
            _(
                "The pipeline has a schedule, and its parameter '%(name)s' has no "
                "default. Give it a default value, or remove the schedule."
            )
            % {"name": name},
        )


def _within_config(problem: Problem) -> Problem:
    """Name the place of a graph's problem as a place in the pipeline, and translate it."""
    problem = in_words(problem)
    if problem.node is not None:
        return problem
    return replace(problem, field=f"config.{problem.field}" if problem.field else "config")


def _unknown_field(name: str) -> Problem:
    return Problem(
        None,
        name,
        _("A pipeline has no field '%(name)s'. Its fields are %(fields)s.")
        % {"name": name[:100], "fields": ", ".join(FIELDS)},
    )
