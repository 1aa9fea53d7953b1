"""What every file of ours has in common: closed models, and errors that name the place in the file.

`Document` is the base of the models of scenario.yaml and plan.json. `check` validates plain data against one
of them and turns all that pydantic found into lines a person can act on, with line numbers where known.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, StringConstraints, Tag, ValidationError

from planner.errors import InputError, nearest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]


class Document(BaseModel):
    """A closed, frozen record: an unknown key is an error, and so is a number that is not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, ser_json_inf_nan="null")


_WORDS: dict[str, str] = {}  # pattern of a text -> the same in words


def fitting(pattern: str, words: str) -> StringConstraints:
    """Constrain a text to a pattern, and tell what that is in words where a text does not fit.

    Parameters
    ----------
    words
        Go on after "it must be".
    """
    _WORDS[pattern] = words
    return StringConstraints(pattern=pattern)


AnyDocument = TypeVar("AnyDocument", bound=Document)


def check(
    model: type[AnyDocument],
    data: Any,
    *,
    source: str,
    lines: Mapping[Place, int] | None = None,
    context: dict[str, Any] | None = None,
) -> AnyDocument:
    """Validate plain data against a model.

    Parameters
    ----------
    data
        What the YAML or JSON reader returned.
    source
        Name of the file, for the messages.
    lines
        Line of every path of the file, where it is known.
    context
        Handed to the validators (the folder that relative files start from).

    Raises
    ------
    InputError, with one line for every problem found.
    """
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        found = [
            _line(model, details, source, lines or {})
            for details in error.errors(include_url=False)
            if not (
                details["type"] == "too_short" and details["input"]
            )  # its items failed: they have their own lines
        ]
        raise InputError(list(dict.fromkeys(found))) from None


def path_text(path: Sequence[str | int]) -> str:
    """`('classes', 0, 'name')` as `classes[0].name`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _line(model: type[Document], details: ErrorDetails, source: str, lines: Mapping[Place, int]) -> str:
    path, parent = _locate(model, details["loc"])
    known = path
    while known and known not in lines:
        known = known[:-1]
    where = f"{source} line {lines[known]}" if known in lines else source
    return f"{where}: {_sentence(path, parent, details)}"


def _locate(model: type[Document], loc: Place) -> tuple[Place, type[Document] | None]:
    """The path as the user wrote it (pydantic adds union members) and the model its last key belongs to."""
    annotation: Any = model
    path: list[str | int] = []
    parent: type[Document] | None = model
    for step in loc:
        annotation = _plain(annotation)
        origin = get_origin(annotation)
        if origin in (Union, types.UnionType):
            annotation = next((one for one in get_args(annotation) if _tag(one) == step), None)
            continue
        path.append(step)
        parent = annotation if isinstance(annotation, type) and issubclass(annotation, Document) else None
        if parent is not None:
            field = next((f for n, f in parent.model_fields.items() if (f.alias or n) == step), None)
            annotation = field.annotation if field else None
        elif origin is not None:
            arguments = get_args(annotation)
            annotation = arguments[1] if issubclass(origin, Mapping) else arguments[0]
    if not loc and parent is not None:
        parent = None
    return tuple(path), parent


def _plain(annotation: Any) -> Any:
    """An annotation without its metadata and without `| None`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, types.UnionType):
            members = [one for one in get_args(annotation) if one is not type(None)]
            if len(members) > 1:
                return annotation
            annotation = members[0]
        else:
            return annotation


def _tag(member: Any) -> str | None:
    return next((one.tag for one in get_args(member)[1:] if isinstance(one, Tag)), None)


def keys_of(model: type[Document]) -> list[str]:
    """The keys a file may give for a model."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _sentence(path: Place, parent: type[Document] | None, details: ErrorDetails) -> str:
    where, kind, found = path_text(path) or "the document", details["type"], _short(details["input"])
    context = details.get("ctx", {})
    if kind == "extra_forbidden" and parent is not None:
        return _unknown_key(where, str(path[-1]), parent)
    limit = {key: text for key, text in _LIMITS.items() if key in context}
    if limit:
        return (
            f"{where} is {found}; it must be "
            + " and ".join(f"{text} {context[key]:g}" for key, text in limit.items())
            + "."
        )
    if kind == "string_type" and isinstance(details["input"], int | float):
        return f"{where} is {found}, a number; it must be text: put it in quotes."
    if kind == "string_pattern_mismatch" and context["pattern"] in _WORDS:
        return f"{where} is {found}; it must be {_WORDS[context['pattern']]}."
    if kind in _TYPES:
        return f"{where} is {found}; it must be {_TYPES[kind]}."
    match kind:
        case "missing":
            return f"{where} is missing; it is required."
        case "literal_error" | "enum":
            expected = str(context["expected"])
            hint = (
                nearest(details["input"], expected.replace("'", "").replace(" or ", ", ").split(", "))
                if isinstance(details["input"], str)
                else ""
            )
            return f"{where} is {found}; it must be {expected}.{hint}"
        case "value_error" | "union_member":
            return f"{where}: {context.get('error', details['msg'])}."
        case "timezone_aware":
            return f"{where} is {found}; it must state its time zone, for example 2026-11-23T00:00:00Z."
        case _:
            return f"{where} is {found}; {details['msg'][:1].lower()}{details['msg'][1:]}."


def _unknown_key(where: str, key: str, parent: type[Document]) -> str:
    allowed = keys_of(parent)
    return f"{where} is not a known key.{nearest(key, allowed)} Allowed: {', '.join(sorted(allowed))}."


def _short(value: Any) -> str:
    text = "empty" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_LIMITS = {"gt": "greater than", "ge": "at least", "lt": "less than", "le": "at most"}
_TYPES = {
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of names",
    "mapping_type": "a mapping of names",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "too_short": "a list of at least one entry",
    "string_too_short": "text of at least one character",
    "datetime_type": "a time such as 2026-11-23T00:00:00Z",
    "datetime_parsing": "a time such as 2026-11-23T00:00:00Z",
    "datetime_from_date_parsing": "a time such as 2026-11-23T00:00:00Z",
    "date_from_datetime_parsing": "a date such as 2026-11-23",
}
