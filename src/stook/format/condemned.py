"""Condemned lists: packs that will be deleted, so that nobody relies on them from then on."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from stook.errors import FormatError
from stook.format.encoding import to_json
from stook.format.packs import is_pack_name

__all__ = ["PREFIX", "Condemned", "condemned_key", "dump", "find_id", "is_probe", "load", "probe_key"]

PREFIX: Final = "condemned/"
_PROBE: Final = f"{PREFIX}probe-"
_KEY = re.compile(r"condemned/([0-7][0-9A-HJKMNP-TV-Z]{25})", re.ASCII)
_MAX_BYTES: Final = 256 * 1024 * 1024


class Condemned(msgspec.Struct, frozen=True, omit_defaults=True):
    """What garbage collection will delete.

    Attributes:
        packs: Names of packs.
        time: When the list was made, in microseconds since the epoch, by its maker's clock; for people.
        owner: Who made it.
        sweeper: 32 random hex digits of the one who is deleting the packs; empty before.
    """

    packs: tuple[str, ...]
    time: int
    owner: str = ""
    sweeper: str = ""


_decoder = msgspec.json.Decoder(Condemned)


def condemned_key(identifier: str) -> str:
    """Return the key of a list."""
    return f"{PREFIX}{identifier}"


def probe_key(identifier: str) -> str:
    """Return the key of an object that is written only to see what time the storage has."""
    return f"{_PROBE}{identifier}"


def is_probe(key: str) -> bool:
    """Tell whether a key is that of such an object."""
    return key.startswith(_PROBE)


def find_id(key: str) -> str | None:
    """Return the id of the list of a key, or None where it is the key of something else."""
    match = _KEY.fullmatch(key)
    return match[1] if match else None


def dump(condemned: Condemned) -> bytes:
    """Return a list as JSON. Raises InputError where its text is not Unicode."""
    return to_json(condemned)


def load(data: bytes) -> Condemned:
    """Read a list. Fields that this version does not know are passed over.

    Raises:
        FormatError: It is not one.
    """
    if len(data) > _MAX_BYTES:
        raise _error("it is too long")
    try:
        condemned = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _error(str(error)) from error
    if not all(map(is_pack_name, condemned.packs)):
        raise _error("it names a pack that cannot be")
    return condemned


def _error(problem: str) -> FormatError:
    return FormatError(f"this is no list of packs: {problem}", kind="bad-condemned", hint="stook gc")
