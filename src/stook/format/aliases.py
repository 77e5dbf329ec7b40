"""Aliases: the only objects of a repository that change, each by compare-and-swap alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

import msgspec
from blake3 import blake3

from stook.errors import FormatError
from stook.format.encoding import to_json
from stook.model.clock import is_id

__all__ = [
    "MAX_MOVES",
    "AliasState",
    "Move",
    "alias_folder",
    "alias_key",
    "cut_history",
    "dump",
    "has_move",
    "join_older",
    "load",
    "next_number",
]

MAX_MOVES: Final = 100
MAX_OLDER: Final = 10_000
_OLDER_DIGITS: Final = 16
_MAX_TIME: Final = 2**53
_MAX_NUMBER: Final = 2**53 - 1
_MAX_PART = 200
_PLAIN = re.compile(rb"[a-z0-9._-]")
_OLDER = re.compile(r"(?:[0-9a-f]{16})*", re.ASCII)
_WRITE_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Move(msgspec.Struct, frozen=True, omit_defaults=True):
    """One move of an alias.

    Attributes:
        bundle: Id of the bundle that it went to; None where it was taken away.
        who: Who moved it.
        when: Microseconds since the epoch.
        why: In their words.
        write_id: Of the attempt that did it.
    """

    bundle: str | None
    who: str
    when: int
    write_id: str
    why: str = ""


class AliasState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an alias's object says.

    Attributes:
        name: Name of the bundles.
        alias: The alias.
        bundle: Id of the bundle; None where there is none now.
        write_id: 32 hex digits, fresh for each attempt to write.
        number: How many moves there were in all; 2**53 - 1 also where there were more.
        moves: The last of them, newest first, `MAX_MOVES` at most.
        older: The first 16 hex digits of the write ids of those before them, newest first, `MAX_OLDER` at most.
    """

    name: str
    alias: str
    bundle: str | None
    write_id: str
    number: int
    moves: tuple[Move, ...]
    older: str = ""


_decoder = msgspec.json.Decoder(AliasState)


def alias_key(context: str, name: str, alias: str) -> str:
    """Return the key of an alias's object."""
    return f"{alias_folder(context, name)}/{_part(alias)}.json"


def alias_folder(context: str, name: str = "") -> str:
    """Return what the keys of a context's aliases begin with, or of those of one name in it."""
    return f"aliases/{context}/{_part(name)}" if name else f"aliases/{context}"


def dump(state: AliasState) -> bytes:
    """Return the object's bytes. Raises InputError where its text is not Unicode."""
    return to_json(state)


def load(data: bytes, key: str) -> AliasState:
    """Read the object of a key and check what is in it.

    Raises:
        FormatError: It is not that of an alias, or that of another one; the message names the key.
    """
    try:
        state = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _bad(key, str(error)) from error
    context = key.split("/")[1] if key.startswith("aliases/") else ""
    if alias_key(context, state.name, state.alias) != key:
        raise _bad(key, f"it says that it is {state.name!r:.80}@{state.alias!r:.80}")
    newest = state.moves[0] if 0 < len(state.moves) <= MAX_MOVES else None
    if newest is None or newest.bundle != state.bundle or newest.write_id != state.write_id:
        raise _bad(key, "its last move is not where it is")
    if not all(move.bundle is None or is_id(move.bundle) for move in state.moves):
        raise _bad(key, "it points to what cannot be a bundle")
    if not all(0 <= move.when < _MAX_TIME for move in state.moves):
        raise _bad(key, "the time of a move is not one")
    if not all(_WRITE_ID.fullmatch(move.write_id) for move in state.moves):
        raise _bad(key, "the write id of a move is not one")
    if not len(state.moves) <= state.number <= _MAX_NUMBER:
        raise _bad(key, "its number is not one")
    if len(state.older) > MAX_OLDER * _OLDER_DIGITS or not _OLDER.fullmatch(state.older):
        raise _bad(key, "the ids of older moves are none")
    return state


def cut_history(moves: Sequence[Move], older: str) -> tuple[tuple[Move, ...], str]:
    """Return a history as an alias has it, in which the oldest moves are their write ids alone, and those then go.

    Args:
        moves: All that are known, newest first.
        older: What is known of those before them.
    """
    gone = "".join(move.write_id[:_OLDER_DIGITS] for move in moves[MAX_MOVES:])
    return tuple(moves[:MAX_MOVES]), (gone + older)[: MAX_OLDER * _OLDER_DIGITS]


def next_number(*before: AliasState) -> int:
    """Return the number of a move on top of some histories."""
    return min(max(state.number for state in before) + 1, _MAX_NUMBER)


def join_older(one: str, other: str) -> str:
    """Return the ids of older moves of two histories, each once, the newest of both first."""
    both = zip_longest(_split(one), _split(other), fillvalue="")
    return "".join(dict.fromkeys(id_ for pair in both for id_ in pair))


def has_move(state: AliasState, write_id: str) -> bool:
    """Tell whether a move is in the history of an alias, as far as that goes back."""
    if any(move.write_id == write_id for move in state.moves):
        return True
    return write_id[:_OLDER_DIGITS] in _split(state.older)


def _split(older: str) -> list[str]:
    return [older[at : at + _OLDER_DIGITS] for at in range(0, len(older), _OLDER_DIGITS)]


def _part(text: str) -> str:
    """Return a name as a part of a key that is the same on disks that do not tell `A` from `a`."""
    encoded = "".join(
        chr(byte) if _PLAIN.fullmatch(bytes([byte])) else f"%{byte:02x}" for byte in text.encode()
    )
    encoded = encoded.replace(".", "%2e", 1) if encoded.startswith(".") else encoded
    return encoded if len(encoded) <= _MAX_PART else f"%%{blake3(text.encode()).hexdigest()}"


def _bad(key: str, problem: str) -> FormatError:
    return FormatError(
        f"the alias {key} cannot be read: {problem}",
        kind="bad-alias",
        hint="with that object moved away the alias can be set anew: stook alias",
        key=key,
    )
