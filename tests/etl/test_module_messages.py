"""What modules refuse, or warn of, can be said in French, down to its last part."""

from __future__ import annotations

import gettext
from pathlib import Path

import duckdb
import pytest

from etl.columns import require_columns
from etl.duckdb_errors import translate as explain
from etl.errors import ConfigError, DataError
from etl.graph import GraphError, parse_graph
from etl.messages import Message, read_message, say, translate
from etl.modules.sql import SQL
from etl.registry import all_modules, get_module
from etl.runner import configured
from etl.sql import SQLRefusedError
from etl.sql_checks import check_expression
from etl.validation import config_errors
from tests.etl.conftest import Lab

CATALOGUE = gettext.translation(
    "messages", Path(__file__).parents[2] / "logidata" / "locale", ["fr"]
)


def in_french(message: str) -> str:
    """Return a message in French, with plain spaces and apostrophes."""
    assert isinstance(message, Message)
    french = translate(message, CATALOGUE.gettext)
    return french.replace("\N{NO-BREAK SPACE}", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def test_a_missing_column_is_missed_where_it_should_be() -> None:
    with pytest.raises(ConfigError) as caught:
        require_columns(["b"], ["a"], field="keys", port=say("the lookup"))

    assert in_french(str(caught.value)) == (
        "la colonne 'b' n'existe pas dans la recherche, qui a : a. Corrigez le nom, ou apportez "
        "la colonne dans un nœud antérieur."
    )


@pytest.mark.parametrize(
    ("module", "config", "inputs", "french"),
    [
        (
            "transform.union",
            {},
            {"a": "SELECT 1 AS n", "b": "SELECT 'x' AS n"},
            "Nœud « node » : la colonne « n » a des types qui ne vont pas ensemble : INTEGER dans "
            "'a', VARCHAR dans 'b'. Donnez-lui",
        ),
        (
            "transform.lookup",
            {"keys": ["id"]},
            {"input": "SELECT 1 AS id", "lookup": "SELECT 'x' AS id, 2 AS n"},
            "Nœud « node » : la clé « id » a des types qui ne vont pas ensemble : INTEGER dans "
            "l'entrée, VARCHAR dans la recherche. Donnez-lui",
        ),
        (
            "transform.pivot",
            {"column": "a", "values": ["x"], "function": "count"},
            {"input": "SELECT unnest(['u', 'u', 'v', 'w', NULL]) AS a"},
            'Nœud « node » : la colonne "a" a des valeurs qui ne sont pas listées : '
            "« u » (lignes : 2), « v » (lignes : 1)",
        ),
        (
            "transform.quality",
            {"expectations": [{"expect": "row_count", "min": 2, "name": "enough"}]},
            {"input": "SELECT 1 AS id"},
            "Nœud « node » : Nombre de lignes : 1 ; l'attente « enough » en veut au moins 2. "
            "Corrigez les données, ou l'attente ou son action.",
        ),
        (
            "transform.sql",
            {"query": "SELECT * FROM other"},
            {"a": "SELECT 1 AS id"},
            "Nœud « node » : La table « other » n'est pas une entrée de ce nœud. Il peut lire : "
            "a, input. Reliez un nœud qui la donne, ou corrigez le nom.",
        ),
        (
            "transform.filter",
            {"condition": "idd > 1"},
            {"input": "SELECT 1 AS id"},
            "Nœud « node » : la colonne « idd » n'existe pas dans l'entrée. Vouliez-vous dire "
            '"id" ? Corrigez le nom',
        ),
    ],
)
def test_a_node_fails_in_french(
    lab: Lab, module: str, config: dict[str, object], inputs: dict[str, str], french: str
) -> None:
    feeds = {port: lab.stage(rows, port) for port, rows in inputs.items()}

    with pytest.raises((ConfigError, DataError)) as caught:
        lab.run(module, config, inputs=feeds)

    assert in_french(str(caught.value)).startswith(french)


def test_a_warning_can_be_said_in_french_from_the_json_of_its_result(lab: Lab) -> None:
    expectation = {"expect": "not_null", "columns": ["id"], "action": "warn", "name": "known"}

    result = lab.run(
        "transform.quality", {"expectations": [expectation]}, "SELECT NULL::INTEGER AS id"
    )

    [warning], [made_of] = result["warnings"], result["wordings"]
    assert type(warning) is str
    assert in_french(read_message(warning, made_of)) == (
        'Lignes qui contreviennent à l\'attente « known » : 1 sur 1, comme {"id":null}.'
    )


def test_a_problem_of_a_query_is_a_message() -> None:
    config = SQL.Config(query="SELECT * FROM other")

    [(field, problem)] = SQL.problems(config, {"a": "", "b": ""})

    assert field == "query"
    assert in_french(problem).startswith("La table « other » n'est pas une entrée de ce nœud.")


def test_why_sql_is_refused_is_a_message_with_a_message_in_it() -> None:
    with pytest.raises(SQLRefusedError) as caught:
        check_expression("1; SELECT 2")

    assert in_french(caught.value.args[0]) == (
        "Il faut ici une seule expression SQL, pas 2. Corrigez"
    )


def test_what_a_database_says_is_kept_as_it_is() -> None:
    error = explain(duckdb.ConversionException("Conversion Error: no date"), "1GB")

    assert in_french(str(error)).startswith("une valeur ne convient pas à son type : no date.")


def test_all_that_is_wrong_with_a_rendered_config_can_be_said() -> None:
    with pytest.raises(ConfigError) as caught:
        configured(get_module("transform.sample"), {"rows": "many", "size": 1})

    assert str(caught.value) == (
        "field 'rows' is wrong: input should be a valid integer. Correct it. "
        "field 'size' does not exist. Remove it, or correct its name."
    )
    assert in_french(str(caught.value)).startswith("le champ « rows » ")


def test_a_graph_of_the_wrong_structure_is_told_by_its_validators_own_words() -> None:
    with pytest.raises(GraphError) as caught:
        parse_graph({"nodes": [{"id": "1st", "module": "extract.csv"}]})

    assert str(caught.value) == (
        "In the graph: field 'nodes.0.id' is wrong. A node id is at most 100 ASCII letters, digits "
        "and underscores, starts with a letter and is no Python keyword. Rename it."
    )
    french = in_french(str(caught.value))
    assert french.startswith("Dans le graphe : le champ « nodes.0.id » ")
    assert "lettres" in french


WRONG = (None, True, -1, 10**40, 1.5, float("inf"), "", "x" * 300, "http://[", "(")
MISSHAPEN = ([], [None], ["x", "x"], {}, {"": ""}, {"a": None}, {"kind": "x"}, [{"kind": "x"}])


@pytest.mark.parametrize("key", all_modules())
def test_whatever_is_wrong_with_a_setting_is_said_in_french(key: str) -> None:
    module = get_module(key)
    for field in module.Config.model_json_schema()["properties"]:
        for value in (*WRONG, *MISSHAPEN):
            for _, sentence in config_errors(module, {field: value}, rendered=True):
                assert isinstance(sentence, Message)
                problem = sentence.values.get("problem", sentence)
                assert isinstance(problem, Message), (field, value, sentence)
                assert in_french(problem) != problem
