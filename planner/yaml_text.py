"""YAML as people expect it: the core schema of YAML 1.2, no repeated keys, and the line of every value.

YAML 1.1, the default of PyYAML, reads ``no`` as false, ``12:30`` as 750, ``010`` as 8 and ``1e-3`` as text;
none of that happens here. Times stay text: the models read them and name the field when they are wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from planner.document import path_text
from planner.errors import InputError

if TYPE_CHECKING:
    from planner.document import Place

MOST_VALUES = 1_000_000  # ours: a page of aliases to aliases can stand for billions of values; no document of ours has so many


class _CoreLoader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  filled below, never after


def _resolve(tag: str, pattern: str, first: str) -> None:
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


_resolve("null", "~|null|Null|NULL|", "~nN\0")
_resolve("bool", "true|True|TRUE|false|False|FALSE", "tTfF")
_resolve("int", "[-+]?[0-9]+", "-+0123456789")
_resolve(
    "float",
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    "-+.0123456789",
)
_resolve("merge", "<<", "<")


def _whole_number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


_CoreLoader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def read_yaml(text: str, source: str) -> tuple[Any, dict[Place, int]]:
    """Plain data of a YAML text and the line of every path in it.

    Raises
    ------
    InputError, when the text is no YAML, holds more than one document, repeats a key, or contains itself.
    """
    try:
        loader = _CoreLoader(text)
        node = loader.get_single_node()
        lines: dict[Place, int] = {}
        problems: list[str] = []
        if node is not None:
            _walk(node, (), (), lines, problems, source)
        if problems:
            raise InputError(problems)
        return (loader.construct_document(node) if node is not None else None), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source} line {mark.line + 1} column {mark.column + 1}" if mark else source
        detail = ", ".join(part for part in (error.context, error.problem) if part)
        raise InputError(
            f"{where}: this is not readable YAML: {detail}. Check indentation and quotes."
        ) from None
    except yaml.YAMLError as error:
        raise InputError(f"{source}: this is not readable YAML: {' '.join(str(error).split())}.") from None
    except RecursionError:
        raise InputError(f"{source}: values are nested too deeply to be a document of ours.") from None


def _walk(
    node: yaml.Node,
    path: Place,
    inside: tuple[int, ...],
    lines: dict[Place, int],
    problems: list[str],
    source: str,
) -> None:
    """Note the line of every path; complain about repeated keys and about an alias inside its own anchor."""
    lines.setdefault(path, node.start_mark.line + 1)
    if len(lines) > MOST_VALUES:
        raise InputError(
            f"{source} has more than {MOST_VALUES:,} values, aliases written out; is it the right file?"
        )
    if id(node) in inside:
        problems.append(
            f"{source} line {lines[path]}: {path_text(path)} contains itself; write its values out."
        )
        return
    inside = (*inside, id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*path, index), inside, lines, problems, source)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen and key.tag != "tag:yaml.org,2002:merge":
                problems.append(
                    f"{source} line {line}: {path_text((*path, name))} is given twice "
                    f"(first on line {seen[name]}); keep one."
                )
            seen[name] = line
            lines[(*path, name)] = line
            _walk(value, (*path, name), inside, lines, problems, source)
