"""JSON as the standard has it: written alike by all documents, and read with a place to look at when it is wrong."""

from __future__ import annotations

import json
from typing import Any

from planner.errors import InputError


def json_bytes(data: Any, *, escaped: bool = False) -> bytes:
    """Plain data as a file of ours: sorted keys, one final newline.

    Parameters
    ----------
    escaped
        Write letters beyond ASCII as their escapes.
    """
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=escaped) + "\n").encode()


def read_json(content: bytes, source: str, what: str) -> Any:
    """Plain data of a JSON file; `what` it should be is told in the messages, for example ``a plan``.

    Raises
    ------
    InputError, when it is no JSON in UTF-8, or no sane document: nested without end, or with a number of thousands of digits.
    """
    try:
        return json.loads(content)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{source}: byte {error.start} is not UTF-8 text; {what} is JSON in UTF-8."
        ) from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"{source} line {error.lineno} column {error.colno}: no JSON ({error.msg}); was it cut off?"
        ) from None
    except (ValueError, RecursionError):
        raise InputError(
            f"{source}: nested too deeply, or a number of thousands of digits; {what} has neither."
        ) from None
