"""Digests of the definitions of a task as JSON, in the order in which they come: sorted by who finds them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from stook.errors import FormatError
from stook.format.encoding import to_json

__all__ = ["dump", "load"]

_decoder = msgspec.json.Decoder(dict[str, str])


def dump(code: Mapping[str, str]) -> bytes:
    """Return them as JSON. Raises InputError where a name is not Unicode."""
    return to_json(code)


def load(data: bytes) -> dict[str, str]:
    """Read them. Raises FormatError where it is something else."""
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FormatError(
            f"the digests of the code that made a bundle cannot be read: {str(error)[:300]}",
            kind="bad-code",
            hint="stook verify --deep",
        ) from error
