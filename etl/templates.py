"""Jinja in a node's config: which names it may use, which params it needs, what it renders to.

Inside Airflow the templates are rendered by Airflow itself; this module must accept no more
than Airflow does, so that a graph that passes here runs there.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.compiler import CodeGenerator
from jinja2.exceptions import TemplateError
from jinja2.sandbox import SandboxedEnvironment

from etl.errors import ConfigError
from etl.graph import Graph
from etl.messages import say

ALLOWED_NAMES = frozenset(
    {
        "params",
        "ds",
        "ds_nodash",
        "ts",
        "ts_nodash",
        "logical_date",
        "data_interval_start",
        "data_interval_end",
        "run_id",
    }
)

# Names that a param cannot have: `{{ params.items }}` is a method of the object that holds the
# params, in Airflow as here, and `logidata` is our own key beside them.
RESERVED_PARAMS = frozenset(name for name in dir(dict) if not name.startswith("_")) | {
    "dump",
    "filter_params_by_source",
    "logidata",
    "suppress_exception",
    "validate",
}

Path = tuple[str | int, ...]

# What only picks values: no product, loop or call, which could take any time and memory.
_PICKING = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.Filter,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Test,
    nodes.Add,
    nodes.Sub,
    nodes.Concat,
)
# Characters of a template.
_LONG = 20_000
_PICKING_FILTERS = frozenset(
    {"abs", "d", "default", "ds", "ds_nodash", "float", "int", "length", "lower", "round", "string"}
    | {"tojson", "trim", "ts", "ts_nodash", "ts_nodash_with_tz", "upper"}
)


class _Unfolded(CodeGenerator):
    """Compiles without computing: `{{ 'a' * 10**10 }}` must not cost the one who checks it."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Any, finalize: Any) -> str:
        if isinstance(node, nodes.TemplateData):
            return super()._output_child_to_const(node, frame, finalize)
        raise nodes.Impossible


