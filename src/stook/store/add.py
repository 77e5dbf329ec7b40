"""Keep data as the newest version of a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stook.errors import InputError
from stook.format import trees
from stook.store.encode import encode
from stook.store.publish import Description, publish
from stook.store.snapshots import Snapshots
from stook.store.sources import find_digest

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.store import Store

__all__ = ["add"]


def add(store: Store, description: Description, data: object, *, if_changed: bool) -> Bundle:
    """Write data and make it known as a bundle. A `str` is the path of a file or folder.

    A file or folder that is as when it was last read, and whose content the latest version has, is not read again.
    """
    if type(data) is str and not data:
        raise InputError("the path of the data is empty", kind="no-such-file", hint="name a file or folder")
    source = Path(data) if type(data) is str else data
    snapshots = Snapshots(store.repository.cache / "seen", store.repository.clock.now)
    if if_changed and isinstance(source, Path):
        latest = store.find(description.name)
        if latest is not None and latest.digest == find_digest(source, snapshots):
            return latest
    with store.repository.writer() as writer:
        tree = encode(source, writer, snapshots=snapshots)
        if if_changed:
            latest = store.find(description.name)
            if latest is not None and latest.digest == trees.digest_tree(tree):
                return latest
        return publish(store, tree, writer, description)
