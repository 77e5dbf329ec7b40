"""Keep data as the newest version of a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stook.errors import InputError
from stook.format import trees
from stook.store.encode import encode, encode_path
from stook.store.publish import Description, publish

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.store import Store

__all__ = ["add"]


def add(store: Store, description: Description, data: object, *, if_changed: bool) -> Bundle:
    """Write data and make it known as a bundle. A `str` is the path of a file or folder."""
    if type(data) is str and not data:
        raise InputError("the path of the data is empty", kind="no-such-file", hint="name a file or folder")
    writer = store.repository.writer()
    tree = encode_path(Path(data), writer) if type(data) is str else encode(data, writer)
    if if_changed:
        latest = store.find(description.name)
        if latest is not None and latest.digest == trees.digest_tree(tree):
            return latest
    return publish(store, tree, writer, description)
