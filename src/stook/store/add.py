"""Keep data as the newest version of a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stook.errors import InputError
from stook.format import trees
from stook.store.intake.encode import encode
from stook.store.intake.snapshots import Snapshots
from stook.store.intake.sources import find_digest
from stook.store.publish import Description, publish

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
        if latest is not None and _is_of(store, latest, source, snapshots):
            return latest
    with store.repository.writer() as writer:
        tree = encode(source, writer, snapshots=snapshots)
        if if_changed:
            from stook.store.words.remove import has_content

            latest = store.find(description.name)
            if latest is not None and latest.digest == trees.digest_tree(tree):
                writer.flush()  # what the store had lost of it is there again
                if has_content(store, latest):
                    return latest
        return publish(store, tree, writer, description)


def _is_of(store: Store, bundle: Bundle, path: Path, snapshots: Snapshots) -> bool:
    """Tell, without reading it, whether a file or folder is what a bundle has, and the store has lost nothing of it."""
    from stook.store.packs.chunk_index import KnownIndex
    from stook.store.packs.reach import chunk_ids

    repository, described = store.repository, bundle.record.manifest_blob
    index = KnownIndex(repository.storage, repository.catalog)
    if bundle.digest != find_digest(path, snapshots, index.has_all):
        return False
    return described is None or index.has_all(list(chunk_ids(repository.reader(), described)))