class _Names(_Unfolded, meta.TrackingCodeGenerator):
    """Notes the names that a template takes from outside, without computing either."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.optimizer = None


class _Environment(SandboxedEnvironment):
    code_generator_class = _Unfolded


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    environment = _Environment(undefined=StrictUndefined, optimized=False)
    # Airflow's own filters, for the same template to mean the same in a local run.
    environment.filters.update(
        ds=lambda moment: _moment(moment).strftime("%Y-%m-%d"),
        ds_nodash=lambda moment: _moment(moment).strftime("%Y%m%d"),
        ts=lambda moment: _moment(moment).isoformat(),
        ts_nodash=lambda moment: _moment(moment).strftime("%Y%m%dT%H%M%S"),
        ts_nodash_with_tz=lambda moment: _moment(moment).isoformat().replace("-", ""),
    )
    # It reaches attributes by names made at run time, which cannot be checked here.
    del environment.filters["attr"]
    return environment


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise ConfigError(
            say("'{value}' is no date. Use this filter on logical_date.", value=value)
        )
    return value


def is_template(value: object) -> bool:
    """Return whether `value` is a string that Jinja would change."""
    return isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#"))


def strings(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield every string within `value`, with the path of keys and indexes that leads to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from strings(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from strings(item, (*path, index))


def outside_templates(config: object) -> Iterator[str]:
    """Yield the parts of all strings within `config` that stand as they are, outside templates."""
    for _, text in strings(config):
        if not is_template(text):
            yield text
            continue
        yield from (value for _, kind, value in _environment().lex(text) if kind == "data")


def template_problems(text: str) -> list[str]:
    """Return what is wrong with a template, each as a sentence; [] if nothing is."""
    environment = _environment()
    try:
        tree = environment.parse(text)
        environment.compile(text)
    except TemplateSyntaxError as exc:
        return [
            say(
                "The template has a syntax error in line {lineno}: {reason}. Correct it.",
                lineno=exc.lineno,
                reason=str(exc.message).rstrip("."),
            )
        ]
    except (TemplateError, RecursionError, SyntaxError) as exc:
        return [say("The template cannot be read: {error}. Simplify it.", error=exc)]
    problems: list[str] = [
        say(
            "The template uses '{name}', which is not available. Use one of {allowed_names}.",
            name=name,
            allowed_names=", ".join(sorted(ALLOWED_NAMES)),
        )
        for name in sorted(_outside_names(tree) - ALLOWED_NAMES)
    ]
    problems += [
        say(
            "The template reads '{name}'. Names that begin with an underscore are "
            "private: remove it.",
            name=name,
        )
        for name in sorted(_private_names(tree))
    ]
    problems += [
        say(
            "The template reads the param '{name}', a name that cannot be used. Rename the param.",
            name=name,
        )
        for name in sorted(_params(tree, required_only=False) & RESERVED_PARAMS)
    ]
    if any(tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))):
        problems.append(say("The template loads another template. Write its text here instead."))
    return problems


def only_picks(text: str) -> bool:
    """Return whether a template no more than picks values, so that rendering it costs nothing.

    Another one is for a process that may take time and memory.
    """
    if len(text) > _LONG:
        return False
    try:
        tree = _environment().parse(text)
    except (TemplateError, RecursionError):
        return False
    return all(
        isinstance(node, _PICKING)
        and not (isinstance(node, nodes.Filter) and node.name not in _PICKING_FILTERS)
        for node in tree.find_all(nodes.Node)
    )


def _outside_names(tree: nodes.Template) -> set[str]:
    # Jinja itself gives `self`, and so does not count it as undeclared.
    own = {node.name for node in tree.find_all(nodes.Name) if node.name == "self"}
    found = _Names(_environment())
    found.visit(tree)
    return found.undeclared_identifiers | own


def _private_names(tree: nodes.Template) -> set[str]:
    names = {node.attr for node in tree.find_all(nodes.Getattr)}
    for item in tree.find_all(nodes.Getitem):
        if isinstance(item.arg, nodes.Const) and isinstance(item.arg.value, str):
            names.add(item.arg.value)
    private = {name for name in names if name.startswith("_")}
    # `map(attribute="__class__")` names its attribute in a plain string.
    private |= {
        const.value
        for const in tree.find_all(nodes.Const)
        if isinstance(const.value, str) and "__" in const.value
    }
    return private


def referenced_params(
    source: Graph | Mapping[str, object] | str, *, required_only: bool = False
) -> set[str]:
    """Return the params that the templates within a graph, a config or a text refer to.

    Both `params.x` and `params["x"]` count. With `required_only`, those given a fallback in
    place (`params.x | default(1)`) are left out. A template that cannot be read counts for
    nothing: validation reports it.
    """
    value: object = source.model_dump() if isinstance(source, Graph) else source
    found: set[str] = set()
    for _, text in strings(value):
        if is_template(text):
            try:
                tree = _environment().parse(text)
            except TemplateError:
                continue
            found |= _params(tree, required_only=required_only)
    return found


def _params(tree: nodes.Node, *, required_only: bool) -> set[str]:
    if isinstance(tree, nodes.Filter) and tree.name in {"default", "d"} and required_only:
        children: list[nodes.Node] = [*tree.args]
        if tree.node is not None and _param_name(tree.node) is None:
            children.append(tree.node)
    else:
        name = _param_name(tree)
        if name is not None:
            return {name}
        children = list(tree.iter_child_nodes())
    return {n for child in children for n in _params(child, required_only=required_only)}


def _param_name(node: nodes.Node) -> str | None:
    if not isinstance(node, nodes.Getattr | nodes.Getitem):
        return None
    if not (isinstance(node.node, nodes.Name) and node.node.name == "params"):
        return None
    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        return node.arg.value
    return None


def render(config: Any, context: Mapping[str, object]) -> Any:
    """Return `config` with every template in it rendered to text; other values stay.

    Raise ConfigError naming the field, and the param that has no value.
    """
    return _render(config, context, ())


def _render(value: Any, context: Mapping[str, object], path: Path) -> Any:
    if isinstance(value, Mapping):
        return {key: _render(item, context, (*path, str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_render(item, context, (*path, i)) for i, item in enumerate(value)]
    if not is_template(value):
        return value
    field = ".".join(("config", *map(str, path)))
    try:
        return _environment().from_string(value).render(context)
    except UndefinedError as exc:
        raise ConfigError(_undefined(value, context, field, exc), field=field) from None
    except Exception as exc:
        raise ConfigError(
            say(
                "the template in {field} cannot be rendered: {error}. Correct it.",
                field=field,
                error=exc,
            ),
            field=field,
        ) from exc


def _undefined(text: str, context: Mapping[str, object], field: str, exc: UndefinedError) -> str:
    given = context.get("params")
    known = set(given) if isinstance(given, Mapping) else set()
    missing = sorted(referenced_params(text, required_only=True) - known)
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        return say(
            "{field} needs the param {names}. Give it a value when executing, or a default.",
            field=field,
            names=names,
        )
    return say(
        "the template in {field} cannot be rendered: {error}. Correct it.",
        field=field,
        error=exc.message,
    )
