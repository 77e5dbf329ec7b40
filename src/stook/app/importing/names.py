"""Names from elsewhere as names of bundles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from blake3 import blake3

from stook.errors import InputError
from stook.model.refs import check_name

__all__ = ["name_all", "sound_name"]

_MAX_BYTES = 200
_MARK_LETTERS = 6


def sound_name(name: str) -> str:
    """Return a name as a bundle can bear it: what it may not have in it is `_`."""
    try:
        return check_name(name)
    except InputError:
        pass
    letters = (letter if _may_be_in_name(letter) else "_" for letter in unicodedata.normalize("NFC", name))
    short = _strip("".join(letters)).encode()[:_MAX_BYTES].decode(errors="ignore")
    return check_name(_strip(short) or "unnamed")


def name_all(names: Iterable[str]) -> dict[str, str]:
    """Return sound names for all names, by name; those that had to be changed and are another's get a mark."""
    sound = {name: sound_name(name) for name in sorted(set(names))}
    kept = {name for name, new in sound.items() if name == new}
    taken = set(kept)
    for name, new in sound.items():
        if name in kept:
            continue
        if new in taken:
            sound[name] = f"{new}-{blake3(name.encode()).hexdigest()[:_MARK_LETTERS]}"
        taken.add(sound[name])
    return sound


def _strip(name: str) -> str:
    """Return it without what may be within a name, but not at its ends."""
    return re.sub(r"^[\s.-]+|[\s.-]+$", "", name)


def _may_be_in_name(letter: str) -> bool:
    try:
        check_name(f"x{letter}x")
    except InputError:
        return False
    return True
