"""The order of writes that makes a bundle: chunks, then the manifest's, then the log line that commits it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from stook.errors import InputError
from stook.format import manifests, records, trees, values
from stook.log.lines import MAX_PAYLOAD
from stook.model.lineage import Input, Lineage
from stook.model.record import BundleRecord, Manifest
from stook.model.refs import check_name
from stook.model.tree import Blob, Folder, Node, iter_items

if TYPE_CHECKING:
    from stook.chunks import ChunkWriter
    from stook.store.bundle import Bundle
    from stook.store.store import Store

__all__ = ["Description", "publish"]

_INLINE_MANIFEST = 16 * 1024
_MAX_TAGS = 16 * 1024


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of a bundle besides its data."""

    name: str
    params: dict[str, object]
    tags: dict[str, str]
    lineage: Lineage

    @classmethod
    def of(
        cls,
        name: str,
        *,
        params: Mapping[str, object] | None,
        tags: Mapping[str, str] | None,
        inputs: Mapping[str, Bundle] | Iterable[Bundle],
        lineage: Lineage | None,
    ) -> Description:
        """Check and freeze it.

        Raises:
            InputError: The name is none, a tag is no string, or a parameter is no plain value.
        """
        lineage = lineage or Lineage(task="add")
        used = _inputs(inputs)
        return cls(
            name=check_name(name),
            params=_params(params or lineage.params),
            tags=_tags(tags or {}),
            lineage=replace_inputs(lineage, used) if used else lineage,
        )


def replace_inputs(lineage: Lineage, inputs: tuple[Input, ...]) -> Lineage:
    """Return the lineage with other inputs."""
    return msgspec.structs.replace(lineage, inputs=inputs)


def publish(store: Store, tree: Node, writer: ChunkWriter, description: Description) -> Bundle:
    """Make a bundle known, once all that it needs is durable.

    Raises:
        StorageError: The storage refused; nothing is visible.
    """
    repository = store.repository
    record = BundleRecord(
        id="",
        context=store.context_id(),
        name=description.name,
        digest=trees.digest_tree(tree),
        size=_size(tree),
        time=0,
        owner=repository.owner,
        task=description.lineage.task,
        fingerprint=description.lineage.fingerprint,
        tags=description.tags,
    )
    record = _with_manifest(store, record, Manifest(tree, description.params, description.lineage))
    packs = (*writer.flush(), *record.packs)
    now = int(repository.clock.now() * 1e6)
    record = msgspec.structs.replace(record, id=repository.clock.new_id(), time=now, packs=packs)
    payload = records.dump(record)
    if len(payload) > MAX_PAYLOAD:
        raise InputError(
            f"what is said of {record.name} takes {len(payload)} bytes, over {MAX_PAYLOAD}",
            kind="record-too-long",
            hint="put long tags into the bundle's data",
        )
    # Committed. The catalog takes the line in with the next read, many lines in one transaction.
    repository.log.append([payload])
    return store.bundle(record)


def _with_manifest(store: Store, record: BundleRecord, manifest: Manifest) -> BundleRecord:
    """Put a small manifest into the record, a large one into a meta pack."""
    data = manifests.dump(manifest)
    if len(data) <= _INLINE_MANIFEST:
        return msgspec.structs.replace(record, manifest=manifest)
    meta = store.repository.writer("meta")
    blob: Blob = meta.add_bytes(data)
    return msgspec.structs.replace(record, manifest_blob=blob, packs=meta.flush())


def _size(tree: Node) -> int:
    total = 0
    for _, leaf in iter_items(tree):
        total += sum(f.blob.size for f in leaf.files) if isinstance(leaf, Folder) else leaf.blob.size
    return total


def _inputs(inputs: Mapping[str, Bundle] | Iterable[Bundle]) -> tuple[Input, ...]:
    named = inputs.items() if isinstance(inputs, Mapping) else ((bundle.name, bundle) for bundle in inputs)
    return tuple(Input(role, bundle.name, bundle.id, bundle.digest) for role, bundle in named)


def _params(params: Mapping[str, object]) -> dict[str, object]:
    plain: dict[str, object] = {}
    for name, value in params.items():
        if type(name) is not str or not values.is_plain(value):
            raise InputError(
                f"the parameter {name!r} is {value!r}, which is no plain value",
                kind="bad-param",
                hint="give numbers, strings, dates, lists and dicts of those",
            )
        plain[name] = values.to_json(value)
    return plain


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    for key, value in tags.items():
        if type(key) is not str or type(value) is not str or not key:
            raise InputError(
                f"the tag {key!r}: {value!r} is no pair of strings", kind="bad-tag", hint="write key=text"
            )
    if sum(len(key) + len(value) for key, value in tags.items()) > _MAX_TAGS:
        raise InputError(
            f"the tags take more than {_MAX_TAGS} letters", kind="bad-tag", hint="put them into the data"
        )
    return dict(tags)
