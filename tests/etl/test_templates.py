"""Templates: what they may name, what they need, what they give."""

from __future__ import annotations

import resource
from datetime import UTC, datetime

import pytest

from etl.errors import ConfigError
from etl.template_context import template_context
from etl.templates import referenced_params, render, template_problems

NOW = datetime(2024, 5, 1, 6, 30, tzinfo=UTC)


def context(**params: object) -> dict[str, object]:
    return template_context(params, now=NOW, run_id="run")


@pytest.mark.parametrize(
    "text",
    [
        "no template",
        "{{ params.x }}",
        "{{ params['x'] }}",
        "{{ ds }} {{ ds_nodash }} {{ ts }} {{ ts_nodash }} {{ run_id }}",
        "{{ logical_date.year }} {{ data_interval_start | ds }} {{ data_interval_end | ts }}",
        "{% for x in params.list %}{{ x }}{% endfor %}",
        "{% if params.x %}a{% endif %}{# comment #}",
        "{{ params.x | default(1) }}",
    ],
)
def test_what_airflow_gives_may_be_used(text: str) -> None:
    assert template_problems(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ params.x", "syntax error in line 1"),
        ("{% for %}", "syntax error"),
        ("{{ var.value.secret }}", "uses 'var'"),
        ("{{ conn.warehouse.password }}", "uses 'conn'"),
        ("{{ macros.datetime }}", "uses 'macros'"),
        ("{{ ti.xcom_pull() }}", "uses 'ti'"),
        ("{{ dag_run.conf }}", "uses 'dag_run'"),
        ("{{ self }}", "uses 'self'"),
        ("{{ params.items }}", "the param 'items'"),
        ("{{ params['logidata'] }}", "the param 'logidata'"),
        ("{{ params.__class__ }}", "reads '__class__'"),
        ("{{ params['_private'] }}", "reads '_private'"),
        ("{{ params | map(attribute='__class__') }}", "reads '__class__'"),
        ("{{ params | attr('x') }}", "attr"),
        ("{{ params | nofilter }}", "nofilter"),
        ("{% include 'x' %}", "loads another template"),
        ("{% import 'x' as y %}", "loads another template"),
        ("{% extends 'x' %}", "loads another template"),
    ],
)
def test_what_is_not_available_is_named(text: str, said: str) -> None:
    assert any(said in problem for problem in template_problems(text))


def test_params_are_found_wherever_they_are() -> None:
    config = {
        "a": "{{ params.one }} {{ params['two'] }}",
        "b": [{"c": "{% if params.three %}{{ params.four.five }}{% endif %}"}],
        "d": "params.no",
        "e": 5,
        "f": "{{ params.broken",
    }

    assert referenced_params(config) == {"one", "two", "three", "four"}


def test_a_param_with_a_fallback_is_not_required() -> None:
    text = "{{ params.a | default(params.b) }} {{ params.c }}"

    assert referenced_params(text) == {"a", "b", "c"}
    assert referenced_params(text, required_only=True) == {"b", "c"}


def test_only_templates_are_rendered_and_to_text() -> None:
    config = {"a": "{{ params.n }}", "b": ["x{{ ds }}", 3], "c": {"d": None, "e": True}}

    assert render(config, context(n=5)) == {
        "a": "5",
        "b": ["x2024-05-01", 3],
        "c": {"d": None, "e": True},
    }


def test_airflows_own_filters_are_there() -> None:
    text = "{{ logical_date | ds_nodash }} {{ logical_date | ts_nodash }}"

    assert render(text, context()) == "20240501 20240501T063000"


def test_a_missing_param_is_named_with_its_field() -> None:
    with pytest.raises(ConfigError) as caught:
        render({"by": [{"column": "{{ params.col }}"}]}, context())

    assert caught.value.field == "config.by.0.column"
    assert str(caught.value) == (
        "config.by.0.column needs the param 'col'. Give it a value when executing, or a default."
    )


@pytest.mark.parametrize(
    "text", ["{{ params.x.y }}", "{{ 1 / 0 }}", "{{ params | ds }}", "{{ ''.__class__ }}"]
)
def test_a_template_that_fails_is_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError):
        render({"a": text}, context(x=1))


@pytest.mark.parametrize(
    "text", ["{{ 'a' * 10 ** 11 }}", "{{ 'a' | center(10 ** 11) }}", "{{ 9 ** 9 ** 9 }}"]
)
def test_checking_a_template_computes_nothing(text: str) -> None:
    # Computed, it would end this process.
    assert template_problems(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'x' * 4 * 10 ** 8 }}",
        "{% set a = 'x' * 4 * 10 ** 8 %}{{ a }}",
        "{% if 'x' * 4 * 10 ** 8 %}{% endif %}",
        "{{ ('x' * 4 * 10 ** 8) | length }}",
    ],
)
def test_checking_a_template_takes_no_memory(text: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert template_problems(text) == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
