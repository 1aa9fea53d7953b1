"""An ONNX file without its weights, so that a model of gigabytes takes no more memory than its graph.

The file is one protocol-buffer message: fields of (number, wire type, value), of which those of wire type 2 have a length and may
be messages themselves. The data of large tensors is passed over on the way; small ones stay, for shapes are computed from them.
Field numbers: onnx.proto of the ONNX specification.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Buffer = mmap.mmap | bytes

KEPT_BYTES = (
    64 * 1024
)  # tensors up to this size stay whole; those that shapes hang on have some dozen numbers
TENSOR_DATA = frozenset(
    {4, 5, 6, 7, 9, 10, 11}
)  # TensorProto: float, int32, string, int64, raw, double, uint64 data
Nesting = dict[int, "Nesting | None"]  # field -> what is nested in it; None: a TensorProto
MODEL: Nesting = {7: {5: None, 1: {5: {5: None}}}}  # graph: initializer; node: attribute: t
LENGTH_DELIMITED = 2
FIXED_BYTES = {1: 8, 5: 4}  # wire type -> length of its values; 0 is a varint, 2 has a length


def read_without_weights(path: Path) -> bytes:
    """Return the message of a file, data of large tensors left out.

    Raises
    ------
    ValueError
        When the bytes are no protocol-buffer message.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _copied(data, 0, len(data), MODEL)


def _copied(data: Buffer, begin: int, end: int, nesting: Nesting | None) -> bytes:
    if end - begin <= KEPT_BYTES:
        return data[begin:end]
    kept: list[bytes] = []
    for number, wire, start, value, after in _fields(data, begin, end):
        if nesting is None:
            kept += [] if number in TENSOR_DATA else [data[start:after]]
        elif wire == LENGTH_DELIMITED and number in nesting:
            inner = _copied(data, value, after, nesting[number])
            kept += [_varint(number << 3 | LENGTH_DELIMITED), _varint(len(inner)), inner]
        else:
            kept.append(data[start:after])
    return b"".join(kept)


def _fields(data: Buffer, begin: int, end: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Number and wire type of each field, and where it, its value and the next one begin."""
    at = begin
    while at < end:
        key, value = _read_varint(data, at, end)
        number, wire = key >> 3, key & 7
        if wire == LENGTH_DELIMITED:
            length, value = _read_varint(data, value, end)
            after = value + length
        elif wire == 0:
            _, after = _read_varint(data, value, end)
        elif wire in FIXED_BYTES:
            after = value + FIXED_BYTES[wire]
        else:
            raise ValueError(f"wire type {wire} at byte {at}")
        if number == 0 or after > end:
            raise ValueError(f"field {number} at byte {at} ends at {after} of {end}")
        yield number, wire, at, value, after
        at = after


def _read_varint(data: Buffer, at: int, end: int) -> tuple[int, int]:
    """Number in groups of 7 bits from the lowest, and where the next thing begins."""
    number = 0
    for shift in range(0, 70, 7):  # 64 bits at most
        if at >= end:
            raise ValueError(f"ends inside a number at byte {at}")
        number |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return number, at
    raise ValueError(f"number of more than 64 bits before byte {at}")


def _varint(number: int) -> bytes:
    groups = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])
