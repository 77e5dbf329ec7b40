"""What is at a place in a bundle, as those who print it want it."""

from __future__ import annotations

import codecs
import shlex
from collections.abc import Iterator
from itertools import chain

from stook import registry
from stook.errors import InputError
from stook.model.tree import Folder, FolderFile, Object
from stook.store import Bundle
from stook.store.codec import FrameCodec, Source
from stook.store.reading.decode import BlobSource
from stook.store.reading.items import Place
from stook.store.reading.linked import find_linked

__all__ = ["ending_a_line", "files_in", "iter_file", "no_text", "table_of"]

_SNIFF_BYTES = 64 * 1024
_PIECE_BYTES = 1 << 20


def ending_a_line(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield text, and the end of its last line where there is none."""
    last = b""
    for piece in pieces:
        yield piece
        last = piece or last
    if not last.endswith(b"\n"):
        yield b"\n"


def table_of(bundle: Bundle, place: Place) -> tuple[FrameCodec, Source, dict[str, object]]:
    """Return the codec and the bytes of a table, and what is said of them. Raises InputError where there is none."""
    node = place.node
    if not isinstance(node, Object) or node.kind != "frame":
        raise InputError(
            f"{bundle.ref} {place.path}".rstrip() + " is no table",
            kind="not-a-table",
            hint=f"stook show {shlex.quote(bundle.ref)} lists the items; name one that is a frame",
        )
    codec: FrameCodec = registry.codec("frame")
    linked = find_linked(bundle.tree, node)
    source = BlobSource(bundle.repository, node.blob, codec.suffix, bundle.ref, place.path, linked=linked)
    return codec, source, node.meta


def files_in(place: Place) -> list[tuple[str, FolderFile]]:
    """Return the files of a folder, or of a folder within, by their paths in there."""
    below = place.inside.rstrip("/") + "/" if place.inside else ""
    files = place.node.files if isinstance(place.node, Folder) else ()
    return [(file.path.removeprefix(below), file) for file in files if file.path.startswith(below)]


def iter_file(bundle: Bundle, place: Place) -> Iterator[bytes]:
    """Return the bytes of a text file, a part at a time. Raises InputError at once where it begins as none."""
    file = bundle.open(place.path)
    start = file.read(_SNIFF_BYTES)
    if not _is_text(start):
        raise no_text(bundle, place)
    return chain((start,), iter(lambda: file.read(_PIECE_BYTES), b""))


def _is_text(start: bytes) -> bool:
    if b"\0" in start:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, final=len(start) < _SNIFF_BYTES)
    except UnicodeDecodeError:
        return False
    return True


def no_text(bundle: Bundle, place: Place) -> InputError:
    """Return the error that says that something cannot be printed, and how to have it."""
    what = f"{shlex.quote(bundle.ref)} {shlex.quote(place.path) if place.path else ''}".rstrip()
    return InputError(
        f"{what} is not text",
        kind="not-text",
        hint=f"stook get {what} prints the path of a file that has it",
    )
