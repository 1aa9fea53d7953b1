"""A partition question from a file and the flags of the command line, every problem told at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import InputError
from planner.partition.assumptions import Assumptions, assumptions_of
from planner.partition.question import KEEP_ALIVE_S, PROVIDER, TIME_LIMIT_S, PartitionQuestion
from planner.partition.supplies import settable_sizes
from planner.scenario.quantities import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from catalogs.layers import BlockChain

RANGE = re.compile(r"(\d+)-(\d+)(?:/(\d+))?")
RANGE_STEP_MB = 64  # of a range without a step: the sizes that AWS Lambda once had
MOST_SIZES = 2_000


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What a person wrote; texts are parsed here, None where a flag is absent."""

    slo: str | None = None
    budget: float | None = None
    minimise: str | None = None
    solver: str = "labels"
    memory_mb: str | None = None
    rate: float | None = None
    batch: str | None = None
    max_functions: int | None = None
    deployment: str = "zip"
    tmp_mb: int | None = None
    cold_share: float | None = None
    keep_alive: str | None = None
    gap: float | None = None
    time_limit: str | None = None
    region: str = "us-east-1"
    arch: str = "x86_64"
    assume: Sequence[str] = ()


def read_question(file: str, model: str | None, flags: Flags) -> PartitionQuestion:
    """Read a model and what is asked of it.

    Raises
    ------
    InputError
        With every problem of the file and of the flags.
    """
    problems: list[str] = []

    def parsed(read: Callable[[], Any], stand_in: Any) -> Any:
        try:
            return read()
        except ValueError as error:  # InputError and CatalogError among them
            problems.extend(getattr(error, "problems", None) or [str(error)])
            return stand_in

    chain = parsed(lambda: read_model(file, model), None)
    given: dict[str, Any] = {
        "deadline_ms": parsed(
            lambda: None if flags.slo is None else 1000 * duration_s("--slo", flags.slo), 1.0
        ),
        "memory_mb": parsed(lambda: () if flags.memory_mb is None else sizes_mb(flags.memory_mb), ()),
        "batch": parsed(lambda: (1,) if flags.batch is None else whole_numbers("--batch", flags.batch), (1,)),
        "keep_alive_s": parsed(
            lambda: _duration_or("--keep-alive", flags.keep_alive, KEEP_ALIVE_S), KEEP_ALIVE_S
        ),
        "time_limit_s": parsed(
            lambda: _duration_or("--time-limit", flags.time_limit, TIME_LIMIT_S), TIME_LIMIT_S
        ),
        "assumptions": parsed(lambda: assumptions_of(figures(flags.assume)), Assumptions()),
    }
    given |= {} if flags.gap is None else {"gap": flags.gap}
    question = parsed(
        lambda: PartitionQuestion(
            chain=chain or _stand_in(),
            budget_usd=flags.budget,
            minimise=flags.minimise,
            solver=flags.solver,
            rate_rps=flags.rate,
            max_functions=flags.max_functions,
            deployment=flags.deployment,
            tmp_mb=flags.tmp_mb,
            cold_share=flags.cold_share,
            region=flags.region,
            arch=flags.arch,
            inputs={} if chain is None else {Path(file).name: sha256(Path(file).read_bytes()).hexdigest()},
            **given,
        ),
        None,
    )
    parsed(lambda: check_sizes(given["memory_mb"], flags), None)
    if problems:
        raise InputError(problems)
    assert isinstance(question, PartitionQuestion)  # else a problem was noted
    return question


def read_model(file: str, model: str | None) -> BlockChain:
    """Read a model as a chain of blocks; a CatalogError has every problem of the file."""
    from catalogs.layers import read_chain

    return read_chain(file, model)


def check_sizes(memory_mb: tuple[int, ...], flags: Flags) -> None:
    """Raise where the region or architecture has no tariff, or memory or temporary disk cannot be had in a size."""
    from catalogs.functions import load_function_tariffs

    tariff = load_function_tariffs(flags.region).tariff(PROVIDER, flags.arch)
    problems = []
    if flags.tmp_mb is not None and not tariff.tmp_mb_min <= flags.tmp_mb <= tariff.tmp_mb_max:
        problems.append(
            f"--tmp-mb is {flags.tmp_mb}; allowed are {tariff.tmp_mb_min} to {tariff.tmp_mb_max} MB."
        )
    try:
        settable_sizes(memory_mb, tariff)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)


def duration_s(flag: str, text: str) -> float:
    """Seconds of a duration such as ``2s`` or ``350ms``."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InputError(f"{flag}: {error}.") from None


def _duration_or(flag: str, text: str | None, default: float) -> float:
    return default if text is None else duration_s(flag, text)


def whole_numbers(flag: str, text: str) -> tuple[int, ...]:
    """Whole numbers between commas."""
    parts = [part.strip() for part in text.split(",")]
    wrong = [part for part in parts if not (part.isascii() and part.isdecimal())]
    if wrong:
        raise InputError(
            f"{flag} is {text!r}: {wrong[0]!r} is no whole number. Write numbers between commas, such as 1,2,4."
        )
    return tuple(int(part) for part in parts)


def sizes_mb(text: str) -> tuple[int, ...]:
    """Memory sizes between commas, ranges such as ``1024-3008/64`` among them (first, last, step)."""
    found: list[int] = []
    for part in (part.strip() for part in text.split(",")):
        match = RANGE.fullmatch(part)
        if match is None:
            found += whole_numbers("--memory-mb", part)
            continue
        first, last, step = int(match[1]), int(match[2]), int(match[3] or RANGE_STEP_MB)
        if first > last or step < 1:
            raise InputError(
                f"--memory-mb: the range {part!r} is empty. Write FIRST-LAST/STEP, such as 1024-3008/64."
            )
        if (last - first) // step >= MOST_SIZES:
            raise InputError(
                f"--memory-mb: the range {part!r} has more than {MOST_SIZES} sizes. Write a longer step behind it, /256."
            )
        found += range(first, last + 1, step)
    return tuple(found)


def figures(pairs: Sequence[str]) -> dict[str, float]:
    """``NAME=VALUE`` pairs as a mapping."""
    found: dict[str, float] = {}
    problems = []
    for pair in pairs:
        name, equals, text = pair.partition("=")
        try:
            found[name.strip()] = float(text)
        except ValueError:
            what = f"{text!r} is no number" if equals else "has no ="
            problems.append(f"--assume {pair}: {what}. Write NAME=VALUE, such as network_mb_per_s=75.")
    if problems:
        raise InputError(problems)
    return found


def _stand_in() -> BlockChain:
    """A chain in place of one that could not be read, so that the flags are checked all the same."""
    from catalogs.layers import BlockChain

    return BlockChain("unread", 1, (), "none")
