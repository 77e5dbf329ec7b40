"""The digest of a data tree: of content and names alone, so equal data have equal digests wherever they were made."""

from __future__ import annotations

import struct

from stook.errors import FormatError, InputError
from stook.format.canonical import digest, encode
from stook.format.limits import MAX_DEPTH
from stook.model.tree import Dict, File, Folder, Node, Object, Sequence, Value

__all__ = ["CONTEXT", "digest_tree"]

CONTEXT = "stook v1 tree"
_LENGTH = struct.Struct("<Q").pack
_PAIR = b"t" + _LENGTH(2) + b"b" + _LENGTH(32)
_VALUE = b"t" + _LENGTH(2) + b"s" + _LENGTH(5) + b"value" + b"b" + _LENGTH(32)
_FLAGS = {False: b"0", True: b"1"}


def digest_tree(node: Node) -> str:
    """Return the digest of a tree, 64 hex digits.

    A node's digest covers its children's digests, so that of a subtree means the same alone and within another.

    Raises:
        InputError: It is nested too deeply.
        FormatError: A digest in it is not one.
    """
    return _digest(node, 0).hex()


def _digest(node: Node, depth: int) -> bytes:
    if depth > MAX_DEPTH:
        raise InputError(
            f"the data is nested more than {MAX_DEPTH} levels deep", kind="too-deep", hint="flatten it"
        )
    return bytes.fromhex(digest(CONTEXT, _encode_node(node, depth)))


def _encode_node(node: Node, depth: int) -> bytes:
    if isinstance(node, Value):  # as most are: `encode` of `("value", raw)`, but sooner
        return _VALUE + _raw(node.digest)
    return _encode_folder(node) if isinstance(node, Folder) else encode(_content(node, depth))


def _content(node: File | Dict | Sequence | Object, depth: int) -> tuple[object, ...]:
    """Return the plain value whose canonical bytes stand for a node."""
    if isinstance(node, File):
        return ("file", node.name, _raw(node.blob.digest), node.executable)
    if isinstance(node, Dict):
        return ("dict", {key: _digest(child, depth + 1) for key, child in node.entries})
    if isinstance(node, Sequence):
        kind = "tuple" if node.is_tuple else "list"
        return (kind, [_digest(child, depth + 1) for child in node.nodes])
    return ("object", node.kind, _raw(node.digest))


def _encode_folder(folder: Folder) -> bytes:
    """Return the bytes of `("folder", name, {path: (digest, executable)}, {empty})`, as `encode` does but sooner.

    There may be a million files.
    """
    try:
        paths = [file.path.encode() for file in folder.files]
    except UnicodeEncodeError:
        paths = [encode(file.path) for file in folder.files]  # which says what is wrong
    entries = [
        b"s" + _LENGTH(len(path)) + path + _PAIR + _raw(file.blob.digest) + _FLAGS[file.executable]
        for path, file in zip(paths, folder.files, strict=True)
    ]
    entries.sort()  # no path is twice, so only the paths decide
    head = b"t" + _LENGTH(4) + encode("folder") + encode(folder.name) + b"m" + _LENGTH(len(entries))
    return head + b"".join(entries) + encode(set(folder.empty))


def _raw(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise FormatError(f"{text!r:.80} is not a digest", kind="bad-digest", hint="stook verify --deep")
    return raw
