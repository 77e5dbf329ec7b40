"""Keep data as the newest version of a name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stook.errors import InputError, IntegrityError
from stook.format import trees
from stook.model.tree import Node
from stook.store.intake.encode import encode
from stook.store.intake.snapshots import Snapshots
from stook.store.intake.sources import find_digest
from stook.store.publish import Description, expect_latest, publish

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.packs.writing import BundleWriter
    from stook.store.store import Store

__all__ = ["Kept", "add"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What adding led to.

    Attributes:
        bundle: The bundle that has the content.
        tree: Its data tree, where it was made just now; None where it is there since before.
    """

    bundle: Bundle
    tree: Node | None = None


def add(store: Store, description: Description, data: object, *, if_changed: bool) -> Kept:
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
            return Kept(latest)
    with store.repository.writer() as writer:
        expect_latest(store, writer, description.name)
        tree = encode(source, writer, snapshots=snapshots)
        writer.push()
        digest = trees.digest_tree(tree)
        equal = _find_equal(store, description.name, digest, writer) if if_changed else None
        kept = Kept(equal) if equal else Kept(publish(store, tree, writer, description, digest=digest), tree)
        snapshots.keep(tree, digest, writer.index.ends)
    return kept


def _find_equal(store: Store, name: str, digest: str, writer: BundleWriter) -> Bundle | None:
    """Return the latest version where it has this content, none of which is lost."""
    from stook.store.words.remove import has_content

    latest = store.find(name)
    if latest is None or latest.digest != digest:
        return None
    writer.flush()  # what the store had lost of it is there again
    return latest if has_content(store, latest) else None


def _is_of(store: Store, bundle: Bundle, path: Path, snapshots: Snapshots) -> bool:
    """Tell, without reading it, whether a file or folder is what a bundle has, and the store has lost nothing of it."""
    from stook.store.packs.chunk_index import KnownIndex
    from stook.store.packs.reach import chunk_ids

    repository, described = store.repository, bundle.record.manifest_blob
    index = KnownIndex(repository.storage, repository.catalog)
    if bundle.digest != find_digest(path, snapshots, index.has_packs):
        return False
    try:
        return described is None or index.has_all(list(chunk_ids(repository.reader(), described)))
    except IntegrityError:
        return False
