"""What a decoded tree must satisfy before anything acts on it: digests, sizes, safe paths, bounded depth."""

from __future__ import annotations

import re
from typing import NoReturn

from stook.errors import FormatError
from stook.format.limits import INLINE_BYTES, MAX_CHUNK, MAX_CODE, MAX_DEPTH, MAX_LISTED
from stook.model.paths import find_path_problem
from stook.model.record import Manifest
from stook.model.tree import Blob, Dict, File, Folder, Node, Object, Sequence, Value

__all__ = ["check_blob", "check_manifest", "check_tree", "is_digest"]

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_SIZE = 2**63 - 1
_MAX_LISTINGS = 4
_LOWEST = "\0"  # before any character of a path: so what is below a path comes right after it


def is_digest(text: str) -> bool:
    """Tell whether this is 64 lower-case hex digits."""
    return _DIGEST.fullmatch(text) is not None


def check_manifest(manifest: Manifest) -> None:
    """Check a description: its tree, and where its code is. Raises as `check_tree` does."""
    check_tree(manifest.tree)
    for code in (manifest.lineage.code_blob, manifest.lineage.code_digests):
        if code is not None:
            check_blob(code)
            if code.size > MAX_CODE:
                _refuse(f"its code is {code.size} bytes long")


def check_tree(node: Node) -> None:
    """Check a tree and all below it.

    Raises:
        FormatError: A digest, size, name or path in it is not sound, or it is nested too deeply.
    """
    pending = [(node, 0)]
    while pending:
        current, depth = pending.pop()
        if depth > MAX_DEPTH:
            _refuse("its data tree is nested too deeply")
        if isinstance(current, Dict):
            keys = [key for key, _ in current.entries]
            if len(set(keys)) != len(keys):
                _refuse("a key of its data tree is there twice")
            pending.extend((child, depth + 1) for _, child in current.entries)
        elif isinstance(current, Sequence):
            pending.extend((child, depth + 1) for child in current.nodes)
        elif isinstance(current, Folder):
            _check_folder(current)
        else:
            _check_leaf(current)


def check_blob(blob: Blob) -> None:
    """Check that a blob says in exactly one way where its bytes are, and that the sizes fit.

    Raises:
        FormatError: It does not.
    """
    listings = 0
    while True:
        if not is_digest(blob.digest) or not 0 <= blob.size <= _MAX_SIZE:
            _refuse(f"the digest {blob.digest!r:.80} or the size {blob.size} is not sound")
        ways = (blob.data is not None) + (blob.chunks is not None) + (blob.listing is not None)
        if ways > 1:
            _refuse(f"it says in several ways where {blob.digest} is")
        if blob.data is not None and not len(blob.data) == blob.size <= INLINE_BYTES:
            _refuse(f"the bytes of {blob.digest} are not as many as they should be")
        if ways == 0 and not 0 < blob.size <= MAX_CHUNK:
            _refuse(f"{blob.digest} of {blob.size} bytes is not one chunk")
        if blob.chunks is not None:
            _check_chunks(blob, blob.chunks)
        if blob.listing is None:
            return
        listings += 1
        count, rest = divmod(blob.listing.size, 32)
        if rest or listings > _MAX_LISTINGS or not count <= blob.size <= count * MAX_CHUNK:
            _refuse(f"the listing of {blob.digest} is not sound")
        blob = blob.listing


def _check_chunks(blob: Blob, chunks: tuple[str, ...]) -> None:
    if not 1 < len(chunks) <= MAX_LISTED or not all(is_digest(chunk) for chunk in chunks):
        _refuse(f"the chunks of {blob.digest} are not 2 to {MAX_LISTED} digests")
    if not len(chunks) <= blob.size <= len(chunks) * MAX_CHUNK:
        _refuse(f"the chunks of {blob.digest} cannot be {blob.size} bytes")


def _check_leaf(leaf: Value | File | Object) -> None:
    if isinstance(leaf, File):
        _check_path(leaf.name)
        if "/" in leaf.name:
            _refuse(f"the file name {leaf.name!r:.100} has a folder in it")
    elif not is_digest(leaf.digest):
        _refuse(f"{leaf.digest!r:.80} is not a digest")
    if isinstance(leaf, Object) and not 0 < len(leaf.kind) <= 64:
        _refuse(f"{leaf.kind!r:.80} is not the kind of an object")
    check_blob(leaf.blob)


def _check_folder(folder: Folder) -> None:
    if folder.name:
        _check_path(folder.name)
    if "/" in folder.name:
        _refuse(f"the folder name {folder.name!r:.100} has a folder in it")
    paths = [file.path for file in folder.files] + list(folder.empty)
    for path in paths:
        _check_path(path)
    before = ""
    for path in sorted(path.replace("/", _LOWEST) for path in paths):
        if path == before:
            _refuse(f"a path is twice in the folder {folder.name!r:.100}")
        if before and path.startswith(before + _LOWEST):
            _refuse(f"{before.replace(_LOWEST, '/')!r:.100} is both a file and a folder")
        before = path
    for file in folder.files:
        check_blob(file.blob)


def _check_path(path: str) -> None:
    problem = find_path_problem(path)
    if problem:
        _refuse(f"the path {path!r:.100} is not safe: {problem}")


def _refuse(problem: str) -> NoReturn:
    raise FormatError(
        f"the description of a bundle is not sound: {problem}",
        kind="bad-manifest",
        hint="stook verify --deep",
    )
