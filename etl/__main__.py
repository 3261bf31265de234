"""`python -m etl run graph.json --param name=value` and `python -m etl modules`."""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from etl.errors import ConfigError, ETLError
from etl.messages import say
from etl.settings import run_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 if it succeeded, 1 if the graph failed, 2 if it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m etl", description="Run LogiData graphs.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a graph here, without Airflow")
    run.add_argument("file", type=Path, help="a JSON file: a graph, or a pipeline with its config")
    run.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="may be repeated"
    )
    run.add_argument("--keep", action="store_true", help="keep the staged data afterwards")
    run.add_argument("--verbose", action="store_true", help="log what the nodes do")
    modules = commands.add_parser("modules", help="list the modules that a graph can use")
    shape = modules.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="as JSON, with the config schemas")
    shape.add_argument("--docs", type=Path, metavar="FOLDER", help="as pages of documentation")
    options = parser.parse_args(arguments)
    try:
        if options.command == "run":
            return _run(options)
        return _modules(options)
    except ETLError as exc:
        from etl.graph import GraphError

        lines = [p.message for p in exc.problems] if isinstance(exc, GraphError) else [str(exc)]
        print("\n".join(lines), file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    from etl.local import read_pipeline, run_graph
    from etl.report import node_table, records_table

    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.ERROR, format="%(message)s"
    )
    graph, params = read_pipeline(options.file)
    params.update(_param(text) for text in options.param)
    done = run_graph(graph, params=params, settings=run_settings(), keep_staging=options.keep)
    print(node_table(done.rows))
    if done.results:
        last = list(done.results.values())[-1]
        print("\n" + records_table(last["data"]))
    if options.keep:
        print(f"\nStaged data: {run_settings().staging}/{done.execution_id}")
    return 0 if done.succeeded else 1


def _param(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ConfigError(
            say("--param {value} has no value. Write --param name=value.", value=text)
        )
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _modules(options: argparse.Namespace) -> int:
    from etl.catalogue import write_pages
    from etl.registry import catalogue

    if options.json:
        print(json.dumps(catalogue(), indent=2))
    elif options.docs:
        write_pages(options.docs)
    else:
        for module in catalogue():
            print(f"{module['key']:<22}{module['description'].splitlines()[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
