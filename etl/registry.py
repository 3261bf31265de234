"""Which modules exist. A graph can name these only, never a dotted path."""

import logging
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from etl.errors import ConfigError
from etl.messages import say
from etl.module import Module
from etl.pickers import with_pickers
from etl.quarantine import QuarantineConfig

ENTRY_POINTS = "logidata.modules"

_LOGGER = logging.getLogger(__name__)

_BUILT_IN = {
    "extract.csv": "etl.modules.extract_csv:ExtractCSV",
    "extract.json": "etl.modules.extract_json:ExtractJSON",
    "extract.jsonl": "etl.modules.extract_jsonl:ExtractJSONL",
    "extract.parquet": "etl.modules.extract_parquet:ExtractParquet",
    "extract.excel": "etl.modules.extract_excel:ExtractExcel",
    "extract.http": "etl.modules.extract_http:ExtractHTTP",
    "extract.sql": "etl.modules.extract_sql:ExtractSQL",
    "transform.filter": "etl.modules.filter:Filter",
    "transform.select": "etl.modules.select:Select",
    "transform.derive": "etl.modules.derive:Derive",
    "transform.cast": "etl.modules.cast:Cast",
    "transform.aggregate": "etl.modules.aggregate:Aggregate",
    "transform.join": "etl.modules.join:Join",
    "transform.sort": "etl.modules.sort:Sort",
    "transform.split": "etl.modules.split:Split",
    "transform.limit": "etl.modules.limit:Limit",
    "transform.sample": "etl.modules.sample:Sample",
    "transform.deduplicate": "etl.modules.deduplicate:Deduplicate",
    "transform.union": "etl.modules.union:Union",
    "transform.fill": "etl.modules.fill:Fill",
    "transform.window": "etl.modules.window:Window",
    "transform.pivot": "etl.modules.pivot:Pivot",
    "transform.unpivot": "etl.modules.unpivot:Unpivot",
    "transform.lookup": "etl.modules.lookup:Lookup",
    "transform.quality": "etl.modules.quality:Quality",
    "transform.sql": "etl.modules.sql:SQL",
    "load.postgres": "etl.modules.load_postgres:LoadPostgres",
    "load.mysql": "etl.modules.load_mysql:LoadMySQL",
    "load.sqlite": "etl.modules.load_sqlite:LoadSQLite",
    "load.http": "etl.modules.load_http:LoadHTTP",
    "load.csv": "etl.modules.load_csv:LoadCSV",
    "load.jsonl": "etl.modules.load_jsonl:LoadJSONL",
    "load.parquet": "etl.modules.load_parquet:LoadParquet",
    "load.excel": "etl.modules.load_excel:LoadExcel",
}


class UnknownModuleError(ConfigError):
    """No module has this key."""


@lru_cache(maxsize=1)
def _third_party() -> dict[str, EntryPoint]:
    return {
        point.name: point
        for point in entry_points(group=ENTRY_POINTS)
        # An installed package must not quietly replace what a graph means by a built-in key.
        if point.name not in _BUILT_IN
    }


def module_keys() -> list[str]:
    """Return the keys of all modules, built-in ones first. Imports none of them."""
    return [*_BUILT_IN, *sorted(_third_party())]


def get_module(key: str) -> type[Module]:
    """Return the module with that key; raise UnknownModuleError if there is none."""
    if key in _BUILT_IN:
        path, _, name = _BUILT_IN[key].partition(":")
        found = getattr(import_module(path), name)
    elif key in _third_party():
        found = _installed(_third_party()[key])
    else:
        raise UnknownModuleError(
            say(
                "module '{key}' does not exist. Pick one of {module_keys}.",
                key=key,
                module_keys=", ".join(module_keys()),
            )
        )
    return cast("type[Module]", found)


def _installed(point: EntryPoint) -> type[Module]:
    try:
        found = point.load()
    except Exception as exc:
        raise ConfigError(
            say(
                "module '{name}' cannot be loaded ({kind}: {error}). Repair the package "
                "that brings it.",
                name=point.name,
                kind=type(exc).__name__,
                error=exc,
            )
        ) from exc
    if not (isinstance(found, type) and issubclass(found, Module)):
        raise ConfigError(
            say(
                "module '{name}' comes from an installed package, but is no "
                "etl.module.Module. Ask its author to correct the entry point.",
                name=point.name,
            )
        )
    return found


def all_modules() -> dict[str, type[Module]]:
    """Return {key: class} of every module; broken ones of installed packages are left out."""
    modules = {}
    for key in module_keys():
        try:
            modules[key] = get_module(key)
        except ConfigError as exc:
            # One package must not take the whole catalogue down.
            _LOGGER.warning("%s", exc)
    return modules


def catalogue() -> list[dict[str, Any]]:
    """Return every module as JSON: what it is, its ports, and the JSON Schema of its config."""
    return [_entry(key, module) for key, module in all_modules().items()]


def _entry(key: str, module: type[Module]) -> dict[str, Any]:
    description = (module.__doc__ or "").strip()
    return {
        "key": key,
        "kind": module.kind,
        "title": module.title,
        "icon": module.icon,
        "keywords": module.keywords,
        "summary": " ".join(description.split("\n\n")[0].split()),
        "description": description,
        "ports": list(module.ports),
        "variadic": module.variadic,
        "outputs": _outputs(module),
        "quarantines": issubclass(module.Config, QuarantineConfig),
        "config_schema": with_pickers(module.Config.model_json_schema()),
    }


def _outputs(module: type[Module]) -> str:
    """Return `none`, `one`, or `named` where its config names them."""
    if module.kind == "load":
        return "none"
    # Of the function behind the class method, which is another object at each look.
    overridden = module.outputs.__func__ is not Module.outputs.__func__  # type: ignore[attr-defined]
    return "named" if overridden else "one"
