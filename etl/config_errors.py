"""What pydantic finds wrong with a graph or a config, in sentences for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from etl.messages import Message, say


def explained(exc: ValidationError) -> Iterator[tuple[str, Message]]:
    """Yield (dotted field, sentence) for every error of pydantic."""
    for error in exc.errors(include_url=False, include_input=False):
        path = ".".join(str(part) for part in error["loc"])
        yield path, _sentence(say("field '{path}'", path=path) if path else say("it"), error)


def _sentence(field: Message, error: Mapping[str, Any]) -> Message:
    match error["type"]:
        case "missing":
            return say("{field} is missing. Add it.", field=field)
        case "extra_forbidden":
            return say("{field} does not exist. Remove it, or correct its name.", field=field)
        case "value_error":
            # The text says itself what to do.
            text = error["ctx"]["error"].args[0]
            if not error["loc"]:
                return say("{problem}.", problem=text)
            return say("{field} is wrong. {problem}.", field=field, problem=text)
    wrong = _of_value(error["type"], error.get("ctx", {})) or _of_shape(
        error["type"], error.get("ctx", {})
    )
    if wrong is None:
        text = error["msg"].rstrip(".")
        return say(
            "{field} is wrong: {problem}. Correct it.",
            field=field,
            problem=f"{text[:1].lower()}{text[1:]}",
        )
    return say("{field} is wrong: {problem}. Correct it.", field=field, problem=wrong)


def _of_value(kind: str, found: Mapping[str, Any]) -> Message | None:
    """Return what a single value should be."""
    match kind:
        case "int_type" | "int_parsing" | "int_from_float" | "int_parsing_size":
            return say("input should be a valid integer")
        case "float_type" | "float_parsing":
            return say("input should be a valid number")
        case "finite_number":
            return say("input should be a finite number")
        case "bool_type" | "bool_parsing":
            return say("input should be true or false")
        case "string_type":
            return say("input should be a valid string")
        case "none_required":
            return say("input should be null")
        case "greater_than":
            return say("input should be greater than {least}", least=_short(found["gt"]))
        case "greater_than_equal":
            return say(
                "input should be greater than or equal to {least}", least=_short(found["ge"])
            )
        case "less_than":
            return say("input should be less than {most}", most=_short(found["lt"]))
        case "less_than_equal":
            return say("input should be less than or equal to {most}", most=_short(found["le"]))
        case "literal_error":
            choices = found["expected"].replace(" or ", ", ")
            return say("input should be one of {choices}", choices=choices)
    return None


def _of_shape(kind: str, found: Mapping[str, Any]) -> Message | None:
    """Return how long a value should be, or what it should hold."""
    match kind:
        case "string_too_short":
            return say("it should have at least {least} characters", least=found["min_length"])
        case "string_too_long":
            return say("it should have at most {most} characters", most=found["max_length"])
        case "string_pattern_mismatch":
            return say("it should match the pattern '{pattern}'", pattern=found["pattern"])
        case "too_short":
            return say("it should have at least {least} items", least=found["min_length"])
        case "too_long":
            return say("it should have at most {most} items", most=found["max_length"])
        case "list_type" | "tuple_type" | "set_type":
            return say("input should be a list")
        case "dict_type" | "model_type" | "model_attributes_type" | "dataclass_type":
            return say("input should be an object")
        case "union_tag_invalid":
            return say(
                "{name} should be one of {choices}",
                name=found["discriminator"],
                choices=found["expected_tags"],
            )
        case "union_tag_not_found":
            return say("{name} is missing", name=found["discriminator"])
    return None


def _short(bound: float) -> float:
    """Return a bound without a fraction that says nothing."""
    return int(bound) if bound == int(bound) else bound
