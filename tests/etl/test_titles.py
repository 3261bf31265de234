"""Settings have names for people: the editor's form and the API show them."""

from __future__ import annotations

from typing import Any

import pytest

from etl import registry
from etl.titles import model_title, setting_title


def schema(module: str) -> dict[str, Any]:
    return next(one["config_schema"] for one in registry.catalogue() if one["key"] == module)


def test_a_name_is_read_as_words() -> None:
    assert setting_title("left_keys") == "Left keys"


def test_a_name_that_says_too_little_has_other_words() -> None:
    assert setting_title("how") == "Rows without a match"


def test_a_part_of_a_config_is_named_in_words() -> None:
    assert model_title(type("WindowFunction", (), {})) == "Window function"


@pytest.mark.parametrize(
    ("module", "setting", "title"),
    [
        ("transform.join", "left_keys", "Left keys"),
        ("extract.http", "url", "URL"),
        # The same name means something else elsewhere.
        ("transform.sort", "by", "Sort by"),
        ("transform.union", "by", "Match columns by"),
    ],
)
def test_the_catalogue_has_the_names(module: str, setting: str, title: str) -> None:
    assert schema(module)["properties"][setting]["title"] == title


def test_parts_of_lists_have_names_too() -> None:
    assert schema("transform.sort")["$defs"]["SortKey"]["title"] == "Sort key"
