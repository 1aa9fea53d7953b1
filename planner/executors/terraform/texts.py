"""Texts of a configuration: Terraform evaluates every one as a template, so those of plan and settings are escaped."""

from __future__ import annotations

import re
from typing import Any

Block = tuple[str, str, dict[str, Any]]  # type, label and arguments of a resource block
OPENING = re.compile(
    r"[$%]+(?=\{)"
)  # Terraform, "Strings and Templates": what opens an expression or a directive


class Reference(str):
    """A text that Terraform is to evaluate; its parts are names of blocks: letters, digits, dashes and underscores."""

    __slots__ = ()


def literal(value: Any) -> Any:
    """A value whose texts Terraform evaluates to themselves, references aside."""
    if isinstance(value, Reference):
        return value
    if isinstance(value, str):
        return OPENING.sub(lambda found: "".join(f'${{"{sign}"}}' for sign in found[0]), value)
    if isinstance(value, dict):
        return {literal(key): literal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [literal(item) for item in value]
    return value
