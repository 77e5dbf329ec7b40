"""Manifests as JSON."""

from __future__ import annotations

from typing import Final

import msgspec

from stook.errors import FormatError, InputError
from stook.format.encoding import to_json
from stook.format.limits import MAX_WORDS
from stook.format.soundness import check_manifest
from stook.model.lineage import Lineage
from stook.model.record import Manifest
from stook.model.tree import Node

__all__ = ["dump", "load", "load_lineage"]

_NO_WORDS: Final = msgspec.Raw(b"{}")
# What is short takes many times its bytes in memory: of a tree that is not made for that, most bytes are digests.
_BYTES_EACH: Final = 16
_SOME_ITEMS: Final = 1_000_000


class _Parts(msgspec.Struct, frozen=True):
    """A manifest of which nothing was made yet that takes memory."""

    tree: msgspec.Raw
    params: msgspec.Raw = _NO_WORDS
    lineage: msgspec.Raw = _NO_WORDS


_parts = msgspec.json.Decoder(_Parts)
_tree = msgspec.json.Decoder(Node)
_params = msgspec.json.Decoder(dict[str, object])
_lineage = msgspec.json.Decoder(Lineage)


def dump(manifest: Manifest) -> bytes:
    """Return a manifest as JSON.

    Raises:
        InputError: Its text is not Unicode, or its params or lineage are longer than may be.
    """
    data = to_json(manifest)
    if len(data) > MAX_WORDS:  # a part of it may be
        _check_words("params", manifest.params)
        _check_words("lineage", manifest.lineage)
    return data


def load(data: bytes) -> Manifest:
    """Read a manifest and check all that is in it. Fields that this version does not know are passed over.

    Raises:
        FormatError: It is not one, or not sound.
    """
    try:
        parts = _parts.decode(data)
        if max(len(memoryview(parts.params)), len(memoryview(parts.lineage))) > MAX_WORDS:
            raise _unreadable("its params or lineage are too long")
        if data.count(b",") > _SOME_ITEMS + len(data) // _BYTES_EACH:
            raise _unreadable("it is made of more than can be in it")
        manifest = Manifest(
            _tree.decode(parts.tree), _params.decode(parts.params), _lineage.decode(parts.lineage)
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(str(error)) from error
    check_manifest(manifest)
    return manifest


def load_lineage(data: bytes) -> Lineage:
    """Read the lineage of a manifest that was found sound when it came, without making the rest of it.

    Raises:
        FormatError: It is none, or too long.
    """
    try:
        raw = _parts.decode(data).lineage
        if len(memoryview(raw)) > MAX_WORDS:
            raise _unreadable("its lineage is too long")
        return _lineage.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(str(error)) from error


def _check_words(what: str, words: object) -> None:
    size = len(to_json(words))
    if size > MAX_WORDS:
        raise InputError(
            f"{what} of {size:,} bytes are more than a description takes ({MAX_WORDS:,})",
            kind="record-too-large",
            hint="keep long params and tags as data of the bundle",
        )


def _unreadable(problem: str) -> FormatError:
    return FormatError(
        f"the description of a bundle cannot be read: {problem[:300]}",
        kind="bad-manifest",
        hint="stook verify --deep",
    )
