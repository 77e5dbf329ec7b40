"""What a user's function says of data: yes or no, for all of it or for each row."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.types as pat

from stook.errors import InputError
from stook.frames.checks.definitions import Satisfies

__all__ = ["row_verdicts"]


def row_verdicts(check: Satisfies, said: Any, rows: int | None) -> Any:
    """Return a bool, or an Arrow array of one for each row.

    Args:
        check: The check whose function it was.
        said: What that returned.
        rows: How many rows there are; None where the data is no table.

    Raises:
        InputError: It is neither.
    """
    if isinstance(said, bool):
        return said
    if type(said).__module__ == "numpy" and getattr(said, "shape", None) == () and said.dtype == bool:
        return bool(said)
    verdicts = _as_array(said)
    if rows is None or verdicts is None or not pat.is_boolean(verdicts.type) or len(verdicts) != rows:
        raise InputError(
            f"{check!r} got {_described(said, verdicts)} from its function, not True or False",
            kind="bad-check",
            hint="return True or False, for all of it or for each row",
        )
    return verdicts


def _as_array(said: Any) -> Any:
    if said is None or isinstance(said, str | bytes | dict):
        return None
    try:
        given = said.to_arrow() if hasattr(said, "to_arrow") else said
        if isinstance(given, pa.Array | pa.ChunkedArray):
            return given
        return pa.array(given, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):
        return None


def _described(said: object, verdicts: Any) -> str:
    if verdicts is None:
        return "None" if said is None else f"a {type(said).__qualname__}"
    return f"{len(verdicts):,} of {verdicts.type}"
