"""Keep files, tables and what URLs name as a bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from stook.app.checking_out import is_as_checked_out, note_added
from stook.app.relinking import LinkedCheckout, find_linked_checkout
from stook.app.sources import Source, TableReading, find_sources, gather, is_table
from stook.errors import InputError
from stook.model.lineage import Lineage
from stook.model.tree import Folder, Node, iter_items
from stook.storage.urls import find_scheme
from stook.store import Bundle, Store
from stook.store.add import Kept, add
from stook.store.intake.preview import count_ignored, preview
from stook.store.publish import Description

__all__ = ["Added", "Addition", "Planned", "Said", "add_paths", "plan_paths"]


@dataclass(frozen=True, slots=True)
class Addition:
    """What is to be added.

    Attributes:
        name: The bundle's name.
        paths: Paths of files and folders, and URLs; `-` is standard input.
        stdin: Standard input.
        stdin_name: The file name that it shall have.
        tables: How to make tables of files; None keeps them as files.
    """

    name: str
    paths: Sequence[str]
    stdin: BinaryIO | None = None
    stdin_name: str = "stdin"
    tables: TableReading | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of it.

    Attributes:
        tags: Words about it.
        params: What it was made with.
        inputs: References of the bundles that it was made from, by role; a role is the bundle's name where it is empty.
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    inputs: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """What adding did.

    Attributes:
        kept: The bundle that has the content.
        kept_as_files: What was given beside tables, and is no table.
        left_out: Files in a checkout of a table with links that no row names.
    """

    kept: Kept
    kept_as_files: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def bundle(self) -> Bundle:
        """The bundle that has the content."""
        return self.kept.bundle

    @property
    def is_new(self) -> bool:
        """Whether a version was made; otherwise the latest had the same content already."""
        return self.kept.tree is not None

    def count_items(self) -> int:
        """Return how many values, tables and files there are in it; of a bundle of before, its description is read."""
        leaves = iter_items(self.kept.tree or self.bundle.tree)
        return sum(len(leaf.files) if isinstance(leaf, Folder) else 1 for _, leaf in leaves)


@dataclass(frozen=True, slots=True)
class Planned:
    """What adding would do.

    Attributes:
        name: The bundle's name.
        latest: The latest version of the name; None where there is none.
        is_new: Whether a version would be made.
        items: The path of each file, or of another item, and its bytes.
        size: Bytes in all.
        stored: Bytes that the store would grow by, descriptions left out.
        ignored: How many files and folders `.stookignore` leaves out.
    """

    name: str
    latest: str | None
    is_new: bool
    items: tuple[tuple[str, int], ...]
    size: int
    stored: int
    ignored: int


def add_paths(
    store: Store, addition: Addition, said: Said | None = None, *, if_changed: bool = True
) -> Added:
    """Keep files, tables and what URLs name as the newest version of a name.

    Args:
        store: Where.
        addition: What.
        said: What is said of it.
        if_changed: Make no version where the latest has the same content.

    Raises:
        InputError: Something cannot be read, or is given twice.
        NotFoundError: A URL names nothing, or there is no such input.
        StorageError: A server or the store refused. Whatever is raised, nothing was added.
    """
    said = said or Said()
    before = store.find(addition.name)
    if before and if_changed and _is_checkout_of(store, before, addition):
        return Added(Kept(before))
    checkout = _linked_checkout(store, addition)
    sources = _sources(addition)
    description = Description.of(
        addition.name,
        params=said.params,
        tags=said.tags,
        inputs=_inputs(store, said.inputs),
        lineage=Lineage(task="add", sources=tuple(source.given for source in sources)),
    )
    with tempfile.TemporaryDirectory(prefix="stook-add-") as scratch:
        data = _gather(sources, Path(scratch), addition, checkout)
        kept = add(store, description, data, if_changed=if_changed)
    if kept.tree is not None or checkout is not None:
        _note(store, kept.bundle, addition)
    if checkout is not None:
        return Added(kept, left_out=checkout.left_out(data))
    return Added(kept, _kept_as_files(sources, addition.tables))


def plan_paths(
    store: Store, addition: Addition, said: Said | None = None, *, if_changed: bool = True
) -> Planned:
    """Say what `add_paths` would do with the same arguments, and write nothing. URLs are read all the same.

    Raises:
        InputError: It could not be added.
        NotFoundError: A URL names nothing, or there is no such input.
        StorageError: A server refused.
    """
    _inputs(store, said.inputs if said else ())
    latest = store.find(addition.name)
    checkout = _linked_checkout(store, addition)
    sources = _sources(addition)
    with tempfile.TemporaryDirectory(prefix="stook-add-") as scratch:
        found = preview(store, _gather(sources, Path(scratch), addition, checkout))
    items = _items(found.tree)
    is_same = latest is not None and (
        latest.digest == found.digest or _is_checkout_of(store, latest, addition)
    )
    return Planned(
        name=addition.name,
        latest=latest.ref if latest else None,
        is_new=not if_changed or not is_same,
        items=items,
        size=sum(size for _, size in items),
        stored=found.stored,
        ignored=sum(count_ignored(str(s.content)) for s in sources if isinstance(s.content, Path)),
    )


def _sources(addition: Addition) -> list[Source]:
    return find_sources(addition.paths, stdin=addition.stdin, stdin_name=addition.stdin_name)


def _linked_checkout(store: Store, addition: Addition) -> LinkedCheckout | None:
    """Return the folder that is added, where it is a checkout of a table with links and is added as it is."""
    paths = _local_paths(addition)
    return find_linked_checkout(store, addition.name, paths[0]) if len(paths) == 1 else None


def _gather(
    sources: Sequence[Source], scratch: Path, addition: Addition, checkout: LinkedCheckout | None
) -> object:
    """Return what is added as data; of a checkout of a table with links that table, linked again."""
    if checkout is not None:
        return checkout.gather(scratch, addition.tables)
    return gather(sources, scratch, addition.tables)


def _is_checkout_of(store: Store, latest: Bundle, addition: Addition) -> bool:
    """Tell whether all that is added is a checkout of the latest version in which nothing was changed."""
    paths = _local_paths(addition)
    is_whole = len(paths) == 1 and paths[0].is_dir() and addition.tables is None
    return is_whole and is_as_checked_out(store, latest, paths[0])


def _note(store: Store, bundle: Bundle, addition: Addition) -> None:
    """Note in the checkout that was added, or whose files were, that it is one of the new version."""
    paths = _local_paths(addition)
    parents = {path.parent for path in paths}
    if len(parents) == 1:
        for folder in (*parents, *(paths if len(paths) == 1 else ())):
            note_added(store, bundle, folder)


def _local_paths(addition: Addition) -> list[Path]:
    """Return what is added as paths; none where there is anything else."""
    is_local = not any(given == "-" or find_scheme(given) for given in addition.paths)
    return [Path(given) for given in addition.paths] if is_local else []


def _inputs(store: Store, wanted: Sequence[tuple[str, str]]) -> dict[str, Bundle]:
    inputs: dict[str, Bundle] = {}
    for role, ref in wanted:
        bundle = store.get(ref)
        key = role or bundle.name
        if key in inputs:
            raise InputError(
                f"two inputs have the role {key!r}",
                kind="same-role",
                hint="name their roles: --from role=REF",
            )
        inputs[key] = bundle
    return inputs


def _items(tree: Node) -> tuple[tuple[str, int], ...]:
    """Return each file, and each other item, with its bytes."""
    found: list[tuple[str, int]] = []
    for keys, leaf in iter_items(tree):
        path = "/".join(keys)
        if isinstance(leaf, Folder):
            base = path or leaf.name
            found += [(f"{base}/{file.path}", file.blob.size) for file in leaf.files]
        else:
            found.append(
                (path or getattr(leaf, "name", "") or getattr(leaf, "kind", "value"), leaf.blob.size)
            )
    return tuple(found)


def _kept_as_files(sources: Sequence[Source], tables: TableReading | None) -> tuple[str, ...]:
    return tuple(source.given for source in sources if not is_table(source, tables)) if tables else ()
