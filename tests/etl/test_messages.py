"""Messages: English strings that can be said in another language."""

from __future__ import annotations

import copy
import json
import pickle
import tracemalloc

import pytest

from etl.errors import ConfigError
from etl.messages import Message, join, map_values, read_message, say, translate, wording

FRENCH = {
    "Node '{node}': {problem}": "Nœud « {node} » : {problem}",
    "there are {count:,} rows.": "il y a {count:,} lignes.",
}


def in_french(message: str) -> str:
    return translate(message, lambda text: FRENCH.get(text, text))


def rows(count: int) -> Message:
    return say("there are {count:,} rows.", count=count)


def test_a_message_is_an_english_string() -> None:
    message = rows(1234)

    assert message == "there are 1,234 rows."
    assert json.dumps({"message": message}) == '{"message": "there are 1,234 rows."}'
    assert hash(message) == hash("there are 1,234 rows.")


def test_a_message_within_a_message_is_translated_with_it() -> None:
    error = ConfigError(rows(2), node="read")

    assert str(error) == "Node 'read': there are 2 rows."
    assert in_french(str(error)) == "Nœud « read » : il y a 2 lignes."


def test_a_text_without_a_translation_and_a_string_stay_as_they_are() -> None:
    assert in_french(say("{rows} Look.", rows=rows(2))) == "il y a 2 lignes. Look."
    assert in_french("there are {count:,} rows.") == "there are {count:,} rows."
    assert in_french(say("")) == ""


def test_braces_in_a_value_are_no_fields() -> None:
    message = say("Node '{node}': {problem}", node="{problem}", problem="{0.__class__}")

    assert in_french(message) == "Nœud « {problem} » : {0.__class__}"


def test_messages_in_a_row_are_translated_one_by_one() -> None:
    joined = join([rows(1), "And {more}.", rows(2)])

    assert joined == "there are 1 rows. And {more}. there are 2 rows."
    assert in_french(joined) == "il y a 1 lignes. And {more}. il y a 2 lignes."


def test_what_is_no_text_number_or_message_is_written_as_text() -> None:
    assert say("{names}", names=["a"]).values == {"names": "['a']"}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_and_what_another_process_gets_can_be_translated(copied: object) -> None:
    assert callable(copied)

    assert in_french(copied(str(ConfigError(rows(2), node="a")))) == "Nœud « a » : il y a 2 lignes."


def test_a_message_is_read_from_json_with_its_wording() -> None:
    message = str(ConfigError(rows(2), node="read"))
    sent = json.loads(json.dumps({"message": message, "wording": wording(message)}))

    read = read_message(sent["message"], sent["wording"])

    assert read == message
    assert in_french(read) == in_french(message)
    assert wording("no message") is None


@pytest.mark.parametrize(
    "made_of",
    [
        None,
        "text",
        {"text": 1, "values": {}},
        {"text": "it", "values": []},
        {"text": "{gone}", "values": {}},
        {"text": "{", "values": {}},
        {"text": "{node.__class__}", "values": {"node": "it"}},
        {"text": "{node:>1000000000}", "values": {"node": "it"}},
        {"text": "{node!r}", "values": {"node": "it"}},
        {"text": "{node}", "values": {"node": ["it"]}},
        {"text": "{node}", "values": {"node": "secret"}},
        {"text": "{node:,}", "values": {"node": "it"}},
        {"text": "{node:f}", "values": {"node": 10**400}},
        {"text": "{node}", "values": {"node": 10**5000}},
        {"text": "it{node}", "values": {"node": float("nan")}},
    ],
)
def test_a_wording_that_is_not_that_of_the_sentence_is_left_out(made_of: object) -> None:
    read = read_message("it", made_of)

    assert read == "it"
    assert type(read) is str


def test_a_wording_of_any_depth_is_read_or_left_out() -> None:
    made_of: object = {"text": "it", "values": {}}
    for _ in range(100_000):
        made_of = {"text": "{a}", "values": {"a": made_of}}

    assert type(read_message("it", made_of)) is str


def test_a_wording_that_would_grow_beyond_its_sentence_takes_no_memory() -> None:
    made_of: object = {"text": "it", "values": {}}
    for _ in range(6):
        made_of = {"text": "{a}" * 12, "values": {"a": made_of}}
    tracemalloc.start()

    read = read_message("it", made_of)

    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert type(read) is str


def test_of_a_wording_only_the_values_that_are_said_are_kept() -> None:
    read = read_message("it", {"text": "{a}", "values": {"a": "it", "b\0": "not said"}})

    assert wording(read) == {"text": "{a}", "values": {"a": "it"}}


def test_a_number_that_json_cannot_hold_leaves_the_sentence_alone() -> None:
    assert wording(say("{share} of {all}", share=float("inf"), all=3)) is None


def hide(text: str) -> str:
    return text.replace("hunter2", "***").replace("ab", "**")


def test_what_is_secret_is_hidden_in_the_values() -> None:
    hidden = map_values(str(ConfigError(say("it is {it}", it="hunter2"), node="a")), hide)

    assert hidden == "Node 'a': it is ***"
    assert isinstance(hidden, Message)
    assert "hunter2" not in json.dumps(wording(hidden))


def test_what_is_secret_is_hidden_also_where_it_is_only_in_the_whole() -> None:
    hidden = map_values(say("{one}{two}", one="a", two="b"), hide)

    assert hidden == "**"
    assert type(hidden) is str
    assert map_values("hunter2", hide) == "***"
