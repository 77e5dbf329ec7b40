"""The elements of a frame of Disdat's as values and arrays."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from stook.app.importing.records import Frame
from stook.app.importing.wire import broken
from stook.errors import InputError

__all__ = ["BUNDLE", "LINK", "STRING", "array", "numbers", "parsed", "scalar"]

LINK: Final = 1
STRING: Final = 13
BUNDLE: Final = 17
"""Types of frames that have no numbers."""

_DTYPES = {
    2: "f2", 3: "f4", 4: "f8", 5: "u1", 6: "u2", 7: "u4", 8: "u8", 9: "i1", 10: "i2", 11: "i4", 12: "i8", 14: "b1",
}  # fmt: skip
_MAX_DIMENSIONS = 32


def array(frame: Frame) -> object:
    """Return all elements: numbers as an array, texts as a list. Raises as `numbers` does."""
    if frame.type == BUNDLE:
        return list(frame.bundles)
    if frame.type != STRING:
        return numbers(frame)
    if len(frame.shape) <= 1 or math.prod(frame.shape) != len(frame.strings):
        return list(frame.strings)
    import numpy

    return numpy.array(frame.strings, dtype=object).reshape(_shape(frame)).tolist()


def scalar(frame: Frame) -> object:
    """Return the only element. Raises as `numbers` does."""
    if frame.type == STRING:
        if len(frame.strings) != 1:
            raise broken("it has not one value")
        return frame.strings[0]
    found = numbers(frame)
    if found.size != 1:
        raise broken("it has not one value")
    return found.item()


def parsed(frame: Frame) -> object:
    """Return the value that was written as JSON. Raises IntegrityError where it is none."""
    try:
        return json.loads(frame.strings[0])
    except (IndexError, ValueError, RecursionError) as error:
        raise broken("its value is no JSON") from error


def numbers(frame: Frame) -> Any:
    """Return the numbers of a frame as an array. What Python objects were written as is never read.

    Raises:
        InputError: They are of a type that cannot be imported.
        IntegrityError: They are not as many as they should be.
    """
    import numpy

    code = _DTYPES.get(frame.type)
    if code is None:
        raise InputError(
            f"{frame.name!r:.80} is of a type that cannot be imported: {frame.type}",
            kind="unknown-type",
            hint="write its data to a file, and add that: stook add NAME FILE",
        )
    stored = numpy.dtype(code).newbyteorder(">" if frame.is_big_endian else "<")
    shape = _shape(frame)
    if math.prod(shape) * stored.itemsize != len(frame.data):
        raise broken(f"{frame.name!r:.80} has not as many bytes as its shape needs")
    if code == "b1":
        return (numpy.frombuffer(frame.data, numpy.uint8) != 0).reshape(shape)
    return numpy.frombuffer(frame.data, stored).reshape(shape).astype(numpy.dtype(code))


def _shape(frame: Frame) -> tuple[int, ...]:
    if len(frame.shape) > _MAX_DIMENSIONS:
        raise broken(f"it has more than {_MAX_DIMENSIONS} dimensions")
    return frame.shape
