"""A task for each partition of a table, once the table is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stook._io import read_if_present, write_atomic
from stook.errors import NotFoundError, StookError
from stook.format import canonical, values
from stook.pipeline.authoring.forms import form_of, with_form
from stook.pipeline.authoring.making import make_task
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.authoring.wanted import Mapped, Partition, Partitions

if TYPE_CHECKING:
    from stook.store import Bundle

__all__ = ["PartKey", "expand", "partition_keys", "range_key"]

_VERSION = 2
_CONTEXT = "stook v1 partition"


class PartKey(msgspec.Struct, frozen=True):
    """One partition of a table.

    Attributes:
        label: What people call it: `day=2026-01-31`.
        digest: Digest of its rows, and of what makes it this partition.
        key: What is in the column; None where nothing is, and for a range of rows.
        start: The first row of a range.
        stop: The row after its last.
    """

    label: str
    digest: str
    key: object = None
    start: int = 0
    stop: int = 0


class _Remembered(msgspec.Struct):
    version: int
    keys: list[tuple[str, str, object, int, int]]


def partition_keys(bundle: Bundle, over: Partitions, cache: Path | None = None) -> tuple[PartKey, ...]:
    """Return the partitions of a table, by key, or by position; what has no key comes last. None where it has no rows.

    All NaN are one key, as are 0.0 and -0.0. The order of rows in a partition is that of the table.

    Args:
        bundle: What has the table.
        over: How it is taken apart.
        cache: A folder where they are remembered, by the bundle's content.

    Raises:
        InputError: There is no such table, no such column, or it is of a type that makes no keys.
        NotFoundError: The bundle has no such item.
    """
    path = over.item
    asked = canonical.digest(_CONTEXT, canonical.encode([_VERSION, bundle.digest, path, over.by, over.rows]))
    file = cache / f"{asked}.json" if cache else None
    known = _recall(file) if file else None
    if known is None:
        from stook.frames.partitions import find_parts

        parts = find_parts(bundle, path, over.by, over.rows)
        known = tuple(_part_key(over, *part) for part in parts)
        if file:
            _remember(file, known)
    form = form_of(bundle.get_place(path).node)
    return tuple(msgspec.structs.replace(key, digest=with_form(key.digest, form)) for key in known)


def expand(mapped: Mapped, keys: Sequence[PartKey]) -> list[Task]:
    """Return the tasks that a `Mapped` stands for, one a partition, in order.

    Raises:
        InputError: A parameter does not fit.
    """
    over = mapped.over
    return [
        make_task(
            mapped.task,
            {**mapped.fixed, mapped.parameter: Partition(over.of, over.by, k.key, k.start, k.stop)},
        )
        for k in keys
    ]


def range_key(bundle: Bundle, wanted: Partition) -> PartKey:
    """Return a range of rows as a partition.

    Raises:
        NotFoundError: The table has no rows there; or it is no range, but of a key that no row has.
        InputError: There is no such table.
    """
    from stook.frames.partitions import digest_range

    found = "" if wanted.by else digest_range(bundle, wanted.item, wanted.start, wanted.stop)
    if not found:
        raise NotFoundError(
            f"{bundle.ref} has no rows with {wanted.label}",
            kind="partition-not-found",
            hint=f"stook cat {bundle.ref}",
        )
    key = _part_key(Partitions(wanted.of, wanted.by), None, wanted.start, wanted.stop, found)
    form = form_of(bundle.get_place(wanted.item).node)
    return msgspec.structs.replace(key, digest=with_form(key.digest, form))


def _part_key(over: Partitions, key: object, start: int, stop: int, digest: str) -> PartKey:
    # What is visible of a partition counts: also of equal rows that are elsewhere, or under another column.
    label = Partition(over.of, over.by, key, start, stop).label
    seen = canonical.encode([over.by, key, start, stop, digest])
    return PartKey(label, canonical.digest(_CONTEXT, seen), key, start, stop)


def _recall(file: Path) -> tuple[PartKey, ...] | None:
    """Return what is remembered; None where that is nothing, or nothing sound."""
    try:
        data = read_if_present(file)
        found = msgspec.json.decode(data, type=_Remembered) if data else None
        if found is None or found.version != _VERSION:
            return None
        return tuple(
            PartKey(label, digest, values.from_json(key), start, stop)
            for label, digest, key, start, stop in found.keys
        )
    except (OSError, msgspec.MsgspecError, StookError, ValueError):
        return None


def _remember(file: Path, keys: Sequence[PartKey]) -> None:
    """Keep partitions for later; where the disk refuses, they are found anew."""
    rows = [(k.label, k.digest, values.to_json(k.key), k.start, k.stop) for k in keys]
    try:
        write_atomic(file, msgspec.json.encode(_Remembered(_VERSION, rows)))
    except OSError:
        return
